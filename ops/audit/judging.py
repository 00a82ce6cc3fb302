"""Verdicts on everything at once: what goes may not be needed by anything that stays.

Each resource is first judged by its own evidence (`rules`). Then what only leads to others follows them, and what
was to be removed is spared while anything that stays refers to it, until nothing changes any more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ops.audit.context import Context, Proposal, telling
from ops.audit.model import Finding, Kind, Resource, Unread, Verdict
from ops.audit.rules import propose

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_FOLLOWERS = frozenset({Kind.EVENT_SOURCE_MAPPING, Kind.EVENT_RULE, Kind.ALARM, Kind.DOMAIN_MAPPING})
_NOTHING_LEFT = "leads to nothing that stays"


def judge(context: Context, errors: Sequence[Unread]) -> list[Finding]:
    """A finding for every resource, in the inventory's order."""
    verdicts = {one.arn: propose(one, context) for one in context.resources}
    for resource in context.resources:
        if verdicts[resource.arn].verdict is Verdict.REMOVE and (
            blind := sorted(set(_blind(resource, context, errors)))
        ):
            step = "give the audit's role the permission, then audit again"
            verdicts[resource.arn] = _but(verdicts[resource.arn], Verdict.UNKNOWN, blind, step)
    changed = True
    while changed:
        # every round spares something or lets something follow: both end
        changed = _follow(context, verdicts) or _spare(context, verdicts)
    return [
        Finding(resource=one, verdict=found.verdict, evidence=found.evidence, step=found.step, target=found.target)
        for one in context.resources
        for found in (verdicts[one.arn],)
    ]


def _but(proposal: Proposal, verdict: Verdict, evidence: Sequence[str], step: str) -> Proposal:
    return replace(proposal, verdict=verdict, evidence=[*proposal.evidence, *evidence], step=step)


def _blind(resource: Resource, context: Context, errors: Sequence[Unread]) -> Iterator[str]:
    """Why nobody can tell that a resource is unneeded: those who might use or own it could not be asked."""
    for error in errors:
        if telling(error.operation) and resource.region in (error.region, "global"):
            asked = f"{error.service}:{error.operation}"
            yield f"{asked} was not answered in {error.region}: who uses or owns it may be hidden"
    for other in context.resources:
        if other.kind is Kind.FUNCTION and other.region == resource.region:
            yield from (f"{one} (of the function {other.name})" for one in other.incomplete if "environment" in one)


def _spare(context: Context, verdicts: dict[str, Proposal]) -> bool:
    """Take back the first removals that something which stays stands against."""
    spared = False
    for resource in context.resources:
        found = verdicts[resource.arn]
        if found.verdict is not Verdict.REMOVE:
            continue
        needing = [
            f"named by {one.where}" + (f", line {one.line}" if one.line else "")
            for one in resource.references
            if one.arn is None or (one.arn in verdicts and verdicts[one.arn].verdict is not Verdict.REMOVE)
        ]
        if needing:
            step = "move what names it to something else, then audit again"
            more = [f"and {len(needing) - 5} places more"] if len(needing) > 5 else []  # noqa: PLR2004 - a page is read
            # a function cannot start without its role, however long ago that was
            verdict = Verdict.KEEP if resource.kind is Kind.ROLE else Verdict.UNKNOWN
            verdicts[resource.arn] = _but(found, verdict, [*needing[:5], *more], step)
            spared = True
    return spared


def _follow(context: Context, verdicts: dict[str, Proposal]) -> bool:
    """Let rules, mappings, alarms and log groups go (or stay) with all that they lead to."""
    changed = False
    for resource in context.resources:
        found = verdicts[resource.arn]
        if resource.owner or resource.incomplete:
            continue
        if resource.kind is Kind.LOG_GROUP:
            goes = _writer_goes(resource, context, verdicts)
        elif resource.kind in _FOLLOWERS:
            goes = _leads_nowhere(resource, context, verdicts)
        else:
            continue
        if goes and found.verdict is Verdict.KEEP and _NOTHING_LEFT not in found.evidence:
            verdicts[resource.arn] = _but(
                found, Verdict.REMOVE, [_NOTHING_LEFT], "with what it leads to: `omnix cleanup plan`"
            )
            changed = True
        elif not goes and found.verdict is Verdict.REMOVE and _NOTHING_LEFT in found.evidence:
            kept = [one for one in found.evidence if one != _NOTHING_LEFT]
            verdicts[resource.arn] = replace(
                found, verdict=Verdict.KEEP, evidence=kept, step="goes or stays with what it leads to"
            )
            changed = True
    return changed


def _leads_nowhere(resource: Resource, context: Context, verdicts: Mapping[str, Proposal]) -> bool:
    """True when it leads to something, and all of that is gone or goes."""
    if resource.kind is Kind.EVENT_RULE and resource.facts.get("ManagedBy"):
        return False
    targets = context.by_subject.get(resource.arn, [])
    if resource.kind is Kind.EVENT_SOURCE_MAPPING:
        targets = [arn for arn in targets if context.by_arn[arn].kind is Kind.FUNCTION]
    return (
        bool(targets)
        and all(verdicts[arn].verdict is Verdict.REMOVE for arn in targets)
        and not _other_targets(resource, context, len(set(targets)))
    )


def _other_targets(resource: Resource, context: Context, known: int) -> bool:
    """A rule may lead to queues, topics and functions elsewhere: those are not in the inventory, and they stay."""
    if resource.kind is not Kind.EVENT_RULE:
        return False
    functions = {one.arn for one in context.resources if one.kind is Kind.FUNCTION}
    targets = set((resource.facts.get("Targets") or {}).values())
    return len(targets) > known or any(not any(arn.startswith(one) for one in functions) for arn in targets)


def _writer_goes(resource: Resource, context: Context, verdicts: Mapping[str, Proposal]) -> bool:
    name = resource.name.removeprefix("/aws/lambda/")
    api = resource.name.removeprefix("API-Gateway-Execution-Logs_").partition("/")[0]
    for other in context.resources:
        writes = (other.kind is Kind.FUNCTION and other.name == name and other.region == resource.region) or (
            other.kind is Kind.REST_API and other.name == api
        )
        if writes:
            return verdicts[other.arn].verdict is Verdict.REMOVE
    return False
