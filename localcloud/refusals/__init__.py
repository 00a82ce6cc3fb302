"""What AWS refuses and this cloud refuses too, as data: the catalogue, and the checks that a preview runs."""

from localcloud.refusals.rule import NotCovered, Rule, Where

__all__ = ["NotCovered", "Rule", "Where"]
