"""Everything a report is made of, and its sections in the order in which a reviewer needs them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ops.preview.blocks import Section
from ops.preview.contract.diff import ContractDifference
from ops.preview.gate import Gate
from ops.preview.model import Environment
from ops.preview.price_table import PriceTable, Usage
from ops.preview.pricing import Cost


@dataclass(frozen=True)
class Report:
    """`contract` is None when nobody asked for a comparison. `costs` is by environment."""

    environments: Sequence[Environment]
    gate: Gate
    contract: ContractDifference | None
    costs: Mapping[str, Cost]
    prices: PriceTable
    usage: Usage


def sections(report: Report) -> tuple[Section, ...]:
    """The whole report."""
    from ops.preview.sections import changes, contract, losses, money, policy, verdict

    found = (
        verdict.section(report),
        losses.stateful(report),
        verdict.failures(report),
        losses.others(report),
        losses.weakened(report),
        changes.section(report),
        contract.section(report),
        policy.section(report),
        money.section(report),
        verdict.notes(report),
    )
    return tuple(section for section in found if section is not None)
