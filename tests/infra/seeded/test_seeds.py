"""Mistakes that good engineers make, each seeded into the committed world and caught before `up`.

Each is told by the gate that its seed names, in words that name the resource and say what to do; the same world
without the mistake passes every gate.
"""

from collections.abc import Callable

import pytest

from tests.infra.seeded.gates import Caught, Gates
from tests.infra.seeded.mistakes import SEEDS
from tests.infra.seeded.seed import Seed
from tests.infra.seeded.world import committed
from tests.infra.stacks import STACKS

# a sound addition and its stack → its name: each is judged once
SOUND = {(seed.stack, seed.given): seed for seed in SEEDS if seed.given is not None}


@pytest.fixture(scope="module")
def gates(tmp_path_factory: pytest.TempPathFactory) -> Gates:
    return Gates(tmp_path_factory.mktemp("gates"))


@pytest.mark.parametrize("stack", STACKS)
def test_the_committed_world_passes_every_gate(gates: Gates, stack: str) -> None:
    assert gates.judge(committed(stack)) == []


@pytest.mark.parametrize("seed", SOUND.values(), ids=[f"{s.stack}-{s.name}" for s in SOUND.values()])
def test_what_a_mistake_is_made_in_passes_every_gate(gates: Gates, seed: Seed) -> None:
    assert gates.judge(seed.sound()) == []


@pytest.mark.parametrize("seed", SEEDS, ids=[seed.name for seed in SEEDS])
def test_a_mistake_is_caught_before_up(
    gates: Gates, seed: Seed, record_property: Callable[[str, object], None]
) -> None:
    tests = (seed.rule,) if seed.gate == "test" else ()
    caught = gates.judge(seed.world(), tests)
    fitting = [one for one in caught if _fits(one, seed)]
    assert fitting, f"{seed.gate} {seed.rule} does not say so; this was caught:\n" + _listed(caught)
    also = sorted({one.gate for one in caught} - {seed.gate})
    record_property("seed", [seed.name, seed.stack, seed.gate, seed.rule, fitting[0].text, also])


def test_no_two_mistakes_bear_one_name() -> None:
    assert len({seed.name for seed in SEEDS}) == len(SEEDS)


def _fits(one: Caught, seed: Seed) -> bool:
    rule = seed.rule.rpartition(":")[2] if seed.gate == "test" else seed.rule
    told = f"{one.subject} {one.text}"
    return (one.gate, one.rule) == (seed.gate, rule) and seed.names in told and seed.says in told


def _listed(caught: list[Caught]) -> str:
    return "\n".join(f"  {one.gate} {one.rule}: {one.subject}: {one.text}" for one in caught) or "  nothing"
