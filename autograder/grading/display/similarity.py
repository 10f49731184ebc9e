"""Answers that have rare passages in common: a list to look at, and no verdict on anybody.

Code is taken as its tokens, without comments, texts and the names that authors choose; passages of it
that many students share, or that were handed out, say nothing and are left out.
"""

import hashlib
import io
import keyword
import tokenize
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

PASSAGE = 12  # tokens
MOST_OWNERS = 6  # of a passage that says something
LEAST = 0.4  # of the rarer one's passages in common
DROPPED = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENCODING, tokenize.ENDMARKER}


@dataclass(frozen=True)
class Pair:
    """Two students, and the share of rare passages of the one with fewer that they have in common."""

    one: str
    other: str
    share: float
    passages: int


def similar(code: Mapping[str, str], given: Iterable[str] = ()) -> list[Pair]:
    """The pairs of students whose code is alike, the most alike first."""
    known = {passage for text in given for passage in passages(text)}
    held = {student: passages(text) - known for student, text in code.items()}
    owners: dict[int, list[str]] = defaultdict(list)
    for student, own in held.items():
        for passage in own:
            owners[passage].append(student)
    rare: dict[str, int] = defaultdict(int)
    common: dict[tuple[str, str], int] = defaultdict(int)
    for students in owners.values():
        if len(students) > max(MOST_OWNERS, len(code) // 50):
            continue
        for student in students:
            rare[student] += 1
        for pair in combinations(sorted(students), 2):
            common[pair] += 1
    found = [
        Pair(one, other, count / min(rare[one], rare[other]), count)
        for (one, other), count in common.items()
    ]
    alike = [p for p in found if p.share >= LEAST and p.passages >= PASSAGE]
    return sorted(alike, key=lambda p: (-p.share, -p.passages, p.one, p.other))


def passages(text: str) -> set[int]:
    """Digests of all passages of a text, as far as it can be read as Python."""
    tokens: list[str] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type in DROPPED:
                continue
            if token.type == tokenize.NAME and not keyword.iskeyword(token.string):
                tokens.append("name")
            else:
                tokens.append("text" if token.type == tokenize.STRING else token.string.strip())
    except (tokenize.TokenError, SyntaxError):
        pass
    windows = (" ".join(tokens[i : i + PASSAGE]) for i in range(len(tokens) - PASSAGE + 1))
    return {
        int.from_bytes(hashlib.blake2b(w.encode("utf-8", "replace"), digest_size=8).digest())
        for w in windows
    }
