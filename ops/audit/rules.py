"""What should become of one resource, by its own evidence. `judging` then looks at who refers to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.audit.context import Context, Proposal
from ops.audit.model import Kind, Resource, Tool, Verdict
from ops.audit.names import leftover, ours, standard_table, subject
from ops.audit.plain import moment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_AWS_ROLES = ("/aws-service-role/", "/aws-reserved/")
_LAMBDA_LOGS = "/aws/lambda/"
_API_LOGS = "API-Gateway-Execution-Logs_"
_EXECUTION = "once nothing refers to it: `omnix cleanup plan`"


def propose(resource: Resource, context: Context) -> Proposal:
    """The verdict of the resource's own evidence."""
    if resource.incomplete:
        step = "give the audit's role the permission, then audit again"
        return Proposal(Verdict.UNKNOWN, [*use(resource), *resource.incomplete], step)
    if resource.owner:
        return _owned(resource, context)
    rule = _RULES.get(resource.kind, _serving)
    proposal = rule(resource, context)
    said = [f"its name {one}" for one in resource.naming]
    twins = [f"does the same as {_short(arn, context)}" for arn in resource.duplicates_of]
    return Proposal(
        proposal.verdict, [*use(resource), *proposal.evidence, *twins, *said], proposal.step, proposal.target
    )


def use(resource: Resource) -> list[str]:
    """The last use in words."""
    last = resource.last_use
    detail = f" ({last.detail})" if last.detail else ""
    if last.at:
        return [f"last used {last.at:%Y-%m-%d} by {last.source}{detail}"]
    if last.unused_since:
        return [f"no use since {last.unused_since:%Y-%m-%d} by {last.source}{detail}"]
    return [f"last use not known{detail}"]


def _short(arn: str, context: Context) -> str:
    found = context.by_arn.get(arn)
    return (found.label or found.name) if found else arn


def _owned(resource: Resource, context: Context) -> Proposal:
    """A stack's resources are never proposed for removal: the stack's own deletion is the step."""
    owner = resource.owner
    if owner is None:
        raise AssertionError(resource.arn)
    said = [*use(resource), f"owned by the {owner.tool} stack {owner.stack} ({owner.evidence})"]
    if owner.tool in (Tool.PULUMI, Tool.TERRAFORM) or not ours(
        owner.stack + " " + resource.name + " " + resource.label
    ):
        return Proposal(Verdict.KEEP, said, f"none: {owner.tool} manages it")
    goes = f"with its stack: delete {owner.stack} by its own means, with its data retained (see the stacks)"
    if resource.kind is Kind.TABLE and (found := _destination(resource, context)):
        done = context.migrated.get(resource.arn)
        said += [f"its migration was verified on {done:%Y-%m-%d}"] if done else [f"holds {_items(resource)}"]
        step = goes if done else f"`omnix migrate` into {found}, then {goes}"
        return Proposal(Verdict.MIGRATE, said, step, found)
    if resource.kind in (Kind.FUNCTION, Kind.REST_API, Kind.HTTP_API, Kind.WEBSOCKET_API) and context.in_use(resource):
        return Proposal(Verdict.MIGRATE, said, f"move its callers to the platform, then {goes}")
    return Proposal(Verdict.KEEP, said, goes)


def _items(resource: Resource) -> str:
    count = resource.measures.get("items")
    return "an unknown number of items" if count is None else f"{count:,} items"


def _destination(resource: Resource, context: Context) -> str | None:
    """The standard table for a table's data; None for what is empty, a copy, or expires by itself."""
    about = subject(resource.name)
    expires = resource.facts.get("TimeToLive", {}).get("TimeToLiveStatus") == "ENABLED" and about == "sessions"
    copied = leftover(resource.name) and not context.in_use(resource)
    if about is None or expires or copied or resource.measures.get("items") == 0:
        return None
    return context.standard(resource, about) if context.ours(resource) else None


