"""The mistakes, by subject."""

from tests.infra.seeded.mistakes import (
    configuration,
    contract,
    coverage,
    data,
    events,
    exposure,
    functions,
    identity,
    names,
    secrets,
    upgrades,
)
from tests.infra.seeded.seed import Seed

SEEDS: tuple[Seed, ...] = (
    *configuration.SEEDS,
    *contract.SEEDS,
    *identity.SEEDS,
    *exposure.SEEDS,
    *data.SEEDS,
    *functions.SEEDS,
    *coverage.SEEDS,
    *secrets.SEEDS,
    *events.SEEDS,
    *names.SEEDS,
    *upgrades.SEEDS,
)
