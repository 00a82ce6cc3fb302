"""The recording engine: runs the program against Pulumi's mocks and keeps what it registered.

What Pulumi's own mocks leave out is what matters here: protection, retention, ignored changes, imports,
dependencies and duplicate URNs. `record` returns only after every registration and apply is done; before
that, an absence means nothing.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from google.protobuf import json_format  # type: ignore[import-untyped]
from pulumi.runtime import mocks as pulumi_mocks
from pulumi.runtime import proto, rpc
from pulumi.runtime.settings import SETTINGS
from pulumi.runtime.stack import run_in_stack
from pulumi.runtime.sync_await import _ensure_event_loop, _sync_await

PROJECT = "omnix-ai"
STACK_TYPE = "pulumi:pulumi:Stack"


@dataclass(frozen=True)
class Recorded:
    """One registered resource: `inputs` as sent (secrets unwrapped), options as the engine received them."""

    urn: str
    type: str
    name: str
    parent: str
    custom: bool
    inputs: dict[str, Any]
    secret_inputs: frozenset[str]
    protect: bool
    retain_on_delete: bool
    ignore_changes: tuple[str, ...]
    import_id: str
    dependencies: frozenset[str]
    provider: str


@dataclass
class Recording:
    """Everything a run registered, in order, and what the stack exports."""

    resources: list[Recorded] = field(default_factory=list)
    exports: dict[str, Any] = field(default_factory=dict)

    def of(self, type_: str) -> list[Recorded]:
        """All resources of one type token."""
        return [resource for resource in self.resources if resource.type == type_]

    def only(self, type_: str) -> Recorded:
        """The one resource of a type; fails where there are none or several."""
        (resource,) = self.of(type_)
        return resource

    def one(self, type_: str, name: str) -> Recorded:
        """The one resource of a type with a logical name."""
        (found,) = [resource for resource in self.of(type_) if resource.name == name]
        return found

    def custom(self) -> list[Recorded]:
        """All resources that a provider makes, the provider itself left out."""
        return [r for r in self.resources if r.custom and not r.type.startswith("pulumi:")]

    def closure(self, resource: Recorded) -> frozenset[str]:
        """URNs of all that must exist before `resource`, over any number of steps."""
        by_urn = {r.urn: r for r in self.resources}
        seen: set[str] = set()
        waiting = list(resource.dependencies)
        while waiting:
            urn = waiting.pop()
            if urn not in seen:
                seen.add(urn)
                waiting += by_urn[urn].dependencies if urn in by_urn else ()
        return frozenset(seen)


class _Monitor(pulumi_mocks.MockMonitor):
    """The engine's side: URNs as the real engine makes them, and a record of every request."""

    def __init__(self, stack: str, account_id: str, region: str) -> None:
        super().__init__(_NoCalls())
        self.recording = Recording()
        self._stack, self._account_id, self._region = stack, account_id, region

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """As the engine does: the stack itself is no part of its children's types."""
        chain = parent.split("::")[2] if parent else STACK_TYPE
        qualified = type_ if chain == STACK_TYPE else f"{chain}${type_}"
        return f"urn:pulumi:{self._stack}::{PROJECT}::{qualified}::{name}"

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == STACK_TYPE:
            return proto.resource_pb2.RegisterResourceResponse(urn=urn)
        resource = _recorded(urn, request)
        self.recording.resources.append(resource)
        id_, state = self._created(resource)
        self.resources[urn] = self.ResourceRegistration(urn, id_, state)
        _ensure_event_loop()
        properties = _sync_await(rpc.serialize_properties(state, {}))
        return proto.resource_pb2.RegisterResourceResponse(
            urn=urn, id=id_ if resource.custom else "", object=properties
        )

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        if f"::{STACK_TYPE}::" in request.urn:
            self.recording.exports = _unwrapped(rpc.deserialize_properties(request.outputs))
        return super().RegisterResourceOutputs(request)

    def _created(self, resource: Recorded) -> tuple[str, dict[str, Any]]:
        """What a provider would answer: the inputs, and the outputs that other resources take."""
        if not resource.custom:
            return "", {}
        given = next(
            (resource.inputs[key] for key in ("name", "bucket", "dashboardName") if key in resource.inputs),
            resource.name,
        )
        id_ = resource.import_id or f"{resource.name}-id"
        service = resource.type.split(":")[1].split("/")[0].rstrip("_")
        kind = resource.type.rpartition(":")[2].lower()
        region = "" if service == "iam" else resource.inputs.get("region", self._region)
        arn = f"arn:aws:{service}:{region}:{self._account_id}:{kind}/{given}"
        defaults = {
            "arn": arn,
            "invokeArn": f"arn:aws:apigateway:{self._region}:lambda:path/{given}/invocations",
            "executionArn": f"arn:aws:execute-api:{self._region}:{self._account_id}:{id_}",
            "invokeUrl": f"https://{id_}.execute-api.{self._region}.amazonaws.com/{self._stack}",
            "streamArn": f"{arn}/stream/1" if resource.inputs.get("streamEnabled") else "",
            "version": "1",
            "versionId": f"{resource.name}-object-version",
            "keyId": id_,
            "url": f"https://sqs.{self._region}.amazonaws.com/{self._account_id}/{given}",
            "value": f"{resource.name}-value",
            "rootResourceId": f"{resource.name}-root",
        }
        return id_, {**defaults, **resource.inputs}


