"""The catalogue: every `RULES` and `NOT_COVERED` constant of the packages that refuse, gathered."""

import importlib
import importlib.util
import pkgutil
from collections.abc import Iterator
from types import ModuleType

from localcloud.refusals.rule import NotCovered, Rule

_PACKAGES = (
    *("localcloud.refusals", "localcloud.provider", "localcloud.limits", "localcloud.endpoint"),
    *("localcloud.enforcement", "localcloud.gateway", "localcloud.functions"),
)


def rules() -> tuple[Rule, ...]:
    """Every refusal, by subject and id. A module that refuses says so in a constant `RULES: tuple[Rule, ...]`."""
    found = [rule for module in _modules() for rule in vars(module).get("RULES", ())]
    return tuple(sorted(set(found), key=lambda rule: (rule.subject, rule.id)))


def not_covered() -> tuple[NotCovered, ...]:
    """Every rule that is known and not enforced (`NOT_COVERED: tuple[NotCovered, ...]`), by subject."""
    found = [rule for module in _modules() for rule in vars(module).get("NOT_COVERED", ())]
    return tuple(sorted(set(found), key=lambda rule: (rule.subject, rule.what)))


def _modules() -> Iterator[ModuleType]:
    for name in _PACKAGES:
        if importlib.util.find_spec(name) is None:
            continue
        package = importlib.import_module(name)
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)
