"""The artefact bucket: versioned before anything is uploaded, encrypted, closed, TLS only."""

import json
from collections.abc import Callable

import pytest

from tests.infra.recording import Recording
from tests.infra.stacks import STACKS

Stacks = Callable[[str], Recording]
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"


@pytest.mark.parametrize("stack", STACKS)
def test_versioning_and_encryption_are_on_before_the_first_upload(recorded: Stacks, stack: str) -> None:
    recording = recorded(stack)
    (versioning,) = recording.of("aws:s3/bucketVersioning:BucketVersioning")
    (encryption,) = recording.of(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    )
    assert versioning.inputs["versioningConfiguration"] == {"status": "Enabled"}
    uploads = recording.of(OBJECT)
    assert len(uploads) == 5
    for upload in uploads:
        assert {versioning.urn, encryption.urn} <= recording.closure(upload)
        assert upload.inputs["serverSideEncryption"] == "aws:kms"
        assert upload.inputs["sourceHash"]


@pytest.mark.parametrize("stack", STACKS)
def test_the_bucket_is_closed_to_the_public_and_to_plain_http(recorded: Stacks, stack: str) -> None:
    recording = recorded(stack)
    (block,) = recording.of("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
    settings = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    assert all(block.inputs[setting] is True for setting in settings)
    (ownership,) = recording.of("aws:s3/bucketOwnershipControls:BucketOwnershipControls")
    assert ownership.inputs["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    (policy,) = recording.of("aws:s3/bucketPolicy:BucketPolicy")
    (statement,) = json.loads(policy.inputs["policy"])["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", ["s3:*"])
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize("stack", STACKS)
def test_the_gateways_log_role_is_set_before_the_stage_opens(recorded: Stacks, stack: str) -> None:
    """The incident: API Gateway without a CloudWatch Logs role."""
    recording = recorded(stack)
    (account,) = recording.of("aws:apigateway/account:Account")
    (stage,) = recording.of("aws:apigateway/stage:Stage")
    assert account.urn in recording.closure(stage)
    (attachment,) = [
        r for r in recording.of("aws:iam/rolePolicyAttachment:RolePolicyAttachment") if "apigateway" in r.name
    ]
    assert attachment.urn in recording.closure(account)
