"""What services do in their caller's name, and how calls name their resources."""

from collections.abc import Mapping
from typing import Any

import pytest

from localcloud.endpoint.call import Call
from localcloud.enforcement.need import Need
from localcloud.enforcement.services import MAPPED
from tests.unit.localcloud.enforcement.conftest import ACCOUNT, REGION, World, allow

FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
LOGS = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group"
RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule"


@pytest.fixture
def key_arn(world: World) -> str:
    arn: str = world.client("kms").create_key()["KeyMetadata"]["Arn"]
    world.client("kms").create_alias(AliasName="alias/own", TargetKeyId=arn)
    return arn


def needs(world: World, subject: str, parameters: Mapping[str, Any], base_path: str = "") -> list[Need]:
    service, _, operation = subject.partition(":")
    call = Call(service, operation, parameters, REGION, None, base_path=base_path)
    return list(MAPPED[service][operation](call, world.gate.account))


def _value(need: Need, name: str) -> tuple[str, ...]:
    value = need.keys[name]
    return value() if callable(value) else value


def key_needs(world: World, subject: str, **parameters: Any) -> list[tuple[str, dict[str, tuple[str, ...]]]]:
    """The key actions of a call, with their encryption context and service."""
    found = []
    for need in needs(world, subject, parameters):
        if need.via:
            names = [key for key in need.keys if ":encryptioncontext:" in key]
            context = {name.rpartition("context:")[2]: _value(need, name) for name in names}
            assert need.keys["kms:viaservice"] == (f"{need.via}.{REGION}.amazonaws.com",)
            found.append((need.action, context))
    return found


