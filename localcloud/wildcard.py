"""IAM's patterns: `*` for any run of characters, `?` for one."""

import functools
import re


@functools.lru_cache(4096)
def _compile(pattern: str) -> re.Pattern[str]:
    parts = (".*" if char == "*" else "." if char == "?" else re.escape(char) for char in pattern)
    return re.compile("".join(parts), re.DOTALL)


def matches(pattern: str, value: str) -> bool:
    """Whether the whole value fits the pattern; case matters."""
    return _compile(pattern).fullmatch(value) is not None