def _table(resource: Resource, context: Context) -> Proposal:
    if standard_table(resource.name):
        said = ["bears a standard name and no stack manages it", f"holds {_items(resource)}"]
        return Proposal(Verdict.ADOPT, said, "`omnix --stack … adopt`: the stack imports it as it is", resource.name)
    if done := context.migrated.get(resource.arn):
        written = resource.last_use.written_at
        said = [f"its migration was verified on {done:%Y-%m-%d %H:%M} UTC"]
        # metrics tell the day: a write of that very day may have come after
        if written is None or written.date() < done.date():
            return Proposal(Verdict.REMOVE, said, "with a verified backup: `omnix cleanup plan`")
        step = "find who writes, follow the stream to the end, and verify again on a day without writes"
        return Proposal(Verdict.UNKNOWN, [*said, f"written on {written:%Y-%m-%d}"], step)
    if target := _destination(resource, context):
        kept = _copy(resource, context)
        return kept or Proposal(
            Verdict.MIGRATE, [f"holds {_items(resource)}"], f"`omnix migrate` into {target}, verify, cut over", target
        )
    return _copy(resource, context) or _unclear_table(resource, context)


def _copy(resource: Resource, context: Context) -> Proposal | None:
    """Removable data: none, a copy's, or what was to expire anyway; only where nobody has asked for it."""
    if not context.idle(resource):
        return None
    words = leftover(resource.name)
    expires = resource.facts.get("TimeToLive", {}).get("TimeToLiveStatus") == "ENABLED"
    reasons = [
        *(["is empty"] if resource.measures.get("items") == 0 else []),
        *([f"is a copy or a trial by its name ({', '.join(words)})"] if words else []),
        *(["its items expire by themselves"] if expires else []),
    ]
    if not reasons:
        return None
    return Proposal(
        Verdict.REMOVE, [*reasons, f"holds {_items(resource)}"], "with a verified backup: `omnix cleanup plan`"
    )


def _unclear_table(resource: Resource, context: Context) -> Proposal:
    said = [f"holds {_items(resource)}"]
    if context.in_use(resource):
        if not context.ours(resource):
            return Proposal(Verdict.KEEP, [*said, "in use, and not the project's"], "none")
        return Proposal(Verdict.UNKNOWN, said, "find who uses it and what for; then give it a place in the mapping")
    return Proposal(
        Verdict.UNKNOWN, said, "ask who owns its data: migrate it, or put it on the allow-list with an owner"
    )


def _serving(resource: Resource, context: Context) -> Proposal:
    """Functions, gateways, distributions: used or not is what counts."""
    if context.in_use(resource):
        if context.ours(resource):
            return Proposal(Verdict.MIGRATE, ["in use"], "move its callers to the platform's, then audit again")
        return Proposal(Verdict.KEEP, ["in use, and not the project's"], "none")
    if context.idle(resource):
        return Proposal(Verdict.REMOVE, [], _EXECUTION)
    step = f"wait until it is {context.window.days} days old without use, then audit again"
    return Proposal(Verdict.UNKNOWN, ["too young, or nobody can tell"], step)


def _role(resource: Resource, context: Context) -> Proposal:
    if str(resource.facts.get("Path", "/")).startswith(_AWS_ROLES):
        return Proposal(Verdict.KEEP, ["made by AWS for its own services"], "none")
    if context.in_use(resource):
        return Proposal(Verdict.KEEP, ["in use"], "none, as long as what uses it stays")
    if not context.idle(resource):
        return Proposal(Verdict.UNKNOWN, [], "wait until IAM's record covers the window")
    if outside := _outsiders(resource):
        said = [f"may be assumed from outside ({', '.join(outside)})"]
        return Proposal(Verdict.UNKNOWN, said, "ask those outside whether they still need it")
    return Proposal(Verdict.REMOVE, [], _EXECUTION)


def _outsiders(role: Resource) -> list[str]:
    """Principals of a trust policy that are no service of AWS and not this account."""
    found: set[str] = set()
    statements = role.facts.get("AssumeRolePolicyDocument", {}).get("Statement", [])
    for statement in [statements] if isinstance(statements, dict) else statements:
        principals = statement.get("Principal") or {}
        rows = principals if isinstance(principals, dict) else {"AWS": principals}
        for kind, values in rows.items():
            for value in [values] if isinstance(values, str) else values:
                if kind != "Service" and role.account_id not in value:
                    found.add(value)
    return sorted(found)


