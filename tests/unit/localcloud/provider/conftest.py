"""A cloud of its own (moto in this process) and the provider's service called as the engine calls it."""
# ruff: noqa: A002 - `id` is the engine's word for it

from collections.abc import Iterable, Iterator
from typing import Any, Never

import grpc
import httpx
import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from pulumi.runtime.proto import provider_pb2

from localcloud.cloud import Cloud
from localcloud.provider.servicer import Provider
from localcloud.provider.wire import from_struct, to_struct
from localcloud.registry import Registry
from tests.unit.localcloud.fronted import FrontedServer

REGION = "eu-central-1"


class RefusedError(Exception):
    """What the provider aborted a call with."""

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        super().__init__(details)
        self.code = code
        self.details = details
        self.metadata: tuple[tuple[str, bytes], ...] = ()


class Context:
    """The part of a gRPC context that the provider uses."""

    def __init__(self, peer: str) -> None:
        self._peer = peer
        self._metadata: tuple[tuple[str, bytes], ...] = ()

    def peer(self) -> str:
        return self._peer

    def set_trailing_metadata(self, metadata: tuple[tuple[str, bytes], ...]) -> None:
        self._metadata = metadata

    def abort(self, code: grpc.StatusCode, details: str) -> Never:
        refused = RefusedError(code, details)
        refused.metadata = self._metadata
        raise refused


class Engine:
    """One run of the engine: its connection, its seeds, its URNs."""

    def __init__(self, cloud: Cloud, peer: str = "ipv4:127.0.0.1:1", **provider: Any) -> None:
        self.cloud = cloud
        self.provider = Provider(cloud)
        self.peer = peer
        self.configure(**provider)

    def configure(self, **arguments: Any) -> None:
        request = provider_pb2.ConfigureRequest(args=to_struct({"region": REGION, **arguments}))
        self.provider.Configure(request, Context(self.peer))

    def urn(self, type_token: str, name: str) -> str:
        return f"urn:pulumi:dev::shop::{type_token}::{name}"

    def check(
        self, type_token: str, name: str, news: dict[str, Any], olds: dict[str, Any] | None = None, seed: bytes = b"s"
    ) -> tuple[dict[str, Any], dict[str, str]]:
        request = provider_pb2.CheckRequest(
            urn=self.urn(type_token, name), news=to_struct(news), olds=to_struct(olds or {}), randomSeed=seed
        )
        response = self.provider.Check(request, Context(self.peer))
        return from_struct(response.inputs), {failure.property: failure.reason for failure in response.failures}

    def create(
        self, type_token: str, name: str, inputs: dict[str, Any], *, preview: bool = False
    ) -> tuple[str, dict[str, Any]]:
        checked, failures = self.check(type_token, name, inputs)
        assert not failures, failures
        request = provider_pb2.CreateRequest(
            urn=self.urn(type_token, name), properties=to_struct(checked), preview=preview
        )
        response = self.provider.Create(request, Context(self.peer))
        return response.id, from_struct(response.properties)

    def diff(
        self,
        type_token: str,
        name: str,
        id: str,
        olds: dict[str, Any],
        old_inputs: dict[str, Any],
        news: dict[str, Any],
        ignored: Iterable[str] = (),
    ) -> provider_pb2.DiffResponse:
        checked, failures = self.check(type_token, name, news, old_inputs)
        assert not failures, failures
        request = provider_pb2.DiffRequest(
            id=id,
            urn=self.urn(type_token, name),
            olds=to_struct(olds),
            old_inputs=to_struct(old_inputs),
            news=to_struct(checked),
            ignoreChanges=ignored,
        )
        return self.provider.Diff(request, Context(self.peer))

    def update(
        self, type_token: str, name: str, id: str, olds: dict[str, Any], news: dict[str, Any], *, preview: bool = False
    ) -> dict[str, Any]:
        checked, failures = self.check(type_token, name, news, olds)
        assert not failures, failures
        request = provider_pb2.UpdateRequest(
            id=id, urn=self.urn(type_token, name), olds=to_struct(olds), news=to_struct(checked), preview=preview
        )
        return from_struct(self.provider.Update(request, Context(self.peer)).properties)

    def read(
        self,
        type_token: str,
        name: str,
        id: str,
        state: dict[str, Any] | None = None,
        inputs: dict[str, Any] | None = None,
    ) -> provider_pb2.ReadResponse:
        request = provider_pb2.ReadRequest(
            id=id,
            urn=self.urn(type_token, name),
            properties=to_struct(state or {}),
            inputs=to_struct(inputs or {}),
        )
        return self.provider.Read(request, Context(self.peer))

    def delete(self, type_token: str, name: str, id: str, state: dict[str, Any]) -> None:
        request = provider_pb2.DeleteRequest(id=id, urn=self.urn(type_token, name), properties=to_struct(state))
        self.provider.Delete(request, Context(self.peer))

    def close(self) -> None:
        """As the engine ends in good order."""
        self.provider.Cancel(None, Context(self.peer))

    def refusal(self, call: Any, *arguments: Any, **options: Any) -> RefusedError:
        with pytest.raises(RefusedError) as caught:
            call(*arguments, **options)
        return caught.value


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    server = FrontedServer()
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def cloud(moto_url: str) -> Cloud:
    """Empty: account and region are moto's default account and Frankfurt."""
    httpx.post(f"{moto_url}/moto-api/reset").raise_for_status()
    return Cloud(DEFAULT_ACCOUNT_ID, REGION, moto_url, "http://127.0.0.1:9", Registry())


@pytest.fixture
def engine(cloud: Cloud) -> Engine:
    return Engine(cloud)
