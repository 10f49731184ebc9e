"""Results as an autograder of Gradescope's writes them: ``results.json`` of one submission.

The score of the whole stands in the file, since a test that waits for a person has none.
"""

import json
from collections.abc import Mapping
from typing import Any


def results_json(
    row: Mapping[str, Any], most: Mapping[str, float], messages: Mapping[str, str]
) -> str:
    """The file for a row of scores; ``most`` has each exercise's points, ``messages`` its finding."""
    tests = [
        _test(name, points, most.get(name, 0.0), messages.get(name, ""))
        for name, points in row["points"].items()
    ]
    said = []
    if row["pending"]:
        said.append(f"A person is still to grade: {', '.join(row['pending'])}.")
    if row["late_penalty"]:
        said.append(f"Points taken off for being late: {row['late_penalty']:g}.")
    held: dict[str, Any] = {"score": row["score"], "tests": tests}
    if said:
        held["output"] = "\n".join(said)
    return json.dumps(held, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _test(name: str, points: float | None, most: float, message: str) -> dict[str, Any]:
    test: dict[str, Any] = {"name": name, "visibility": "visible"}
    if points is None:
        return {**test, "output": "A person is still to grade this."}
    test |= {"score": points, "max_score": most}
    if most:  # a bonus counts nothing of the maximum
        test["status"] = "passed" if points >= most else "failed"
    return {**test, "output": message, "output_format": "text"} if message else test
