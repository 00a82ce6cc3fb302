"""What nobody may do with what is granted: for every condition of a statement, a call that it alone refuses.

Calls are made with the role's own session. Where a role lacks the other half of what a call would need (items of a
table that it has no business with), it is lent that half for the call, so that the condition alone stands in the way.
"""

import io
import uuid
import zipfile
from collections.abc import Callable, Iterator

from tests.integration.permissions import intruding, spending
from tests.integration.permissions.evaluated import sources
from tests.integration.permissions.jobs import Job
from tests.integration.permissions.refusing import OTHER_ACCOUNT, decrypts_past_the_service, lent, refused
from tests.integration.permissions.site import FUNCTIONS, Site

TABLES = {
    "api": ("products", "inventory", "orders", "customer-profiles", "recommendations", "sessions", "analytics"),
    "assistant": ("products", "inventory", "orders", "customer-profiles", "sessions", "analytics"),
    "auth": ("users", "sessions"),
    "authorizer": ("users",),
    "worker": ("analytics", "customer-profiles", "recommendations", "inventory"),
}
SECRETS = {
    "auth": ("JWT_SECRET", "JWT_REFRESH_SECRET"),
    "authorizer": ("JWT_SECRET", "API_KEY_1"),
    "rotation": ("JWT_SECRET",),
}
# Held to some partitions of a table: one that is another's.
PARTITIONS = {
    ("api", "sessions"): "FAMILY#another",
    ("assistant", "sessions"): "FAMILY#another",
    ("assistant", "analytics"): "ANOTHER#1",
    ("auth", "users"): "INVITATION#another",
    ("auth", "sessions"): "CONNECTION#another",
    ("authorizer", "users"): "CREDENTIAL#EMAIL#another",
}


def _variables_directly(role: str) -> Callable[[Site], None]:
    def job(site: Site) -> None:
        function = site.arn("lambda", f"function:{site.function(role)}")
        decrypts_past_the_service(site, role, {"aws:lambda:FunctionArn": function})

    return job


def _variables_of_another(role: str) -> Callable[[Site], None]:
    """Another function under the same role and key: Lambda cannot decrypt its variables with this role."""

    def job(site: Site) -> None:
        functions, name = site.client("lambda"), f"omnix-ai-{site.name}-another-{uuid.uuid4().hex[:8]}"
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr("handler.py", "def handler(event, context):\n    return 'started'\n")
        functions.create_function(
            FunctionName=name, Role=f"arn:aws:iam::{site.account}:role/{site.role(role)}", Runtime="python3.13",
            Handler="handler.handler", Code={"ZipFile": content.getvalue()}, KMSKeyArn=site.key,
            Environment={"Variables": {"VALUE": "encrypted"}},
        )  # fmt: skip
        try:
            refused(lambda: functions.invoke(FunctionName=name, Payload=b"{}"), "kms:Decrypt")
        finally:
            functions.delete_function(FunctionName=name)

    return job


def _table_directly(role: str, table: str) -> Callable[[Site], None]:
    def job(site: Site) -> None:
        name = site.environment.outputs["tables"][table]
        context = {"aws:dynamodb:tableName": name, "aws:dynamodb:subscriberId": site.account}
        decrypts_past_the_service(site, role, context)

    return job


def _another_table(role: str) -> Callable[[Site], None]:
    """Even with a grant on its items: the table's key stays shut."""

    def job(site: Site) -> None:
        name = site.environment.outputs["tables"]["workspaces"]
        key = {"pk": {"S": "TENANT#another"}, "sk": {"S": "RECORD"}}
        with lent(site, role, "dynamodb:GetItem", site.arn("dynamodb", f"table/{name}")):
            dynamodb = site.as_role(role, "dynamodb")
            refused(lambda: dynamodb.get_item(TableName=name, Key=key), "kms:Decrypt")

    return job


def _dead_letters_directly(site: Site) -> None:
    queue = site.arn("sqs", f"omnix-ai-{site.name}-worker-dead-letters")
    decrypts_past_the_service(site, "worker", {"aws:sqs:arn": queue})


def _another_queue(site: Site) -> None:
    """Even with a grant to send: the queue's key stays shut."""
    operator, name = site.client("sqs"), f"omnix-ai-{site.name}-another"
    url = operator.create_queue(QueueName=name, Attributes={"KmsMasterKeyId": site.key})["QueueUrl"]
    try:
        with lent(site, "worker", "sqs:SendMessage", site.arn("sqs", name)):
            queue = site.as_role("worker", "sqs")
            refused(lambda: queue.send_message(QueueUrl=url, MessageBody="x"), "kms:")
    finally:
        operator.delete_queue(QueueUrl=url)


