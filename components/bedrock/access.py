"""What a function may do to models, as statements: exactly the allowed ones, in every region that may answer. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from components.bedrock.models import AllowedModel, is_profile
from components.config.bedrock import Guardrail
from components.iam import Grantee, Statement, Value
from components.naming import Names

# Converse is allowed by the first, ConverseStream by the second (Bedrock user guide, "Converse": permissions).
INVOKE = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream")


@dataclass(frozen=True)
class Models:
    """The allowed models as siblings see them: what to call by id, and the grant to call it.

    `profile_arns`: application inference profiles by model id; a model without one is called by its own id.
    """

    names: Names
    allowed: Sequence[AllowedModel]
    guardrail: Guardrail | None

    def grant_invoke(self, grantee: Grantee) -> None:
        """Call the allowed models, count their tokens, and have the guardrail look at it."""
        grantee.allow("call-models", self._statements())

    def _statements(self) -> list[Statement]:
        direct = [model for model in self.allowed if not is_profile(model.id)]
        across = [model for model in self.allowed if is_profile(model.id)]
        profiles: list[Value] = [model.source_arn(self.names.account_id) for model in across]
        statements = [count_tokens(self.allowed)]
        if direct:
            statements.append(
                Statement("CallModels", INVOKE, [arn for model in direct for arn in model.foundation_arns()])
            )
        if across:
            statements.append(Statement("CallProfiles", INVOKE, profiles))
            statements.append(through_profiles("CallModelsThroughProfiles", across, profiles))
        if self.guardrail is not None:
            arn = self.names.arn("bedrock", f"guardrail/{self.guardrail.id}")
            statements.append(Statement("ApplyGuardrail", ["bedrock:ApplyGuardrail"], [arn]))
        return statements


def through_profiles(sid: str, models: Sequence[AllowedModel], profiles: Sequence[Value]) -> Statement:
    """Call the models in each of their regions, but only by way of the profiles ("Prerequisites for inference
    profiles"): what a profile tags and counts cannot be gone round.
    """
    arns = sorted({arn for model in models for arn in model.foundation_arns()})
    return Statement(sid, INVOKE, arns, {"StringEquals": {"bedrock:InferenceProfileArn": list(profiles)}})


def count_tokens(models: Sequence[AllowedModel]) -> Statement:
    """Counting is free; it takes a foundation model of the caller's region and no profile (CountTokens, modelId)."""
    arns = sorted({f"arn:aws:bedrock:{model.region}::foundation-model/{model.foundation}" for model in models})
    return Statement("CountTokens", ["bedrock:CountTokens"], arns)
