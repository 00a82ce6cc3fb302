"""What nobody may do with what is granted for recovery: validation's, replication's and the reports' conditions."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.integration.permissions.evaluated import called_by_rule, reports_role
from tests.integration.permissions.jobs import Job
from tests.integration.permissions.refusing import decrypts_past_the_service, lent, refused
from tests.integration.permissions.site import Site

_RESTORED = "awsbackup-restore-test-"
_REPLICATION = "file-replication"


@contextmanager
def _restored(site: Site) -> Iterator[str]:
    """A table with the name of one that AWS Backup restores to test."""
    dynamodb, name = site.client("dynamodb"), f"{_RESTORED}{uuid.uuid4().hex}"
    dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": site.key},
    )  # fmt: skip
    try:
        yield name
    finally:
        dynamodb.delete_table(TableName=name)


def _scans(**asked: Any) -> Callable[[Site], None]:
    """A scan of a restored copy that asks for more than keys."""

    def job(site: Site) -> None:
        with _restored(site) as name:
            dynamodb = site.as_role("validation", "dynamodb")
            refused(lambda: dynamodb.scan(TableName=name, **asked), "dynamodb:Scan")

    return job


def _restored_directly(site: Site) -> None:
    context = {"aws:dynamodb:tableName": f"{_RESTORED}1", "aws:dynamodb:subscriberId": site.account}
    decrypts_past_the_service(site, "validation", context)


def _table_in_use(site: Site) -> None:
    """Even with a grant on its items: the live table's key stays shut."""
    name = site.environment.outputs["tables"]["users"]
    with lent(site, "validation", "dynamodb:Scan", site.arn("dynamodb", f"table/{name}")):
        dynamodb = site.as_role("validation", "dynamodb")
        refused(lambda: dynamodb.scan(TableName=name), "kms:Decrypt")


def _topic_directly(site: Site) -> None:
    topic = site.environment.outputs["alarm_topic_arn"]
    decrypts_past_the_service(site, "validation", {"aws:sns:topicArn": topic})


def _another_topic(site: Site) -> None:
    """Even with a grant to publish: the topic's key stays shut."""
    sns, name = site.client("sns"), f"omnix-ai-{site.name}-another-{uuid.uuid4().hex[:8]}"
    topic = sns.create_topic(Name=name, Attributes={"KmsMasterKeyId": site.key})["TopicArn"]
    try:
        with lent(site, "validation", "sns:Publish", topic):
            client = site.as_role("validation", "sns")
            refused(lambda: client.publish(TopicArn=topic, Message="x"), "kms:")
    finally:
        sns.delete_topic(TopicArn=topic)


def _another_rule(site: Site) -> None:
    decision = called_by_rule(site, "validation", f"omnix-ai-{site.name}-another")
    assert not decision.allowed, decision


def _files_directly(site: Site) -> None:
    bucket = f"arn:aws:s3:::{site.environment.outputs['file_bucket']}"
    decrypts_past_the_service(site, _REPLICATION, {"aws:s3:arn": bucket})


def _replicas_directly(site: Site) -> None:
    context = {"aws:s3:arn": f"arn:aws:s3:::{site.environment.outputs['file_bucket_dr']}"}
    kms = site.as_role(_REPLICATION, "kms", site.recovery_region)
    asked = {"KeyId": site.recovery_key, "KeySpec": "AES_256", "EncryptionContext": context}
    refused(lambda: kms.generate_data_key(**asked), "kms:GenerateDataKey")


