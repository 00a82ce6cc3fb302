"""Where texts stand once more in another: in a key, in other letters' case, with other signs between their words, cut.

Aho's and Corasick's search, by words instead of letters: one pass over a text, however many texts are looked for.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_WORD = re.compile(r"[^\W_]+")
_REST = re.compile(r"[^'\"…\n]*")
# Shorter ones are in every text; of longer ones so much is enough, since a reason shows 60 characters of a value.
_SHORTEST, _LONGEST, _MOST_WORDS = 3, 40, 6
_CUT = "…"


@dataclass(slots=True)
class _Node:
    """Some words from the beginning of a text. `found`: how many of the last words are one of the texts.

    `enough`: the text goes on, and is known by this much. `shorter`: the next longest that these words
    end in.
    """

    depth: int = 0
    after: dict[str, _Node] = field(default_factory=dict)
    found: int = 0
    enough: bool = False
    shorter: _Node | None = None

    def then(self, word: str) -> _Node:
        """The longest beginning that these words and the next one end in."""
        node = self
        while word not in node.after:
            if node.shorter is None:
                return node
            node = node.shorter
        return node.after[word]


class Repeats:
    """Finds `texts` again, by their words."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._root = _Node()
        for text in texts:
            self._plant(text, [_plain(word) for word in _WORD.findall(text)])
        self._link()
        self._first = sorted(self._root.after)

    def _plant(self, text: str, words: list[str]) -> None:
        if sum(map(len, words)) < _SHORTEST:
            return
        known = min(_MOST_WORDS, len(words)) if len(text) > _LONGEST or len(words) > _MOST_WORDS else 0
        node = self._root
        for number, word in enumerate(words, 1):
            node = node.after.setdefault(word, _Node(number))
            if known and number >= known:
                node.found, node.enough = number, True
        node.found = node.depth

    def _link(self) -> None:
        waiting = deque([self._root])
        while waiting:
            node = waiting.popleft()
            for word, after in node.after.items():
                after.shorter = shorter = node.shorter.then(word) if node.shorter else self._root
                after.found = after.found or shorter.found
                after.enough = after.enough or shorter.enough
                waiting.append(after)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """From where to where `text` holds one of them; they may overlap."""
        if not self._first:
            return []
        found: list[tuple[int, int]] = []
        starts: list[int] = []
        node, rest = self._root, 0
        for one in _WORD.finditer(text):
            before, word, end = node, _plain(one[0]), one.end()
            node = before.then(word)
            starts.append(one.start())
            cut = text.startswith(_CUT, end)
            if many := self._cut(before, node, word) if cut else node.found:
                found.append((starts[-many], end))
            if node.enough and end > rest and (more := _REST.match(text, end)):
                rest = more.end()
                found.append((end, rest))
        return found

    def _cut(self, before: _Node, node: _Node, word: str) -> int:
        """How many words before a cut may be the beginning of a text, the last of them perhaps of a word."""
        if before.depth:
            return before.depth + 1
        if node.depth:
            return node.depth
        place = bisect_left(self._first, word)
        begins = place < len(self._first) and self._first[place].startswith(word)
        return int(len(word) >= _SHORTEST and begins)


def _plain(word: str) -> str:
    return word.casefold()[:_LONGEST]
