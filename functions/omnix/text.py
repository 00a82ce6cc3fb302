"""What a text of a caller may look like."""

import re

from pydantic import BeforeValidator

# One line with something to see in it: control characters forge lines of logs and cells of exports. Written so that
# Rust's regex and ECMA 262's, which the contract's readers use, take it alike. Outer space is taken off afterwards
# (`AfterValidator(str.strip)`): the lengths of the contract are those of what is sent.
ONE_LINE = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"

_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)")


def _whole(value: object) -> object:
    """JSON's spelling of an integer: Python's own would take `1_0`, ` 5`, `+5` and the digits of every script too."""
    if isinstance(value, str) and not _WHOLE.fullmatch(value):
        raise ValueError("must be a whole number, in decimal digits")
    return value


# For an integer in a query: after its bounds and before `Query`, for pydantic describes bounds of a plain integer only.
WHOLE = BeforeValidator(_whole)
