"""The catalogue: every `RULES` and `NOT_COVERED` constant of the packages that refuse, gathered."""

import importlib
import importlib.util
import pkgutil
from collections.abc import Iterator
from types import ModuleType

from localcloud.refusals.check import subject_name
from localcloud.refusals.rule import NotCovered, Rule
from localcloud.refusals.shapes import unreadable

_PACKAGES = (
    *("localcloud.refusals", "localcloud.provider", "localcloud.limits", "localcloud.endpoint"),
    *("localcloud.enforcement", "localcloud.gateway", "localcloud.functions", "localcloud.bedrock"),
)


def rules() -> tuple[Rule, ...]:
    """Every refusal, by subject and id. A module that refuses says so in a constant `RULES: tuple[Rule, ...]`."""
    found = {rule.id: rule for module in _modules() for rule in vars(module).get("RULES", ())}
    found |= {rule.id: rule for rule in _of_types()}
    return tuple(sorted(found.values(), key=lambda rule: (rule.subject, rule.id)))


def not_covered() -> tuple[NotCovered, ...]:
    """Every rule that is known and not enforced (`NOT_COVERED: tuple[NotCovered, ...]`), by subject."""
    found = {*unreadable(), *(rule for module in _modules() for rule in vars(module).get("NOT_COVERED", ()))}
    return tuple(sorted(found, key=lambda rule: (rule.subject, rule.what)))


def _of_types() -> Iterator[Rule]:
    """What the provider's `Check` finds for each type, beside the SDK's own names and types."""
    from localcloud.provider.catalogue import CATALOGUE

    for token, kind in CATALOGUE.items():
        yield from kind.checks
        if name := kind.naming:
            limit = f"{name.min} to {name.max} characters; {name.pattern}"
            what = f"a {name.property} that the service does not take"
            id_ = f"{subject_name(token)}.{name.property}-naming"
            yield Rule(id_, "check", token, what, limit, f"API reference of {subject_name(token)}: {name.property}")


def _modules() -> Iterator[ModuleType]:
    for name in _PACKAGES:
        if importlib.util.find_spec(name) is None:
            continue
        package = importlib.import_module(name)
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)
