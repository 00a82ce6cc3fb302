"""Where GetFunction says that a function's zip is: Lambda gives a URL of its own S3, here it is the endpoint's.

moto names a host of AWS for code that came from S3 and nothing at all for code that came with the call.
"""

import base64
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.types import StartResponse

from moto.awslambda.models import LambdaFunction, lambda_backends

PAGE = "code"


def install(endpoint_url: str) -> None:
    """Have GetFunction give addresses on this endpoint."""
    given: Callable[[Any], dict[str, Any]] = getattr(LambdaFunction.get_code, "given", LambdaFunction.get_code)

    def get_code(self: Any) -> dict[str, Any]:
        answer = given(self)
        if self.code_bytes:
            location = f"{endpoint_url}/_localcloud/{PAGE}/{_digest(self)}"
            answer["Code"] = {"RepositoryType": "S3", "Location": location}
        return answer

    get_code.given = given  # type: ignore[attr-defined]
    LambdaFunction.get_code = get_code  # type: ignore[method-assign]


def zip_of(digest: str, start_response: StartResponse) -> Iterable[bytes]:
    """The zip with this sha256 (hex), as any function's version has it."""
    for account in list(lambda_backends.values()):
        for backend in list(account.values()):
            for function in _versions(backend):
                if function.code_bytes and _digest(function) == digest:
                    start_response("200 OK", [("Content-Type", "application/zip")])
                    return [function.code_bytes]
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return [b"no function has this code\n"]


def _versions(backend: Any) -> Iterator[Any]:
    """Every version of every function; moto's own `all` copies each of them, code and all."""
    for group in list(backend._lambdas._functions.values()):
        yield from (one for one in (group["latest"], *group["versions"]) if one is not None)


def _digest(function: Any) -> str:
    return base64.b64decode(function.code_sha_256).hex()
