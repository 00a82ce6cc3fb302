"""A run that is lost is repeated by the next one, if that is a matter of minutes."""

import pytest

from policy import types
from policy.model import PROD, Stack
from policy.rules.resilience import asynchronous

ARN = "arn:aws:lambda:eu-central-1:111122223333:function:omnix-ai-prod-worker"
FUNCTION = PROD(types.FUNCTION, "worker", name="omnix-ai-prod-worker", arn=ARN)
TARGET = PROD(types.EVENT_TARGET, rule="omnix-ai-prod-sweep", arn=f"{ARN}:live")


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ({"scheduleExpression": "rate(5 minutes)"}, 0),
        ({"scheduleExpression": "rate(1 minute)"}, 0),
        ({"scheduleExpression": "rate(1 day)"}, 1),
        ({"scheduleExpression": "rate(120 minutes)"}, 1),
        ({"scheduleExpression": "cron(0 3 * * ? *)"}, 1),
        ({"eventPattern": '{"source":["aws.backup"]}'}, 1),
    ],
)
def test_only_a_schedule_by_the_minute_needs_no_dead_letters(rule: dict[str, str], found: int) -> None:
    scheduled = PROD(types.EVENT_RULE, name="omnix-ai-prod-sweep", **rule)
    assert len(list(asynchronous(Stack([FUNCTION, TARGET, scheduled])))) == found


def test_another_rules_schedule_excuses_nothing() -> None:
    other = PROD(types.EVENT_RULE, name="omnix-ai-prod-other", scheduleExpression="rate(5 minutes)")
    assert len(list(asynchronous(Stack([FUNCTION, TARGET, other])))) == 1
