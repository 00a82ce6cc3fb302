"""The checks of each resource type: the models', those of its service, and those that all types share."""

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from functools import cache

from localcloud.refusals import references, services
from localcloud.refusals.check import Check
from localcloud.refusals.general import shared
from localcloud.refusals.shapes import modelled


@cache
def _by_type() -> Mapping[str, tuple[Check, ...]]:
    found: dict[str, tuple[Check, ...]] = {}
    modules = (
        importlib.import_module(f"{services.__name__}.{row.name}") for row in pkgutil.iter_modules(services.__path__)
    )
    for rule in (*references.RULES, *(rule for module in modules for rule in vars(module).get("RULES", ()))):
        found[rule.subject] = (*found.get(rule.subject, ()), rule)
    return found


def checks_of(token: str, own: Iterable[object], *, taggable: bool, regional: bool) -> tuple[Check, ...]:
    """`own`: the rules that the type's module declares itself."""
    declared = (rule for rule in own if isinstance(rule, Check) and rule.subject == token)
    return (
        *modelled(token),
        *_by_type().get(token, ()),
        *declared,
        *shared(token, taggable=taggable, regional=regional),
    )