@pytest.mark.parametrize(
    ("subject", "parameters", "action", "resource"),
    [
        ("lambda:Invoke", {"FunctionName": "f"}, "lambda:InvokeFunction", FUNCTION),
        ("lambda:Invoke", {"FunctionName": "f", "Qualifier": "live"}, "lambda:InvokeFunction", f"{FUNCTION}:live"),
        ("lambda:Invoke", {"FunctionName": f"{FUNCTION}:live"}, "lambda:InvokeFunction", f"{FUNCTION}:live"),
        ("lambda:Invoke", {"FunctionName": f"{ACCOUNT}:function:f:2"}, "lambda:InvokeFunction", f"{FUNCTION}:2"),
        ("lambda:PublishVersion", {"FunctionName": f"{FUNCTION}:live"}, "lambda:PublishVersion", FUNCTION),
        (
            "logs:PutLogEvents",
            {"logGroupName": "/g", "logStreamName": "s"},
            "logs:PutLogEvents",
            f"{LOGS}:/g:log-stream:s",
        ),
        ("logs:CreateLogGroup", {"logGroupName": "/g"}, "logs:CreateLogGroup", f"{LOGS}:/g:log-stream:"),
        (
            "sqs:SendMessageBatch",
            {"QueueUrl": f"http://h:1/{ACCOUNT}/q"},
            "sqs:SendMessage",
            f"arn:aws:sqs:{REGION}:{ACCOUNT}:q",
        ),
        ("s3:HeadObject", {"Bucket": "bkt", "Key": "a/b"}, "s3:GetObject", "arn:aws:s3:::bkt/a/b"),
        ("s3:GetObject", {"Bucket": "bkt", "Key": "k", "VersionId": "1"}, "s3:GetObjectVersion", "arn:aws:s3:::bkt/k"),
        ("s3:ListObjectsV2", {"Bucket": "bkt", "Prefix": "p"}, "s3:ListBucket", "arn:aws:s3:::bkt"),
        ("s3:UploadPart", {"Bucket": "bkt", "Key": "k", "UploadId": "u"}, "s3:PutObject", "arn:aws:s3:::bkt/k"),
        ("ssm:GetParameter", {"Name": "/a/b:3"}, "ssm:GetParameter", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/a/b"),
        ("ssm:GetParameter", {"Name": "plain"}, "ssm:GetParameter", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/plain"),
        ("events:PutRule", {"Name": "r", "EventBusName": "b"}, "events:PutRule", f"{RULE}/b/r"),
        ("events:PutRule", {"Name": "r"}, "events:PutRule", f"{RULE}/r"),
        ("iam:AttachRolePolicy", {"RoleName": "r"}, "iam:AttachRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/r"),
        (
            "bedrock-runtime:ConverseStream",
            {"modelId": "amazon.nova"},
            "bedrock:InvokeModelWithResponseStream",
            f"arn:aws:bedrock:{REGION}::foundation-model/amazon.nova",
        ),
    ],
)  # fmt: skip
def test_a_call_needs_its_action_on_its_resource(
    world: World, subject: str, parameters: dict[str, str], action: str, resource: str
) -> None:
    first = needs(world, subject, parameters)[0]
    assert (first.action, first.resource) == (action, resource)


def test_a_copy_needs_the_source_and_the_target(world: World) -> None:
    found = needs(world, "s3:CopyObject", {"Bucket": "to", "Key": "k", "CopySource": "from/a%20b?versionId=7"})
    assert [(need.action, need.resource) for need in found] == [
        ("s3:GetObjectVersion", "arn:aws:s3:::from/a b"),
        ("s3:PutObject", "arn:aws:s3:::to/k"),
    ]


def test_only_who_may_list_a_bucket_is_told_that_a_key_is_missing(world: World) -> None:
    world.client("s3").create_bucket(Bucket="bkt", CreateBucketConfiguration={"LocationConstraint": REGION})
    world.client("s3").put_object(Bucket="bkt", Key="there", Body=b"")
    read = allow("s3:GetObject", "arn:aws:s3:::bkt/*")
    named = {"StringEquals": {"s3:prefix": "gone"}}
    lists = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::bkt", "Condition": named}
    reader, lister = world.key_of(world.role(read)), world.key_of(world.role(read, lists))
    assert world.allowed(reader, "s3:GetObject", Bucket="bkt", Key="there")
    assert not world.allowed(reader, "s3:GetObject", Bucket="bkt", Key="gone")
    assert not world.allowed(reader, "s3:HeadObject", Bucket="bkt", Key="gone")
    assert world.allowed(lister, "s3:GetObject", Bucket="bkt", Key="gone")
    assert not world.allowed(lister, "s3:GetObject", Bucket="bkt", Key="other")


def test_a_connection_is_named_by_api_stage_and_method(world: World) -> None:
    (need,) = needs(world, "apigatewaymanagementapi:PostToConnection", {"ConnectionId": "abc="}, base_path="/api1/dev")
    assert need.action == "execute-api:ManageConnections"
    assert need.resource == f"arn:aws:execute-api:{REGION}:{ACCOUNT}:api1/dev/POST/@connections/abc="


def test_a_secure_string_is_decrypted_as_the_caller(world: World, key_arn: str) -> None:
    ssm = world.client("ssm")
    ssm.put_parameter(Name="/a/secret", Type="SecureString", Value="v", KeyId="alias/own")
    ssm.put_parameter(Name="/a/plain", Type="String", Value="v")
    ssm.put_parameter(Name="/a/aws", Type="SecureString", Value="v")
    arn = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/a/secret"
    expected = [("kms:Decrypt", {"parameter_arn": (arn,)})]
    names = ["/a/plain", "/a/secret", "/a/aws"]
    assert key_needs(world, "ssm:GetParameters", Names=names, WithDecryption=True) == expected
    assert key_needs(world, "ssm:GetParametersByPath", Path="/a", WithDecryption=True) == expected
    assert key_needs(world, "ssm:GetParameters", Names=names) == []
    put = key_needs(world, "ssm:PutParameter", Name="/a/new", Type="SecureString", KeyId=key_arn)
    assert [action for action, _ in put] == ["kms:Encrypt"]


def test_a_secret_under_a_customers_key_is_decrypted_as_the_caller(world: World, key_arn: str) -> None:
    made = world.client("secretsmanager").create_secret(Name="s", SecretString="v", KmsKeyId=key_arn)
    context = {"secretarn": (made["ARN"],), "secretversionid": (made["VersionId"],)}
    for name in ("s", made["ARN"], made["ARN"][:-7]):
        assert key_needs(world, "secretsmanager:GetSecretValue", SecretId=name) == [("kms:Decrypt", context)]
    put = key_needs(world, "secretsmanager:PutSecretValue", SecretId="s", SecretString="w", ClientRequestToken="t")
    assert [action for action, _ in put] == ["kms:GenerateDataKey", "kms:Decrypt"]
    assert key_needs(world, "secretsmanager:GetSecretValue", SecretId="s", VersionStage="AWSPREVIOUS") == []
    assert key_needs(world, "secretsmanager:DescribeSecret", SecretId="s") == []


def test_a_secrets_resource_is_its_full_arn_however_it_is_named(world: World) -> None:
    arn = world.client("secretsmanager").create_secret(Name="a/b", SecretString="v")["ARN"]
    for name in ("a/b", arn, arn[:-7]):
        assert needs(world, "secretsmanager:GetSecretValue", {"SecretId": name})[0].resource == arn


def test_rotating_a_secret_needs_leave_to_invoke_its_function(world: World) -> None:
    world.client("secretsmanager").create_secret(Name="s", SecretString="v")
    found = needs(world, "secretsmanager:RotateSecret", {"SecretId": "s", "RotationLambdaARN": f"{FUNCTION}:live"})
    assert [(n.action, n.resource) for n in found][1:] == [("lambda:InvokeFunction", f"{FUNCTION}:live")]


def test_objects_under_a_customers_key_need_it_to_be_written_and_read(world: World, key_arn: str) -> None:
    s3 = world.client("s3")
    s3.create_bucket(Bucket="bkt", CreateBucketConfiguration={"LocationConstraint": REGION})
    encrypted: dict[str, Any] = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key_arn}
    s3.put_object(Bucket="bkt", Key="k", Body=b"x", **encrypted)
    own = {"aws:s3:arn": ("arn:aws:s3:::bkt/k",)}
    assert key_needs(world, "s3:GetObject", Bucket="bkt", Key="k") == [("kms:Decrypt", own)]
    assert key_needs(world, "s3:HeadObject", Bucket="bkt", Key="k") == []
    assert key_needs(world, "s3:PutObject", Bucket="bkt", Key="k", **encrypted) == [("kms:GenerateDataKey", own)]
    rule = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key_arn}
    s3.put_bucket_encryption(
        Bucket="bkt",
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": rule, "BucketKeyEnabled": True}]
        },
    )
    shared = [("kms:GenerateDataKey", {"aws:s3:arn": ("arn:aws:s3:::bkt",)})]
    assert key_needs(world, "s3:PutObject", Bucket="bkt", Key="k") == shared
    parts = key_needs(world, "s3:CreateMultipartUpload", Bucket="bkt", Key="k")
    assert [action for action, _ in parts] == ["kms:GenerateDataKey", "kms:Decrypt"]


