"""Where a request comes from: the network that limits count, and what names the client in a list of sessions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# What one subscriber gets of IPv6 (RFC 6177): counted by address, there would be 2^64 chances.
_IPV6_PREFIX = 64
_CLIENT_LENGTH = 200


@dataclass(frozen=True)
class Origin:
    """`network`: the address, for IPv6 its /64; `client`: the `User-Agent`, printable and cut."""

    network: str = "unknown"
    client: str = ""


def origin(event: Mapping[str, Any]) -> Origin:
    """The origin of a REST proxy event. API Gateway itself observed the address; headers are the caller's to invent."""
    identity = (event.get("requestContext") or {}).get("identity") or {}
    return Origin(_network(str(identity.get("sourceIp") or "")), _client(str(identity.get("userAgent") or "")))


def _network(address: str) -> str:
    import ipaddress

    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, _IPV6_PREFIX), strict=False))


def _client(text: str) -> str:
    return "".join(character for character in text if character.isascii() and character.isprintable())[:_CLIENT_LENGTH]
