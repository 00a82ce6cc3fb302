"""Refusals in the words and format of the service: what botocore raises here is what it raises on AWS."""

import functools
import warnings
from http import HTTPStatus

from moto.core.request import determine_request_protocol
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model

from localcloud.endpoint.call import Call
from localcloud.limits.refusal import Refusal

# Every service answers AccessDenied; hardly any model lists it among its errors.
warnings.filterwarnings("ignore", message=r"Exception\(.*\) with code .* does not match an error shape")

# SNS has a code of its own (API reference, "Common errors"); the others follow from the protocol.
_CODES = {"sns": ("AuthorizationError", 403)}
_BY_PROTOCOL = {
    "json": ("AccessDeniedException", 400),
    "rest-json": ("AccessDeniedException", 403),
    "query": ("AccessDenied", 403),
    "rest-xml": ("AccessDenied", 403),
    "ec2": ("UnauthorizedOperation", 403),
}
_INVALID_KEY = {
    "json": ("UnrecognizedClientException", 400),
    "rest-json": ("UnrecognizedClientException", 403),
    "query": ("InvalidClientTokenId", 403),
    "rest-xml": ("InvalidAccessKeyId", 403),
    "ec2": ("AuthFailure", 401),
}
_EXPIRED = {
    "json": ("ExpiredTokenException", 400),
    "rest-json": ("ExpiredTokenException", 403),
    "query": ("ExpiredToken", 403),
    "rest-xml": ("ExpiredToken", 400),
    "ec2": ("RequestExpired", 400),
}


class _Error(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def denied(call: Call, message: str, rule: str) -> Refusal:
    """Access denied, by the code and status of the call's service."""
    code, status = _CODES.get(call.service) or _BY_PROTOCOL[protocol(call.service)]
    return Refusal(status, code, message, rule)


def invalid_key(call: Call, message: str, *, expired: bool) -> Refusal:
    """An access key that nobody holds, or holds no longer."""
    code, status = (_EXPIRED if expired else _INVALID_KEY)[protocol(call.service)]
    return Refusal(status, code, message, "iam.access-key.unknown")


@functools.cache
def protocol(service: str) -> str:
    """What the service answers in; one that still answers its old clients' query protocol keeps that one's codes."""
    model = get_service_model(service)
    if model.is_query_compatible:
        return "query"
    return next(str(name) for name in model.metadata.get("protocols", [model.protocol]) if name in _BY_PROTOCOL)


def render(
    call: Call, refusal: Refusal, content_type: str, request_id: str
) -> tuple[str, list[tuple[str, str]], bytes]:
    """Status line, headers and body of a refusal, in the protocol of the request."""
    operation = get_service_model(call.service).operation_model(call.operation)
    protocol = determine_request_protocol(operation.service_model, content_type or None)
    serializer = get_serializer_class(call.service, protocol)(operation)
    answer = serializer.serialize(_Error(refusal.code, refusal.message))
    body = answer["body"].encode() if isinstance(answer["body"], str) else bytes(answer["body"])
    headers = {name: str(value) for name, value in answer["headers"].items()}
    headers |= {"x-amzn-RequestId": request_id, "x-amz-request-id": request_id, "Content-Length": str(len(body))}
    if operation.http.get("method") == "HEAD":
        body = b""
    return f"{refusal.status} {HTTPStatus(refusal.status).phrase}", list(headers.items()), body
