"""Custom domains' mappings onto APIs: they go before the API that they lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.audit.model import Kind, Resource
from ops.audit.seen import Seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.audit.reader import Reader

KINDS = (Kind.DOMAIN_MAPPING,)
NO_PATH = "(none)"


def read(reader: Reader, region: str, only: str | None = None) -> Iterator[Seen]:
    """The region's mappings, named "domain/path" (the empty path is "(none)", as REST APIs call it), or that `only`.

    Both versions of API Gateway are asked: the first knows edge domains, the second paths of several levels.
    """
    wanted = (only or "").partition("/")[0]
    seen: set[str] = set()
    for mapping in (*_first(reader, region, wanted), *_second(reader, region, wanted)):
        name = mapping.resource.name
        if name not in seen and (not only or name == only):
            seen.add(name)
            yield mapping


def _first(reader: Reader, region: str, wanted: str) -> Iterator[Seen]:
    for domain in reader.pages("apigateway", "get_domain_names", region, "items", KINDS):
        name = domain["domainName"]
        if wanted in ("", name):
            rows = reader.pages(
                "apigateway", "get_base_path_mappings", region, "items", KINDS, subject=name, domainName=name
            )
            yield from (
                _mapping(reader, region, name, row.get("basePath"), row["restApiId"], row.get("stage")) for row in rows
            )


def _second(reader: Reader, region: str, wanted: str) -> Iterator[Seen]:
    for domain in reader.pages("apigatewayv2", "get_domain_names", region, "Items", KINDS):
        name = domain["DomainName"]
        if wanted in ("", name):
            rows = reader.pages(
                "apigatewayv2", "get_api_mappings", region, "Items", KINDS, subject=name, DomainName=name
            )
            yield from (
                _mapping(reader, region, name, row.get("ApiMappingKey"), row["ApiId"], row.get("Stage")) for row in rows
            )


def _mapping(reader: Reader, region: str, domain: str, path: str | None, api: str, stage: str | None) -> Seen:
    path = path or NO_PATH
    resource = Resource(
        kind=Kind.DOMAIN_MAPPING, name=f"{domain}/{path}", region=region, account_id=reader.account_id,
        arn=f"arn:{reader.partition}:apigateway:{region}::/domainnames/{domain}/basepathmappings/{path}",
        facts={"domain": domain, "path": path, "api": api, "stage": stage or ""},
    )  # fmt: skip
    return Seen(resource, {"api": api})
