"""What nobody may do with what is granted for models: call past a profile, end more than calls, record for others."""

from collections.abc import Callable

import pytest

from tests.integration.permissions.evaluated import called_by_rule, trusts
from tests.integration.permissions.jobs import Job
from tests.integration.permissions.refusing import OTHER_ACCOUNT, refused
from tests.integration.permissions.site import Site

_STRANGER = {"aws:SourceAccount": OTHER_ACCOUNT}


def _past_its_profile(site: Site) -> None:
    """By its own id, and by the profile across regions: neither would be attributed to the environment."""
    runtime = site.as_role("assistant", "bedrock-runtime")
    # let through, where a condition is taken away, it costs nothing: a call without a reservation would be in the books
    said = [{"role": "user", "content": [{"text": "[[error ModelErrorException]]"}]}]
    for across in site.environment.outputs["bedrock_models"]:
        for model in (across, across.partition(".")[2]):
            refused(lambda: runtime.converse(modelId=model, messages=said), "bedrock:InvokeModel")  # noqa: B023


def _another_policy(site: Site) -> None:
    iam = site.as_role("budget-action", "iam")
    named = {"RoleName": site.role("assistant"), "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}
    try:
        refused(lambda: iam.attach_role_policy(**named), "iam:AttachRolePolicy")
    except pytest.fail.Exception:
        site.client("iam").detach_role_policy(**named)
        raise


def _not_trusted(role: str, service: str, context: Callable[[Site], dict[str, str]]) -> Callable[[Site], None]:
    def job(site: Site) -> None:
        decision = trusts(site, role, service, context(site))
        assert not decision.allowed, decision

    return job


def _another_rule(site: Site) -> None:
    decision = called_by_rule(site, "assistant", f"omnix-ai-{site.name}-another")
    assert not decision.allowed, decision


def models() -> list[Job]:
    """Every call that must be refused."""
    told = "decided, not done: the local cloud has no second account, and none of these services acts by itself"
    recording, ending = ("role bedrock-logs, trust",), ("role budget-action, trust",)
    return [
        Job("no model is called past its profile", _past_its_profile, ("role assistant, policy call-models",)),
        Job("the budget's action attaches no other policy", _another_policy, ("role budget-action, policy ",)),
        Job(
            "Budgets of another account does not take on the role",
            _not_trusted("budget-action", "budgets", lambda _: _STRANGER),
            ending,
            source=told,
        ),
        Job(
            "Bedrock of another account does not take on the role",
            _not_trusted("bedrock-logs", "bedrock", lambda site: _recorder(site) | _STRANGER),
            recording,
            source=told,
        ),
        Job(
            "Bedrock does not take on the role for another's calls",
            _not_trusted(
                "bedrock-logs",
                "bedrock",
                lambda site: _recorder(site) | {"aws:SourceArn": f"arn:aws:bedrock:eu-central-1:{OTHER_ACCOUNT}:x"},
            ),
            recording,
            source=told,
        ),
        Job("the assistant is not called by another rule", _another_rule, ("function assistant",), source=told),
    ]


def _recorder(site: Site) -> dict[str, str]:
    return {"aws:SourceAccount": site.account, "aws:SourceArn": site.arn("bedrock", "x")}
