"""How true each resource type is here, so that a green local run is never mistaken for AWS."""

from enum import StrEnum


class Label(StrEnum):
    EXECUTED = "executed"  # requests reach it
    ENFORCED = "enforced"  # it refuses what AWS would refuse
    STORED = "stored"  # kept and validated, without effect