def _log_group(resource: Resource, context: Context) -> Proposal:
    writer = _writer(resource.name)
    if writer:
        kind, name = writer
        there = (resource.region, name) in context.functions if kind == "function" else name in context.apis
        if there:
            return Proposal(Verdict.KEEP, [f"the {kind} {name} writes to it"], f"goes or stays with the {kind}")
        if context.idle(resource):
            return Proposal(Verdict.REMOVE, [f"its {kind} {name} is gone"], "export it first: `omnix cleanup plan`")
        return Proposal(
            Verdict.UNKNOWN, [f"its {kind} {name} is gone, its newest event is recent"], "wait for the window"
        )
    if context.in_use(resource):
        return Proposal(Verdict.KEEP, ["written to"], "none")
    if context.idle(resource) and (ours(resource.name) or leftover(resource.name)):
        return Proposal(Verdict.REMOVE, ["nothing is written to it"], "export it first: `omnix cleanup plan`")
    return Proposal(Verdict.UNKNOWN, [], "ask who owns these logs and how long they must be kept")


def _writer(group: str) -> tuple[str, str] | None:
    if group.startswith(_LAMBDA_LOGS):
        return "function", group.removeprefix(_LAMBDA_LOGS)
    if group.startswith(_API_LOGS):
        return "API", group.removeprefix(_API_LOGS).partition("/")[0]
    return None


def _bucket(resource: Resource, context: Context) -> Proposal:
    if resource.measures.get("versions") == 0 and context.idle(resource):
        return Proposal(Verdict.REMOVE, ["holds no object and no version"], _EXECUTION)
    count = resource.measures.get("versions")
    said = (
        [f"holds {count:,}{' or more' if resource.measures.get('more') else ''} versions"] if count is not None else []
    )
    if context.in_use(resource) and not context.ours(resource):
        return Proposal(Verdict.KEEP, [*said, "in use, and not the project's"], "none")
    return Proposal(Verdict.UNKNOWN, said, "ask who owns its objects; empty it or put it on the allow-list")


def _secret(resource: Resource, context: Context) -> Proposal:
    if due := moment(resource.facts.get("DeletedDate")):
        return Proposal(Verdict.KEEP, [f"scheduled for deletion since {due:%Y-%m-%d}"], "none: it goes by itself")
    if service := resource.facts.get("OwningService"):
        return Proposal(Verdict.KEEP, [f"made by {service}"], "none")
    if context.in_use(resource):
        return Proposal(Verdict.KEEP, ["in use"], "none, as long as what uses it stays")
    if context.idle(resource):
        return Proposal(Verdict.REMOVE, [], "scheduled with a recovery window: `omnix cleanup plan`")
    return Proposal(Verdict.UNKNOWN, [], f"wait until it is {context.window.days} days old without use")


def _following(resource: Resource, context: Context) -> Proposal:
    """Stays until `judging` finds that all it leads to goes; a disabled rule leads nowhere."""
    if resource.kind is Kind.EVENT_RULE:
        if by := resource.facts.get("ManagedBy"):
            return Proposal(Verdict.KEEP, [f"made by {by}"], "none")
        if resource.facts.get("State") == "DISABLED" and context.idle(resource):
            return Proposal(Verdict.REMOVE, ["disabled, and never triggered in the window"], _EXECUTION)
    return Proposal(Verdict.KEEP, [], "goes or stays with what it leads to")


_RULES: Mapping[Kind, Callable[[Resource, Context], Proposal]] = {
    Kind.TABLE: _table,
    Kind.ROLE: _role,
    Kind.LOG_GROUP: _log_group,
    Kind.BUCKET: _bucket,
    Kind.SECRET: _secret,
    Kind.EVENT_SOURCE_MAPPING: _following,
    Kind.EVENT_RULE: _following,
    Kind.ALARM: _following,
    Kind.DOMAIN_MAPPING: _following,
}
