"""What an `up` of one stack starts from, as values: a mistake is a small change of one of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import pulumi
import yaml

from components.artefacts import Artefact
from components.config import RawConfig, StackConfig, validate
from components.config.source import other_domains
from components.environment import Inputs, compose
from tests.infra.recording import Recorded, Recording, record
from tests.infra.stacks import ROOT, artefacts, contract

type Edit = Callable[[Sequence[Recorded]], list[Recorded]]
type SourceEdit = tuple[str, str, str]  # path below the root, text, what stands in its place


@dataclass(frozen=True)
class World:
    """`text` is the stack file, `contract` the public contract; `edits` are made in what the program registers.

    `sources` are edits of the functions' own files; `functions` those that the packager is to look at.
    """

    stack: str
    text: str
    contract: Mapping[str, Any] | str
    artefacts: Mapping[str, Artefact]
    edits: tuple[Edit, ...] = ()
    sources: tuple[SourceEdit, ...] = ()
    functions: tuple[str, ...] = ()
    overrides: str = "overrides: []\n"

    def edited(self, *edits: Edit) -> "World":
        """The same, with more edits of what is registered."""
        return replace(self, edits=(*self.edits, *edits))

    def config(self) -> StackConfig:
        """The checked config. Raises `ConfigError`."""
        values = yaml.safe_load(self.text)["config"]
        ours = {key.removeprefix("omnix-ai:"): value for key, value in values.items() if key.startswith("omnix-ai:")}
        return validate(RawConfig(self.stack, ours, other_domains(ROOT, self.stack)))


@cache
def committed(stack: str) -> World:
    """The world as it is committed."""
    text = (ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")
    return World(stack, text, contract(), artefacts())


@dataclass
class Composer:
    """Composes worlds with the mocks; a world that differs in nothing that the program reads is composed once."""

    made: dict[str, Recording] = field(default_factory=dict)

    def compose(self, world: World, config: StackConfig) -> Recording:
        """What the program registers, before `edits`. Raises what the program raises."""
        same = committed(world.stack)
        as_committed = replace(world, edits=(), sources=(), functions=(), overrides=same.overrides) == same
        if as_committed and world.stack in self.made:
            return self.made[world.stack]
        if isinstance(world.contract, str):
            raise TypeError("a contract that is no JSON is the contract gate's to refuse")
        inputs = Inputs(config, world.artefacts, world.contract)

        def program() -> None:
            for name, value in compose(inputs).items():
                pulumi.export(name, value)

        recording = record(program, stack=world.stack, account_id=config.account_id)
        if as_committed:
            self.made[world.stack] = recording
        return recording


def applied(edits: Sequence[Edit], recording: Recording) -> Recording:
    """The recording after the edits; the original stays as it is."""
    resources = list(recording.resources)
    for edit in edits:
        resources = edit(resources)
    return Recording(resources, recording.exports)
