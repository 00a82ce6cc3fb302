"""The `ResourceProvider` gRPC service: wire values in, lifecycle calls, wire values out."""
# ruff: noqa: ARG002, D102, N802 - names and arguments are the protocol's (pulumi/provider.proto)

import json
import re
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

import grpc
from botocore.exceptions import BotoCoreError, ClientError
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from localcloud.cloud import Cloud
from localcloud.provider import functions, lifecycle
from localcloud.provider.catalogue import CATALOGUE
from localcloud.provider.configuration import Connections, configuration, violations
from localcloud.provider.difference import without
from localcloud.provider.errors import PartialCreateError, ProviderError, abort_partial, grpc_code
from localcloud.provider.journal import Journal
from localcloud.provider.resource import ResourceType, Scope
from localcloud.provider.schema import SDK_VERSION
from localcloud.provider.wire import (
    Empty,
    Properties,
    conceal,
    from_struct,
    has_unknown,
    plain,
    rewrap,
    to_struct,
    told_secrets,
)

_TELLING = 4  # a shorter text is in too many words by chance
_ELSEWHERE = re.compile(r"(?P<id>.+)@(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)")
_SCHEMA = json.dumps({"name": "aws", "version": SDK_VERSION})


def _explicit[**P, R](method: Callable[P, R]) -> Callable[P, R]:
    """Every failure gets a gRPC code: the engine reads UNKNOWN as possibly corrupt state."""

    @wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        context: Any = args[2]
        try:
            return method(*args, **kwargs)
        except PartialCreateError:
            raise
        except (ProviderError, ClientError, BotoCoreError) as error:
            context.abort(grpc_code(error), str(error))
        except (KeyError, TypeError, ValueError, AttributeError, LookupError, OSError) as error:
            context.abort(grpc.StatusCode.INTERNAL, f"{method.__name__}: {type(error).__name__}: {error}")
        raise AssertionError

    return call


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """Thread-safe: all state is in the cloud, its registry, and `Connections`."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._connections = Connections()
        self._journal = Journal(cloud.registry)

    # --- the plug-in itself -------------------------------------------------------------------

    def Handshake(self, request: Any, context: Any) -> provider_pb2.ProviderHandshakeResponse:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def Attach(self, request: Any, context: Any) -> Empty:
        return Empty()

    def GetPluginInfo(self, request: Any, context: Any) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=SDK_VERSION)

    def GetSchema(self, request: Any, context: Any) -> provider_pb2.GetSchemaResponse:
        return provider_pb2.GetSchemaResponse(schema=_SCHEMA)

    def Cancel(self, request: Any, context: Any) -> Empty:
        """Sent at every normal close: it stops nothing, and says that the engine has saved its state."""
        self._journal.closed(context.peer())
        return Empty()

    # --- configuration ------------------------------------------------------------------------

    @_explicit
    def CheckConfig(self, request: Any, context: Any) -> provider_pb2.CheckResponse:
        failures = violations(plain(from_struct(request.news)))
        return provider_pb2.CheckResponse(
            inputs=request.news,
            failures=[provider_pb2.CheckFailure(property=path, reason=reason) for path, reason in failures],
        )

    @_explicit
    def DiffConfig(self, request: Any, context: Any) -> provider_pb2.DiffResponse:
        """Nothing about a provider forces replacing what it made: resources carry their own region."""
        olds, news = plain(from_struct(request.old_inputs or request.olds)), plain(from_struct(request.news))
        changed = sorted(key for key in {*olds, *news} - {"version"} if olds.get(key) != news.get(key))
        changes = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=changes, diffs=changed)

    @_explicit
    def Configure(self, request: Any, context: Any) -> provider_pb2.ConfigureResponse:
        arguments = from_struct(request.args)
        if not has_unknown(arguments.get("region")) and not has_unknown(arguments.get("allowedAccountIds")):
            self._connections.put(context.peer(), configuration(arguments, self._cloud))
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    @_explicit
    def Invoke(self, request: Any, context: Any) -> provider_pb2.InvokeResponse:
        arguments = plain(from_struct(request.args))
        scope = self._connections.get(context.peer()).scope(self._cloud, arguments)
        result = functions.invoke(scope, request.tok, arguments)
        return provider_pb2.InvokeResponse(**{"return": to_struct(result)})

    # --- resources ----------------------------------------------------------------------------

    @_explicit
    def Check(self, request: Any, context: Any) -> provider_pb2.CheckResponse:
        marked = from_struct(request.news)
        news, olds = plain(marked), plain(from_struct(request.olds))
        kind, scope = self._resolve(request, context, news)
        inputs, failures = lifecycle.check(kind, scope, request.urn, news, olds, request.randomSeed)
        return provider_pb2.CheckResponse(
            inputs=to_struct(rewrap(inputs, marked)),
            failures=[
                provider_pb2.CheckFailure(property=path, reason=_without(reason, told_secrets(marked)))
                for path, reason in failures
            ],
        )

    @_explicit
    def Diff(self, request: Any, context: Any) -> provider_pb2.DiffResponse:
        olds, news = plain(from_struct(request.olds)), plain(from_struct(request.news))
        kind, scope = self._resolve(request, context, news)
        self._journal.recorded(request.urn, request.id)
        found = lifecycle.diff(kind, scope, olds, plain(from_struct(request.old_inputs)), news)
        found = without(found, request.ignoreChanges)
        response = provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if found.paths else provider_pb2.DiffResponse.DIFF_NONE,
            replaces=sorted(found.replaces),
            diffs=sorted(found.changed),
            hasDetailedDiff=True,
            deleteBeforeReplace=bool(found.replaces)
            and lifecycle.delete_first(kind, scope, request.urn, request.id, olds, news),
        )
        for path, change in found.paths.items():
            response.detailedDiff[path].kind = change
            response.detailedDiff[path].inputDiff = path.split(".")[0] != "tagsAll"
        return response

    @_explicit
    def Create(self, request: Any, context: Any) -> provider_pb2.CreateResponse:
        marked = from_struct(request.properties)
        inputs = plain(marked)
        kind, scope = self._resolve(request, context, inputs)
        if request.preview:
            outputs = lifecycle.preview(kind, scope, {}, inputs)
            return provider_pb2.CreateResponse(properties=_outgoing(kind, outputs, marked))
        try:
            made = lifecycle.create(kind, scope, self._journal, request.urn, inputs, context.peer())
        except PartialCreateError as error:
            state = to_struct(rewrap(inputs, marked))
            failed = provider_pb2.ErrorResourceInitFailed(
                id=error.id, properties=state, inputs=state, reasons=error.reasons
            )
            abort_partial(context, failed, str(error))
        return provider_pb2.CreateResponse(id=made.id, properties=_outgoing(kind, made.outputs, marked))

    @_explicit
    def Read(self, request: Any, context: Any) -> provider_pb2.ReadResponse:
        marked_state, marked_inputs = from_struct(request.properties), from_struct(request.inputs)
        state, old_inputs = plain(marked_state), plain(marked_inputs)
        id_, elsewhere = request.id, {}
        # the real provider's way to import from a region that is not its own
        if not state and not old_inputs and (match := _ELSEWHERE.fullmatch(id_)):
            id_, elsewhere = match["id"], {"region": match["region"]}
        kind, scope = self._resolve(request, context, {**state, **old_inputs, **elsewhere})
        found = lifecycle.read(kind, scope, id_, state, old_inputs)
        if found is None:
            return provider_pb2.ReadResponse()
        self._journal.recorded(request.urn, id_)
        outputs, inputs = found
        return provider_pb2.ReadResponse(
            id=id_,
            properties=_outgoing(kind, outputs, {**marked_state, **marked_inputs}),
            inputs=_outgoing(kind, inputs, marked_inputs),
        )

    @_explicit
    def Update(self, request: Any, context: Any) -> provider_pb2.UpdateResponse:
        marked = from_struct(request.news)
        olds, news = plain(from_struct(request.olds)), plain(marked)
        kind, scope = self._resolve(request, context, news)
        if request.preview:
            outputs = lifecycle.preview(kind, scope, olds, news)
        else:
            self._journal.recorded(request.urn, request.id)
            outputs = lifecycle.update(kind, scope, request.urn, request.id, olds, news)
        return provider_pb2.UpdateResponse(properties=_outgoing(kind, outputs, marked))

    @_explicit
    def Delete(self, request: Any, context: Any) -> Empty:
        state = plain(from_struct(request.properties))
        kind, scope = self._resolve(request, context, state)
        self._journal.recorded(request.urn, request.id)
        lifecycle.delete(kind, scope, request.urn, request.id, state)
        return Empty()

    def _resolve(self, request: Any, context: Any, properties: Properties) -> tuple[ResourceType, Scope]:
        token = request.type or request.urn.split("::")[2].split("$")[-1]
        kind = CATALOGUE.get(token)
        if kind is None:
            raise ProviderError(
                f"this cloud has no resource type {token} ({request.urn}); it knows {len(CATALOGUE)} types"
            )
        return kind, self._connections.get(context.peer()).scope(self._cloud, properties)


def _without(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "[secret]") if len(secret) >= _TELLING else text
    return text


def _outgoing(kind: ResourceType, values: Properties, marked: Properties) -> Any:
    return to_struct(conceal(rewrap(values, marked), kind.secret_outputs))
