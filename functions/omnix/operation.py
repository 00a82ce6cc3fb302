"""What an operation says about itself in the contract beyond its shape: who may call it, and how it fails."""

from collections.abc import Mapping
from typing import Any

ERRORS_EXTENSION = "x-omnix-errors"
PUBLIC_EXTENSION = "x-omnix-public"
TAKES_EXTENSION = "x-omnix-takes"
GIVES_EXTENSION = "x-omnix-gives"

_ALWAYS = (429, 500, 503, 504)
_PROTECTED = (401, 403)
_BODY = (400, 413, 415, 422)


def operation(
    *errors: int,
    body: bool = False,
    public: bool = False,
    takes: Mapping[str, str] | None = None,
    gives: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """OpenAPI extensions that `omnix.contract` turns into responses and security.

    `errors` are the statuses of this operation alone: those that every operation, every protected one and every one
    with a body has are added here. `takes` and `gives` are for what is text and not JSON: an example of the body and of
    the answer by media type.
    """
    statuses = {*errors, *_ALWAYS, *(() if public else _PROTECTED), *(_BODY if body else ())}
    text = {TAKES_EXTENSION: takes, GIVES_EXTENSION: gives}
    return {
        ERRORS_EXTENSION: tuple(sorted(statuses)),
        PUBLIC_EXTENSION: public,
        **{name: dict(examples) for name, examples in text.items() if examples},
    }
