"""IAM policies as data: pure statements and documents, rendered as canonical JSON.

A statement's values may be outputs; they are resolved only when a resource takes the document.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import pulumi

type Value = pulumi.Input[str]
# operator -> condition key -> values, e.g. {"StringEquals": {"aws:SourceAccount": ["111122223333"]}}
type Conditions = Mapping[str, Mapping[str, Sequence[Value]]]


@dataclass(frozen=True)
class Statement:
    """One statement. `principals` is for trust and resource policies only: `{"Service": [...]}`.

    `not_resources`, instead of `resources`, is for a Deny of everything else: an Allow would reach all but these.
    """

    sid: str
    actions: Sequence[str]
    resources: Sequence[Value] = ()
    conditions: Conditions = field(default_factory=dict)
    principals: Mapping[str, Sequence[Value]] | None = None
    effect: Literal["Allow", "Deny"] = "Allow"
    not_resources: Sequence[Value] = ()

    def __post_init__(self) -> None:
        """Refuse what IAM refuses when the policy is attached, half way through an update."""
        if self.not_resources and (self.resources or self.effect == "Allow"):
            raise ValueError(f"statement {self.sid}: not_resources stands alone, in a Deny")
        if not (self.sid.isascii() and self.sid.isalnum()):
            raise ValueError(f"statement id {self.sid!r}: IAM takes letters and digits only")

    def render(self) -> dict[str, Any]:
        """The statement in AWS's form, keys and lists in a fixed order."""
        rendered: dict[str, Any] = {"Sid": self.sid, "Effect": self.effect}
        if self.principals is not None:
            rendered["Principal"] = (
                "*" if self.principals == ANYONE else {k: list(v) for k, v in self.principals.items()}
            )
        rendered["Action"] = sorted(self.actions)
        if self.resources:
            rendered["Resource"] = list(self.resources)
        if self.not_resources:
            rendered["NotResource"] = list(self.not_resources)
        if self.conditions:
            rendered["Condition"] = {
                operator: {key: _values(operator, values) for key, values in keys.items()}
                for operator, keys in self.conditions.items()
            }
        return rendered


def _values(operator: str, values: Sequence[Value]) -> list[Value] | Value:
    """Of a truth there is one value. IAM takes a list too, but scanners compare it with "false", and see no TLS."""
    return values[0] if operator.startswith(("Bool", "Null")) and len(values) == 1 else list(values)


ANYONE: Mapping[str, Sequence[str]] = {"AWS": ["*"]}


class Grantee(Protocol):
    """What can be given permissions: a `LambdaFunction`, or any component that owns a role."""

    def allow(self, name: str, statements: Sequence[Statement]) -> None:
        """Attach `statements` as an inline policy of its own; `name` is unique for this grantee."""


@dataclass
class Grants:
    """A `Grantee` that only remembers: what a function will be given, known before the function is made."""

    statements: dict[str, Sequence[Statement]] = field(default_factory=dict)

    def allow(self, name: str, statements: Sequence[Statement]) -> None:
        """Remember `statements` under `name`. Raises `ValueError` for a name that is taken: one would be lost."""
        if name in self.statements:
            raise ValueError(f"the grant {name} is given twice")
        self.statements[name] = statements


def document(statements: Sequence[Statement]) -> dict[str, Any]:
    """A policy document, version 2012-10-17. Its `Sid`s are unique."""
    sids = [statement.sid for statement in statements]
    if len(set(sids)) != len(sids):
        raise ValueError(f"statement ids are not unique: {sorted(sids)}")
    return {"Version": "2012-10-17", "Statement": [statement.render() for statement in statements]}


def policy_json(*statements: Statement) -> pulumi.Output[str]:
    """The document of `statements` as canonical JSON, so that a second preview shows no change."""
    return pulumi.Output.json_dumps(document(statements), sort_keys=True, separators=(",", ":"))


def trust(service: str, *, account_id: str | None = None) -> Statement:
    """A role's trust in one AWS service.

    `account_id` adds `aws:SourceAccount` against the confused deputy, for services that send it. Lambda
    sends none when it assumes an execution role, and such a condition would stop every function.
    """
    conditions: Conditions = {} if account_id is None else {"StringEquals": {"aws:SourceAccount": [account_id]}}
    return Statement(
        sid="AssumeRole",
        actions=["sts:AssumeRole"],
        principals={"Service": [service]},
        conditions=conditions,
    )
