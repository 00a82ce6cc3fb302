"""Rules about models: each is known, served, priced and within its limits before anything is deployed."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from pydantic import ValidationError

from components.bedrock.catalogue import MODELS
from components.bedrock.models import AllowedModel, UnknownModelError, allowed, is_profile, model_key
from components.bedrock.parameters import LONGEST_VALUE, limits_value, max_output, models_value
from components.bedrock.prices import NANO_USD, nano_usd
from components.bedrock.settings import Bedrock, Feature, Limit, ModelSetting
from components.config.findings import Finding
from components.naming import InvalidNameError, Names

type Values = Mapping[str, Any]

_PROFILE_ARN = "arn:aws:bedrock:eu-central-1:111122223333:application-inference-profile/aaaaaaaaaaaa"


def bedrock_rules(values: Values) -> Iterator[Finding]:
    """Every finding about `bedrock`. What is of a wrong type is another finding's."""
    found = values.get("bedrock")
    if not isinstance(found, Mapping):
        return
    settings = dict(_settings(found.get("models")))
    models = []
    for place, setting in settings.items():
        yield from _served(place, setting, datetime.now(UTC).date())
        yield from _named(place, setting, str(values.get("environment")))
        yield from _in_europe(place, setting)
        try:
            models.append(allowed(setting, str(values.get("region"))))
        except UnknownModelError as error:
            yield Finding(
                f"bedrock.models[{place}]", setting.id, str(error), f"or choose one of {', '.join(_current())}"
            )
    yield from _default(found, settings)
    yield from _budgets(found)
    try:
        bedrock = Bedrock.model_validate(found)
    except ValidationError:
        return
    yield from _limits(bedrock)
    yield from _answers(bedrock, models)
    yield from _values(bedrock, models)


def _settings(models: object) -> Iterator[tuple[int, ModelSetting]]:
    for place, model in enumerate(models if isinstance(models, list | tuple) else ()):
        try:
            yield place, ModelSetting.model_validate({"id": model} if isinstance(model, str) else model)
        except ValidationError:
            continue


def _current() -> list[str]:
    return [model.id for model in MODELS.values() if model.ended is None]


def _served(place: int, setting: ModelSetting, today: date) -> Iterator[Finding]:
    known = MODELS.get(setting.id)
    if known and known.ended and known.ended <= today:
        yield Finding(
            f"bedrock.models[{place}]",
            setting.id,
            f"AWS ended this model on {known.ended.isoformat()}: every call fails",
            f"choose one of {', '.join(_current())}",
        )


def _in_europe(place: int, setting: ModelSetting) -> Iterator[Finding]:
    """Other geographies have no profile in the platform's regions, and `global.` is called by ARNs without a region."""
    if is_profile(setting.id) and not setting.id.startswith("eu."):
        yield Finding(
            f"bedrock.models[{place}]",
            setting.id,
            "leads out of Europe: every call would be denied, for the assistant's role allows models by their regions",
            f"choose an eu. profile, e.g. one of {', '.join(_current())}",
        )


def _named(place: int, setting: ModelSetting, environment: str) -> Iterator[Finding]:
    try:
        Names(environment, "", "").of("inference_profile", model_key(setting.id))
    except InvalidNameError as error:
        yield Finding(f"bedrock.models[{place}]", setting.id, str(error), "choose a model with a shorter id")


def _default(found: Values, settings: Mapping[int, ModelSetting]) -> Iterator[Finding]:
    models, model = found.get("models"), found.get("modelId")
    if isinstance(models, list | tuple) and isinstance(model, str) and model not in {s.id for s in settings.values()}:
        yield Finding(
            "bedrock.modelId", model, "not in bedrock.models", "add it to bedrock.models or choose one of them"
        )


def _budgets(found: Values) -> Iterator[Finding]:
    daily, monthly = (_number(found.get(key)) for key in ("dailyBudgetUsd", "monthlyBudgetUsd"))
    if daily is not None and monthly is not None and daily > monthly:
        yield Finding(
            "bedrock.dailyBudgetUsd",
            str(found["dailyBudgetUsd"]),
            f"a day may cost more than the month's {monthly:g} US dollars",
            "lower it, or raise bedrock.monthlyBudgetUsd",
        )


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None


def _configured(bedrock: Bedrock) -> Iterator[tuple[str, Limit]]:
    limits = bedrock.limits
    if limits.tenant is not None:
        yield "tenant", limits.tenant
    yield from ((f"features.{name}", limit) for name, limit in limits.features.items())
    yield from ((f"tenants.{name}", limit) for name, limit in limits.tenants.items())


def _limits(bedrock: Bedrock) -> Iterator[Finding]:
    """A limit above the environment's own is never met, and whoever wrote it believes otherwise."""
    for path, limit in _configured(bedrock):
        for key, usd, budget in (
            ("dailyUsd", limit.daily_usd, bedrock.daily_budget_usd),
            ("monthlyUsd", limit.monthly_usd, bedrock.monthly_budget_usd),
        ):
            if usd > budget:
                yield Finding(
                    f"bedrock.limits.{path}.{key}",
                    f"{usd:g}",
                    f"the environment's own limit is {budget:g} US dollars",
                    f"set it to {budget:g} or less",
                )


def _answers(bedrock: Bedrock, models: list[AllowedModel]) -> Iterator[Finding]:
    """The longest answer is one that every model gives, and that every limit has room for."""
    for feature, tokens in max_output(bedrock).items():
        for model in models:
            if tokens > model.max_output:
                yield Finding(
                    f"bedrock.maxOutput.{feature}",
                    str(tokens),
                    f"{model.id} answers with {model.max_output} tokens at most",
                    f"set it to {model.max_output} or less",
                )
            yield from _room(bedrock, feature, model.id, tokens * model.prices.nano_usd()["output"])


def _room(bedrock: Bedrock, feature: Feature, model: str, cost: int) -> Iterator[Finding]:
    for path, limit in _configured(bedrock):
        concerned = path == f"features.{feature}" or not path.startswith("features.")
        if concerned and cost > nano_usd(limit.daily_usd):
            yield Finding(
                f"bedrock.limits.{path}.dailyUsd",
                f"{limit.daily_usd:g}",
                f"one answer of {model} may cost {cost / NANO_USD:g} US dollars in {feature}: every call is refused",
                f"raise it, or lower bedrock.maxOutput.{feature}",
            )


def _values(bedrock: Bedrock, models: list[AllowedModel]) -> Iterator[Finding]:
    """Parameter Store's tier Standard takes 4 KB a value."""
    written = {
        "bedrock.models": models_value(models, {model.id: _PROFILE_ARN for model in models}),
        "bedrock.limits": limits_value(bedrock),
    }
    for key, value in written.items():
        if len(value.encode()) > LONGEST_VALUE:
            yield Finding(
                key,
                f"{len(json.loads(value))} entries",
                f"a parameter of {len(value.encode())} bytes: Parameter Store takes {LONGEST_VALUE}",
                "name fewer models or tenants",
            )
