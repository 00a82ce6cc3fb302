"""Asks IAM about the roles of a stack: their policies and when each service and action was last tried.

IAM makes one report a role, in a job of its own that only the same principal may read (JobId in the API reference);
all jobs are started first, then awaited.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ops.errors import Refused
from ops.permissions.last_accessed import DELAY, grants, memory
from ops.permissions.model import Report, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ops.permissions.last_accessed import Memory
    from ops.permissions.model import Grant
    from ops.stack import Stack

# Seconds. A job takes a few seconds for a role; IAM gives no figure.
POLL = 1.0
PATIENCE = 120.0
_NOTES = (
    "Used: last tried, allowed or not, within IAM's tracking period (400 days or since the role exists).",
    f"What was done in the last {DELAY.seconds // 3600} hours may be missing; a younger role is not judged.",
    "Not tracked is not unused: IAM does not record data events, PassRole and what a service does for the role.",
    "A test run on local clouds counts every action: see --usage.",
    "Denied calls are not in IAM's records: see CloudTrail.",
)


def report_of_stack(
    stack: Stack, client: Callable[[str], Any], pause: Callable[[float], None] = time.sleep, patience: float = PATIENCE
) -> Report:
    """The stack's roles on real AWS; `client` gives boto3 clients of its account. Changes nothing."""
    iam = client("iam")
    functions = _functions(stack, client("lambda"))
    roles = list(_roles(iam, functions, _prefix(stack)))
    jobs = [
        iam.generate_service_last_accessed_details(Arn=role["Arn"], Granularity="ACTION_LEVEL")["JobId"]
        for role in roles
    ]
    waits = max(1, round(patience / POLL))
    now = datetime.now(UTC)
    found = []
    for role, job in zip(roles, jobs, strict=True):
        services = _finished(iam, job, role["RoleName"], pause, waits)
        remembered = memory(services, role["CreateDate"], now)
        found.append(
            Role(
                role["RoleName"],
                stack.place.account_id,
                tuple(functions.get(role["Arn"], ())),
                tuple(_grants(iam, role["RoleName"], remembered)),
            )
        )
    ordered = sorted(found, key=lambda role: (not role.functions, role.functions, role.name))
    return Report(f"IAM's last accessed information, {stack.place}", tuple(ordered), _NOTES)


def _functions(stack: Stack, aws: Any) -> dict[str, list[str]]:
    """Function names by the ARN of their role."""
    if not stack.outputs.functions:
        raise Refused(f"the outputs of {stack.name} name no function", "deploy the stack first, then try again")
    found: dict[str, list[str]] = {}
    for _, function in sorted(stack.outputs.functions.items()):
        role = aws.get_function_configuration(FunctionName=function.name)["Role"]
        found.setdefault(role, []).append(function.name)
    return found


def _prefix(stack: Stack) -> str | None:
    """What the names of the stack's resources begin with: `{project}-{environment}-`."""
    mark = f"-{stack.name}-"
    names = [function.name for function in stack.outputs.functions.values()]
    prefixes = {name.partition(mark)[0] + mark for name in names if mark in name}
    return prefixes.pop() if len(prefixes) == 1 else None


def _roles(iam: Any, functions: Mapping[str, Any], prefix: str | None) -> Iterator[Mapping[str, Any]]:
    """The functions' roles, and those that services use by their names."""
    for page in iam.get_paginator("list_roles").paginate():
        for role in page["Roles"]:
            if role["Arn"] in functions or (prefix and role["RoleName"].startswith(prefix)):
                yield role


def _finished(iam: Any, job: str, role: str, pause: Callable[[float], None], waits: int) -> list[dict[str, Any]]:
    """All pages of a job's answer, once it is there."""
    answer = iam.get_service_last_accessed_details(JobId=job)
    for _ in range(waits):
        if answer["JobStatus"] != "IN_PROGRESS":
            break
        pause(POLL)
        answer = iam.get_service_last_accessed_details(JobId=job)
    if answer["JobStatus"] == "IN_PROGRESS":
        raise Refused(f"IAM did not finish its report on {role} in {waits * POLL:.0f} s", "try again in a few minutes")
    if answer["JobStatus"] != "COMPLETED":
        error = answer.get("Error", {})
        raise Refused(
            f"IAM's report on {role} failed: {error.get('Code', 'no code')}: {error.get('Message', 'no reason given')}",
            "try again in a few minutes",
        )
    services: list[dict[str, Any]] = list(answer["ServicesLastAccessed"])
    while answer.get("IsTruncated"):
        answer = iam.get_service_last_accessed_details(JobId=job, Marker=answer["Marker"])
        services.extend(answer["ServicesLastAccessed"])
    return services


def _grants(iam: Any, role: str, remembered: Memory) -> Iterator[Grant]:
    for page in iam.get_paginator("list_role_policies").paginate(RoleName=role):
        for name in sorted(page["PolicyNames"]):
            document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            yield from grants(name, document, remembered)
    for page in iam.get_paginator("list_attached_role_policies").paginate(RoleName=role):
        for attached in page["AttachedPolicies"]:
            arn = attached["PolicyArn"]
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
            yield from grants(arn, document, remembered)
