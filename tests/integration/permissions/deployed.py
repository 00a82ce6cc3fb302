"""Every policy that an environment deploys, as it stands in its running cloud, and how to change each one there.

Read and written through the AWS API, as the account's administrator. What the local cloud keeps without effect (a
bucket's policy) is changed here only, in `Stored`: the jobs that need it are evaluations anyway.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.integration.conftest import Environment

type Document = dict[str, Any]

# A trust policy cannot be empty: without its statement it trusts a service that nothing here is.
_NOBODY = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
# Nor can a managed policy: this one is about an action that there is not.
_NOTHING = {"Effect": "Deny", "Action": "none:null", "Resource": "*"}


class Holder(Protocol):
    """Where one policy is. `subject`: the role's name or the resource's ARN that it is about."""

    @property
    def kind(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def title(self) -> str: ...

    def read(self) -> Document: ...
    def write(self, document: Document) -> None: ...


@dataclass(frozen=True)
class RolePolicy:
    """An inline policy of a role."""

    iam: Any
    subject: str
    name: str
    kind: str = "role policy"

    @property
    def title(self) -> str:
        return f"role {self.subject}, policy {self.name}"

    def read(self) -> Document:
        answer: Document = self.iam.get_role_policy(RoleName=self.subject, PolicyName=self.name)["PolicyDocument"]
        return answer

    def write(self, document: Document) -> None:
        if document["Statement"]:
            self.iam.put_role_policy(RoleName=self.subject, PolicyName=self.name, PolicyDocument=_text(document))
        else:
            self.iam.delete_role_policy(RoleName=self.subject, PolicyName=self.name)


@dataclass(frozen=True)
class Attachment:
    """A managed policy on a role. AWS's own document cannot be changed: what is granted is the whole of it."""

    iam: Any
    subject: str
    arn: str
    kind: str = "attached policy"

    @property
    def title(self) -> str:
        return f"role {self.subject}, attached {self.arn.rpartition('/')[2]}"

    def read(self) -> Document:
        return {"Statement": [{"Sid": "", "Effect": "Allow", "Attached": self.arn}]}

    def write(self, document: Document) -> None:
        change = self.iam.attach_role_policy if document["Statement"] else self.iam.detach_role_policy
        change(RoleName=self.subject, PolicyArn=self.arn)


@dataclass(frozen=True)
class ManagedPolicy:
    """A policy of the account's own, on no role until something attaches it."""

    iam: Any
    subject: str
    kind: str = "managed policy"

    @property
    def title(self) -> str:
        return f"policy {self.subject.rpartition('/')[2]}"

    def read(self) -> Document:
        version = self.iam.get_policy(PolicyArn=self.subject)["Policy"]["DefaultVersionId"]
        found = self.iam.get_policy_version(PolicyArn=self.subject, VersionId=version)
        document: Document = found["PolicyVersion"]["Document"]
        return document

    def write(self, document: Document) -> None:
        before = self.iam.get_policy(PolicyArn=self.subject)["Policy"]["DefaultVersionId"]
        text = _text({**document, "Statement": document["Statement"] or [_NOTHING]})
        self.iam.create_policy_version(PolicyArn=self.subject, PolicyDocument=text, SetAsDefault=True)
        self.iam.delete_policy_version(PolicyArn=self.subject, VersionId=before)


@dataclass(frozen=True)
class Trust:
    """A role's trust policy."""

    iam: Any
    subject: str
    kind: str = "trust"

    @property
    def title(self) -> str:
        return f"role {self.subject}, trust"

    def read(self) -> Document:
        document: Document = self.iam.get_role(RoleName=self.subject)["Role"]["AssumeRolePolicyDocument"]
        return document

    def write(self, document: Document) -> None:
        statements = document["Statement"] or [_NOBODY]
        self.iam.update_assume_role_policy(
            RoleName=self.subject, PolicyDocument=_text({**document, "Statement": statements})
        )


@dataclass(frozen=True)
class KeyPolicy:
    """A customer key's policy."""

    kms: Any
    subject: str
    kind: str = "key policy"

    @property
    def title(self) -> str:
        return f"key {self.subject.rpartition('/')[2]}"

    def read(self) -> Document:
        return _document(self.kms.get_key_policy(KeyId=self.subject, PolicyName="default")["Policy"])

    def write(self, document: Document) -> None:
        self.kms.put_key_policy(KeyId=self.subject, PolicyName="default", Policy=_text(document))


@dataclass(frozen=True)
class TopicPolicy:
    """A topic's policy."""

    sns: Any
    subject: str
    kind: str = "topic policy"

    @property
    def title(self) -> str:
        return f"topic {self.subject.rpartition(':')[2]}"

    def read(self) -> Document:
        return _document(self.sns.get_topic_attributes(TopicArn=self.subject)["Attributes"]["Policy"])

    def write(self, document: Document) -> None:
        self.sns.set_topic_attributes(TopicArn=self.subject, AttributeName="Policy", AttributeValue=_text(document))


@dataclass(frozen=True)
class QueuePolicy:
    """A queue's policy."""

    sqs: Any
    url: str
    subject: str
    kind: str = "queue policy"

    @property
    def title(self) -> str:
        return f"queue {self.subject.rpartition(':')[2]}"

    def read(self) -> Document:
        found = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["Policy"]).get("Attributes", {})
        return _document(found["Policy"]) if found.get("Policy") else _without_statements()

    def write(self, document: Document) -> None:
        text = _text(document) if document["Statement"] else ""
        self.sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": text})


