"""Whether the account may call the models that its stack allows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from botocore.stub import Stubber

from ops.readiness import model_access
from ops.readiness.checks import Failed, Site
from ops.stack import assembled, parsed_outputs
from tests.unit.ops.fake_platform import OUTPUTS

if TYPE_CHECKING:
    from ops.stack import Stack

HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
AGREED = {
    "modelId": HAIKU,
    "agreementAvailability": {"status": "AVAILABLE"},
    "authorizationStatus": "AUTHORIZED",
    "entitlementAvailability": "AVAILABLE",
    "regionAvailability": "AVAILABLE",
}


def stack(endpoint: str | None) -> Stack:
    outputs = {**OUTPUTS, "bedrock_models": {f"eu.{HAIKU}": "arn:aws:bedrock:eu-central-1:111122223333:x/y"}}
    if endpoint is None:
        outputs["api_url"] = "https://abc.execute-api.eu-central-1.amazonaws.com/prod"
    return assembled(parsed_outputs(outputs, "test"), endpoint)


def ask(answer: dict[str, Any]) -> None:
    """Run the one check against an account that answers so about the foundation model."""
    client = boto3.client("bedrock", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="y")
    (check,) = model_access.checks(stack(None))
    with Stubber(client) as stubber:
        stubber.add_response("get_foundation_model_availability", answer, {"modelId": HAIKU})
        check.run(cast("Site", SimpleNamespace(client=lambda _: client)))


def test_an_account_that_has_agreed_is_ready() -> None:
    ask(AGREED)


@pytest.mark.parametrize(
    ("lacks", "said"),
    [
        ({"agreementAvailability": {"status": "NOT_AVAILABLE"}}, "agreement is NOT_AVAILABLE"),
        ({"authorizationStatus": "NOT_AUTHORIZED"}, "NOT_AUTHORIZED"),
        ({"entitlementAvailability": "NOT_AVAILABLE"}, "entitlement is NOT_AVAILABLE"),
    ],
)
def test_a_model_that_the_account_has_not_agreed_to_is_not_ready_and_the_guide_says_how(
    lacks: dict[str, Any], said: str
) -> None:
    with pytest.raises(Failed, match=f"{said}.*DEPLOYMENT_GUIDE"):
        ask(AGREED | lacks)


def test_nobody_agrees_to_anything_with_a_stand_in() -> None:
    assert model_access.checks(stack("http://127.0.0.1:8")) == []
