"""What a model says of figures, held against them: line by line, number by number. Pure.

A number counts as one of a figure's where its digits, its unit and its direction are the figure's: `5 %` is not five
orders, and orders that `fell 5 %` are not those of `+5.0 %`. Directions are read as words of English, in which the
figures and the prompt are written; a number without such a word beside it has none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from omnix.assistant.insights_model import Insight

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from omnix.assistant.insights_model import Figure

_IDS = re.compile(r"\[\s*(f\d+(?:\s*,\s*f\d+)*)\s*\]")
_BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")
# A number with what stands right before and behind it. A hyphen amid a date or a word is no sign.
_NUMBER = re.compile(
    r"(?:(?P<before>[€$£¥]|\b[A-Z]{3}\b)\s?)?(?<![\w.,])(?P<sign>[-+\u2212])?(?P<digits>\d+(?:[.,\u00a0' ]\d+)*)"
    r"(?:\s?(?P<unit>%|percent\b|per cent\b|[€$£¥]|[A-Z]{3}\b))?"
)
_SYMBOLS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "percent": "%", "per cent": "%"}
_UP = r"(?:increas|climb|gain)\w*|grew|grown|grows?|growing|growth|rose|risen|rises?|rising|up|higher|more"
_DOWN = r"(?:declin|decreas|drop)\w*|fell|fallen|falls?|falling|shrank|shrunk|lost|loss|down|lower|less|fewer"
_WAY = re.compile(rf"\b(?:(?P<up>{_UP})|(?P<down>{_DOWN}))\b", re.IGNORECASE)
# How far from a number a word may stand that gives it a direction, and what it never reaches over.
_REACH = 40
_CLAUSE = re.compile(r"[;:]|[.,](?=\s)|\b(?:but|while|whereas|although)\b")


@dataclass(frozen=True)
class Number:
    """`shown` as it is written; `unit`: `%`, a currency's code or nothing; `way`: 1 up, -1 down, 0 unknown."""

    shown: str
    plain: str
    unit: str
    way: int

    def is_of(self, source: Number) -> bool:
        """Whether a figure's number is this one. A currency may be left out, a percent sign may not."""
        same_unit = self.unit == source.unit or (not self.unit and source.unit != "%")
        return self.plain == source.plain and same_unit and self.way * source.way >= 0


def cited(text: str, given: Sequence[Figure], head: str) -> tuple[list[Insight], int]:
    """The lines that name figures, and how many do not. A line with an id that there is not is no insight."""
    known = {one.id: one for one in given}
    kept: list[Insight] = []
    dropped = 0
    for line in filter(None, map(str.strip, text.splitlines())):
        ids = list(dict.fromkeys(re.findall(r"f\d+", " ".join(_IDS.findall(line)))))
        said = _BULLET.sub("", _IDS.sub("", line)).strip(" ,;")
        if said and ids and all(one in known for one in ids):
            kept.append(Insight(text=said, figures=ids, unverified=_unverified(said, ids, known, head)))
        else:
            dropped += 1
    return kept, dropped


def _unverified(said: str, ids: Iterable[str], known: Mapping[str, Figure], head: str) -> list[str]:
    """Numbers that stand neither in the cited figures nor in the question's head; however they are grouped."""
    texts = [head, *(text for one in ids for text in (known[one].label, known[one].value))]
    sources = [_number(found, _sign(found)) for text in texts for found in _NUMBER.finditer(text)]
    numbers = [_number(found, _sign(found) or _way(said, found)) for found in _NUMBER.finditer(said)]
    wrong = [number.shown for number in numbers if not any(number.is_of(source) for source in sources)]
    return list(dict.fromkeys(wrong))


def _number(found: re.Match[str], way: int) -> Number:
    unit = found["unit"] or found["before"] or ""
    return Number(found["digits"], _plain(found["digits"]), _SYMBOLS.get(unit, unit), way)


def _sign(found: re.Match[str]) -> int:
    return {"+": 1, "-": -1, "\u2212": -1}.get(found["sign"] or "", 0)


def _way(said: str, found: re.Match[str]) -> int:
    """By the nearest word of a direction in the number's own clause."""
    before = _CLAUSE.split(said[max(found.start() - _REACH, 0) : found.start()])[-1]
    behind = _CLAUSE.split(said[found.end() : found.end() + _REACH])[0]
    near = [(len(before) - word.end(), word) for word in _WAY.finditer(before)]
    near += [(word.start(), word) for word in _WAY.finditer(behind)]
    if not near:
        return 0
    _, nearest = min(near, key=lambda one: one[0])
    return 1 if nearest["up"] else -1


def _plain(number: str) -> str:
    """`1,234.50`, `1.234,5` and `1 234.5` are one number: a last group of one or two digits is a fraction."""
    whole, fraction = re.fullmatch(r"(.*?)(?:[.,](\d{1,2}))?", number).groups("")  # type: ignore[union-attr]
    return f"{re.sub(r'\D', '', whole)}.{fraction.rstrip('0')}"
