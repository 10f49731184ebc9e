"""Make ``lab/pictures`` from Debian's package ``tuxpaint-stamps-default`` (GPL-2).

Run ``python -m lab.make_pictures FOLDER``, where FOLDER holds the unpacked package
(``apt-get download tuxpaint-stamps-default && dpkg-deb -x *.deb FOLDER``). Each picture of six of
the package's folders is laid on white, padded to a square, scaled to 128x128 and saved as JPEG;
mirror images of others are left out, or a picture could be trained on and tested on.
``ORIGINS.csv`` says where each file comes from. The result is committed; nobody else needs to run
this.
"""

import argparse
import csv
import shutil
from pathlib import Path

from PIL import Image

from lab.pictures import FOLDER, SIDE

SOURCE = "usr/share/tuxpaint/stamps"
CLASSES = {
    "bird": "animals/birds",
    "mammal": "animals/mammals",
    "insect": "animals/insects",
    "flower": "plants/flowers",
    "fruit": "food/fruit",
    "vehicle": "vehicles",
}


def on_white_square(picture: Image.Image, side: int) -> Image.Image:
    """Lay a picture with transparency on a white square of ``side`` pixels, its shape kept."""
    picture = picture.convert("RGBA")
    longest = max(picture.size)
    square = Image.new("RGBA", (longest, longest), "white")
    corner = ((longest - picture.width) // 2, (longest - picture.height) // 2)
    square.alpha_composite(picture, corner)
    return square.convert("RGB").resize((side, side), Image.Resampling.LANCZOS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("package", type=Path, help="the folder the package was unpacked into")
    package = parser.parse_args().package
    if not (package / SOURCE).is_dir():
        parser.error(f"{package} has no {SOURCE}: unpack tuxpaint-stamps-default there")
    rows = []
    for name, folder in CLASSES.items():
        shutil.rmtree(FOLDER / name, ignore_errors=True)
        (FOLDER / name).mkdir(parents=True)
        for source in sorted((package / SOURCE / folder).rglob("*.png")):
            if source.stem.endswith("mirror"):
                continue
            within = source.relative_to(package / SOURCE / folder).with_suffix(".jpg")
            target = FOLDER / name / "-".join(within.parts).replace("_", "-").lower()
            with Image.open(source) as picture:
                on_white_square(picture, SIDE).save(target, quality=92)
            title = source.with_suffix(".txt")
            words = title.read_text(encoding="utf-8").partition("\n")[0] if title.exists() else ""
            origin = source.relative_to(package).as_posix()
            rows.append([target.relative_to(FOLDER).as_posix(), origin, words.strip()])
    with open(FOLDER / "ORIGINS.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([["file", "path in tuxpaint-stamps-default 2022.06.04-1", "title"], *rows])
    print(f"{len(rows)} pictures in {FOLDER}")


if __name__ == "__main__":
    main()
