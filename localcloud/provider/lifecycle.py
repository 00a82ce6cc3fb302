"""Check, diff, create, read, update and delete for any resource type, on plain properties."""
# ruff: noqa: A001, A002 - `id` is the engine's word for it

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import grpc
from botocore.exceptions import ClientError

from localcloud.provider.difference import Difference, agrees, difference, same
from localcloud.provider.errors import PartialCreateError, ProviderError, error_code, is_conflict, is_missing
from localcloud.provider.journal import Journal
from localcloud.provider.resource import ResourceType, Scope, Violation
from localcloud.provider.wire import Properties, has_unknown
from localcloud.refusals.check import violations

ROWS = "resource"  # registry kind: what this provider holds, by URN


@dataclass(frozen=True)
class Made:
    """A created or adopted resource."""

    id: str
    outputs: Properties


def check(
    kind: ResourceType, scope: Scope, urn: str, news: Properties, olds: Properties, seed: bytes
) -> tuple[Properties, list[Violation]]:
    """The inputs with names and region filled in, and everything wrong with them."""
    inputs = dict(news)
    if kind.schema.regional:
        inputs.setdefault("region", scope.region)
    _fill_name(kind, inputs, olds, urn.rsplit("::", 1)[-1], seed)
    failures = list(kind.schema.violations(inputs))
    if not failures:
        for key in kind.schema.documents():
            if isinstance(inputs.get(key), dict) and not has_unknown(inputs[key]):
                inputs[key] = json.dumps(inputs[key], separators=(",", ":"))
        known = {key: value for key, value in inputs.items() if not has_unknown(value)}
        failures += kind.naming.violations(known) if kind.naming else ()
        named = {path for path, _ in failures}
        failures += [found for found in violations(kind.checks, inputs, scope.place) if found[0] not in named]
        failures += kind.look(scope, known) if not failures else ()
        # in a first preview most outputs are unknown: what is given and not known yet is not missing
        failures += [found for found in kind.violations(known) if _root(found[0]) not in inputs.keys() - known.keys()]
    return inputs, failures


def _root(path: str) -> str:
    """The top-level property of a property path such as `rules[0].status`."""
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def _fill_name(kind: ResourceType, inputs: Properties, olds: Properties, logical: str, seed: bytes) -> None:
    naming = kind.naming
    if naming is None or not naming.auto or naming.property in inputs or f"{naming.property}Prefix" in inputs:
        return
    old = olds.get(naming.property)
    keep = isinstance(old, str) and naming.is_automatic(old, logical)
    inputs[naming.property] = old if keep else naming.automatic(logical, seed)


