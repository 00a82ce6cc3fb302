"""Failures as the engine understands them: always an explicit gRPC code, never UNKNOWN."""
# ruff: noqa: A002 - `id` is the engine's word for it

from collections.abc import Iterable
from typing import NoReturn

import grpc
from botocore.exceptions import BotoCoreError, ClientError
from pulumi.runtime.proto import errors_pb2, provider_pb2, status_pb2

_ = errors_pb2  # registers the messages that status details may hold


class ProviderError(Exception):
    """Refused by this provider or by the cloud behind it."""

    def __init__(self, message: str, code: grpc.StatusCode = grpc.StatusCode.INVALID_ARGUMENT) -> None:
        super().__init__(message)
        self.code = code


class PartialCreateError(Exception):
    """The resource exists but is not whole; the engine must keep `id` and retry with an update."""

    def __init__(self, id: str, reasons: Iterable[str]) -> None:
        self.id = id
        self.reasons = list(reasons)
        super().__init__("; ".join(self.reasons))


def already_exists(message: str) -> ProviderError:
    """Where the registry, not moto, knows of the other one."""
    return ProviderError(message, grpc.StatusCode.ALREADY_EXISTS)


_NOT_FOUND = (
    "NotFound",
    "NoSuch",
    "ResourceNotFoundException",
    "UnknownResource",
    "NonExistentQueue",
    "DoesNotExist",
    "404",
)
_EXISTS = (
    *("AlreadyExists", "ResourceExists", "ResourceInUse", "ResourceConflict", "ConflictException"),
    *("BucketAlready", "Duplicate", "QueueNameExists"),
)


def error_code(error: ClientError) -> str:
    """AWS's name for the failure."""
    return str(error.response.get("Error", {}).get("Code", "Unknown"))


def is_missing(error: ClientError) -> bool:
    """The resource is not there."""
    code = error_code(error)
    return any(part in code for part in _NOT_FOUND)


def is_conflict(error: ClientError) -> bool:
    """Something else bears the name already."""
    code = error_code(error)
    return any(part in code for part in _EXISTS)


def grpc_code(error: Exception) -> grpc.StatusCode:
    """What a failed AWS call means to the engine."""
    if isinstance(error, ProviderError):
        return error.code
    if isinstance(error, ClientError):
        if is_missing(error):
            return grpc.StatusCode.NOT_FOUND
        if is_conflict(error):
            return grpc.StatusCode.ALREADY_EXISTS
        return grpc.StatusCode.FAILED_PRECONDITION
    if isinstance(error, BotoCoreError):
        return grpc.StatusCode.UNAVAILABLE
    return grpc.StatusCode.INTERNAL


def abort_partial(
    context: grpc.ServicerContext, failed: provider_pb2.ErrorResourceInitFailed, message: str
) -> NoReturn:
    """Ends the call with the detail that makes the engine save a half-made resource."""
    status = status_pb2.Status(code=grpc.StatusCode.FAILED_PRECONDITION.value[0], message=message)
    status.details.add().Pack(failed)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.FAILED_PRECONDITION, message)
    raise AssertionError
