"""What a call's `modelId` names: a model, a system-defined profile, or an application's own; by id or by ARN."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.bedrock.models import GEOGRAPHIES, MODELS, Model, destinations
from localcloud.bedrock.refused import invalid, missing

PROFILES = "bedrock:inference_profile"  # the registry's kind: application inference profiles by ARN

type Profiles = Callable[[str], Mapping[str, Any] | None]


@dataclass(frozen=True)
class Target:
    """Where a call goes. `resources`: the ARNs that it needs the action on, each with the profile that it comes by.

    `region`: the one that infers.
    """

    model: Model
    region: str
    resources: tuple[tuple[str, str | None], ...]


def find(named: str, region: str, account: str, profiles: Profiles) -> Target:
    """The target of a `modelId`. Raises `Refused` as Bedrock does for one that there is not."""
    by_arn = named.startswith("arn:")
    place = named.split(":")[3:5] if by_arn else []
    if by_arn and place[0] not in ("", region):
        raise invalid("The provided model identifier is invalid.")
    if ":application-inference-profile/" in named:
        profile = profiles(named)
        if profile is None:
            raise missing("The provided inference profile ARN is not found")
        source = str(profile["inputs"]["modelSource"]["copyFrom"])
        under = find(source, region, account, profiles)
        return Target(under.model, under.region, ((named, None), *_models(under.resources, named)))
    name = named.rpartition("/")[2]
    geography, _, bare = name.partition(".")
    if geography in GEOGRAPHIES and ":foundation-model/" not in named:
        return _across(geography, _model(bare), region, account, name)
    model = _model(name)
    return Target(model, region, ((f"arn:aws:bedrock:{region}::foundation-model/{model.id}", None),))


def _model(id_: str) -> Model:
    if id_ not in MODELS:
        raise invalid("The provided model identifier is invalid.")
    return MODELS[id_]


def _models(resources: tuple[tuple[str, str | None], ...], profile: str) -> tuple[tuple[str, str | None], ...]:
    """The models among resources, come by through another profile."""
    return tuple((arn, profile) for arn, _ in resources if ":foundation-model/" in arn)


def _across(geography: str, model: Model, region: str, account: str, name: str) -> Target:
    profile = f"arn:aws:bedrock:{region}:{account}:inference-profile/{name}"
    regions = destinations(geography, model)
    if geography != "global" and region not in regions:
        raise invalid("The provided model identifier is invalid.")
    # the source region comes first; `global` needs the model without a region instead of each destination
    places = ("",) if geography == "global" else tuple(one for one in regions if one != region)
    models = [f"arn:aws:bedrock:{place}::foundation-model/{model.id}" for place in (region, *places)]
    return Target(model, region, ((profile, None), *((arn, profile) for arn in models)))
