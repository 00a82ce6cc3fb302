"""Everything that is between a commit and `up`, on values: each gate says what it refuses, as a person reads it."""

import importlib
import inspect
import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Never

import grpc
import pytest
from openapi_spec_validator import validate
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError
from pulumi.runtime.proto import provider_pb2

import omnix.contract
from bundler.check import check as check_packages
from bundler.errors import BundleError
from components.api.contract import ContractError, read_contract
from components.config import ConfigError, StackConfig
from localcloud.cloud import Cloud
from localcloud.provider.catalogue import CATALOGUE
from localcloud.provider.lifecycle import check
from localcloud.provider.resource import Scope
from localcloud.provider.servicer import Provider
from localcloud.registry import Registry
from ops.preview import overrides
from ops.preview.contract.diff import compare_files
from ops.preview.gate import judge
from ops.preview.reading import Source, read
from policy.evaluation import Broken, evaluate
from policy.model import Resource, Stack
from policy.overrides import load, validity
from policy.rules import RULES
from tests.infra.recording import Recorded, Recording
from tests.infra.seeded.plan import preview
from tests.infra.seeded.seed import GATES, GateName
from tests.infra.seeded.world import Composer, World, applied, committed
from tests.infra.stacks import ROOT
from tests.infra.test_refusals import _formed

REGION = "eu-central-1"
_OF_STACKS = tuple(rule for rule in RULES if rule.scope == "stack")
_OF_RESOURCES = tuple(rule for rule in RULES if rule.scope == "resource")


@dataclass(frozen=True)
class Caught:
    """One refusal: `subject` is the resource, key or route; `text` is all that a person is shown."""

    gate: GateName
    rule: str
    subject: str
    text: str


