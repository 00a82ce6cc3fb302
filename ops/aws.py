"""AWS clients for one place: the local cloud with keys that no account has, or real AWS in the right account."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ops.errors import Refused
from ops.stack import Cloud, Place, is_loopback

if TYPE_CHECKING:
    import boto3

# Shaped so that no scanner and no AWS takes them for real (a real one starts with AKIA or ASIA).
_FAKE_ACCESS_KEY = "omnix-local"
_FAKE_SECRET_KEY = "omnix-local"  # noqa: S105 - it opens nothing


@dataclass
class Aws:
    """Clients of one place, made on first use; the account is checked before the first one is handed out.

    `retries` is botocore's: what asks thousands of times takes `adaptive`, which slows down where AWS throttles.
    """

    place: Place
    retries: Any = field(default_factory=lambda: {"mode": "standard", "total_max_attempts": 3})
    _session: boto3.Session | None = None
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    def client(self, service: str, region: str | None = None) -> Any:
        """The service's boto3 client in the stack's region, or in `region` for what lives elsewhere."""
        session = self.session()
        key = (service, region or self.place.region)
        if key not in self._clients:
            self._clients[key] = self._connected(session, *key)
        return self._clients[key]

    def session(self) -> boto3.Session:
        """The session behind the clients, its account checked; for what makes clients of its own."""
        if self._session is None:
            self._session = self._opened()
        return self._session

    def _opened(self) -> boto3.Session:
        session = _local_session() if self.place.cloud is Cloud.LOCAL else _ordinary_session()
        identity = self._connected(session, "sts", self.place.region).get_caller_identity()
        # The local cloud answers for whatever keys are shown; its account is still the environment's own.
        if identity["Account"] != self.place.account_id:
            raise Refused(
                f"these credentials belong to account {identity['Account']}, "
                f"{self.place.environment} is in {self.place.account_id}",
                f"sign in to account {self.place.account_id} and try again",
            )
        return session

    def _connected(self, session: Any, service: str, region: str) -> Any:
        from botocore.config import Config

        config = Config(
            region_name=region,
            connect_timeout=5,
            # Lambda's own limit for a synchronous answer through us is a function's timeout; rotation takes minutes.
            read_timeout=130,
            retries=self.retries,
            s3={"addressing_style": "path"} if self.place.cloud is Cloud.LOCAL else None,
        )
        client = session.client(service, endpoint_url=self.place.endpoint_url, config=config)
        if self.place.cloud is Cloud.AWS and is_loopback(client.meta.endpoint_url):
            raise Refused(
                f"{service} would go to {client.meta.endpoint_url}, but {self.place.environment} is on real AWS",
                "unset AWS_ENDPOINT_URL and its kin, or say `--cloud local`",
            )
        return client


def _ordinary_session() -> boto3.Session:
    import boto3

    return boto3.Session()


def _local_session() -> boto3.Session:
    """A session that reads no profile, no config file and no key of the caller's."""
    import boto3
    import botocore.session

    nothing: dict[str, Any] = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    return boto3.Session(
        aws_access_key_id=_FAKE_ACCESS_KEY,
        aws_secret_access_key=_FAKE_SECRET_KEY,
        botocore_session=botocore.session.Session(session_vars=nothing),
    )


def account_of(endpoint_url: str | None, region: str) -> str:
    """The account that the caller's credentials (or, with an endpoint, the local cloud) belong to."""
    aws = Aws(Place("", "", region, endpoint_url))
    session = _local_session() if endpoint_url else _ordinary_session()
    account: str = aws._connected(session, "sts", region).get_caller_identity()["Account"]
    return account
