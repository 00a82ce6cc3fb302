"""How a call is held to be refused, and what a role is lent so that one condition alone stands in its way."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.permissions.site import Site

OTHER_ACCOUNT = "999999999999"
_CODES = {"AccessDeniedException", "KMSAccessDeniedException", "AccessDenied", "AuthorizationError"}


def refused(call: Callable[[], Any], about: str = "") -> None:
    """Raises AssertionError unless the call is refused for want of permission, in a message with `about`."""
    with pytest.raises(ClientError) as refusal:
        call()
    assert refusal.value.response["Error"]["Code"] in _CODES, f"it was let through: {refusal.value}"
    assert about in str(refusal.value), f"refused for another reason: {refusal.value}"


@contextmanager
def lent(site: Site, role: str, action: str, resource: str) -> Iterator[None]:
    """A permission that a role has for a moment."""
    iam, name = site.client("iam"), site.role(role)
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}
    iam.put_role_policy(RoleName=name, PolicyName="lent", PolicyDocument=json.dumps(document))
    try:
        yield
    finally:
        iam.delete_role_policy(RoleName=name, PolicyName="lent")


def decrypts_past_the_service(site: Site, role: str, context: dict[str, str]) -> None:
    """The role's session calls KMS itself, with exactly the encryption context that its grant names."""
    encrypted = site.client("kms").encrypt(KeyId=site.key, Plaintext=b"value", EncryptionContext=context)
    kms = site.as_role(role, "kms")
    refused(lambda: kms.decrypt(CiphertextBlob=encrypted["CiphertextBlob"], EncryptionContext=context), "kms:Decrypt")
