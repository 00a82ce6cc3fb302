"""What AWS refuses and this cloud refuses too, as data: the catalogue, and the checks that a preview runs."""

from localcloud.refusals.check import Check, Inputs, Of, Place, Violation
from localcloud.refusals.rule import NotCovered, Rule, Where

__all__ = ["Check", "Inputs", "NotCovered", "Of", "Place", "Rule", "Violation", "Where"]
