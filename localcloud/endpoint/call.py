"""What one request to the AWS endpoint asks for, read with moto's router and parsers from botocore's models."""

import functools
import gzip
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from wsgiref.types import WSGIEnvironment

from botocore.loaders import Loader
from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS, RequestParserError
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from werkzeug.exceptions import NotFound

from localcloud.endpoint import reading

# Signature version 4: `Credential=AKID/20260102/eu-central-1/dynamodb/aws4_request`, in the header or the query.
_SCOPE = re.compile(r"Credential=([^/,\s]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
# Signing names that are not botocore's service names, or stand for several services (tried in this order).
_SERVICES: Mapping[str, tuple[str, ...]] = {
    "apigateway": ("apigateway", "apigatewayv2"),
    "bedrock": ("bedrock-runtime", "bedrock", "bedrock-agent-runtime", "bedrock-agent"),
    "dynamodb": ("dynamodb", "dynamodbstreams"),
    "execute-api": ("apigatewaymanagementapi",),
    "monitoring": ("cloudwatch",),
    "ses": ("sesv2", "ses"),
    "states": ("stepfunctions",),
    "tagging": ("resourcegroupstaggingapi",),
}
_MALFORMED = (RequestParserError, ValueError, TypeError, AttributeError, KeyError, OSError)


class UnknownCall(ValueError):  # noqa: N818 - the contract's name
    """No operation of any known service; the message names what was asked. `service` is the signing name, if any."""

    def __init__(self, message: str, service: str | None = None) -> None:
        super().__init__(message)
        self.service = service


class MalformedCall(UnknownCall):
    """An operation whose parameters cannot be read: AWS's SerializationException."""


@dataclass(frozen=True)
class Call:
    """One AWS call.

    `service` and `operation` are botocore's names (`dynamodbstreams`, `GetRecords`); `parameters` are what botocore's
    client takes, without the body of a streamed upload; `access_key_id` is None where the request is not signed.
    `base_path` is what an endpoint has before the operation's own path: a WebSocket API's `/{api}/{stage}`.
    """

    service: str
    operation: str
    parameters: Mapping[str, Any]
    region: str
    access_key_id: str | None
    source_ip: str = "127.0.0.1"
    user_agent: str = ""
    base_path: str = ""


def read_call(environ: WSGIEnvironment) -> Call:
    """The call in a WSGI request, whose body can still be read afterwards.

    Raises `UnknownCall` naming the service and the target or path, and `MalformedCall` for one that moto could take for
    another call: nothing is guessed. From then on the environ says only what was read (see `reading`).
    """
    request, user_agent = Request(environ), environ.get("HTTP_USER_AGENT", "")
    found = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", "")) or _SCOPE.search(
        f"Credential={request.args.get('X-Amz-Credential', '')}"
    )
    key, region, signed = found.groups() if found else (None, "", _service_of(environ.get("HTTP_X_AMZ_TARGET", "")))
    base_path = _below_stage(request, signed)
    if signed == "s3":  # routed without its body, and an uploaded object's content is as large as the disk
        operation, labels = _route(request, signed)
        body = b"" if operation.has_streaming_input else _body(request, environ, signed)
    else:
        body = _body(request, environ, signed)
        operation, labels = _route(request, signed)
    protocol = determine_request_protocol(operation.service_model, request.content_type)
    if why := reading.ambiguity(request, operation, protocol, region):
        raise MalformedCall(f"the call to {signed}:{operation.name} can be read in two ways: {why}", signed)
    parameters = _parse(request, operation, labels, body, protocol)
    if found is not None:
        reading.settle(environ, operation.name, protocol, found[0])
    return Call(
        service=operation.service_model.service_name,
        operation=operation.name,
        parameters=parameters,
        region=region,
        access_key_id=key,
        source_ip=environ.get("REMOTE_ADDR", "127.0.0.1"),
        user_agent=user_agent,
        base_path=base_path,
    )


def _below_stage(request: Request, signed: str) -> str:
    """API Gateway's connections lie below the stage's own path, which botocore's model does not know."""
    base_path, found, rest = request.raw_path.partition("/@connections/")
    if signed != "execute-api" or not found:
        return ""
    request.environ["RAW_URI"] = found + rest
    return base_path


def _service_of(target: str) -> str:
    """The signing name of an unsigned request's target, for the error that it will get."""
    return target.partition("_")[0].partition(".")[0].lower()


def _body(request: Request, environ: WSGIEnvironment, service: str) -> bytes:
    body = request.get_data(cache=True, parse_form_data=False)
    environ["wsgi.input"] = io.BytesIO(body)
    if request.content_encoding != "gzip":
        return body
    try:
        return gzip.decompress(body)
    except OSError as error:
        raise MalformedCall(f"the body of the call to {service} is not gzip as it says: {error}", service) from error


def _route(request: Request, signed: str) -> tuple[OperationModel, dict[str, Any]]:
    services = _SERVICES.get(signed, (signed,))
    if signed == "s3" and request.raw_path.startswith(reading.CONTROL):
        services = ("s3control",)
    for service in services:
        if service not in _known_services():
            break
        try:
            return get_service_router(service).match(request)
        except (NotFound, NotImplementedError):
            continue
    asked = request.headers.get("X-Amz-Target") or request.values.get("Action") or request.path
    what = f"{request.method} {asked}"
    raise UnknownCall(f"no AWS operation for {what} (service {signed or 'unknown: the request is not signed'})", signed)


@functools.cache
def _known_services() -> frozenset[str]:
    return frozenset(Loader().list_available_services("service-2"))


def _parse(
    request: Request, operation: OperationModel, labels: dict[str, Any], body: bytes, protocol: str
) -> Mapping[str, Any]:
    try:
        parsed: Any = _parser(operation, protocol).parse(
            {
                "method": request.method,
                "values": request.values,
                "headers": request.headers,
                "body": body,
                "url_path": request.path,
                "url_params": labels,
            }
        )
    except _MALFORMED as error:
        asked = f"{operation.service_model.service_name}:{operation.name}"
        raise MalformedCall(f"the parameters of {asked} cannot be read: {error}") from error
    if not isinstance(parsed, Mapping):
        raise MalformedCall(
            f"the parameters of {operation.name} are not an object", operation.service_model.service_name
        )
    return parsed


@functools.cache
def _parser(operation: OperationModel, protocol: str) -> Any:
    return PROTOCOL_PARSERS[protocol](operation)
