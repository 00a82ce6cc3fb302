"""What every resource type declares, and the scope (cloud, region, tags) it is deployed in."""
# ruff: noqa: A002, D102, D103 - `id` is the engine's word; short properties and checks speak for themselves

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, ClassVar

import grpc

from localcloud.cloud import Cloud
from localcloud.provider.errors import ProviderError
from localcloud.provider.naming import Naming
from localcloud.provider.schema import Schema, schema
from localcloud.provider.tagging import Tagging
from localcloud.provider.wire import Properties
from localcloud.refusals.check import Check, Place
from localcloud.refusals.checks import checks_of
from localcloud.registry import Registry


class Label(StrEnum):
    """How true a type is here."""

    EXECUTED = "executed"  # requests reach it
    ENFORCED = "enforced"  # it refuses what AWS would refuse
    STORED = "stored"  # kept and validated, without effect


type Violation = tuple[str, str]  # property path, reason


@dataclass(frozen=True)
class Scope:
    """Where a call acts: the provider's configuration, with the resource's own region over it."""

    cloud: Cloud
    region: str
    default_tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def account_id(self) -> str:
        return self.cloud.account_id

    @property
    def registry(self) -> Registry:
        return self.cloud.registry

    def client(self, service: str) -> Any:
        return self.cloud.client(service, self.region)

    @property
    def place(self) -> Place:
        return Place(self.account_id, self.region, self.default_tags)

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account_id}:{resource}"


class ResourceType:
    """One resource type. Properties are plain: no secrets, unknowns only where a method says so.

    `create` makes the thing and returns its id; `settle` brings everything else into line, after a
    create (`olds` empty) and on each update, so a failure in it leaves a resource the engine knows of.
    """

    pulumi_type: ClassVar[str]
    label: ClassVar[Label]
    id_format: ClassVar[str] = ""  # the id, where inputs alone decide it: "{role}:{name}"
    remove: ClassVar[tuple[str, str, str]]  # service, call and its parameter for the id, where that is all
    naming: ClassVar[Naming | None] = None
    tagging: ClassVar[Tagging | None] = None
    force_new: ClassVar[frozenset[str]] = frozenset()
    # What the real provider reports for an input that is not given.
    defaults: ClassVar[Mapping[str, Any]] = {}
    unordered: ClassVar[frozenset[str]] = frozenset()  # lists that are sets in the real provider
    whole: ClassVar[frozenset[str]] = frozenset()  # maps of which the cloud must hold nothing beyond what was given
    filled: ClassVar[frozenset[str]] = frozenset()  # inputs that the service fills in when they are not given
    secret_outputs: ClassVar[frozenset[str]] = frozenset()
    policies: ClassVar[Mapping[str, int]] = {}  # inputs that are policy documents, and AWS's limit in characters
    choices: ClassVar[Mapping[str, Iterable[Any]]] = {}  # what an input may be
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {}  # what a number may be, both ends included
    exclusive: ClassVar[Iterable[tuple[str, ...]]] = ()  # inputs of which one may be given
    local_only: ClassVar[frozenset[str]] = frozenset()  # inputs that steer the provider and reach no API
    importable: ClassVar[bool] = False

    @property
    def schema(self) -> Schema:
        return schema(self.pulumi_type)

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        """The catalogue's rules for this type: the models', its service's, those of its own module (`RULES`)."""
        own = vars(sys.modules[type(self).__module__]).get("RULES", ())
        return checks_of(self.pulumi_type, own, taggable=self.schema.taggable, regional=self.schema.regional)

    def violations(self, inputs: Properties) -> Iterable[Violation]:
        """What is declared, then what `check` finds."""
        for key, limit in self.policies.items():
            yield from check_policy(inputs, key, limit)
        for key, allowed in self.choices.items():
            yield from one_of(inputs, key, allowed)
        for key, (low, high) in self.ranges.items():
            yield from within(inputs, key, low, high)
        for keys in self.exclusive:
            yield from only_one(inputs, *keys)
        yield from self.check(inputs)

    def check(self, inputs: Properties) -> Iterable[Violation]:
        """What AWS would refuse beside that; top-level inputs that are still unknown are left out of `inputs`."""
        del inputs
        return ()

    def look(self, scope: Scope, inputs: Properties) -> Iterable[Violation]:
        """What only this cloud can tell of inputs that are right by themselves; unknown ones are left out."""
        del scope, inputs
        return ()

    def identity(self, scope: Scope, inputs: Properties) -> str | None:
        """The id that `create` will return, where the inputs alone decide it."""
        del scope
        return self.id_format.format_map(inputs) if self.id_format else None

    def create(self, scope: Scope, inputs: Properties) -> str:
        """Nothing to make where `settle` puts the whole thing."""
        id = self.identity(scope, inputs)  # noqa: A001
        if id is None:
            raise NotImplementedError
        return id

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        """Nothing beyond what `create` did, unless a type says otherwise."""

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        """What is observed in the cloud: all properties if `importable`, else the computed ones; None: gone."""
        raise NotImplementedError

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        """Raises `ClientError` for what is gone already, which counts as done."""
        del state
        service, call, parameter = self.remove
        getattr(scope.client(service), call)(**{parameter: id})

    def forces(self, news: Properties) -> frozenset[str]:
        """The inputs whose change means a new resource, where `news` has a say in that."""
        del news
        return self.force_new

    def volatile(self, olds: Properties, changed: frozenset[str]) -> frozenset[str]:
        """The outputs that an update of `changed` will change, unknown until it is done."""
        del olds, changed
        return frozenset()

    def tagged(self, id: str, state: Properties) -> str:
        """What the service's tag calls know the resource by."""
        return str(state.get("arn") or id)


def document(value: Any) -> Any:
    """A JSON string parsed, for comparing policies by meaning; anything else as it is."""
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
    return value


def check_policy(inputs: Properties, key: str, limit: int) -> Iterable[Violation]:
    """A policy document: a JSON object with statements, at most `limit` characters without white space."""
    text = inputs.get(key)
    if text is None:
        return
    parsed = document(text)
    if not isinstance(parsed, dict) or "Statement" not in parsed:
        yield key, "not a JSON policy document with a Statement"
    elif len(size := json.dumps(parsed, separators=(",", ":"))) > limit:
        yield key, f"policy has {len(size)} characters; AWS takes {limit}"


def one_of(inputs: Properties, key: str, allowed: Iterable[Any]) -> Iterable[Violation]:
    choices = list(allowed)
    if key in inputs and inputs[key] not in choices:
        yield key, f"{inputs[key]!r} is not one of {', '.join(map(str, choices))}"


def within(inputs: Properties, key: str, low: float, high: float) -> Iterable[Violation]:
    value = inputs.get(key)
    if value is not None and not low <= float(value) <= high:
        yield key, f"{value} is outside {low} to {high}"


def only_one(inputs: Properties, *keys: str) -> Iterable[Violation]:
    given = [key for key in keys if key in inputs]
    for key in given[1:]:
        yield key, f"conflicts with {given[0]}"


def failed_precondition(message: str) -> ProviderError:
    return ProviderError(message, grpc.StatusCode.FAILED_PRECONDITION)