@contextmanager
def _bucket(site: Site, region: str, key: str) -> Iterator[str]:
    """Another bucket in a region under its key."""
    s3, name = site.client("s3", region), f"omnix-ai-{site.name}-another-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})
    encryption = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rule = {"ApplyServerSideEncryptionByDefault": encryption, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    try:
        yield name
    finally:
        s3.delete_object(Bucket=name, Key="file")
        s3.delete_bucket(Bucket=name)


def _files_of_another(site: Site) -> None:
    """Even with a grant to read: what lies in another bucket under the same key stays shut."""
    with _bucket(site, site.region, site.key) as name:
        site.client("s3").put_object(Bucket=name, Key="file", Body=b"another's")
        with lent(site, _REPLICATION, "s3:GetObject", f"arn:aws:s3:::{name}/*"):
            s3 = site.as_role(_REPLICATION, "s3")
            refused(lambda: s3.get_object(Bucket=name, Key="file"), "kms:Decrypt")


def _replicas_to_another(site: Site) -> None:
    """Even with a grant to write: nothing is encrypted for another bucket of the recovery region."""
    with (
        _bucket(site, site.recovery_region, site.recovery_key) as name,
        lent(site, _REPLICATION, "s3:PutObject", f"arn:aws:s3:::{name}/*"),
    ):
        s3 = site.as_role(_REPLICATION, "s3", site.recovery_region)
        refused(lambda: s3.put_object(Bucket=name, Key="file", Body=b"x"), "kms:GenerateDataKey")


def _recovery_topic_of_another(site: Site) -> None:
    context = {"kms:EncryptionContext:aws:sns:topicArn": site.arn("sns", "another-topic", site.recovery_region)}
    policy = site.resource_policy(site.recovery_key)
    decision = site.decide_for_service("backup.amazonaws.com", "kms:Decrypt", site.recovery_key, context, policy)
    assert not decision.allowed, decision


def _reports_of_another(site: Site) -> None:
    """Even with a grant to write there: a role that is not AWS Backup's encrypts no report."""
    if site.reports is None:
        return
    with lent(site, "api", "s3:PutObject", f"arn:aws:s3:::{site.reports}/*"):
        s3 = site.as_role("api", "s3")
        refused(lambda: s3.put_object(Bucket=site.reports, Key="report.csv", Body=b"x"), "kms:GenerateDataKey")


def _reports_directly(site: Site) -> None:
    policy = site.resource_policy(site.key)
    for action in ("kms:Decrypt", "kms:GenerateDataKey"):
        decision = site.decide_for_role(reports_role(site), action, site.key, {}, policy)
        assert not decision.allowed, decision


def _of_validation() -> Iterator[Job]:
    about = ("role validation, policy validate/SampleKeys",)
    named = {"ProjectionExpression": "pk, #other", "ExpressionAttributeNames": {"#other": "password_hash"}}
    more = _scans(Select="SPECIFIC_ATTRIBUTES", **named)
    yield Job("validation reads no attribute but keys", more, about)
    yield Job("validation asks for nothing unnamed", _scans(Select="SPECIFIC_ATTRIBUTES"), about)
    # a filter names attributes as a projection does, and the answer has them all
    whole = _scans(Select="ALL_ATTRIBUTES", FilterExpression="attribute_exists(pk)")
    yield Job("validation reads no whole items", whole, about)
    about = ("role validation, policy validate/UseKey",)
    yield Job("validation does not use the key of what was restored past DynamoDB", _restored_directly, about)
    yield Job("validation opens no table that is in use", _table_in_use, about)
    about = ("role validation, policy tell-of-failures",)
    yield Job("validation does not use the topic's key past SNS", _topic_directly, about)
    yield Job("validation publishes to no other encrypted topic", _another_topic, about)
    told = "decided, not done: the local cloud has no rule that this function's permission does not name"
    yield Job("validation is not called by another rule", _another_rule, ("function validation",), source=told)


def recovery() -> list[Job]:
    """Every call that must be refused."""
    read, written = (f"role {_REPLICATION}, policy replicate/{sid}" for sid in ("ReadKey", "WriteKey"))
    told = "decided, not done: the local cloud writes no reports"
    return [
        *_of_validation(),
        Job("replication does not use the files' key past S3", _files_directly, (read,)),
        Job("replication opens no other bucket's files", _files_of_another, (read,)),
        Job("replication does not use the replicas' key past S3", _replicas_directly, (written,)),
        Job("replication encrypts for no other bucket", _replicas_to_another, (written,)),
        Job(
            "a foreign topic does not get the recovery region's key",
            _recovery_topic_of_another,
            ("key dr/PublishToTopics",),
            source="decided, not done: AWS Backup sends to no topic that no vault names",
        ),
        Job("another role encrypts no report", _reports_of_another, ("key/BackupReports",)),
        Job("the reports' role does not use the key past S3", _reports_directly, ("key/BackupReports",), source=told),
    ]
