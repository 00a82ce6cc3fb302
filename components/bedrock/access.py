"""What a function may do to models, as statements: exactly the allowed ones, in every region that may answer. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from components.bedrock.models import AllowedModel, is_profile
from components.bedrock.settings import Guardrail
from components.iam import Grantee, Statement, Value
from components.naming import Names

# Converse is allowed by the first, ConverseStream by the second (Bedrock user guide, "Converse": permissions).
INVOKE = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream")


@dataclass(frozen=True)
class Models:
    """The allowed models as siblings see them, and the grant to call them.

    `profile_arns`: the application inference profile by model id, by which alone a model is called.
    """

    names: Names
    allowed: Sequence[AllowedModel]
    profile_arns: Mapping[str, Value]
    guardrail: Guardrail | None = None

    def grant_invoke(self, grantee: Grantee) -> None:
        """Call the allowed models, count their tokens, and have the guardrail look at questions and answers."""
        grantee.allow("call-models", self._statements())

    def _statements(self) -> list[Statement]:
        profiles = [self.profile_arns[model.id] for model in self.allowed]
        across = [model.source_arn(self.names.account_id) for model in self.allowed if is_profile(model.id)]
        regional = sorted({arn for model in self.allowed for arn in model.foundation_arns()})
        statements = [
            Statement("CallProfiles", INVOKE, [*profiles, *across]),
            # A profile is allowed by its own ARN and by the model's in each region that it leads to ("Prerequisites
            # for inference profiles"). Bound to the tagged ones: no call goes round what attributes its cost.
            Statement("CallModels", INVOKE, regional, {"StringEquals": {"bedrock:InferenceProfileArn": profiles}}),
        ]
        counted = [model for model in self.allowed if model.counting]
        if counted:
            statements.append(count_tokens(counted))
        if self.guardrail is not None:
            statements.append(apply_guardrail(self.names, self.guardrail))
        return statements


def apply_guardrail(names: Names, guardrail: Guardrail) -> Statement:
    """The guardrail at home, and its profile here and in each region that it leads to.

    Source: Bedrock user guide, "Permissions for using cross-Region inference with Amazon Bedrock Guardrails".
    """
    arns = [names.arn("bedrock", f"guardrail/{guardrail.id}")]
    if guardrail.profile is not None:
        regions = sorted({names.region, *guardrail.regions})
        profile = f"guardrail-profile/{guardrail.profile}"
        arns += [names.in_region(region).arn("bedrock", profile) for region in regions]
    return Statement("ApplyGuardrail", ["bedrock:ApplyGuardrail"], arns)


def count_tokens(models: Sequence[AllowedModel]) -> Statement:
    """Counting is free. It takes a foundation model of the caller's region, and no profile (CountTokens, modelId)."""
    arns = sorted({f"arn:aws:bedrock:{model.region}::foundation-model/{model.foundation}" for model in models})
    return Statement("CountTokens", ["bedrock:CountTokens"], arns)


def deny_calls() -> Statement:
    """What ends every call of a model, whatever else a role allows."""
    return Statement("NoModels", INVOKE, ["*"], effect="Deny")
