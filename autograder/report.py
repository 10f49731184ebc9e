"""A verdict in words: as text for a terminal, as HTML for a notebook and for feedback."""

from html import escape

from autograder.exercise import Verdict

HEADLINE = {
    "passed": "all right",
    "partial": "partly right",
    "failed": "not right yet",
    "error": "ended with an error",
    "timeout": "took too long",
    "missing": "not answered yet",
}
MOST_FINDINGS = 4


def _points(value: float) -> str:
    return f"{value:.4g}"


def _headline(v: Verdict, public: bool) -> str:
    tried = " on the public cases" if public and v.status in ("passed", "partial") else ""
    points = f"{_points(v.score)} of {_points(v.max_score)} points"
    return f"{v.exercise}: {HEADLINE[v.status]}{tried}, {points}"


def _shown(v: Verdict) -> tuple[list[str], int]:
    """The first finding of each case, at most MOST_FINDINGS of them, and how many are left out."""
    firsts: dict[str, str] = {}
    for finding in v.findings:
        firsts.setdefault(finding.case, finding.message)
    lines = [f"{case}: {message}" if case else message for case, message in firsts.items()]
    return lines[:MOST_FINDINGS], max(0, len(lines) - MOST_FINDINGS)


def text(v: Verdict, public: bool = False) -> str:
    """The verdict as a few lines of text; ``public`` says that no other cases were tried."""
    lines = [("✓ " if v.status == "passed" else "✗ ") + _headline(v, public)]
    if v.says:
        lines.append(f"  These are the numbers one gets from: {v.says}.")
    if v.status not in ("passed", "missing"):
        for part, (got, of) in v.parts.items():
            lines.append(f"  {'✓' if got == of else '✗'} {part} ({_points(got)} of {_points(of)})")
    shown, left_out = _shown(v)
    lines += [f"    {line}" for line in shown]
    if left_out:
        lines.append(f"    and {left_out} more case{'s' * (left_out > 1)}")
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
    if v.says:
        out.append(
            f"<p>These are the numbers one gets from: <strong>{escape(v.says)}</strong>.</p>"
        )
    if v.status not in ("passed", "missing"):
        items = "".join(
            f"<li>{'✓' if got == of else '✗'} {escape(part)} ({_points(got)} of {_points(of)})</li>"
            for part, (got, of) in v.parts.items()
        )
        out.append(f'<ul style="list-style: none; padding-left: 0.5em">{items}</ul>')
    shown, left_out = _shown(v)
    if shown:
        items = "".join(f"<li>{escape(line)}</li>" for line in shown)
        more = f"<li>and {left_out} more case{'s' * (left_out > 1)}</li>" if left_out else ""
        out.append(f"<ul>{items}{more}</ul>")
    if v.note:
        out.append(f"<p><em>{escape(v.note)}.</em></p>")
    return "\n".join([*out, "</div>"])
