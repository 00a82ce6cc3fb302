"""Mistakes in what the program registers: one resource's input set, dropped or renamed, a resource more or less."""

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tests.infra.recording import Recorded
from tests.infra.seeded.world import Edit

_DOCUMENTS = ("policy", "assumeRolePolicy", "policyDocument")


def _one(resources: Sequence[Recorded], name: str) -> int:
    """The position of the resource of that logical name; a seed that names none is a defect of the seed."""
    (found,) = [index for index, resource in enumerate(resources) if resource.name == name]
    return found


def on(name: str, change: Callable[[dict[str, Any]], object]) -> Edit:
    """`change` made in a copy of the inputs of the resource `name`."""

    def edit(resources: Sequence[Recorded]) -> list[Recorded]:
        index = _one(resources, name)
        inputs = copy.deepcopy(resources[index].inputs)
        change(inputs)
        assert inputs != resources[index].inputs, f"the seed changes nothing of {name}"
        return [*resources[:index], replace(resources[index], inputs=inputs), *resources[index + 1 :]]

    return edit


def options(name: str, **changes: Any) -> Edit:
    """Options of the resource `name` replaced: `protect`, `retain_on_delete`, `urn`, …."""

    def edit(resources: Sequence[Recorded]) -> list[Recorded]:
        index = _one(resources, name)
        return [*resources[:index], replace(resources[index], **changes), *resources[index + 1 :]]

    return edit


def put(name: str, path: str, value: Any) -> Edit:
    """The input at the dotted `path` (`rules.0.schedule`) of the resource `name` set to `value`."""

    def change(inputs: dict[str, Any]) -> None:
        at, _, last = path.rpartition(".")
        place: Any = inputs
        for part in at.split(".") if at else ():
            place = place[int(part)] if part.isdigit() else place.setdefault(part, {})
        place[int(last) if last.isdigit() else last] = value

    return on(name, change)


def drop(name: str, path: str) -> Edit:
    """The input at the dotted `path` left out."""

    def change(inputs: dict[str, Any]) -> None:
        at, _, last = path.rpartition(".")
        place: Any = inputs
        for part in at.split(".") if at else ():
            place = place[int(part)] if part.isdigit() else place[part]
        del place[int(last) if last.isdigit() else last]

    return on(name, change)


def without(*names: str) -> Edit:
    """The resources of these logical names left out."""

    def edit(resources: Sequence[Recorded]) -> list[Recorded]:
        for name in names:
            _one(resources, name)
        return [resource for resource in resources if resource.name not in names]

    return edit


def moved(old: str, new: str) -> Edit:
    """A component renamed without an alias: every resource below it has another URN."""

    def edit(resources: Sequence[Recorded]) -> list[Recorded]:
        made = [
            replace(resource, name=f"{new}{resource.name.removeprefix(old)}", urn=_under(resource.urn, old, new))
            if resource.name == old or resource.name.startswith(f"{old}-")
            else resource
            for resource in resources
        ]
        assert made != list(resources)
        return made

    return edit


def _under(urn: str, old: str, new: str) -> str:
    head, _, name = urn.rpartition("::")
    return f"{head}::{new}{name.removeprefix(old)}"


def add(type_: str, name: str, inputs: Mapping[str, Any], *, after: Sequence[str] = (), protect: bool = False) -> Edit:
    """A resource more, at the stack's root; `after` are logical names that it depends on."""

    def edit(resources: Sequence[Recorded]) -> list[Recorded]:
        stack = resources[0].urn.split("::")[0]
        urn = f"{stack}::omnix-ai::{type_}::{name}"
        dependencies = frozenset(resources[_one(resources, other)].urn for other in after)
        provider = next(resource for resource in resources if resource.type.startswith("pulumi:providers:"))
        made = Recorded(
            urn=urn,
            type=type_,
            name=name,
            parent="",
            custom=True,
            inputs=dict(inputs),
            secret_inputs=frozenset(),
            protect=protect,
            retain_on_delete=protect,
            ignore_changes=(),
            import_id="",
            dependencies=dependencies,
            provider=f"{provider.urn}::id",
        )
        return [*resources, made]

    return edit


def again(name: str, new: str, /, **changes: Any) -> Edit:
    """A copy of the resource `name` under the logical name `new`, with other inputs."""

    def edit(resources: Sequence[Recorded]) -> list[Recorded]:
        found = resources[_one(resources, name)]
        urn = f"{found.urn.rpartition('::')[0]}::{new}"
        return [*resources, replace(found, urn=urn, name=new, inputs={**copy.deepcopy(found.inputs), **changes})]

    return edit


def document(name: str, change: Callable[[dict[str, Any]], object]) -> Edit:
    """`change` made in the policy document that the resource `name` carries."""

    def in_inputs(inputs: dict[str, Any]) -> None:
        key = next(key for key in _DOCUMENTS if key in inputs)
        policy = json.loads(inputs[key])
        change(policy)
        inputs[key] = json.dumps(policy, separators=(",", ":"))

    return on(name, in_inputs)


def statement(name: str, sid: str, **changes: Any) -> Edit:
    """The statement `sid` of the resource's document changed; a value of None leaves the element out."""

    def change(policy: dict[str, Any]) -> None:
        (found,) = [row for row in policy["Statement"] if row.get("Sid") == sid]
        for key, value in changes.items():
            if value is None:
                del found[key]
            else:
                found[key] = value

    return document(name, change)


def allowing(name: str, **elements: Any) -> Edit:
    """One Allow more in the resource's document."""
    return document(name, lambda policy: policy["Statement"].append({"Effect": "Allow", **elements}))


def body(name: str, change: Callable[[dict[str, Any]], None]) -> Edit:
    """`change` made in the OpenAPI body of the REST API `name`."""

    def in_inputs(inputs: dict[str, Any]) -> None:
        parsed = json.loads(inputs["body"])
        change(parsed)
        inputs["body"] = json.dumps(parsed, sort_keys=True, separators=(",", ":"))

    return on(name, in_inputs)
