"""Entity tags of versioned resources (RFC 9110, 8.8.3) and `If-Match`."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Header

from omnix.errors import PreconditionFailedError

IfMatch = Annotated[
    str | None, Header(alias="If-Match", max_length=200, description="The ETag of the version that was read.")
]


def of(version: int) -> str:
    """The strong tag of a version."""
    return f'"{version}"'


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