@dataclass(frozen=True)
class FunctionPolicy:
    """The permissions on a function: each is a call of its own, and has no document to put."""

    lambda_: Any
    subject: str
    kind: str = "function policy"

    @property
    def title(self) -> str:
        return f"function {self.subject.rpartition(':')[2]}"

    def read(self) -> Document:
        with suppress(self.lambda_.exceptions.ResourceNotFoundException):
            return _document(self.lambda_.get_policy(FunctionName=self.subject)["Policy"])
        return _without_statements()

    def write(self, document: Document) -> None:
        for statement in self.read()["Statement"]:
            named = {"StatementId": statement["Sid"], **_qualifier(statement)}
            self.lambda_.remove_permission(FunctionName=self.subject, **named)
        for statement in document["Statement"]:
            self.lambda_.add_permission(
                FunctionName=self.subject,
                StatementId=statement["Sid"],
                Action=statement["Action"],
                Principal=statement["Principal"]["Service"],
                **_qualifier(statement),
                **_sources(statement.get("Condition", {})),
            )


def _qualifier(statement: Mapping[str, Any]) -> dict[str, str]:
    parts = statement["Resource"].split(":")
    return {"Qualifier": parts[7]} if len(parts) > 7 else {}


def _sources(conditions: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    names = {"aws:sourcearn": "SourceArn", "aws:sourceaccount": "SourceAccount"}
    return {names[key.lower()]: value for keys in conditions.values() for key, value in keys.items()}


@dataclass(frozen=True)
class VaultPolicy:
    """A backup vault's policy, and with it that of every recovery point in it."""

    backup: Any
    subject: str
    kind: str = "vault policy"

    @property
    def name(self) -> str:
        return self.subject.rpartition(":")[2]

    @property
    def title(self) -> str:
        return f"vault {self.name}"

    def read(self) -> Document:
        with suppress(self.backup.exceptions.ResourceNotFoundException):
            return _document(self.backup.get_backup_vault_access_policy(BackupVaultName=self.name)["Policy"])
        return _without_statements()

    def write(self, document: Document) -> None:
        if document["Statement"]:
            self.backup.put_backup_vault_access_policy(BackupVaultName=self.name, Policy=_text(document))
        else:
            self.backup.delete_backup_vault_access_policy(BackupVaultName=self.name)


@dataclass
class Stored:
    """A bucket's policy, which is in the engine's state and has no effect in the local cloud."""

    subject: str
    document: Document = field(repr=False)
    kind: str = "bucket policy"

    @property
    def title(self) -> str:
        return f"bucket {self.subject.rpartition(':')[2]}"

    def read(self) -> Document:
        return self.document

    def write(self, document: Document) -> None:
        self.document = document


def holders(environment: Environment) -> list[Holder]:
    """Every policy of an environment, in both its regions.

    Raises AssertionError for a role with a boundary: nothing here changes one.
    """
    return [
        *_of_roles(environment.client("iam")),
        *(holder for region in regions(environment) for holder in _of_region(environment, region)),
        *_stored(environment),
    ]


def regions(environment: Environment) -> list[str]:
    """The home region, and the recovery region where there is one."""
    named = environment.summary["region"], environment.outputs.get("dr_region")
    return [str(region) for region in named if region]


def _of_roles(iam: Any) -> Iterator[Holder]:
    for role in iam.list_roles()["Roles"]:
        assert "PermissionsBoundary" not in role, f"{role['RoleName']} has a boundary: the mutation run must learn it"
        name = role["RoleName"]
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            yield RolePolicy(iam, name, policy)
        for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            yield Attachment(iam, name, policy["PolicyArn"])
        yield Trust(iam, name)
    for policy in iam.list_policies(Scope="Local")["Policies"]:
        yield ManagedPolicy(iam, policy["Arn"])


def _of_region(environment: Environment, region: str) -> Iterator[Holder]:
    kms, sns = environment.client("kms", region), environment.client("sns", region)
    for key in kms.list_keys()["Keys"]:
        if kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyManager"] == "CUSTOMER":
            yield KeyPolicy(kms, key["KeyArn"])
    for topic in sns.list_topics()["Topics"]:
        yield TopicPolicy(sns, topic["TopicArn"])
    sqs = environment.client("sqs", region)
    for url in sqs.list_queues().get("QueueUrls", []):
        named = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        yield QueuePolicy(sqs, url, named)
    functions, backup = environment.client("lambda", region), environment.client("backup", region)
    for function in functions.list_functions()["Functions"]:
        yield FunctionPolicy(functions, function["FunctionArn"])
    for vault in backup.list_backup_vaults()["BackupVaultList"]:
        yield VaultPolicy(backup, vault["BackupVaultArn"])


def _stored(environment: Environment) -> Iterator[Holder]:
    for resource in environment.state():
        if resource["type"] == "aws:s3/bucketPolicy:BucketPolicy":
            outputs = resource["outputs"]
            yield Stored(f"arn:aws:s3:::{outputs['bucket']}", _document(outputs["policy"]))


def declared(environment: Environment) -> int:
    """How many statements the engine's state has: whatever kind of policy is added must be among those removed."""
    count = 0
    for resource in environment.state():
        if resource["type"] in {
            "aws:lambda/permission:Permission",
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        }:
            count += 1
        count += sum(_statements_in(value) for value in resource.get("inputs", {}).values())
    return count


def _statements_in(value: Any) -> int:
    if not (isinstance(value, str) and value.lstrip().startswith("{") and '"Statement"' in value):
        return 0
    statements = json.loads(value)["Statement"]
    return len(statements) if isinstance(statements, list) else 1


def _without_statements() -> Document:
    """What a resource without a policy has."""
    return {"Version": "2012-10-17", "Statement": []}


def _document(text: str) -> Document:
    document: Document = json.loads(text)
    return document


def _text(document: Document) -> str:
    """As the program writes it, so that the engine sees no change afterwards."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"))
