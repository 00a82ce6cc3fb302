"""What functions read about models, limits and the guardrail, as the values of parameters. Pure."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components.bedrock.models import AllowedModel
from components.bedrock.prices import nano_usd
from components.bedrock.settings import FEATURES, Bedrock, Feature, Limit
from components.data.parameters import Entry

NO_GUARDRAIL = "none"
# Parameter Store, tier Standard (SSM PutParameter). The tier Advanced costs money and, once chosen, is not undone.
LONGEST_VALUE = 4096
DEFAULT_MAX_OUTPUT: Mapping[Feature, int] = {"chat": 1024, "insights": 1500}


def bedrock_entries(bedrock: Bedrock, models: pulumi.Input[str]) -> list[Entry]:
    """The parameters about models. `models`: the value of `bedrock/models`, which names what has an ARN of its own."""
    return [
        Entry("bedrock/model-id", "String", bedrock.model_id, "Model of the assistant"),
        Entry("bedrock/models", "String", models, "Models that may be called, in their order, with what each costs"),
        Entry("bedrock/limits", "String", limits_value(bedrock), "What models may cost, in nano-dollars"),
        Entry("bedrock/guardrail", "String", guardrail_value(bedrock), "Guardrail of questions and answers, or none"),
    ]


def models_value(models: Sequence[AllowedModel], calls: Mapping[str, str]) -> str:
    """`bedrock/models`: by id, in the order in which models stand in for one another.

    `calls`: what Converse is called with (ARN of the application inference profile) by id. Prices in nano-dollars a
    token. `foundation` is what CountTokens takes, which knows no profiles.
    """
    # the order is the fall-back's: keys are not sorted
    return _compact({model.id: _model(model, calls[model.id]) for model in models})


def _model(model: AllowedModel, call: str) -> dict[str, Any]:
    return {
        "call": call,
        "foundation": model.foundation,
        "prices": model.prices.nano_usd(),
        "max_output": model.max_output,
        "context": model.context,
        "caching": model.caching,
        "tools": model.tools,
        "counting": model.counting,
    }


def limits_value(bedrock: Bedrock) -> str:
    """`bedrock/limits` in nano-dollars; a feature or tenant that the config leaves out has the environment's own."""
    environment = _amounts(bedrock.daily_budget_usd, bedrock.monthly_budget_usd)
    limits = bedrock.limits
    features = {feature: _limit(limit) for feature, limit in limits.features.items()}
    return _compact(
        {
            "environment": environment,
            "features": {feature: features.get(feature, environment) for feature in FEATURES},
            "tenant": _limit(limits.tenant) if limits.tenant else environment,
            "tenants": {tenant: _limit(limits.tenants[tenant]) for tenant in sorted(limits.tenants)},
            "max_output": max_output(bedrock),
        }
    )


def max_output(bedrock: Bedrock) -> dict[Feature, int]:
    """The longest answer by feature, in tokens."""
    return {feature: bedrock.max_output.get(feature, DEFAULT_MAX_OUTPUT[feature]) for feature in FEATURES}


def guardrail_value(bedrock: Bedrock) -> str:
    """`bedrock/guardrail`: id and version, or `none`."""
    guardrail = bedrock.guardrail
    return _compact({"id": guardrail.id, "version": guardrail.version}) if guardrail else NO_GUARDRAIL


def _limit(limit: Limit) -> dict[str, int]:
    return _amounts(limit.daily_usd, limit.monthly_usd)


def _amounts(daily_usd: float, monthly_usd: float) -> dict[str, int]:
    return {"daily": nano_usd(daily_usd), "monthly": nano_usd(monthly_usd)}


def _compact(value: Mapping[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))
