"""What an operation says about itself in the contract beyond its shape: who may call it, and how it fails."""

from collections.abc import Collection, Mapping
from typing import Any

from omnix.authorisation import Role

ERRORS_EXTENSION = "x-omnix-errors"
PUBLIC_EXTENSION = "x-omnix-public"
TAKES_EXTENSION = "x-omnix-takes"
GIVES_EXTENSION = "x-omnix-gives"
ROLES_EXTENSION = "x-omnix-roles"
RPC_EXTENSION = "x-omnix-json-rpc"
SCOPES_EXTENSION = "x-omnix-scopes"
SIGNED_IN_EXTENSION = "x-omnix-signed-in"
CACHE_EXTENSION = "x-omnix-cache"

_ALWAYS = (429, 500, 503, 504)
_PROTECTED = (401, 403)
_BODY = (400, 413, 415, 422)


def operation(
    *errors: int,
    body: bool = False,
    public: bool = False,
    roles: Collection[Role] = tuple(Role),
    signed_in: bool = False,
    cache: str | None = None,
    takes: Mapping[str, str] | None = None,
    gives: Mapping[str, str] | None = None,
    json_rpc: bool = False,
) -> dict[str, Any]:
    """OpenAPI extensions that `omnix.contract` turns into responses and security.

    `errors` are the statuses of this operation alone: those that every operation, every protected one and every one
    with a body has are added here. `roles` are those that the operation is for, `signed_in` that an API key of such a
    role is not enough; services enforce both, and a test holds the contract to them. `cache` is the `Cache-Control`
    of its answers, which then carry an ETag of their text: `omnix.http` sends both, nothing else is to be kept.
    `takes` and `gives` are for what is text and not JSON: an example of the body and of the answer by media type.
    With `json_rpc` errors may be JSON-RPC's too, and what needs no answer is 202.
    """
    statuses = {*errors, *_ALWAYS, *(() if public else _PROTECTED), *(_BODY if body else ())}
    text = {TAKES_EXTENSION: takes, GIVES_EXTENSION: gives}
    return {
        ERRORS_EXTENSION: tuple(sorted(statuses)),
        PUBLIC_EXTENSION: public,
        SIGNED_IN_EXTENSION: signed_in,
        **({CACHE_EXTENSION: cache} if cache else {}),
        **({RPC_EXTENSION: True} if json_rpc else {}),
        **({} if public else {ROLES_EXTENSION: [role.value for role in Role if role in roles]}),
        **{name: dict(examples) for name, examples in text.items() if examples},
    }
