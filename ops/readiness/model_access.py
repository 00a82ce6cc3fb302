"""Model access: what an account has to agree to, once, before a vendor's models answer it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from components.bedrock.models import foundation
from ops.readiness.checks import Check, Site, require
from ops.readiness.verdict import Category
from ops.stack import Cloud

if TYPE_CHECKING:
    from ops.stack import Stack

_GUIDE = "docs/deployment/DEPLOYMENT_GUIDE.md, Once per account"


def checks(stack: Stack) -> list[Check]:
    """One for each allowed model. None locally: nobody agrees to anything with a stand-in.

    Without an agreement calls of a model are denied, the next of the list answers them, and nobody notices.
    """
    if stack.place.cloud is Cloud.LOCAL:
        return []
    return [
        Check(Category.SERVICE_HEALTH, f"model {model}: the account may call it", partial(_allowed, model=model))
        for model in stack.outputs.bedrock_models
    ]


def _allowed(site: Site, *, model: str) -> None:
    found = site.client("bedrock").get_foundation_model_availability(modelId=foundation(model))
    agreement = found["agreementAvailability"]["status"]
    require(agreement == "AVAILABLE", f"its agreement is {agreement}: see {_GUIDE}")
    require(
        found["authorizationStatus"] == "AUTHORIZED", f"the account is {found['authorizationStatus']}: see {_GUIDE}"
    )
    entitled = found["entitlementAvailability"]
    require(entitled == "AVAILABLE", f"its entitlement is {entitled}: see {_GUIDE}")
