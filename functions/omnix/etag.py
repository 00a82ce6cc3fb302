"""Entity tags (RFC 9110, 8.8.3): of versioned resources, of texts, and the conditions that name them."""

import hashlib
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Header

from omnix.errors import PreconditionFailedError

IfMatch = Annotated[
    str | None, Header(alias="If-Match", max_length=200, description="The ETag of the version that was read.")
]


def of(version: int) -> str:
    """The strong tag of a version."""
    return f'"{version}"'


def of_text(text: str) -> str:
    """The strong tag of an answer that has no version: its SHA-256, cut to 128 bits."""
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def conditional(answer: dict[str, Any], if_none_match: str | None) -> dict[str, Any]:
    """The proxy response to a GET, or 304 without a body when the caller has it already.

    RFC 9110, 13.1.2: any of a list, compared weakly, `*` for whatever is there. A 304 has the headers of the 200 that
    tell a cache what it may do (15.4.5), not those that describe a body.
    """
    (tag,) = answer["multiValueHeaders"].get("ETag", [None])
    if answer["statusCode"] != 200 or tag is None or if_none_match is None:  # noqa: PLR2004 - RFC 9110
        return answer
    given = {candidate.strip().removeprefix("W/") for candidate in if_none_match.split(",")}
    if given.isdisjoint({tag.removeprefix("W/"), "*"}):
        return answer
    kept = {name: value for name, value in answer["multiValueHeaders"].items() if name != "Content-Type"}
    return {**answer, "statusCode": 304, "multiValueHeaders": kept, "body": "", "isBase64Encoded": False}


def require(if_match: str | None, version: int, what: str) -> None:
    """Raises PreconditionFailedError, with the tag that is there, unless `if_match` is absent or names the version.

    RFC 9110, 13.1.1: any of a list, `*` for whatever is there; weak tags never match.
    """
    if if_match is None or if_match.strip() == "*":
        return
    if of(version) not in {candidate.strip() for candidate in if_match.split(",")}:
        raise PreconditionFailedError(f"The {what} has changed. Read it again.", headers={"ETag": of(version)})


def tagged[T](body: T, version: int, status: int = 200, headers: dict[str, str] | None = None) -> Response[T]:
    """A JSON answer with the tag of its version."""
    return Response(
        status_code=status,
        content_type="application/json",
        body=body,
        headers={"ETag": of(version), **(headers or {})},
    )
