"""What Schemathesis is told of this API beyond its contract: `SCHEMATHESIS_HOOKS=tests.integration.fuzz.hooks`."""

import os
from functools import partialmethod
from typing import Any

import schemathesis
from requests.adapters import HTTPAdapter
from schemathesis import AuthContext, Case, CheckContext, HookContext, Response, SerializationContext
from schemathesis.core import NotSet

from tests.integration.fuzz.admissible import admit
from tests.integration.fuzz.shop import ADDRESS_VARIABLE, SHOP

TOKEN_SECONDS = 600  # of the 900 that an access token lives
# API Gateway's own front refuses a longer head with a 431 of its own, before there is an API ("Total combined size of
# request line and header values", 10,240 bytes; some are the client's).
LONGEST_HEAD = 9_000
MOMENTS = 2
ANSWERS_A_MOMENT = 2_000
TEXT_TYPES = ("text/csv", "application/x-ndjson")

if ADDRESS := os.environ.get(ADDRESS_VARIABLE):
    bound = partialmethod(HTTPAdapter.init_poolmanager, source_address=(ADDRESS, 0))
    setattr(HTTPAdapter, "init_poolmanager", bound)  # noqa: B010 - mypy knows no other way to replace a method


@schemathesis.auth(refresh_interval=TOKEN_SECONDS)
class Owner:
    """The owner of a tenant of the run's own."""

    def get(self, _: Case[Any], context: AuthContext) -> str:
        return SHOP.sign_in(context.operation.schema.get_base_url())

    def set(self, case: Case[Any], data: str, _: AuthContext) -> None:
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.serializer(*TEXT_TYPES)
def as_text(_: SerializationContext, value: str) -> bytes:
    """Text goes out as it is."""
    return value.encode()


@schemathesis.hook
def filter_case(context: HookContext, case: Case[Any]) -> bool:  # noqa: ARG001 - the hook's signature
    """Leave out what cannot be sent, or never reaches the API."""
    if case.media_type in TEXT_TYPES and not isinstance(case.body, str | NotSet):
        return False  # text of the wrong type is text all the same
    sent = case.as_transport_kwargs()
    head = [case.formatted_path, str(sent.get("params") or ""), *map(str, (sent.get("headers") or {}).values())]
    return sum(3 * len(text.encode(errors="replace")) for text in head) < LONGEST_HEAD


@schemathesis.check
def rarely_unavailable(ctx: CheckContext, response: Response, case: Case[Any]) -> None:  # noqa: ARG001
    """503 is for a dependency that is away for a moment, never what an operation has to say."""
    SHOP.answers += 1
    SHOP.unavailable += response.status_code == 503
    allowed = MOMENTS + SHOP.answers // ANSWERS_A_MOMENT
    assert SHOP.unavailable <= allowed, f"{SHOP.unavailable} of {SHOP.answers} answers were 503"


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:  # noqa: ARG001
    admit(case)


@schemathesis.hook
def after_call(context: HookContext, case: Case[Any], response: Response) -> None:  # noqa: ARG001
    """Remember what the next cases can use."""
    if response.status_code >= 300:
        return
    if tag := response.headers.get("etag"):
        SHOP.tags[case.formatted_path] = tag[0]
    if case.operation.label == "POST /auth/password" and isinstance(case.body, dict):
        SHOP.password = str(case.body["new_password"])
    if case.method == "GET" and response.headers.get("content-type", [""])[0] == "application/json":
        cursor = response.json().get("next_cursor")
        if cursor:
            SHOP.pages[case.formatted_path] = {**case.query, "cursor": cursor}
