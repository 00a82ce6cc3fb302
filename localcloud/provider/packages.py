"""Lambda's deployment packages: what a zip takes up once unpacked, known at a preview where its file is at hand."""

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from localcloud.provider.resource import Scope, Violation
from localcloud.provider.wire import Properties, is_asset

UNZIPPED = 250 * 1024 * 1024  # Lambda quotas: deployment package, unzipped; one from S3 has no other limit
_KIND = "provider:package"


def note(scope: Scope, inputs: Properties) -> None:
    """Remember how large the zip behind an S3 object's source is, for the functions that will be made of it."""
    source: Any = inputs.get("source")
    path = Path(source["path"]) if is_asset(source) and "path" in source else None
    if path is None or "bucket" not in inputs or "key" not in inputs or not path.is_file():
        return
    row, noted = _row(inputs["bucket"], inputs["key"]), {"bytes": _size(path)}
    if scope.registry.get(_KIND, row) != noted:
        scope.registry.put(_KIND, row, noted)


def forget(scope: Scope, bucket: str, key: str) -> None:
    """The object is gone."""
    scope.registry.delete(_KIND, _row(bucket, key))


def violations(scope: Scope, inputs: Properties) -> Iterable[Violation]:
    """Of a function whose package was noted."""
    noted = scope.registry.get(_KIND, _row(inputs.get("s3Bucket"), inputs.get("s3Key")))
    if noted and (fault := _fault(noted["bytes"])):
        yield "s3Key", fault


def fault(content: bytes) -> str | None:
    """Of a package that is in S3 already."""
    return _fault(_size(io.BytesIO(content)))


def _row(bucket: object, key: object) -> str:
    return f"{bucket}/{key}"


def _fault(size: int | None) -> str | None:
    if size is None:
        return "Could not unzip uploaded file: the package is no zip"
    if size > UNZIPPED:
        return f"Unzipped size must be smaller than {UNZIPPED} bytes: it is {size}, layers not counted"
    return None


def _size(file: Path | IO[bytes]) -> int | None:
    try:
        with zipfile.ZipFile(file) as package:
            return sum(entry.file_size for entry in package.infolist())
    except zipfile.BadZipFile:
        return None
