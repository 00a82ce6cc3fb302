"""What a command can end in besides success; `ops.cli` turns these into exit codes and messages."""


class Refused(Exception):  # noqa: N818 - it is an answer, not a malfunction
    """The command was refused or failed (exit 1).

    `message` says what is wrong, `remedy` what to do next; neither ever holds a secret value.
    """

    exit_code = 1

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class WrongUse(Refused):
    """The command line itself is wrong or ambiguous (exit 2)."""

    exit_code = 2


def foreseen() -> tuple[type[BaseException], ...]:
    """Errors of the libraries underneath that are the operator's situation, not our defect.

    Meant for `except foreseen():`, which Python evaluates only once something was raised: the command
    line starts without paying for boto3 and httpx.
    """
    from botocore.exceptions import BotoCoreError, ClientError
    from httpx import HTTPError

    return (BotoCoreError, ClientError, HTTPError, OSError)


_REMEDIES = {
    "AccessDeniedException": "sign in with a role that may do this in this account, then try again",
    "AccessDenied": "sign in with a role that may do this in this account, then try again",
    "ExpiredToken": "sign in again: the session's credentials have expired",
    "ExpiredTokenException": "sign in again: the session's credentials have expired",
    "UnrecognizedClientException": "sign in again: AWS does not know these credentials",
    "InvalidClientTokenId": "sign in again: AWS does not know these credentials",
    "ResourceNotFoundException": "check that the stack is deployed: `omnix outputs --stack …`",
    "ThrottlingException": "wait a moment and try again: AWS limits how often this may be called",
}


def explained(error: BaseException) -> Refused:
    """A library's error as a refusal with a remedy."""
    from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
    from httpx import ConnectError, ConnectTimeout

    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "")
        return Refused(str(error), _REMEDIES.get(code, "see the message above; nothing more was changed"))
    if isinstance(error, NoCredentialsError):
        return Refused("there are no AWS credentials", "sign in (`aws sso login`, AWS_PROFILE=…) and try again")
    if isinstance(error, (EndpointConnectionError, ConnectError, ConnectTimeout)):
        return Refused(str(error), "start the local cloud (`make up STACK=…`), or look at your network for real AWS")
    return Refused(f"{type(error).__name__}: {error}", "check the connection and the paths given, then try again")
