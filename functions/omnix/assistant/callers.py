"""Who is called for what: models, limits and guardrail as Parameter Store has them at each request."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from omnix import aws
from omnix.assistant.calling import Caller
from omnix.assistant.request import Guardrail
from omnix.costs.guard import guard
from omnix.costs.parameters import GUARDRAIL, MODEL_ID, catalogue, current_limits, parameters
from omnix.costs.refusals import ModelNotAllowedError

if TYPE_CHECKING:
    from omnix.assistant.prompt import Prompt
    from omnix.authorisation import Principal
    from omnix.costs.model import Feature, Model

NO_GUARDRAIL = "none"


def caller(
    who: Principal, feature: Feature, prompt: Prompt, request_id: str, wanted: str = "", *, tools: bool = False
) -> Caller:
    """Calls the wanted model and no other, or the default one and then the others in their order.

    `tools`: none but models that call tools. Raises ModelNotAllowedError, PriceMissingError.
    """
    return Caller(
        guard=guard(),
        runtime=aws.models,
        models=[_wanted(wanted, tools=tools)] if wanted else [one for one in _preferred() if one.tools or not tools],
        who=who,
        feature=feature,
        max_output=current_limits().output(feature),
        request_id=request_id,
        prompt=f"{prompt.name}@{prompt.version}",
    )


def guardrail() -> Guardrail | None:
    """The environment's; a value that cannot be read fails the request and lets nothing through unjudged."""
    text = parameters().get(GUARDRAIL)
    if text == NO_GUARDRAIL:
        return None
    found = json.loads(text)
    return Guardrail(found["id"], found["version"]) if found["id"] else None


def _wanted(model_id: str, *, tools: bool) -> Model:
    found = catalogue().model(model_id)
    if tools and not found.tools:
        able = [one.model_id for one in catalogue().priced() if one.tools]
        raise ModelNotAllowedError("This model calls no tools.", [{"model": model_id, "allowed": able}])
    return found


def _preferred() -> list[Model]:
    known = catalogue()
    default = known.model(parameters().get(MODEL_ID))
    return [default, *(model for model in known.priced() if model.model_id != default.model_id)]
