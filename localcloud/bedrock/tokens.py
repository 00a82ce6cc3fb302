"""How many tokens there are, by a rule that anybody can do by hand: one for each four bytes of UTF-8, rounded up.

Around each message there are 4, around the whole 8, around each tool 12; a request with tools has the 346 of the
instructions that Claude 4 adds for them (Anthropic's documentation, "Tool use: pricing"). Structures count as their
JSON without white space. The models' own tokenizers are not public: their counts differ, their order of magnitude
does not.
"""

import json
from collections.abc import Mapping
from typing import Any

REQUEST, MESSAGE, TOOL, TOOLS = 8, 4, 12, 346
_BYTES = 4


def of_text(text: str) -> int:
    """Of one text."""
    return -(-len(text.encode()) // _BYTES)


def cut(text: str, most: int) -> str:
    """The longest beginning of at most so many tokens."""
    return text.encode()[: most * _BYTES].decode(errors="ignore")


def of_json(value: Any) -> int:
    """Of a structure."""
    return of_text(canonical(value))


def canonical(value: Any) -> str:
    """JSON without white space, keys as they were sent."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def of_block(block: Mapping[str, Any]) -> int:
    """Of one content block of a message, or of a system block; a cache point has none."""
    if "cachePoint" in block:
        return 0
    return of_text(str(block["text"])) if "text" in block else of_json(block)


def of_tool(tool: Mapping[str, Any]) -> int:
    """Of one tool."""
    return 0 if "cachePoint" in tool else TOOL + of_json(tool)
