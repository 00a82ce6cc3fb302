"""What an operation says about itself in the contract beyond its shape: who may call it, and how it fails."""

from typing import Any

ERRORS_EXTENSION = "x-omnix-errors"
PUBLIC_EXTENSION = "x-omnix-public"

_ALWAYS = (429, 500, 503, 504)
_PROTECTED = (401, 403)
_BODY = (400, 413, 415, 422)


def operation(*errors: int, body: bool = False, public: bool = False) -> dict[str, Any]:
    """OpenAPI extensions that `omnix.contract` turns into responses and security.

    `errors` are the statuses of this operation alone: those that every operation, every protected one and every one
    with a body has are added here.
    """
    statuses = {*errors, *_ALWAYS, *(() if public else _PROTECTED), *(_BODY if body else ())}
    return {ERRORS_EXTENSION: tuple(sorted(statuses)), PUBLIC_EXTENSION: public}
