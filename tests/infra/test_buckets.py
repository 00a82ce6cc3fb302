"""Every bucket is versioned, encrypted, closed and TLS only; the artefact bucket before anything is uploaded."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.infra.recording import Recording
from tests.infra.stacks import FUNCTIONS, STACKS

Stacks = Callable[[str], Recording]
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"


@pytest.mark.parametrize("stack", STACKS)
def test_versioning_and_encryption_are_on_before_the_first_upload(recorded: Stacks, stack: str) -> None:
    recording = recorded(stack)
    versioning = recording.one("aws:s3/bucketVersioning:BucketVersioning", "delivery-artefacts-versioning")
    encryption = recording.one(ENCRYPTION, "delivery-artefacts-encryption")
    assert versioning.inputs["versioningConfiguration"] == {"status": "Enabled"}
    uploads = recording.of(OBJECT)
    assert len(uploads) == len(FUNCTIONS)
    for upload in uploads:
        assert {versioning.urn, encryption.urn} <= recording.closure(upload)
        assert upload.inputs["serverSideEncryption"] == "aws:kms"
        assert upload.inputs["sourceHash"]


@pytest.mark.parametrize("stack", STACKS)
def test_every_bucket_is_versioned_encrypted_and_closed_to_the_public_and_to_plain_http(
    recorded: Stacks, stack: str
) -> None:
    recording = recorded(stack)
    buckets = [(one.inputs["bucket"], one.inputs.get("region")) for one in recording.of("aws:s3/bucket:Bucket")]
    assert len(buckets) >= 3
    for bucket, region in buckets:
        settings = {
            kind: _of(recording, f"aws:s3/bucket{kind}:Bucket{kind}", bucket, region)
            for kind in ("PublicAccessBlock", "OwnershipControls", "Policy", "Versioning")
        }
        flags = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
        assert all(settings["PublicAccessBlock"][flag] is True for flag in flags)
        assert settings["OwnershipControls"]["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
        assert settings["Versioning"]["versioningConfiguration"] == {"status": "Enabled"}
        statements = json.loads(settings["Policy"]["policy"])["Statement"]
        (tls,) = [statement for statement in statements if statement["Sid"] == "TlsOnly"]
        assert (tls["Effect"], tls["Principal"], tls["Action"]) == ("Deny", "*", ["s3:*"])
        assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        (rule,) = _of(recording, ENCRYPTION, bucket, region)["rules"]
        assert rule["bucketKeyEnabled"] is True
        key = rule["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"]
        assert key.split(":")[3] == (region or recording.exports["region"])


def _of(recording: Recording, kind: str, bucket: str, region: str | None) -> dict[str, Any]:
    """The inputs of a bucket's one setting of a kind, in the bucket's own region."""
    (found,) = [one.inputs for one in recording.of(kind) if one.inputs["bucket"] == bucket]
    assert found.get("region") == region
    return found


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