def _secret_directly(role: str, secret: str) -> Callable[[Site], None]:
    def job(site: Site) -> None:
        decrypts_past_the_service(site, role, {"SecretARN": site.secret(secret)})

    return job


def _another_secret(role: str) -> Callable[[Site], None]:
    """Even with a grant to read it: the secret's key stays shut."""

    def job(site: Site) -> None:
        secrets, name = site.client("secretsmanager"), f"omnix-ai/{site.name}/another-{uuid.uuid4().hex[:8]}"
        arn = secrets.create_secret(Name=name, SecretString="another's", KmsKeyId=site.key)["ARN"]
        try:
            with lent(site, role, "secretsmanager:GetSecretValue", arn):
                client = site.as_role(role, "secretsmanager")
                refused(lambda: client.get_secret_value(SecretId=arn), "kms:Decrypt")
        finally:
            secrets.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)

    return job


def _usage_key_directly(site: Site) -> None:
    parameter = site.arn("ssm", f"parameter/omnix-ai/{site.name}/api/usage-key")
    decrypts_past_the_service(site, "authorizer", {"PARAMETER_ARN": parameter})


def _another_parameter(site: Site) -> None:
    """The role may name any parameter of the environment; a secure one that is not its own stays encrypted."""
    ssm, name = site.client("ssm"), f"/omnix-ai/{site.name}/another/{uuid.uuid4().hex[:8]}"
    ssm.put_parameter(Name=name, Value="another's", Type="SecureString", KeyId=site.key)
    try:
        client = site.as_role("authorizer", "ssm")
        refused(lambda: client.get_parameters(Names=[name], WithDecryption=True), "kms:Decrypt")
    finally:
        ssm.delete_parameter(Name=name)


def _another_partition(role: str, table: str) -> Callable[[Site], None]:
    def job(site: Site) -> None:
        dynamodb, name = site.as_role(role, "dynamodb"), site.environment.outputs["tables"][table]
        key = {"pk": {"S": PARTITIONS[role, table]}, "sk": {"S": "ITEM"}}
        refused(lambda: dynamodb.get_item(TableName=name, Key=key), "dynamodb:GetItem")
        refused(lambda: dynamodb.put_item(TableName=name, Item=key), "dynamodb:PutItem")

    return job


def _no_partition(role: str, table: str) -> Callable[[Site], None]:
    """A request that names no key has no leading keys, and every one of none is allowed."""

    def job(site: Site) -> None:
        dynamodb, name = site.as_role(role, "dynamodb"), site.environment.outputs["tables"][table]
        refused(lambda: dynamodb.get_item(TableName=name, Key={"sk": {"S": "ITEM"}}), "dynamodb:GetItem")

    return job


def _foreign_log_group(site: Site) -> None:
    logs, group = site.client("logs"), f"/another/{uuid.uuid4().hex[:8]}"
    try:
        refused(lambda: logs.create_log_group(logGroupName=group, kmsKeyId=site.key))
    except AssertionError:
        logs.delete_log_group(logGroupName=group)
        raise


def _foreign_topic(site: Site) -> None:
    context = {"kms:EncryptionContext:aws:sns:topicArn": site.arn("sns", "another-topic")}
    policy = site.resource_policy(site.key)
    decision = site.decide_for_service("cloudwatch.amazonaws.com", "kms:Decrypt", site.key, context, policy)
    assert not decision.allowed, decision


def _foreign_publisher(service: str, key: str, value: str) -> Callable[[Site], None]:
    """All as it should be, but for one source key."""

    def job(site: Site) -> None:
        topic = site.environment.outputs["alarm_topic_arn"]
        context = {**sources(site)[service], key: value}
        decision = site.decide_for_service(
            f"{service}.amazonaws.com", "sns:Publish", topic, context, site.resource_policy(topic)
        )
        assert not decision.allowed, decision

    return job


def _foreign_invoker(function: str, service: str, foreign: Callable[[Site], dict[str, str]]) -> Callable[[Site], None]:
    def job(site: Site) -> None:
        arn = site.arn("lambda", f"function:{site.function(function)}")
        decision = site.decide_for_service(
            service, "lambda:InvokeFunction", f"{arn}:live", foreign(site), site.resource_policy(arn)
        )
        assert not decision.allowed, decision

    return job


