"""A seeded misconfiguration: what somebody did, where, and which gate must say so."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from components.artefacts import Artefact
from tests.infra.seeded.world import Edit, World, committed

type GateName = Literal["config", "contract", "package", "program", "refusal", "policy", "preview", "test"]
type Change = Callable[[World], World]

# In the order in which an `up` meets them.
GATES: tuple[GateName, ...] = ("config", "contract", "package", "program", "refusal", "policy", "preview", "test")


@dataclass(frozen=True)
class Seed:
    """One mistake. `gate` and `rule` are who must refuse it, in words that name `names` and tell what to do: `says`.

    `given` is a sound addition to the committed world in which the mistake is made; the gates must pass it.
    """

    name: str
    stack: str
    change: Change
    gate: GateName
    rule: str
    names: str
    says: str
    given: Change | None = None

    def world(self) -> World:
        """The world with the mistake."""
        return self.change(self.sound())

    def sound(self) -> World:
        """The world without it."""
        world = committed(self.stack)
        return world if self.given is None else self.given(world)


def resources(*edits: Edit) -> Change:
    """Edits of what the program registers."""
    return lambda world: world.edited(*edits)


def stack_file(old: str, new: str) -> Change:
    """Text of the stack file, which must be there, and what stands in its place."""

    def change(world: World) -> World:
        assert world.text.count(old) == 1, f"{old!r} is not in the stack file once"
        return replace(world, text=world.text.replace(old, new))

    return change


def contract(change: Callable[[dict[str, Any]], None]) -> Change:
    """A change of `openapi.json`."""

    def made(world: World) -> World:
        assert not isinstance(world.contract, str)
        document = copy.deepcopy(dict(world.contract))
        change(document)
        return replace(world, contract=document)

    return made


def artefact(function: str, change: Callable[[Artefact], Artefact | None]) -> Change:
    """An entry of the release manifest changed, or left out."""

    def made(world: World) -> World:
        changed = change(world.artefacts[function])
        kept = {name: entry for name, entry in world.artefacts.items() if name != function}
        return replace(world, artefacts=kept | ({function: changed} if changed else {}))

    return made


def source(function: str, path: str, old: str, new: str) -> Change:
    """Text of a file of a function, and what stands in its place; the packager looks at that function."""
    return lambda world: replace(world, sources=((path, old, new),), functions=(function,))
