"""Bedrock's refusals. Source: botocore's service model (status), the Bedrock user guide and the service's own words."""

from localcloud.backup.refused import Refused

STATUS = {
    "AccessDeniedException": 403,
    "InternalServerException": 500,
    "ModelErrorException": 424,
    "ModelNotReadyException": 429,
    "ModelStreamErrorException": 424,
    "ModelTimeoutException": 408,
    "ResourceNotFoundException": 404,
    "ServiceUnavailableException": 503,
    "ThrottlingException": 429,
    "ValidationException": 400,
}
MESSAGE = {
    "AccessDeniedException": "You don't have access to the model with the specified model ID.",
    "InternalServerException": "The system encountered an unexpected error during processing. Try your request again.",
    "ModelErrorException": "The model returned the following errors: the model failed.",
    "ModelNotReadyException": "Model is not ready for inference. Wait and try your request again.",
    "ModelStreamErrorException": "The model failed while it streamed its answer.",
    "ModelTimeoutException": "Model processing time exceeded the limit. Try again.",
    "ServiceUnavailableException": "Bedrock is unable to process your request.",
    "ThrottlingException": "Too many tokens, please wait before trying again.",
    "ValidationException": "The model returned the following errors: Malformed input request.",
}


def invalid(message: str) -> Refused:
    """A request that Bedrock or the model cannot take."""
    return Refused("ValidationException", message, 400)


def missing(message: str) -> Refused:
    """What is named is not there."""
    return Refused("ResourceNotFoundException", message, 404)


def of_code(code: str) -> Refused:
    """The exception of this name, as Bedrock words it."""
    return Refused(code, MESSAGE[code], STATUS[code])


__all__ = ["Refused", "invalid", "missing", "of_code"]
