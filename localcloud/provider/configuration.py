"""The arguments of one `aws.Provider`, and which connection of the engine they belong to."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc

from localcloud.cloud import Cloud
from localcloud.provider.errors import ProviderError
from localcloud.provider.resource import Scope
from localcloud.provider.schema import provider_inputs
from localcloud.provider.wire import Properties, plain

_CONNECTIONS = 512  # each run of the engine opens two or three


@dataclass(frozen=True)
class Configuration:
    """What one provider instance was told."""

    region: str
    default_tags: Mapping[str, str] = field(default_factory=dict)

    def scope(self, cloud: Cloud, inputs: Mapping[str, Any]) -> Scope:
        """A resource's own `region` wins over the provider's, as in pulumi-aws 7."""
        region = inputs.get("region")
        return Scope(cloud, region if isinstance(region, str) and region else self.region, self.default_tags)


def decoded(arguments: Properties) -> Properties:
    """Provider arguments arrive as strings, JSON where they are not scalars."""
    found: Properties = {}
    for key, value in plain(arguments).items():
        found[key] = value
        if isinstance(value, str) and value[:1] in {"{", "["}:
            found[key] = json.loads(value)
    return found


def violations(arguments: Properties) -> list[tuple[str, str]]:
    """(argument, reason) for every one that `aws.Provider` does not have."""
    known = {*provider_inputs(), "version", "pluginDownloadURL"}
    return [(key, "unknown provider argument") for key in arguments if key not in known and not key.startswith("__")]


def configuration(arguments: Properties, cloud: Cloud) -> Configuration:
    """Raises `ProviderError` for an account that is not this cloud's, as the real provider does."""
    given = decoded(arguments)
    allowed, forbidden = given.get("allowedAccountIds"), given.get("forbiddenAccountIds") or []
    if (allowed and cloud.account_id not in allowed) or cloud.account_id in forbidden:
        raise ProviderError(
            f"AWS account ID not allowed: {cloud.account_id} (this cloud's account); the provider allows"
            f" {', '.join(allowed or ['all but ' + ', '.join(forbidden)])}",
            grpc.StatusCode.PERMISSION_DENIED,
        )
    tags = (given.get("defaultTags") or {}).get("tags") or {}
    return Configuration(given.get("region") or cloud.region, tags)


class Connections:
    """Configurations by gRPC peer: the engine opens one connection per provider instance and run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._configurations: dict[str, Configuration] = {}

    def put(self, peer: str, value: Configuration) -> None:
        """The oldest goes once there are very many."""
        with self._lock:
            self._configurations.pop(peer, None)
            self._configurations[peer] = value
            while len(self._configurations) > _CONNECTIONS:
                del self._configurations[next(iter(self._configurations))]

    def get(self, peer: str) -> Configuration:
        """Raises `ProviderError` for a connection that never called Configure."""
        with self._lock:
            found = self._configurations.get(peer)
        if found is None:
            raise ProviderError("this connection was not configured", grpc.StatusCode.FAILED_PRECONDITION)
        return found
