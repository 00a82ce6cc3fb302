"""A zip whose bytes depend on its contents alone, within Lambda's limits."""

import base64
import hashlib
import zipfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from bundler.errors import OversizeError

# Lambda quotas: 50 MB zipped (direct upload), 250 MB unzipped (with layers).
ZIPPED_LIMIT = 50 * 1024 * 1024
UNZIPPED_LIMIT = 250 * 1024 * 1024
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest time a zip can hold
_UNIX = 3
_FILE = 0o100644 << 16  # Lambda runs as another user than the one who unpacks: all may read
_LEVEL = 6  # 9 saves 0.5 % of the bytes and takes twice as long


def write(
    path: Path,
    entries: Mapping[str, bytes],
    *,
    zipped_limit: int = ZIPPED_LIMIT,
    unzipped_limit: int = UNZIPPED_LIMIT,
) -> None:
    """Write `entries` sorted by name, with one time, one mode and one compression.

    Raises OversizeError, naming the largest contributors, above `unzipped_limit` or `zipped_limit` bytes.
    """
    sizes = {name: len(content) for name, content in entries.items()}
    _require("unzipped", sum(sizes.values()), unzipped_limit, sizes)
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(entries):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system = _UNIX
            info.external_attr = _FILE
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, entries[name], compresslevel=_LEVEL)
        packed = {info.filename: info.compress_size for info in archive.infolist()}
    _require("zipped", path.stat().st_size, zipped_limit, packed)


def sha256(path: Path) -> str:
    """Return the base64 of the file's SHA-256: what Lambda calls CodeSha256."""
    with path.open("rb") as handle:
        return base64.b64encode(hashlib.file_digest(handle, "sha256").digest()).decode()


def _require(kind: str, total: int, limit: int, sizes: Mapping[str, int]) -> None:
    if total <= limit:
        return
    by_folder: Counter[str] = Counter()
    for name, size in sizes.items():
        by_folder[name.partition("/")[0]] += size
    largest = ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in by_folder.most_common(5))
    raise OversizeError(
        f"{total / 1e6:.1f} MB {kind} is above Lambda's limit of {limit / 1e6:.1f} MB; largest: {largest}"
    )
