"""`BedrockStack`: which models may be called, as what, and where each call is recorded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.bedrock.access import Models
from components.bedrock.models import AllowedModel, model_key
from components.bedrock.parameters import bedrock_entries, models_value
from components.bedrock.settings import Bedrock
from components.data.parameters import Entry
from components.lifecycle import serving
from components.naming import Names
from components.tags import component_tags

COMPONENT = "BedrockStack"


@dataclass(frozen=True)
class BedrockStackArgs:
    """`allowed`: the config's models, joined with the catalogue. `locked`: the engine refuses to delete profiles."""

    names: Names
    bedrock: Bedrock
    allowed: Sequence[AllowedModel]
    locked: bool = False


class BedrockStack(pulumi.ComponentResource):
    """The allowed models.

    Makes: an `aws:bedrock:InferenceProfile` a model, tagged, by which alone it is called, so that the bill tells
    environments apart. One a model and not one a feature too: the bill has no more use for features than the ledger,
    which has them exactly, and each call's record names feature and tenant (`requestMetadata`).
    """

    models: Models
    entries: Sequence[Entry]  # what functions read about them

    def __init__(self, name: str, args: BedrockStackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("omnix:components:BedrockStack", name, None, opts)
        self._name, self._args = name, args
        profiles = {model.id: self._profile(model).arn for model in args.allowed}
        self.models = Models(args.names, args.allowed, profiles, args.bedrock.guardrail)
        self.entries = bedrock_entries(args.bedrock, self._models_value(profiles))
        self.register_outputs({"models": profiles})

    def _profile(self, model: AllowedModel) -> aws.bedrock.InferenceProfile:
        names = self._args.names
        return aws.bedrock.InferenceProfile(
            f"{self._name}-profile-{model.key}",
            name=profile_name(names, model.id),
            description=f"Calls of {names.prefix}",
            model_source={"copy_from": model.source_arn(names.account_id)},
            tags=component_tags(COMPONENT),
            opts=serving(self, locked=self._args.locked),
        )

    def _models_value(self, profiles: Mapping[str, pulumi.Output[str]]) -> pulumi.Output[str]:
        allowed = self._args.allowed
        # by place, not by name: a model's id is no name of an argument
        return pulumi.Output.all(*profiles.values()).apply(
            lambda arns: models_value(allowed, dict(zip(profiles, arns, strict=True)))
        )


def profile_name(names: Names, model: str) -> str:
    """`omnix-ai-{env}-{model}`, the model's id in words and hyphens. Raises `InvalidNameError` over 64 characters."""
    return names.of("inference_profile", model_key(model))