class _NoCalls(pulumi_mocks.Mocks):
    """The program reads nothing from the cloud: every call is a defect, and fails the run."""

    def call(self, args: pulumi_mocks.MockCallArgs) -> Any:
        raise AssertionError(f"the program calls {args.token}, which a preview without credentials cannot")

    def new_resource(self, args: pulumi_mocks.MockResourceArgs) -> Any:
        raise AssertionError(f"{args.typ} was read, not registered")


def _recorded(urn: str, request: Any) -> Recorded:
    raw = json_format.MessageToDict(request.object)
    wrapped = rpc.deserialize_properties(request.object)
    return Recorded(
        urn=urn,
        type=request.type,
        name=request.name,
        parent=request.parent,
        custom=request.custom,
        inputs=_unwrapped(wrapped),
        secret_inputs=frozenset(key for key, value in raw.items() if _is_secret(value)),
        protect=request.protect,
        retain_on_delete=request.retainOnDelete,
        ignore_changes=tuple(request.ignoreChanges),
        import_id=request.importId,
        dependencies=frozenset(request.dependencies),
        provider=request.provider or next(iter(dict(request.providers).values()), ""),
    )


def _is_secret(value: Any) -> bool:
    return isinstance(value, dict) and value.get(rpc._special_sig_key) == rpc._special_secret_sig


def _unwrapped(value: Any) -> Any:
    if rpc.is_rpc_secret(value):
        return _unwrapped(rpc.unwrap_rpc_secret(value))
    if isinstance(value, Mapping):
        return {key: _unwrapped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_unwrapped(item) for item in value]
    return value


def record(program: Callable[[], None], *, stack: str, account_id: str, region: str = "eu-central-1") -> Recording:
    """Run `program` as the stack `stack` and drain it. Raises what the program or one of its applies raises."""
    monitor = _Monitor(stack, account_id, region)
    asyncio.set_event_loop(loop := asyncio.new_event_loop())
    pulumi_mocks.set_mocks(_NoCalls(), project=PROJECT, stack=stack, preview=False, monitor=monitor)
    SETTINGS.rpc_manager.clear()
    SETTINGS.outputs.clear()
    pulumi.runtime.settings.set_root_resource(None)  # type: ignore[arg-type]
    try:
        loop.run_until_complete(run_in_stack(program))
    finally:
        loop.close()
    urns = Counter(resource.urn for resource in monitor.recording.resources)
    duplicates = [urn for urn, count in urns.items() if count > 1]
    assert not duplicates, f"logical names are not unique: {duplicates}"
    return monitor.recording
