"""botocore's service descriptions, cut to the services that a function calls.

Whole, they are 28 MB of the site; the regional endpoints alone are 1.2 MB that every new session parses.
"""

import gzip
import json
from pathlib import Path
from typing import Any

from bundler.errors import ProjectError

DATA = "botocore/data"
_SHARED = ("_retry.json", "partitions.json", "sdk-default-configuration.json")
_EXAMPLES = "examples-1.json"


def service_files(site: Path, services: tuple[str, ...] | None) -> dict[str, bytes]:
    """Return path in the zip → content for `services`; None means every service, unchanged.

    Models are stored plain: botocore would otherwise gunzip them in every cold start, and the zip compresses
    them anyway. Raises ProjectError for a service that this botocore does not know.
    """
    data = site / DATA
    if services is None:
        return {f"{DATA}/{p.relative_to(data).as_posix()}": p.read_bytes() for p in _all(data)}
    unknown = [s for s in services if not (data / s).is_dir()]
    if unknown:
        raise ProjectError(f"[tool.omnix] aws-services: botocore knows no service {', '.join(unknown)}")
    found = {f"{DATA}/{name}": (data / name).read_bytes() for name in _SHARED}
    prefixes = set()
    for service in services:
        newest = max(p for p in (data / service).iterdir() if p.is_dir())
        for path in _all(newest):
            if path.name == _EXAMPLES:
                continue
            content, name = _plain(path)
            found[f"{DATA}/{service}/{newest.name}/{name}"] = content
            if name == "service-2.json":
                prefixes.add(json.loads(content)["metadata"]["endpointPrefix"])
    found[f"{DATA}/endpoints.json"] = _endpoints((data / "endpoints.json").read_bytes(), prefixes)
    return found


def service_names(site: Path) -> set[str]:
    """Every service that the site's botocore knows; none where there is no botocore."""
    data = site / DATA
    return {p.name for p in data.iterdir() if p.is_dir()} if data.is_dir() else set()


def _all(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file())


def _plain(path: Path) -> tuple[bytes, str]:
    content = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(content), path.stem
    return content, path.name


def _endpoints(document: bytes, prefixes: set[str]) -> bytes:
    """Keep each partition's regions and defaults, and the endpoints of `prefixes` alone."""
    endpoints: dict[str, Any] = json.loads(document)
    for partition in endpoints["partitions"]:
        partition["services"] = {k: v for k, v in partition["services"].items() if k in prefixes}
    return json.dumps(endpoints, sort_keys=True, separators=(",", ":")).encode()
