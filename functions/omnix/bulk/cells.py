"""CSV cells that a spreadsheet takes for text.

A cell that begins like a formula is run by Excel, LibreOffice and Google Sheets (OWASP, "CSV Injection"). On the way
out it gets an apostrophe in front, on the way in it loses it: what was exported is imported as it was.
"""

import re

# ASCII and full-width forms of = + - @, and the control characters that some readers skip at a cell's start.
_RISKY = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def guarded(text: str) -> str:
    """The cell as it is written."""
    return f"'{text}" if _RISKY.match(text) else text


def plain(cell: str) -> str:
    """What a written cell stands for."""
    return cell[1:] if cell.startswith("'") and _RISKY.match(cell) else cell
