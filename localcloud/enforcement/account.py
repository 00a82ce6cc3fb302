"""What moto holds, as far as a decision asks: names that lead to ARNs, keys, tags, resource policies.

Read from moto's backends under the state lock (and from the registry, where moto has no model): no call, no copy.
Whatever is not there is None: the call is then decided on the name that it gave, and moto says that nothing is there.
"""

import contextlib
import json
import struct
from collections.abc import Callable, Mapping
from typing import Any

from moto.backends import get_backend
from moto.core.resource_tagging import iter_taggable_backends

from localcloud.bedrock.target import PROFILES
from localcloud.iam.policy import Policy, parse
from localcloud.registry import Registry

_ANY: Any = get_backend
_ARN_PARTS = 6


class NoSuchRegion(ValueError):  # noqa: N818 - a fact about the call
    """The call is signed for a region that does not exist."""


class Account:
    """One account's resources, by the names that calls use for them."""

    def __init__(self, account_id: str, registry: Registry | None = None) -> None:
        self.id = account_id
        self._registry = registry or Registry()

    def backend(self, service: str, region: str) -> Any:
        """The backend that moto has of a service; `aws` is the region of the global ones (IAM, STS, S3)."""
        try:
            return _ANY(service)[self.id][region]
        except KeyError:
            raise NoSuchRegion(f"{region!r} is no region of {service}") from None

    def table(self, name: str, region: str) -> Any:
        """A DynamoDB table by name or ARN."""
        name = name.rpartition(":table/")[2].partition("/")[0]
        return self.backend("dynamodb", region).tables.get(name)

    def inference_profile(self, profile_arn: str) -> Mapping[str, Any] | None:
        """An application's inference profile by ARN: moto knows none."""
        return self._registry.get(PROFILES, profile_arn)

    def secret(self, name: str, region: str) -> Any:
        """A secret by name, ARN or partial ARN."""
        return self.backend("secretsmanager", region).secrets.get(name)

    def parameter(self, name: str, region: str) -> Any:
        """A parameter's latest version by name (without selector)."""
        versions = dict.get(self.backend("ssm", region)._parameters, name)
        return versions[-1] if versions else None

    def parameters_below(self, path: str, region: str) -> list[Any]:
        """The latest versions of every parameter below a path."""
        stem = path.rstrip("/") + "/"
        known = dict.items(self.backend("ssm", region)._parameters)
        return [versions[-1] for name, versions in known if name.startswith(stem) and versions]

    def queue(self, name: str, region: str) -> Any:
        """An SQS queue by name."""
        return self.backend("sqs", region).queues.get(name)

    def topic(self, topic_arn: str, region: str) -> Any:
        """An SNS topic by ARN."""
        return self.backend("sns", region).topics.get(topic_arn)

    def bucket(self, name: str) -> Any:
        """An S3 bucket by name."""
        return self.backend("s3", "aws").buckets.get(name)

    def function(self, name: str, region: str) -> Any:
        """A function's latest version by name."""
        found = self.backend("lambda", region)._lambdas._functions.get(name)
        return found["latest"] if found else None

    def functions(self) -> list[Any]:
        """Every function, in every region."""
        return [function for backend in self._in_use("lambda") for function in backend.list_functions()]

    def roles(self) -> list[Any]:
        """Every role."""
        return [role for backend in self._in_use("iam") for role in backend.roles.values()]

    def _in_use(self, service: str) -> list[Any]:
        """Backends that were asked for before: making one costs time, and is never needed to find it empty."""
        backends = _ANY(service)
        return list(dict.values(backends[self.id])) if self.id in backends else []

    def role(self, role_arn: str) -> Any:
        """A role by ARN."""
        roles = self.backend("iam", "aws").roles.values()
        return next((role for role in roles if role.arn == role_arn), None)

    def key(self, key_id: str | None, region: str) -> Any:
        """A KMS key by id, ARN, alias or alias ARN."""
        if not key_id:
            return None
        keys = self.backend("kms", region).keys
        if "alias/" in key_id:
            alias = "alias/" + key_id.partition("alias/")[2]
            return next((key for key in keys.values() if alias in key.aliases), None)
        return keys.get(key_id.rpartition(":key/")[2])

    def key_of_ciphertext(self, blob: bytes) -> str | None:
        """The key that moto's ciphertext names in its first 36 bytes (`moto.kms.utils`)."""
        with contextlib.suppress(struct.error, UnicodeDecodeError):
            named: bytes = struct.unpack_from(">36s", blob)[0]
            return named.decode("ascii")
        return None

    def tags(self, resource_arn: str) -> Mapping[str, str]:
        """A resource's tags, where moto's tagging interface knows it; a role's own."""
        parts = resource_arn.split(":", _ARN_PARTS - 1)
        if len(parts) < _ARN_PARTS:
            return {}
        if parts[2] == "iam":
            return _pairs(getattr(self.role(resource_arn), "tags", None))
        found = (
            one.tags
            for backend in iter_taggable_backends(self.id, parts[3] or "us-east-1")
            if backend.owns_arn(resource_arn)
            for one in backend.iter_tagged_resources()
            if one.arn == resource_arn
        )
        return next(found, {})

    def resource_policy(self, resource_arn: str) -> Policy | None:
        """The policy on a resource. Raises `UnreadablePolicy`."""
        parts = resource_arn.split(":", _ARN_PARTS - 1)
        find = _POLICIES.get(parts[2]) if len(parts) == _ARN_PARTS else None
        text = find(self, parts[3], resource_arn, parts[5]) if find else None
        if not text:
            return None
        return parse(text, owner=f"policy of {resource_arn}")


