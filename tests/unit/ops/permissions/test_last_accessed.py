"""What IAM's last accessed information says of a grant, and above all what it does not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops.permissions.last_accessed import Memory, grants, memory
from ops.permissions.model import Verdict

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
YESTERDAY = NOW - timedelta(days=1)
LAST_YEAR = NOW - timedelta(days=300)


def service(name: str, tried: datetime | None, **actions: datetime | None) -> dict[str, Any]:
    """As GetServiceLastAccessedDetails answers: no key where there is no time."""
    answer: dict[str, Any] = {"ServiceName": name.upper(), "ServiceNamespace": name}
    if tried:
        answer["LastAuthenticated"] = tried
    if actions:
        answer["TrackedActionsLastAccessed"] = [
            {"ActionName": action} | ({"LastAccessedTime": when} if when else {}) for action, when in actions.items()
        ]
    return answer


REMEMBERED = memory(
    [
        service("dynamodb", YESTERDAY, CreateTable=None, DescribeTable=YESTERDAY, UpdateTable=LAST_YEAR),
        service("sqs", None),
        service("kms", None),
        service("iam", None),
    ],
    created=LAST_YEAR,
    now=NOW,
)


def judged(action: str, remembered: Memory = REMEMBERED, **more: Any) -> Verdict:
    (grant,) = grants("p", {"Statement": {"Effect": "Allow", "Action": action, "Resource": "*", **more}}, remembered)
    return grant.actions[0].verdict


@pytest.mark.parametrize(
    ("action", "verdict"),
    [
        ("dynamodb:DescribeTable", Verdict.USED),
        ("dynamodb:CreateTable", Verdict.UNUSED),
        ("sqs:SendMessage", Verdict.UNUSED),
        ("sqs:*", Verdict.UNUSED),
        ("dynamodb:*Table", Verdict.USED),
    ],
)
def test_what_iam_tracks_is_judged(action: str, verdict: Verdict) -> None:
    assert judged(action) is verdict


@pytest.mark.parametrize(
    "action",
    [
        "dynamodb:GetItem",  # a data event of a service that was tried
        "dynamodb:Create*",  # more than the one action that is listed
        "iam:PassRole",
        "iam:Pass*",
        "nosuch:Action",
    ],
)
def test_what_iam_does_not_track_is_never_called_unused(action: str) -> None:
    assert judged(action) is Verdict.NOT_TRACKED


def test_a_grant_for_calls_of_a_service_on_the_roles_behalf_is_not_judged_by_silence() -> None:
    condition = {"StringEquals": {"kms:ViaService": "dynamodb.eu-central-1.amazonaws.com"}}

    assert judged("kms:Decrypt") is Verdict.UNUSED
    assert judged("kms:Decrypt", Condition=condition) is Verdict.NOT_TRACKED


def test_a_role_younger_than_iams_delay_is_not_judged_by_silence() -> None:
    young = memory([service("sqs", None)], created=NOW - timedelta(hours=3), now=NOW)

    assert judged("sqs:SendMessage", young) is Verdict.NOT_TRACKED


def test_all_but_some_actions_cannot_be_judged() -> None:
    document = {"Statement": [{"Effect": "Allow", "NotAction": ["sqs:*"], "Resource": "*"}]}

    (grant,) = grants("p", document, REMEMBERED)

    assert [(one.name, one.verdict) for one in grant.actions] == [("all but sqs:*", Verdict.NOT_TRACKED)]


def test_of_a_wildcard_the_latest_time_is_given() -> None:
    (grant,) = grants("p", {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}, REMEMBERED)

    assert grant.actions[0].last_used == YESTERDAY
