"""Texts of others made fit for one line: no control characters, no direction marks, no endless names."""

import re
import unicodedata

LONGEST = 240
# Controls, line separators, bidirectional overrides and other invisible characters (Unicode TR 36 and 39).
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def one_line(text: str, longest: int = LONGEST) -> str:
    """`text` on one line: line breaks as ⏎, invisible characters as �, the middle of a long text left out."""
    found = _INVISIBLE.sub("\N{REPLACEMENT CHARACTER}", re.sub(r"\r\n|[\r\n\v\f\x85\u2028\u2029]", "⏎", text))
    found = "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in {"Cc", "Cs"} else c for c in found)
    if len(found) <= longest:
        return found
    half = longest // 2
    return f"{found[:half]} … {found[-half:]} ({len(found)} characters)"
