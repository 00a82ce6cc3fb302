"""Which tool a question asks for, where nothing is directed: the one with most of its name's words in the question.

A name's words are what stands between its underscores; plural and singular are one. `list`, `get` and their like say
nothing. A tool that changes something (`update_…`, `cancel_…`) is called only where the question has that word too.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

_PLAIN = frozenset({"find", "get", "list", "search", "show", "read", "of", "by", "the", "a"})
_CHANGING = frozenset({"add", "adjust", "book", "cancel", "create", "delete", "place", "remove", "set", "update"})


def wish(question: str, tools: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The `toolSpec` that is asked for, or None; of equals the first."""
    heard = {_stem(word) for word in re.findall(r"[a-z]+", question.lower())}
    best, most = None, 0
    for tool in tools:
        words = {_stem(word) for word in re.findall(r"[a-z]+", str(tool["name"]).lower())} - _PLAIN
        if words & _CHANGING <= heard and (words - _CHANGING) & heard and (score := len(words & heard)) > most:
            best, most = tool, score
    return best


def _stem(word: str) -> str:
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word
