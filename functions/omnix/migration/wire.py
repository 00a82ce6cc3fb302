"""DynamoDB as it is on the wire: requests that are written once, answers that are not taken apart.

botocore walks its model for every attribute of every item in both directions, which is most of what moving an item
costs. Here items stay the JSON that DynamoDB sent (binary values are base64), and botocore still signs, retries, finds
endpoints and renews credentials.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.parsers import JSONParser, ResponseParser, ResponseParserFactory
from botocore.session import Session

if TYPE_CHECKING:
    from collections.abc import Mapping

type Document = dict[str, Any]
type Item = dict[str, Document]

# What botocore's endpoint rules look into before the body is ours.
_OPERATIONS: Mapping[str, Mapping[str, Any]] = {
    "scan": {"TableName": "-"},
    "query": {"TableName": "-"},
    "batch_get_item": {"RequestItems": {}},
    "batch_write_item": {"RequestItems": {}},
    "transact_write_items": {"TransactItems": []},
    "get_records": {"ShardIterator": "-"},
}

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class _Parser(JSONParser):
    """An answer of these operations is the JSON that came; an error is parsed as ever."""

    def _handle_json_body(self, raw_body: bytes, shape: Any) -> Any:
        del shape
        return self._parse_body_as_json(raw_body)  # type: ignore[attr-defined] # botocore's own, without a stub


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class _Parsers(ResponseParserFactory):
    def create_parser(self, protocol_name: str) -> ResponseParser:
        if protocol_name != "json":
            return super().create_parser(protocol_name)
        return _Parser(**self._defaults)  # type: ignore[attr-defined] # as the method that it replaces


class _Found:
    """Credentials that somebody else found and renews."""

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials

    def load_credentials(self) -> Any:
        return self._credentials


class Wire:
    """One region's DynamoDB (or its streams). Safe for threads."""

    def __init__(
        self,
        region: str,
        credentials: Any = None,
        endpoint_url: str | None = None,
        connections: int = 64,
        service: str = "dynamodb",
    ) -> None:
        session = Session()
        if credentials is not None:
            session.register_component("credential_provider", _Found(credentials))
        session.register_component("response_parser_factory", _Parsers())
        config = Config(
            connect_timeout=5,
            read_timeout=30,
            max_pool_connections=connections,
            retries={"mode": "standard", "total_max_attempts": 4},
            tcp_keepalive=True,
            parameter_validation=False,
        )
        self._client = session.create_client(service, region_name=region, endpoint_url=endpoint_url, config=config)
        self._mine = threading.local()
        self._client.meta.events.register("before-call", self._write)

    def call(self, operation: str, request: Mapping[str, Any]) -> Document:
        """One call by its Python name. Raises botocore's errors, as any client."""
        self._mine.body = _ENCODER.encode(request).encode()
        try:
            answer: Document = getattr(self._client, operation)(**_OPERATIONS[operation])
        finally:
            self._mine.body = None
        return answer

    def _write(self, params: Document, **_: object) -> None:
        if (body := getattr(self._mine, "body", None)) is not None:
            params["body"] = body
