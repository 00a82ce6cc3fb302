"""The stacks that own something: their own deletion, with their data retained, is the only way to remove any of it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from ops.audit.model import Finding, Kind, StackFinding, Tool, Verdict
from ops.audit.names import ours

if TYPE_CHECKING:
    from collections.abc import Iterable

_DATA = frozenset({Kind.TABLE, Kind.BUCKET, Kind.SECRET, Kind.LOG_GROUP})
_LEGACY = frozenset({Tool.CLOUDFORMATION, Tool.CDK, Tool.SERVERLESS})
_OWN_WAY = {
    Tool.CDK: "set `removalPolicy: RETAIN` on {data}, deploy that, then `cdk destroy {stack}`",
    Tool.SERVERLESS: "set `DeletionPolicy: Retain` on {data}, deploy that, then `serverless remove`",
    Tool.CLOUDFORMATION: (
        "set `DeletionPolicy: Retain` on {data} in its template, update it, then "
        "`aws cloudformation delete-stack --stack-name {stack} --region {region}`"
    ),
}


def stacks(findings: Iterable[Finding]) -> list[StackFinding]:
    """One finding a stack, with the step that removes it and loses nothing."""
    groups: dict[tuple[Tool, str, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        owner = finding.resource.owner
        if owner:
            region = finding.resource.region
            groups[owner.tool, owner.stack, region].append(finding)
    return [_stack(tool, stack, region, members) for (tool, stack, region), members in sorted(_joined(groups).items())]


def _joined(groups: dict[tuple[Tool, str, str], list[Finding]]) -> dict[tuple[Tool, str, str], list[Finding]]:
    """A stack's global resources (roles, distributions) belong to the region in which it has others."""
    found: dict[tuple[Tool, str, str], list[Finding]] = defaultdict(list)
    for (tool, stack, region), members in groups.items():
        regions = sorted(other for t, s, other in groups if (t, s) == (tool, stack) and other != "global")
        found[tool, stack, regions[0] if region == "global" and regions else region] += members
    return found


def _stack(tool: Tool, stack: str, region: str, members: list[Finding]) -> StackFinding:
    used = [one.resource.last_use.at for one in members if one.resource.last_use.at]
    legacy = tool in _LEGACY and any(ours(one.resource.label or one.resource.name) for one in members)
    waiting = sorted(one.resource.label or one.resource.name for one in members if one.verdict is Verdict.MIGRATE)
    data = sorted(one.resource.name for one in members if one.resource.kind in _DATA)
    evidence = [f"owns {len(members)} of what was found"]
    if waiting:
        evidence.append(f"still to be moved: {', '.join(waiting)}")
    step = "none: it is managed"
    if legacy:
        step = _OWN_WAY[tool].format(data=", ".join(data) or "what holds data", stack=stack, region=region)
        step = f"move what is left first; then {step}" if waiting else step
    return StackFinding(
        tool=tool, stack=stack, region=region, resources=sorted(one.resource.arn for one in members),
        last_use=max(used, default=None), legacy=legacy, evidence=evidence, step=step,
    )  # fmt: skip