def tags_all(kind: ResourceType, scope: Scope, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The resource's tags over the provider's default ones."""
    tags = inputs.get("tags")
    return {**scope.default_tags, **(tags if isinstance(tags, dict) else {})} if kind.schema.taggable else {}


def diff(kind: ResourceType, scope: Scope, olds: Properties, old_inputs: Properties, news: Properties) -> Difference:
    """Changed default tags count: they reach every taggable resource as `tagsAll`."""
    return difference(kind, olds, old_inputs or olds, news, tags_all(kind, scope, news))


def delete_first(kind: ResourceType, scope: Scope, urn: str, id: str, olds: Properties, news: Properties) -> bool:
    """Whether old and new would bear the same physical name, so that both cannot exist at once."""
    if kind.naming and (name := news.get(kind.naming.property)) is not None:
        automatic = kind.naming.is_automatic(str(name), urn.rsplit("::", 1)[-1])
        return not automatic and olds.get(kind.naming.property) == name
    return not has_unknown(news) and kind.identity(scope, news) == id


def preview(kind: ResourceType, scope: Scope, olds: Properties, news: Properties) -> Properties:
    """What can be said before it is done; whatever is not known is left out."""
    expected = {**kind.defaults, **news}
    if kind.schema.taggable:
        expected["tagsAll"] = tags_all(kind, scope, news)
    if olds:
        changed = difference(kind, olds, olds, {**olds, **news}, expected.get("tagsAll", {})).changed
        stay = {key: value for key, value in olds.items() if key not in kind.schema.inputs}
        expected = {**stay, **expected}
        for key in kind.volatile(olds, changed):
            expected.pop(key, None)
    return {key: value for key, value in expected.items() if not has_unknown(value)}


def create(kind: ResourceType, scope: Scope, journal: Journal, urn: str, inputs: Properties, peer: str = "") -> Made:
    """Raises `PartialCreateError` once something exists but is not whole."""
    if has_unknown(inputs):
        raise ProviderError("an input is unknown outside a preview; the engine and this provider disagree")
    made = _adopt(kind, scope, journal, urn, inputs)
    if made is None:
        journal.begin(urn, kind.pulumi_type, kind.identity(scope, inputs), peer)
        try:
            id = kind.create(scope, inputs)
        except ClientError as error:
            journal.abandon(urn)
            raise _explained(kind, urn, error) from error
        except Exception:
            journal.abandon(urn)
            raise
        journal.made(urn, kind.pulumi_type, id)
        made = Made(id, _settled(kind, scope, id, inputs, {}))
    scope.registry.put(ROWS, urn, {"type": kind.pulumi_type, "label": kind.label.value, "id": made.id})
    return made


def _explained(kind: ResourceType, urn: str, error: ClientError) -> ProviderError:
    message = str(error)
    code = grpc.StatusCode.FAILED_PRECONDITION
    if is_conflict(error):
        code = grpc.StatusCode.ALREADY_EXISTS
        message += (
            f". It exists in the cloud and is not in this stack's state ({kind.pulumi_type} {urn}):"
            " import it (ResourceOptions(import_=…)), or delete it, then run again"
        )
    return ProviderError(f"{error_code(error)}: {message}", code)


def _settled(kind: ResourceType, scope: Scope, id: str, inputs: Properties, olds: Properties) -> Properties:
    try:
        kind.settle(scope, id, inputs, olds)
        _sync_tags(kind, scope, id, inputs, inputs)
        observed = kind.read(scope, id, inputs)
    except (ClientError, ProviderError) as error:
        raise PartialCreateError(id, [str(error)]) from error
    if observed is None:
        raise PartialCreateError(id, [f"{id} is not there after it was created"])
    return outputs(kind, scope, inputs, observed)


def _adopt(kind: ResourceType, scope: Scope, journal: Journal, urn: str, inputs: Properties) -> Made | None:
    id = journal.unrecorded(urn, kind.pulumi_type)
    observed = _observed(kind, scope, id, inputs) if id else None
    if id is None or observed is None:
        return None
    olds = {**inputs, **observed}
    if diff(kind, scope, olds, observed if kind.importable else olds, inputs).replaces:
        kind.delete(scope, id, olds)
        return None
    return Made(id, _settled(kind, scope, id, inputs, observed))


def _observed(kind: ResourceType, scope: Scope, id: str, state: Properties) -> Properties | None:
    try:
        return kind.read(scope, id, state)
    except ClientError as error:
        if is_missing(error):
            return None
        raise


def outputs(kind: ResourceType, scope: Scope, inputs: Properties, observed: Properties) -> Properties:
    """Inputs with what the cloud computed. Where both mean the same, the input's own spelling stays."""
    merged = {**kind.defaults, **inputs}
    merged |= {
        key: value for key, value in observed.items() if key not in inputs or not agrees(kind, key, inputs[key], value)
    }
    if kind.schema.regional:
        merged["region"] = scope.region
    if kind.schema.taggable:
        merged["tagsAll"] = tags_all(kind, scope, inputs)
    found = {key: value for key, value in merged.items() if value is not None and key in kind.schema.outputs}
    return {**kind.schema.empty, **found}


def read(
    kind: ResourceType,
    scope: Scope,
    id: str,
    state: Properties,
    old_inputs: Properties,
) -> tuple[Properties, Properties] | None:
    """(outputs, inputs) as the cloud has them now, or None where the resource is gone.

    Without old inputs this is an import: the inputs are then all that is observed and not a default.
    """
    importing = not old_inputs and not state
    if importing and not kind.importable:
        raise ProviderError(f"{kind.pulumi_type} cannot be imported into this cloud", grpc.StatusCode.UNIMPLEMENTED)
    observed = _observed(kind, scope, id, state)
    if observed is None:
        return None
    observed |= _observed_tags(kind, scope, id, {**state, **observed})
    if importing:
        found = {
            key: value
            for key, value in observed.items()
            if key in kind.schema.inputs.keys() - kind.filled and not same(kind, key, value, None)
        }
        if kind.schema.regional:
            found["region"] = scope.region
        return outputs(kind, scope, found, observed), found
    inputs = {
        key: value if key not in observed or agrees(kind, key, value, observed[key]) else observed[key]
        for key, value in old_inputs.items()
    }
    fresh = outputs(kind, scope, {**state, **inputs}, observed)
    if "tagsAll" in observed:
        fresh["tagsAll"] = observed["tagsAll"]
    return fresh, {key: value for key, value in inputs.items() if value is not None}


def _observed_tags(kind: ResourceType, scope: Scope, id: str, state: Properties) -> Properties:
    if kind.tagging is None:
        return {}
    found = kind.tagging.list(scope.client(kind.tagging.service), kind.tagged(id, state))
    found = {key: value for key, value in found.items() if not key.startswith("aws:")}
    own = state.get("tags") or {}
    tags = {key: value for key, value in found.items() if key in own or scope.default_tags.get(key) != value}
    return {"tags": tags, "tagsAll": found}


def update(
    kind: ResourceType,
    scope: Scope,
    urn: str,
    id: str,
    olds: Properties,
    news: Properties,
) -> Properties:
    """The outputs after it. Raises `ProviderError` where the resource is gone."""
    kind.settle(scope, id, news, olds)
    stay = {key: value for key, value in olds.items() if key not in kind.schema.inputs}
    _sync_tags(kind, scope, id, news, {**stay, **news})
    observed = kind.read(scope, id, {**stay, **news})
    if observed is None:
        raise ProviderError(f"{id} is gone: run `pulumi refresh`, then again", grpc.StatusCode.NOT_FOUND)
    scope.registry.put(ROWS, urn, {"type": kind.pulumi_type, "label": kind.label.value, "id": id})
    return outputs(kind, scope, {**{k: v for k, v in stay.items() if k != "tagsAll"}, **news}, observed)


def _sync_tags(kind: ResourceType, scope: Scope, id: str, inputs: Properties, state: Properties) -> None:
    if kind.tagging is None:
        return
    client = scope.client(kind.tagging.service)
    if "arn" not in state:
        state = {**state, **(kind.read(scope, id, state) or {})}
    resource = kind.tagged(id, state)
    kind.tagging.sync(client, resource, tags_all(kind, scope, inputs), kind.tagging.list(client, resource))


def delete(kind: ResourceType, scope: Scope, urn: str, id: str, state: Properties) -> None:
    """Of something already gone: nothing to do, as in the real provider."""
    try:
        kind.delete(scope, id, state)
    except ClientError as error:
        if not is_missing(error):
            raise
    row = scope.registry.get(ROWS, urn)
    if row is None or row["id"] == id:
        scope.registry.delete(ROWS, urn)
