"""``autograder feedback``: what each student gets, packed for whoever hands it out.

For each student a zip, a folder, or one zip for all in the shape in which Moodle or Canvas hand out
feedback: Moodle's ``Name_123_assignfeedback_file_/`` with the participant's number of its grading
worksheet (``mod/assign/feedback/file/importziplib.php``), Canvas's ``name_1_2_file`` with the numbers
that the file had when it was handed in.
"""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from autograder.grading.course import Course, CourseError
from autograder.grading.storage import ledger
from autograder.grading.storage.files import write_whole, write_zip
from autograder.grading.storage.jobs import gradebook_name, printable
from autograder.grading.storage.seeds import SECRET, TIMESTAMP
from autograder.grading.storage.staging import files_below, objection
from autograder.grading.systems.collect import REPORT, read_report
from autograder.grading.systems.replaced import say_what_was_replaced
from autograder.grading.systems.roster import Student, described, find_roster, read_table
from autograder.grading.systems.sheets import Finder
from autograder.grading.systems.whose import CANVAS

FOLDER = "feedback"
Feedback = dict[str, dict[str, list[tuple[str, Path]]]]  # by student and assignment


def run(course: Course, args: argparse.Namespace) -> int:
    """Pack the feedback; the command's exit status: 3 if some of it can't be given to anybody.

    Raises CourseError if there is no feedback, or no place for it.
    """
    submissions = course.submissions(args.submissions)
    class_folder = submissions.resolve().parent
    names = course.names([args.assignment] if args.assignment else [])
    held = feedback(class_folder, names)
    if not held:
        raise CourseError(f"there is no feedback in {class_folder / FOLDER}: grade the class first")
    for job, done in (found for name in names for found in ledger.all_finished(class_folder, name)):
        if not done.handed_in:
            said = f"no feedback for {printable(job.student)} {job.assignment}: {done.record}"
            print(said, file=sys.stderr)
    say_what_was_replaced(submissions, names)
    if args.worksheet is not None and args.format != "moodle":
        raise CourseError("a worksheet is Moodle's: add --format moodle")
    if args.folder.exists() and (not args.folder.is_dir() or any(args.folder.iterdir())):
        raise CourseError(
            f"{args.folder} is there already: name a folder that is empty or not there"
        )
    if args.format in ("zips", "folders"):
        give = _zips if args.format == "zips" else _folders
        give(held, args.folder)
        print(f"{len(held)} students: {args.folder}")
        return 0
    if args.format == "moodle":
        roster = find_roster(args.roster, (class_folder, course.root))
        left = _moodle(held, roster, args.worksheet, names, args.folder)
    else:
        left = _canvas(held, class_folder / REPORT, args.folder)
    for student, name in left:
        print(f"nobody to give it to: {printable(student)} {name}", file=sys.stderr)
    return 3 if left else 0


def feedback(class_folder: Path, names: Iterable[str]) -> Feedback:
    """What there is for each student, links and the like left out, and what nbgrader's exchange reads."""
    found: Feedback = {}
    root = class_folder / FOLDER
    for student in sorted(p for p in root.iterdir() if p.is_dir()) if root.is_dir() else []:
        for name in names:
            files = files_below(student / name) if (student / name).is_dir() else []
            given = [(inside, path) for inside, path in files if inside not in (TIMESTAMP, SECRET)]
            fine = [(inside, path) for inside, path in given if objection(path) is None]
            if fine and not student.is_symlink():
                found.setdefault(student.name, {})[name] = fine
    return found


def _zips(held: Feedback, folder: Path) -> None:
    for student, by_name in held.items():
        inside = (
            (f"{name}/{place}", path) for name, files in by_name.items() for place, path in files
        )
        write_zip(folder / f"{student}.zip", inside)


def _folders(held: Feedback, folder: Path) -> None:
    for student, by_name in held.items():
        for name, files in by_name.items():
            for place, path in files:
                write_whole(folder / student / name / place, path.read_bytes())


def _moodle(
    held: Feedback,
    roster: list[Student] | None,
    worksheet: Path | None,
    names: list[str],
    folder: Path,
) -> list[tuple[str, str]]:
    """One zip, for one assignment: participants have other numbers in each."""
    graded = sorted({name for by_name in held.values() for name in by_name})
    if len(graded) != 1 or worksheet is None:
        raise CourseError(
            "Moodle's numbers are an assignment's own: name one, and its grading worksheet with --worksheet"
        )
    (name,) = graded
    find = Finder(((student, name) for student in held), roster)
    on_sheet = {i: row for i, row in described(*read_table(worksheet)) if row.moodle}
    if not on_sheet:
        raise CourseError(
            f"{worksheet} names no participant: it is no grading worksheet of Moodle's"
        )
    participants = {student: on_sheet[i] for i, student in find.of_rows(on_sheet).items()}
    left, inside = [], list[tuple[str, Path | bytes]]()
    for student, by_name in held.items():
        participant = participants.get(gradebook_name(student))
        if participant is None:
            left.append((student, name))
            continue
        called = " ".join("".join(" " if c in "_/\\" else c for c in participant.name).split())
        root = f"{called or 'Participant'}_{participant.moodle}_assignfeedback_file_"
        inside += [(f"{root}/{place}", path) for place, path in by_name[name]]
    write_zip(folder / f"{name}.zip", inside)
    print(f"{len(held) - len(left)} students: {folder / f'{name}.zip'}")
    return left


def _canvas(held: Feedback, report: Path, folder: Path) -> list[tuple[str, str]]:
    """A zip for each assignment, its files called as those were that were handed in."""
    if not report.is_file():
        raise CourseError(
            f"{report} is missing: Canvas knows a file by the name that `collect` read there"
        )
    came = {(o.student, o.assignment): o.file for o in read_report(report)}
    left, inside = list[tuple[str, str]](), dict[str, list[tuple[str, Path | bytes]]]()
    for student, by_name in held.items():
        for name, files in by_name.items():
            parts = Path(came.get((gradebook_name(student), name), "")).parts
            found = next(filter(None, map(CANVAS.fullmatch, parts)), None)
            if found is None:
                left.append((student, name))
                continue
            begin = found.string[: found.start("rest")]
            for place, path in files:
                inside.setdefault(name, []).append((f"{begin}{place.replace('/', '-')}", path))
    for name, flat in inside.items():
        write_zip(folder / f"{name}.zip", flat)
        print(f"{len(flat)} files: {folder / f'{name}.zip'}")
    return left