def _from_api(path: str) -> Callable[[Site], dict[str, str]]:
    """A call of this API by another way than the function serves."""

    def context(site: Site) -> dict[str, str]:
        source = site.arn("execute-api", f"{site.environment.outputs['rest_api_id']}/{path}")
        return {"aws:SourceArn": source, "aws:SourceAccount": site.account}

    return context


def _for_secret_of_another_account(site: Site) -> dict[str, str]:
    arn = site.secret("JWT_SECRET").replace(site.account, OTHER_ACCOUNT)
    return {"aws:SourceArn": arn, "aws:SourceAccount": OTHER_ACCOUNT}


def _of_roles() -> Iterator[Job]:
    for role in FUNCTIONS:
        about = (f"role {role}, policy base",)
        yield Job(f"{role} does not decrypt its variables past Lambda", _variables_directly(role), about)
        yield Job(f"{role} opens no other function's variables", _variables_of_another(role), about)
    for role, tables in TABLES.items():
        for table in tables:
            about = (f"role {role}, policy write-{table}",)
            yield Job(f"{role} does not use the key of {table} past DynamoDB", _table_directly(role, table), about)
        yield Job(f"{role} opens no other table", _another_table(role), (f"role {role}, policy write-",))
    for role, secrets in SECRETS.items():
        about = (f"role {role}, policy r",)
        for secret in secrets:
            yield Job(f"{role} does not decrypt {secret} past Secrets Manager", _secret_directly(role, secret), about)
        yield Job(f"{role} opens no other secret", _another_secret(role), about)
    for role, table in PARTITIONS:
        about = (f"role {role}, policy write-{table}/Items",)
        yield Job(f"{role} sees no other partitions of {table}", _another_partition(role, table), about)
        yield Job(f"{role} asks nothing of {table} without a key", _no_partition(role, table), about)
    for table in ("products", "orders"):
        about = ("role worker, policy read-streams",)
        yield Job(f"worker does not use the key of {table} past DynamoDB", _table_directly("worker", table), about)
    yield Job("worker opens no other table's stream", _another_table("worker"), ("role worker, policy read-streams",))
    about = ("role worker, policy write-dead-letters",)
    yield Job("worker does not use the key of its dead letters past SQS", _dead_letters_directly, about)
    yield Job("worker sends to no other encrypted queue", _another_queue, about)
    about = ("role authorizer, policy decrypt",)
    yield Job("authorizer does not decrypt the usage key past Parameter Store", _usage_key_directly, about)
    yield Job("authorizer opens no other secure parameter", _another_parameter, about)


def _of_resources() -> Iterator[Job]:
    yield Job("a foreign log group does not get the key", _foreign_log_group, ("key/LogGroups",))
    told = "decided, not done: the services that do it are not here"
    yield Job("a foreign topic does not get the key", _foreign_topic, ("key/PublishToTopics",), source=told)
    alarm = f"arn:aws:cloudwatch:eu-central-1:{OTHER_ACCOUNT}:alarm:another"
    budget = f"arn:aws:budgets::{OTHER_ACCOUNT}:budget/another"
    for service, arn in (("cloudwatch", alarm), ("budgets", budget)):
        for key, value in (("aws:SourceArn", arn), ("aws:SourceAccount", OTHER_ACCOUNT)):
            job = _foreign_publisher(service, key, value)
            yield Job(f"{service} of a foreign {key} does not publish", job, ("topic ",), source=told)
    job = _foreign_publisher("costalerts", "aws:SourceAccount", OTHER_ACCOUNT)
    yield Job("costalerts of a foreign account does not publish", job, ("topic ",), source=told)
    gateway = "apigateway.amazonaws.com"
    elsewhere = dict.fromkeys(("api", "assistant", "auth"), "another/POST/x") | {"authorizer": "dev/GET/x"}
    for function, path in elsewhere.items():
        job = _foreign_invoker(function, gateway, _from_api(path))
        yield Job(f"{function} is not called from elsewhere in the API", job, (f"function {function}",), source=told)
    foreign = _foreign_invoker("rotation", "secretsmanager.amazonaws.com", _for_secret_of_another_account)
    yield Job("rotation is not called for another account", foreign, ("function rotation",), source=told)


def forbidden() -> list[Job]:
    """Every call that must be refused."""
    return [*_of_roles(), *_of_resources(), *intruding.recovery(), *spending.models()]