def _pairs(tags: Any) -> dict[str, str]:
    if isinstance(tags, Mapping):
        return {str(k): str(v["Value"] if isinstance(v, Mapping) else v) for k, v in tags.items()}
    return {
        str(one.get("Key", one.get("TagKey"))): str(one.get("Value", one.get("TagValue", ""))) for one in tags or ()
    }


def _function_policy(account: Account, region: str, _arn: str, resource: str) -> str | None:
    """Statements as AddPermission took them; moto leaves an account's number as it was sent."""
    function = account.function(resource.split(":")[1], region)
    statements = [dict(one) for one in function.policy.statements] if function else []
    if not statements:
        return None
    for one in statements:
        if isinstance(one.get("Principal"), str) and one["Principal"] != "*":
            kind = "Service" if one["Principal"].endswith((".com", ".com.cn")) else "AWS"
            one["Principal"] = {kind: one["Principal"]}
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _bucket_policy(account: Account, _region: str, _arn: str, resource: str) -> str | None:
    policy = getattr(account.bucket(resource.partition("/")[0]), "policy", None)
    return policy.decode() if isinstance(policy, bytes) else policy


def _key_policy(account: Account, region: str, _arn: str, resource: str) -> str | None:
    """A key's; an alias has none (KMS developer guide, "Controlling access to aliases")."""
    named = resource.removeprefix("key/")
    return None if named == resource else getattr(account.key(named, region), "policy", None)


def _table_policy(account: Account, region: str, _arn: str, resource: str) -> str | None:
    kinds = resource.split("/")
    table_arn = f"arn:aws:dynamodb:{region}:{account.id}:table/{kinds[1]}" if len(kinds) > 1 else ""
    # a stream has a policy of its own; an index has its table's
    owner = _arn if "/stream/" in resource else table_arn
    found = account.backend("dynamodb", region).resource_policies.get(owner)
    return found.policy_doc if found else None


def _trust_policy(account: Account, _region: str, resource_arn: str, _resource: str) -> str | None:
    return getattr(account.role(resource_arn), "assume_role_policy_document", None)


def _bus_policy(account: Account, region: str, _arn: str, resource: str) -> str | None:
    name = resource.removeprefix("event-bus/")
    return getattr(account.backend("events", region).event_buses.get(name), "policy", None)


def _log_policies(account: Account, region: str, _arn: str, _resource: str) -> str | None:
    """Those of the account's region are one: each statement names its log groups."""
    policies = account.backend("logs", region).resource_policies.values()
    written = [json.loads(one.policy_document)["Statement"] for one in policies]
    statements = [one for several in written for one in (several if isinstance(several, list) else [several])]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}) if statements else None


def _vault_policy(account: Account, region: str, resource_arn: str, resource: str) -> str | None:
    """A vault's; a recovery point has its vault's."""
    held = getattr(account.backend("backup", region), "localcloud", None)
    if held is None:
        return None
    if resource.startswith("recovery-point:"):
        point = held.points.get(resource_arn)
        return held.policies.get(point.vault) if point else None
    policy: str | None = held.policies.get(resource.removeprefix("backup-vault:"))
    return policy


type _Find = Callable[[Account, str, str, str], str | None]
_POLICIES: Mapping[str, _Find] = {
    "backup": _vault_policy,
    "lambda": _function_policy,
    "s3": _bucket_policy,
    "kms": _key_policy,
    "dynamodb": _table_policy,
    "iam": _trust_policy,
    "events": _bus_policy,
    "logs": _log_policies,
    "secretsmanager": lambda account, region, arn, _: getattr(account.secret(arn, region), "policy", None),
    "sqs": lambda account, region, _, name: getattr(account.queue(name, region), "policy", None) or None,
    "sns": lambda account, region, arn, _: getattr(account.topic(arn, region), "policy", None),
}
