"""The rules' types and properties are the AWS provider's own: a rule about a misspelt property never fires."""

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from policy import types
from policy.documents import DOCUMENTS
from policy.model import Rule
from policy.rules import RULES
from policy.rules.belonging import NAMES, TAGGABLE
from policy.rules.encryption import KEYS

PACKAGE = Path(str(find_spec("pulumi_aws").origin)).parent  # type: ignore[union-attr]
TOKENS = {value for name, value in vars(types).items() if name.isupper() and isinstance(value, str)}
# What a provider computes, and a stack policy is given beside the inputs.
OUTPUTS = {"arn", "id", "url"}


@cache
def classes() -> dict[str, tuple[str, str]]:
    """Type token → (module file's stem in its package, class), from the provider's own registry."""
    text = (PACKAGE / "__init__.py").read_text(encoding="utf-8")
    found = re.findall(r'"fqn": "pulumi_aws\.([\w.]+)",\s+"classes": \{\s+"(aws:[^"]+)": "(\w+)"', text)
    return {token: (package.replace(".", "/"), name) for package, token, name in found}


@cache
def arguments(token: str) -> frozenset[str]:
    """The names of a type's arguments as the engine has them."""
    package, name = classes()[token]
    getter = re.compile(r'@_builtins\.property\s+@pulumi\.getter(?:\(name="(\w+)"\))?\s+def (\w+)')
    files = [file for file in (PACKAGE / package).glob("*.py") if file.name != "_inputs.py"]
    for suffix in ("InitArgs", "Args"):
        for file in files:
            _, found, rest = file.read_text(encoding="utf-8").partition(f"\nclass {name}{suffix}:")
            if found:
                return frozenset(camel or snake for camel, snake in getter.findall(rest.partition("\nclass ")[0]))
    raise AssertionError(f"{token} has no arguments")


@pytest.mark.parametrize("token", sorted(TOKENS - {types.PROVIDER}))
def test_a_type_is_one_of_the_providers(token: str) -> None:
    assert token in classes()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_examples_have_properties_that_the_provider_knows(rule: Rule) -> None:
    for resource in (*rule.failing, *rule.passing):
        if resource.type != types.PROVIDER:
            strange = set(resource.properties) - arguments(resource.type) - OUTPUTS
            assert not strange, f"{resource.type}: {strange}"


def test_what_rules_read_by_table_exists() -> None:
    for token, path in NAMES.items():
        assert path in arguments(token)
    for token, (_, path) in KEYS.items():
        assert path.partition(".")[0] in arguments(token)
    for token, places in DOCUMENTS.items():
        for path, _ in places:
            assert path.partition(".")[0] in arguments(token), f"{token} {path}"


def test_what_must_bear_tags_can() -> None:
    assert [token for token in sorted(TAGGABLE) if "tags" not in arguments(token)] == []
