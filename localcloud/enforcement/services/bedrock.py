"""Bedrock's runtime: the model, and the profile that leads to it.

Converse is allowed by InvokeModel, ConverseStream by InvokeModelWithResponseStream. A profile needs the action on
itself and, with `bedrock:InferenceProfileArn`, on the model in the call's region and in every region that it leads to;
a global one, on the model without a region, asked with `aws:RequestedRegion` "unspecified". An application's profile
stands in place of the one that it was made of. Source: Bedrock user guide, "Prerequisites for inference profiles",
"Geographic cross-Region inference", "Global cross-Region inference"; Service Authorization Reference, Bedrock.
"""

from collections.abc import Iterator
from typing import Any

from localcloud.bedrock.refused import Refused
from localcloud.bedrock.target import find
from localcloud.endpoint.call import Call
from localcloud.enforcement.account import Account
from localcloud.enforcement.need import Mapper, Need, Operations, arn, on


def _resources(call: Call, account: Account) -> tuple[tuple[str, str | None], ...]:
    """What the call names, as it names it where there is no such thing."""
    named = str(call.parameters.get("modelId") or "")
    try:
        return find(named, call.region, account.id, account.inference_profile).resources
    except Refused:
        model = f"arn:aws:bedrock:{call.region}::foundation-model/{named or '*'}"
        return ((named if named.startswith("arn:") else model, None),)


def _on_model(action: str) -> Mapper:
    def needs(call: Call, account: Account) -> Iterator[Need]:
        guard = call.parameters.get("guardrailIdentifier") or (call.parameters.get("guardrailConfig") or {}).get(
            "guardrailIdentifier"
        )
        keys: dict[str, Any] = {"bedrock:guardrailidentifier": (str(guard),)} if guard else {}
        for resource, profile in _resources(call, account):
            by_profile: dict[str, Any] = {"bedrock:inferenceprofilearn": (profile,)} if profile else {}
            if resource.startswith("arn:aws:bedrock:::"):
                by_profile["aws:requestedregion"] = ("unspecified",)
            yield Need(f"bedrock:{action}", resource, {**keys, **by_profile})
        if guard:
            named = str(guard)
            own = f"arn:aws:bedrock:{call.region}:{account.id}:guardrail/{named}"
            yield Need("bedrock:ApplyGuardrail", named if named.startswith("arn:") else own)

    return needs


OPERATIONS: Operations = {
    **dict.fromkeys(("Converse", "InvokeModel"), _on_model("InvokeModel")),
    **dict.fromkeys(("ConverseStream", "InvokeModelWithResponseStream"), _on_model("InvokeModelWithResponseStream")),
    "CountTokens": _on_model("CountTokens"),
    **on("bedrock", arn("bedrock", "guardrail/{guardrailIdentifier}"), "ApplyGuardrail"),
}
