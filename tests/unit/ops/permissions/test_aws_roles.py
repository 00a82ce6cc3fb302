"""Asking IAM: jobs awaited, pages joined, failures said. The IAM here answers as botocore's model says."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ops.errors import Refused
from ops.permissions.aws_roles import report_of_stack
from ops.permissions.model import Report, Verdict
from ops.stack import Place, Stack, StackOutputs
from tests.unit.ops.fake_platform import OUTPUTS

ACCOUNT = "200000000001"
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
TRIED = datetime(2025, 6, 1, 8, 30, tzinfo=UTC)
LOGS = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"


def arn(role: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{role}"


class Pages:
    """A paginator of pages that are known."""

    def __init__(self, *pages: dict[str, Any]) -> None:
        self.pages = pages

    def paginate(self, **_: str) -> tuple[dict[str, Any], ...]:
        return self.pages


class FakeIam:
    """Two functions' roles, a service's and a stranger's; `polls` answers are IN_PROGRESS before the report is."""

    def __init__(self, polls: int = 0, end: str = "COMPLETED") -> None:
        self.polls, self.end = polls, end
        self.asked: dict[str, int] = {}
        self.reported: list[str] = []

    def get_paginator(self, operation: str) -> Pages:
        roles = [
            {"RoleName": name, "Arn": arn(name), "CreateDate": LONG_AGO}
            for name in ("omnix-ai-dev-api-role", "custom-auth", "omnix-ai-dev-gateway-logs", "omnix-ai-prod-api-role")
        ]
        return {
            "list_roles": Pages({"Roles": roles[:2]}, {"Roles": roles[2:]}),
            "list_role_policies": Pages({"PolicyNames": ["grants"]}),
            "list_attached_role_policies": Pages({"AttachedPolicies": [{"PolicyArn": LOGS}]}),
        }[operation]

    def generate_service_last_accessed_details(self, **asked: str) -> dict[str, str]:
        assert asked["Granularity"] == "ACTION_LEVEL"
        self.reported.append(asked["Arn"].rpartition("/")[2])
        return {"JobId": asked["Arn"]}

    def get_service_last_accessed_details(self, **asked: str) -> dict[str, Any]:
        job = asked["JobId"]
        if asked.get("Marker") == "more":
            return {"JobStatus": "COMPLETED", "IsTruncated": False, "ServicesLastAccessed": [service("sqs", None)]}
        self.asked[job] = self.asked.get(job, 0) + 1
        if self.asked[job] <= self.polls:
            return {"JobStatus": "IN_PROGRESS", "ServicesLastAccessed": []}
        answer = {"JobStatus": self.end, "IsTruncated": True, "Marker": "more"}
        if self.end == "FAILED":
            return answer | {"Error": {"Code": "ServiceFailure", "Message": "the job broke"}}
        return answer | {"ServicesLastAccessed": [service("ssm", TRIED)]}

    def get_role_policy(self, **_: str) -> dict[str, Any]:
        statement = {
            "Sid": "Read",
            "Effect": "Allow",
            "Action": ["ssm:GetParameters", "sqs:SendMessage"],
            "Resource": "*",
        }
        return {"PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}

    def get_policy(self, **_: str) -> dict[str, Any]:
        return {"Policy": {"DefaultVersionId": "v3"}}

    def get_policy_version(self, **asked: str) -> dict[str, Any]:
        assert asked["VersionId"] == "v3"
        statement = {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}
        return {"PolicyVersion": {"Document": {"Statement": statement}}}


def service(name: str, tried: datetime | None) -> dict[str, Any]:
    actions = [{"ActionName": "GetParameters", "LastAccessedTime": tried}] if tried else []
    answer = {"ServiceNamespace": name, "TrackedActionsLastAccessed": actions}
    return answer | ({"LastAuthenticated": tried} if tried else {})


class FakeLambda:
    """The two functions' roles."""

    def get_function_configuration(self, **asked: str) -> dict[str, str]:
        roles = {"omnix-ai-dev-api": arn("omnix-ai-dev-api-role"), "omnix-ai-dev-auth": arn("custom-auth")}
        return {"Role": roles[asked["FunctionName"]]}


def report(iam: FakeIam, patience: float = 5) -> Report:
    clients = {"iam": iam, "lambda": FakeLambda()}
    outputs = StackOutputs.model_validate(OUTPUTS | {"api_url": "https://api.example/dev", "account_id": ACCOUNT})
    stack = Stack(Place("dev", ACCOUNT, "eu-central-1", None), outputs)
    return report_of_stack(stack, lambda name: clients[name], pause=lambda _: None, patience=patience)


def test_the_stacks_roles_are_those_of_its_functions_and_those_named_for_it() -> None:
    found = report(FakeIam())

    assert [(role.name, role.functions) for role in found.roles] == [
        ("omnix-ai-dev-api-role", ("omnix-ai-dev-api",)),
        ("custom-auth", ("omnix-ai-dev-auth",)),
        ("omnix-ai-dev-gateway-logs", ()),
    ]


def test_no_report_is_made_of_another_environments_role() -> None:
    iam = FakeIam()
    report(iam)

    assert "omnix-ai-prod-api-role" not in iam.reported


def test_every_page_of_the_answer_counts() -> None:
    grant = report(FakeIam(polls=3)).roles[0].grants[0]

    assert [(action.name, action.verdict, action.last_used) for action in grant.actions] == [
        ("ssm:GetParameters", Verdict.USED, TRIED),
        ("sqs:SendMessage", Verdict.UNUSED, None),  # its service is on the second page only
    ]


def test_a_managed_policy_is_read_in_its_default_version_and_not_counted_as_ours() -> None:
    found = report(FakeIam())

    assert [grant.managed for grant in found.roles[0].grants] == [False, True]
    assert found.totals.actions == 2 * len(found.roles)


def test_a_report_that_is_never_finished_is_refused_and_names_the_role() -> None:
    with pytest.raises(Refused, match="did not finish its report on omnix-ai-dev-api-role in 5 s"):
        report(FakeIam(polls=1_000))


def test_a_failed_report_is_refused_with_iams_reason() -> None:
    with pytest.raises(Refused, match=r"omnix-ai-dev-api-role failed: ServiceFailure: the job broke"):
        report(FakeIam(end="FAILED"))


def test_what_iam_refuses_is_not_swallowed() -> None:
    class Closed(FakeIam):
        def generate_service_last_accessed_details(self, **_: str) -> dict[str, str]:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GenerateServiceLastAccessed")

    with pytest.raises(ClientError):
        report(Closed())
