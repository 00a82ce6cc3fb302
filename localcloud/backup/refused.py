"""AWS Backup's and DynamoDB's refusals of a call."""


class Refused(Exception):  # noqa: N818 - what AWS does with the call
    """`code` as botocore raises it; `status`: HTTP."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


def missing(message: str) -> Refused:
    """What is named is not there."""
    return Refused("ResourceNotFoundException", message)


def wrong_value(message: str) -> Refused:
    """A parameter's value."""
    return Refused("InvalidParameterValueException", message)


def wrong_request(message: str) -> Refused:
    """A request that the state of things does not allow."""
    return Refused("InvalidRequestException", message)