def test_encrypted_queues_and_topics_need_their_key(world: World, key_arn: str) -> None:
    queue = world.client("sqs").create_queue(QueueName="q", Attributes={"KmsMasterKeyId": key_arn})["QueueUrl"]
    topic = world.client("sns").create_topic(Name="t", Attributes={"KmsMasterKeyId": "alias/own"})["TopicArn"]
    both = ["kms:GenerateDataKey", "kms:Decrypt"]
    assert [action for action, _ in key_needs(world, "sqs:SendMessage", QueueUrl=queue, MessageBody="m")] == both
    assert [action for action, _ in key_needs(world, "sqs:ReceiveMessage", QueueUrl=queue)] == ["kms:Decrypt"]
    assert [action for action, _ in key_needs(world, "sns:Publish", TopicArn=topic, Message="m")] == both


def test_a_key_is_used_by_its_policys_leave_or_by_the_accounts_where_that_hands_it_on(world: World) -> None:
    use = allow("kms:Decrypt")
    key = world.key_of(world.role(use))
    open_key = world.client("kms").create_key()["KeyMetadata"]["KeyId"]
    nobodys = world.client("kms").create_key()["KeyMetadata"]["KeyId"]
    backend = world.gate.account.key(nobodys, REGION)
    backend.policy = (
        '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*",'
        f'"Principal":{{"AWS":"arn:aws:iam::{ACCOUNT}:role/admin"}}}}}}'
    )
    assert world.allowed(key, "kms:Decrypt", KeyId=open_key, CiphertextBlob=b"x")
    assert not world.allowed(key, "kms:Decrypt", KeyId=nobodys, CiphertextBlob=b"x")


def test_a_ciphertext_names_its_key(world: World, key_arn: str) -> None:
    blob = world.client("kms").encrypt(KeyId=key_arn, Plaintext=b"x")["CiphertextBlob"]
    (need,) = needs(world, "kms:Decrypt", {"CiphertextBlob": blob, "EncryptionContext": {"Tenant": "1"}})
    assert need.resource == key_arn
    assert need.keys["kms:encryptioncontext:tenant"] == ("1",)
    assert need.keys["kms:encryptioncontextkeys"] == ("Tenant",)
    assert need.keys["kms:resourcealiases"] == ("alias/own",)


def test_a_grant_lets_its_grantee_use_the_key_within_its_context(world: World, key_arn: str) -> None:
    role = world.role()
    key = world.key_of(role)
    call: dict[str, Any] = {"KeyId": key_arn, "CiphertextBlob": b"x"}
    assert not world.allowed(key, "kms:Decrypt", **call)
    constraints = {"EncryptionContextSubset": {"Tenant": "1"}}
    world.client("kms").create_grant(
        KeyId=key_arn, GranteePrincipal=role, Operations=["Decrypt"], Constraints=constraints
    )
    assert world.allowed(key, "kms:Decrypt", **call, EncryptionContext={"Tenant": "1", "More": "x"})
    assert not world.allowed(key, "kms:Decrypt", **call, EncryptionContext={"Tenant": "2"})
    assert not world.allowed(key, "kms:Encrypt", KeyId=key_arn, Plaintext=b"x", EncryptionContext={"Tenant": "1"})
    other = world.key_of(world.role())
    assert not world.allowed(other, "kms:Decrypt", **call, EncryptionContext={"Tenant": "1"})
