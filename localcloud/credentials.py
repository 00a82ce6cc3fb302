"""The local cloud must never be handed, nor use, keys that open a real account."""

import re
from collections.abc import Mapping, MutableMapping

from localcloud.cloud import FAKE_ACCESS_KEY_ID, FAKE_SECRET_ACCESS_KEY

# AKIA: an IAM user's key; ASIA: a session's (AWS, "Unique ID prefixes").
_REAL = re.compile(r"^(AKIA|ASIA)[A-Z2-7]{16}$")
_SOURCES = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)


def real_looking(environ: Mapping[str, str]) -> list[str]:
    """The variables that could lead to a real account. Values are never repeated."""
    found = [name for name in _SOURCES if environ.get(name)]
    if _REAL.match(environ.get("AWS_ACCESS_KEY_ID", "")):
        found.append("AWS_ACCESS_KEY_ID")
    return sorted(found)


def refusal(names: list[str]) -> str:
    """What to say and what to do about it."""
    listed = " ".join(names)
    return (
        f"These variables look like real AWS credentials: {listed}. The local cloud does not start with them. "
        f"Unset them first: unset {listed} AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN"
    )


def use_fake(environ: MutableMapping[str, str]) -> None:
    """From here on this process can sign with nothing but invented keys, and reads no AWS files."""
    for name in [*_SOURCES, "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"]:
        environ.pop(name, None)
    environ["AWS_ACCESS_KEY_ID"] = FAKE_ACCESS_KEY_ID
    environ["AWS_SECRET_ACCESS_KEY"] = FAKE_SECRET_ACCESS_KEY
    environ["AWS_CONFIG_FILE"] = environ["AWS_SHARED_CREDENTIALS_FILE"] = "/dev/null"
    environ["AWS_EC2_METADATA_DISABLED"] = "true"