@dataclass
class Gates:
    """All gates, in a folder for what they write. A stack that was composed is kept."""

    folder: Path
    composer: Composer = field(default_factory=Composer)

    def judge(self, world: World, tests: tuple[str, ...] = ()) -> list[Caught]:
        """Everything that any gate refuses, in the order of an `up`; `tests` are `module:function` of tests/infra.

        A config or a program that fails stops the rest, as it does in a deployment.
        """
        found = [*self._contract(world), *self._packages(world)]
        try:
            config = world.config()
        except ConfigError as error:
            refused = [Caught("config", one.key, one.key, str(one)) for one in error.findings]
            return sorted([*refused, *found], key=_order)
        try:
            before = self.composer.compose(committed(world.stack), committed(world.stack).config())
            after = applied(world.edits, self.composer.compose(world, config))
        except (ValueError, TypeError, AssertionError) as error:
            return sorted([*found, Caught("program", type(error).__name__, "", str(error))], key=_order)
        found += [*_twice(after), *_refused(after, config), *_violated(after, config)]
        found += self._previewed(world, before, after, config)
        for test in tests:
            found += _tested(test, world.stack, before, after)
        return sorted(found, key=_order)

    def _contract(self, world: World) -> Iterator[Caught]:
        """`make contract`'s drift gate, the OpenAPI validator, and the comparison of the review."""
        if world.contract == committed(world.stack).contract:
            return
        head = self.folder / "openapi.json"
        text = world.contract if isinstance(world.contract, str) else json.dumps(world.contract)
        head.write_text(text, encoding="utf-8")
        try:
            validate(read_contract(head))
        except ContractError as error:
            yield Caught("contract", "unreadable", "openapi.json", str(error))
            return
        except OpenAPIValidationError as error:
            yield Caught("contract", "openapi", "openapi.json", error.message)
        lines = omnix.contract.difference(head)
        if lines:
            hint = "openapi.json is not what the routes say; run `python -m omnix.contract`:"
            yield Caught("contract", "drift", "openapi.json", "\n".join([hint, *lines]))
        compared = compare_files(ROOT / "openapi.json", head)
        if compared.problem:
            yield Caught("contract", "contract-unread", "openapi.json", compared.problem)

    def _packages(self, world: World) -> Iterator[Caught]:
        """The packager, on a copy of the functions with the world's edits."""
        if not world.functions:
            return
        tree = self.folder / "tree"
        shutil.rmtree(tree, ignore_errors=True)
        shutil.copytree(ROOT / "functions", tree / "functions", ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("pyproject.toml", "uv.lock"):
            shutil.copy(ROOT / name, tree)
        for path, old, new in world.sources:
            text = (tree / path).read_text(encoding="utf-8")
            assert old in text, f"{old!r} is not in {path}"
            (tree / path).write_text(text.replace(old, new), encoding="utf-8")
        try:
            for finding in check_packages(tree, "aws", world.functions):
                for problem in finding.problems:
                    yield Caught("package", "check", finding.function, f"{finding.function}: {problem}")
        except BundleError as error:
            yield Caught("package", type(error).__name__, world.functions[0], str(error))

    def _previewed(self, world: World, before: Recording, after: Recording, config: StackConfig) -> Iterator[Caught]:
        """`omnix preview report` on the engine's steps from what is committed to what the world registers."""
        document = self.folder / "preview.json"
        steps = preview(world.stack, shaped(before, config), shaped(after, config), scope(config))
        document.write_text(json.dumps(steps, default=str), encoding="utf-8")
        permissions = self.folder / "stateful.yaml"
        permissions.write_text(world.overrides, encoding="utf-8")
        environments = read(Source(document, world.stack)).environments
        allowed = overrides.read(permissions, datetime.now(UTC).date(), given=True)
        for refusal in judge(environments, allowed).refusals:
            subject = refusal.subject or ""
            yield Caught("preview", refusal.rule, subject, f"{subject} {refusal.text}".strip())


def _order(caught: Caught) -> int:
    return GATES.index(caught.gate)


@cache
def _cloud(account: str) -> Cloud:
    return Cloud(account, REGION, "http://127.0.0.1:1", "http://127.0.0.1:2", Registry())


def scope(config: StackConfig, region: str = REGION) -> Scope:
    """Where the stack's resources are checked."""
    return Scope(_cloud(config.account_id), region, {"Project": "omnix-ai"})


@dataclass
class Memory[T]:
    """What was found out about a resource. Seeds share all resources but the few that they change: one object each."""

    of: dict[tuple[int, str], tuple[Recorded, T]] = field(default_factory=dict)

    def get(self, resource: Recorded, account: str, find: Callable[[], T]) -> T:
        """What is known of `resource` in an account, found out the first time."""
        key = (id(resource), account)
        if key not in self.of:
            self.of[key] = (resource, find())  # kept, so that no other object gets its id
        return self.of[key][1]


_SHAPES: Memory[Recorded] = Memory()
_CHECKS: Memory[list[Caught]] = Memory()
_VERDICTS: Memory[list[Broken]] = Memory()


def shaped(recording: Recording, config: StackConfig) -> list[Recorded]:
    """What a provider makes, with ARNs as the services' own look (the mocks make every one of one form)."""
    account = config.account_id

    def shape(resource: Recorded) -> Recorded:
        inputs = _formed(resource.inputs, account, resource.inputs.get("region", REGION))
        return replace(resource, inputs=inputs)

    return [_SHAPES.get(row, account, lambda row=row: shape(row)) for row in recording.custom()]  # type: ignore[misc]


def _twice(recording: Recording) -> Iterator[Caught]:
    """The engine's own refusal of a URN that is registered twice."""
    urns = [resource.urn for resource in recording.resources]
    for urn in sorted({urn for urn in urns if urns.count(urn) > 1}):
        yield Caught("program", "duplicate-urn", urn, f"Duplicate resource URN '{urn}'; try giving it a unique name")


def _refused(recording: Recording, config: StackConfig) -> Iterator[Caught]:
    """`Check` of the local cloud's provider, which a preview asks of every resource."""
    for resource in shaped(recording, config):
        yield from _CHECKS.get(resource, config.account_id, lambda it=resource: list(_checked(it, config)))  # type: ignore[misc]


def _checked(resource: Recorded, config: StackConfig) -> Iterator[Caught]:
    kind = CATALOGUE.get(resource.type)
    if kind is None:
        yield Caught("refusal", "unknown-type", resource.name, unknown_type(resource, config))
        return
    at = scope(config, resource.inputs.get("region", REGION))
    _, failures = check(kind, at, resource.urn, dict(resource.inputs), {}, b"seed")
    for path, reason in failures:
        rule = match[1] if (match := re.search(r"\[(\w+\.[A-Z]\w+\.[^\[\]]+)\]$", reason)) else path
        yield Caught("refusal", rule, resource.name, f"{resource.name}: {path}: {reason}")


class Aborted(Exception):  # noqa: N818 - what a gRPC context does
    """A call that the provider ended."""


class _Connection:
    def peer(self) -> str:
        return "ipv4:127.0.0.1:1"

    def abort(self, code: grpc.StatusCode, details: str) -> Never:
        raise Aborted(f"{code.name}: {details}")


def unknown_type(resource: Recorded, config: StackConfig) -> str:
    """What the provider's service answers to the engine's `Check` of a type that it does not know."""
    provider, connection = Provider(_cloud(config.account_id)), _Connection()
    provider.Configure(provider_pb2.ConfigureRequest(), connection)
    request = provider_pb2.CheckRequest(urn=resource.urn, type=resource.type)
    try:
        answer = provider.Check(request, connection)
    except Aborted as aborted:
        return str(aborted)
    raise AssertionError(f"the provider takes {resource.type}: {answer}")


def _violated(recording: Recording, config: StackConfig) -> Iterator[Caught]:
    """The policy pack's mandatory rules, over every resource and the stack, with the committed exceptions."""
    (provider,) = recording.of("pulumi:providers:aws")
    exceptions = load([rule.name for rule in RULES], datetime.now(UTC).date())
    rows = [provider, *shaped(recording, config)]
    found = [_judged(row, provider) for row in rows]
    broken = list(evaluate((*_OF_STACKS, validity(exceptions)), [], Stack(found), exceptions).violations)
    # what a rule says of a resource depends on it and on its provider
    account = f"{config.account_id} {sorted(provider.inputs)}"
    for row, resource in zip(rows, found, strict=True):
        broken += _VERDICTS.get(
            row,
            account,
            lambda it=resource: evaluate(_OF_RESOURCES, [it], None, exceptions).violations,  # type: ignore[misc]
        )
    for one in broken:
        if one.rule.level == "mandatory":
            name = one.urn.rpartition("::")[2]
            yield Caught("policy", one.rule.name, name, f"{name}: {one.message}. Fix: {one.rule.fix}.")


def _judged(resource: Recorded, provider: Recorded) -> Resource:
    return Resource(
        urn=resource.urn,
        type=resource.type,
        properties=resource.inputs,
        protect=resource.protect,
        retain=resource.retain_on_delete,
        dependencies=resource.dependencies,
        provider=provider.inputs,
    )


def _tested(test: str, stack: str, before: Recording, after: Recording) -> Iterator[Caught]:
    """A test of tests/infra on the changed recording; the committed one must pass it."""
    module, _, name = test.partition(":")
    function: Any = getattr(importlib.import_module(f"tests.infra.{module}"), name)
    for recording in (before, after):
        given = {"recording": recording, "stack": stack, "recorded": lambda _, it=recording: it}
        wanted = {key: given[key] for key in inspect.signature(function).parameters}
        if recording is before:
            function(**wanted)
            continue
        try:
            function(**wanted)
        except (AssertionError, KeyError, ValueError, pytest.fail.Exception) as error:
            yield Caught("test", name, name, f"{name.removeprefix('test_').replace('_', ' ')}: {error}")
