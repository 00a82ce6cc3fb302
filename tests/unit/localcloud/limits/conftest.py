"""A call as boto3 puts it on the wire, read as the endpoint reads it, and judged."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from werkzeug.test import EnvironBuilder

from localcloud.endpoint.call import read_call
from localcloud.limits import Refusal, refuse

Judge = Callable[..., Refusal | None]


@pytest.fixture(scope="session")
def judge() -> Judge:
    """`judge(service, method, **parameters)`: what `refuse` says of that boto3 call; nothing is sent."""
    clients: dict[str, Any] = {}
    found: list[Refusal | None] = []

    def send(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        body: Any = request.body
        if hasattr(body, "read"):
            body = body.read()
        environ = EnvironBuilder(method=request.method, base_url=None, path=request.url, data=body).get_environ()
        environ |= {f"HTTP_{key.upper().replace('-', '_')}": _text(value) for key, value in request.headers.items()}
        environ["CONTENT_TYPE"] = environ.get("HTTP_CONTENT_TYPE", "")
        found.append(refuse(read_call(environ)))
        return AWSResponse(request.url, 500, HTTPHeaders(), None)

    def call(service: str, method: str, **parameters: Any) -> Refusal | None:
        if service not in clients:
            config = Config(
                parameter_validation=False, retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}
            )
            make: Any = boto3.client
            clients[service] = make(
                service, region_name="eu-central-1", aws_access_key_id="A", aws_secret_access_key="s", config=config
            )
            clients[service].meta.events.register("before-send", send)
        found.clear()
        try:
            getattr(clients[service], method)(**parameters)
        except Exception:  # noqa: BLE001 - the empty answer is nothing that botocore can read
            assert found, "the call never left"
        return found[-1]

    return call


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
