"""A run's files in the bucket: JSON documents, and the gzipped lines of an export."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LINES = "application/x-ndjson"


@dataclass(frozen=True)
class Files:
    """One bucket. Raises botocore's errors."""

    s3: Any
    bucket: str

    @classmethod
    def opened(cls, bucket: str) -> Files:
        """With the region and the credentials of the process."""
        return cls(Session().create_client("s3"), bucket)

    def text(self, key: str) -> str:
        """A whole object as UTF-8."""
        content: bytes = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return content.decode()

    def document(self, key: str) -> Any:
        """An object that is JSON."""
        return json.loads(self.text(key))

    def write(self, key: str, document: Any) -> None:
        """A JSON object, whatever was there."""
        body = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body.encode(), ContentType="application/json")

    def write_lines(self, key: str, documents: Iterable[Any]) -> None:
        """An object with a JSON document a line."""
        lines = (json.dumps(one, ensure_ascii=False, separators=(",", ":")) + "\n" for one in documents)
        self.s3.put_object(Bucket=self.bucket, Key=key, Body="".join(lines).encode(), ContentType=_LINES)

    def keys(self, prefix: str) -> Iterator[str]:
        """The keys below a prefix, sorted."""
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
            yield from (found["Key"] for found in page.get("Contents", ()))

    def lines(self, key: str) -> Iterator[bytes]:
        """The lines of a gzipped object, streamed: an export's files are as large as the table makes them."""
        body = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"]
        with gzip.GzipFile(fileobj=body) as lines:
            yield from lines
