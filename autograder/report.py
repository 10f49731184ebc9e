"""A verdict in words: as text for a terminal, as HTML for a notebook and for feedback.

Under each part that failed stands one finding, that of its first failed case; what was said before
is not said again. The rest can be unfolded.
"""

from dataclasses import dataclass
from html import escape

from autograder import sketch
from autograder.exercise import Finding, Verdict

HEADLINE = {
    "passed": "all right",
    "partial": "partly right",
    "failed": "not right yet",
    "error": "ended with an error",
    "timeout": "took too long",
    "missing": "not answered yet",
}
MOST_FOLDED = 12
ITEM = "margin: 0.15em 0 0.15em 1.6em"


@dataclass(frozen=True)
class Chosen:
    """What is said of a part: a finding, and how many more of its cases failed."""

    line: str
    more: int = 0


def _points(value: float) -> str:
    return f"{value:.4g}"


def _headline(v: Verdict, public: bool) -> str:
    tried = " on the public cases" if public and v.status in ("passed", "partial") else ""
    points = f"{_points(v.score)} of {_points(v.max_score)} points"
    return f"{v.exercise}: {HEADLINE[v.status]}{tried}, {points}"


def _named(v: Verdict) -> tuple[str, str]:
    """What introduces the name of a mistake, and the name; of several mistakes, all names."""
    if v.says:
        return "This is what one gets from", v.says
    if v.suspects:
        return "One of these gives this result", "; ".join(v.suspects)
    return "", ""


def _line(finding: Finding) -> str:
    return f"{finding.case}: {finding.message}" if finding.case else finding.message


def _chosen(v: Verdict) -> dict[str, Chosen]:
    """By part one finding. The same message in several cases, or parts, is said once."""
    cases: dict[str, dict[str, str]] = {}
    for finding in v.findings:
        cases.setdefault(finding.part, {}).setdefault(finding.case, finding.message)
    counts: dict[str, int] = {}
    for messages in cases.values():
        for message in messages.values():
            counts[message] = counts.get(message, 0) + 1
    chosen: dict[str, Chosen] = {}
    said: set[str] = set()
    for part, messages in cases.items():
        new = [(case, message) for case, message in messages.items() if message not in said]
        if not new:
            chosen[part] = Chosen("as above")
            continue
        case, message = new[0]
        said.add(message)
        if counts[message] > 1:
            case = f"in {counts[message]} cases"
        same = sum(message == other for other in messages.values())
        chosen[part] = Chosen(f"{case}: {message}" if case else message, len(messages) - same)
    return chosen


def _more(chosen: Chosen) -> str:
    return f"; {chosen.more} more case{'s' * (chosen.more > 1)} wrong" if chosen.more else ""


def text(v: Verdict, public: bool = False) -> str:
    """The verdict as a few lines of text; ``public`` says that no other cases were tried."""
    lines = [("✓ " if v.status == "passed" else "✗ ") + _headline(v, public)]
    introduction, names = _named(v)
    if names:
        lines.append(f"  {introduction}: {names}.")
    chosen = _chosen(v)
    if v.status not in ("passed", "missing"):
        for part, (got, of) in v.parts.items():
            lines.append(f"  {'✓' if got == of else '✗'} {part} ({_points(got)} of {_points(of)})")
            if (one := chosen.pop(part, None)) is not None:
                lines.append(f"      {one.line}{_more(one)}")
    lines += [f"    {one.line}{_more(one)}" for one in chosen.values()]
    if v.note:
        lines.append(f"  {v.note}.")
    return "\n".join(lines)


def html(v: Verdict, public: bool = False) -> str:
    """As ``text``, as a block of HTML that needs no style sheet."""
    color, mark = ("#00724f", "✓") if v.status == "passed" else ("#a33d00", "✗")
    out = [
        f'<div style="border-left: 4px solid {color}; padding: 0.2em 0.8em; margin: 0.4em 0">',
        f'<p style="margin: 0.3em 0"><strong>{mark} {escape(_headline(v, public))}</strong></p>',
    ]
    introduction, names = _named(v)
    if names:
        out.append(f"<p>{introduction}: <strong>{escape(names)}</strong>.</p>")
    chosen = _chosen(v)
    if v.status not in ("passed", "missing"):
        items = []
        for part, (got, of) in v.parts.items():
            one = chosen.pop(part, None)
            said = f'<div style="{ITEM}">{escape(one.line)}{_more(one)}</div>' if one else ""
            tick = "✓" if got == of else "✗"
            points = f"({_points(got)} of {_points(of)})"
            items.append(f"<li>{tick} {escape(part)} {points}{said}</li>")
        out.append(f'<ul style="list-style: none; padding-left: 0.5em">{"".join(items)}</ul>')
    if chosen:
        rest = "".join(f"<li>{escape(one.line)}{_more(one)}</li>" for one in chosen.values())
        out.append(f"<ul>{rest}</ul>")
    if v.picture:
        out.append(sketch.captioned(v.picture))
    out += _folded(v)
    if v.note:
        out.append(f"<p><em>{escape(v.note)}.</em></p>")
    return "\n".join([*out, "</div>"])


def _folded(v: Verdict) -> list[str]:
    """Every finding, to be unfolded, where there are more than the ones that are shown."""
    lines = list(dict.fromkeys(_line(finding) for finding in v.findings))
    if len(lines) <= len(_chosen(v)):
        return []
    items = "".join(f"<li>{escape(line)}</li>" for line in lines[:MOST_FOLDED])
    if left_out := len(lines) - MOST_FOLDED:
        items += f"<li>and {left_out} more</li>" if left_out > 0 else ""
    return [f"<details><summary>all that was found</summary><ul>{items}</ul></details>"]
