"""One environment's local cloud as its own parts see it: where it is and whose it is."""

import threading
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

from localcloud.registry import Registry

# moto accepts any key; none of these can be mistaken for a real one (AKIA…, ASIA…).
FAKE_ACCESS_KEY_ID = "LOCALCLOUDLOCALCLOUD"
FAKE_SECRET_ACCESS_KEY = "local-cloud-has-no-secrets"  # noqa: S105 - moto never checks it


@dataclass(frozen=True)
class Cloud:
    """An environment's addresses (URLs without a trailing slash), account id and home region."""

    account_id: str
    region: str
    endpoint_url: str
    gateway_url: str
    registry: Registry
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False, compare=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def client(self, service: str, region: str | None = None) -> Any:
        """The boto3 client of `service` on this cloud's endpoint; one per region, shared by all threads."""
        key = (service, region or self.region)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._connect(*key)
            return self._clients[key]

    def _connect(self, service: str, region: str) -> Any:
        # `Any`: the stubs' 400 overloads want a literal service name
        session: Any = boto3.session.Session(
            aws_access_key_id=FAKE_ACCESS_KEY_ID,
            aws_secret_access_key=FAKE_SECRET_ACCESS_KEY,
            region_name=region,
        )
        config = Config(
            connect_timeout=5,
            read_timeout=130,
            max_pool_connections=32,
            retries={"total_max_attempts": 1},
            s3={"addressing_style": "path"},
        )
        return session.client(service, endpoint_url=self.endpoint_url, config=config)
