"""What a check finds."""

from dataclasses import dataclass
from enum import StrEnum


class Weight(StrEnum):
    """How much a finding weighs."""

    BROKEN = "broken"  # what one write makes together disagrees: data is lost or damaged
    BEHIND = "behind"  # kept by a stream's consumer, or changed while tables were read at different moments


@dataclass(frozen=True, order=True)
class Finding:
    """`place` is a key or what an account is of; `detail` names attributes and never holds their values."""

    table: str
    rule: str
    place: str
    detail: str
    weight: Weight = Weight.BROKEN
