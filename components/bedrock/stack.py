"""`BedrockStack`: which models may be called, and as what."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.bedrock.access import Models
from components.bedrock.models import AllowedModel
from components.bedrock.parameters import bedrock_entries, models_value
from components.config.bedrock import Bedrock
from components.data.parameters import Entry
from components.naming import Names


@dataclass(frozen=True)
class BedrockStackArgs:
    """`allowed`: the config's models, joined with the catalogue."""

    names: Names
    bedrock: Bedrock
    allowed: Sequence[AllowedModel]


class BedrockStack(pulumi.ComponentResource):
    """The allowed models."""

    models: Models
    entries: Sequence[Entry]  # what functions read about them

    def __init__(self, name: str, args: BedrockStackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("omnix:components:BedrockStack", name, None, opts)
        self.models = Models(args.names, args.allowed, args.bedrock.guardrail)
        calls = {model.id: model.id for model in args.allowed}
        self.entries = bedrock_entries(args.bedrock, models_value(args.allowed, calls))
        self.register_outputs({"models": [model.id for model in args.allowed]})
