"""`BedrockStack`: which models may be called, as what, and where each call is recorded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.bedrock.access import Models
from components.bedrock.invocation_log import InvocationLog, InvocationLogArgs
from components.bedrock.models import AllowedModel, model_key
from components.bedrock.parameters import bedrock_entries, models_value
from components.bedrock.settings import Bedrock
from components.data.parameters import Entry
from components.naming import Names
from components.tags import component_tags

COMPONENT = "BedrockStack"


@dataclass(frozen=True)
class BedrockStackArgs:
    """`allowed`: the config's models, joined with the catalogue.

    `record`: the account's record of calls is this stack's, under `key_arn`.
    """

    names: Names
    bedrock: Bedrock
    allowed: Sequence[AllowedModel]
    key_arn: pulumi.Input[str]
    record: bool


class BedrockStack(pulumi.ComponentResource):
    """The allowed models.

    Makes: an `aws:bedrock:InferenceProfile` a model, tagged, by which alone it is called, so that the bill tells
    environments apart. One a model and not one a feature too: the bill has no more use for features than the ledger,
    which has them exactly, and each call's record names feature and tenant (`requestMetadata`). With `record`, an
    `InvocationLog`.
    """

    models: Models
    profile_arns: Mapping[str, pulumi.Output[str]]  # by model id
    entries: Sequence[Entry]  # what functions read about them
    invocation_log_group: pulumi.Output[str] | None

    def __init__(self, name: str, args: BedrockStackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("omnix:components:BedrockStack", name, None, opts)
        self._name, self._args = name, args
        log = self._invocation_log() if args.record else None
        # No call before it is recorded.
        after = [log.configuration] if log else []
        profiles = {model.id: self._profile(model, after).arn for model in args.allowed}
        self.models = Models(args.names, args.allowed, profiles, args.bedrock.guardrail)
        self.entries = bedrock_entries(args.bedrock, self._models_value(profiles))
        self.profile_arns = profiles
        self.invocation_log_group = log.group_name if log else None
        self.register_outputs({"models": profiles})

    def _invocation_log(self) -> InvocationLog:
        args = InvocationLogArgs(self._args.names, self._args.key_arn)
        return InvocationLog(f"{self._name}-log", args, pulumi.ResourceOptions(parent=self))

    def _profile(self, model: AllowedModel, after: Sequence[pulumi.Resource]) -> aws.bedrock.InferenceProfile:
        names = self._args.names
        return aws.bedrock.InferenceProfile(
            f"{self._name}-profile-{model.key}",
            name=profile_name(names, model.id),
            description=f"Calls of {names.prefix}",
            model_source={"copy_from": model.source_arn(names.account_id)},
            tags=component_tags(COMPONENT),
            # Not locked: a model that leaves the config takes its profile along, and one that AWS ended must leave it.
            # A destroy of prod meets the locked parameter first, which names every profile and so holds the record too.
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(after)),
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
