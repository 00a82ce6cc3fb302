"""The accounts that a migration reads and writes, and the two ways it talks to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from omnix.migration.wire import Wire
from ops.aws import Aws
from ops.errors import Refused

if TYPE_CHECKING:
    import boto3

    from ops.stack import Stack

_SESSION_NAME = "omnix-migrate"


@dataclass
class Account:
    """One account in one region: boto3's clients for what is asked now and then, the wire for items."""

    account_id: str
    region: str
    endpoint_url: str | None
    session: boto3.Session
    _clients: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, stack: Stack) -> Account:
        """The stack's own."""
        place = stack.place
        return cls(place.account_id, place.region, place.endpoint_url, Aws(place).session())

    def client(self, service: str) -> Any:
        """boto3's client."""
        if service not in self._clients:
            made: Any = self.session.client  # typed by services' names, and this one is not known
            self._clients[service] = made(service, region_name=self.region, endpoint_url=self.endpoint_url)
        return self._clients[service]

    def wire(self, service: str = "dynamodb", connections: int = 64) -> Wire:
        """Items as they are."""
        return Wire(self.region, self.session.get_credentials(), self.endpoint_url, connections, service)

    def assumed(self, role_arn: str) -> Account:
        """The account of a role that this one may assume; its credentials are renewed as long as the run lasts."""
        import boto3
        from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
        from botocore.session import Session

        parts = role_arn.split(":")
        if len(parts) != 6 or parts[2] != "iam" or not parts[5].startswith("role/"):  # noqa: PLR2004 - an ARN's parts
            raise Refused(f"{role_arn} is no role's ARN", "give it as arn:aws:iam::ACCOUNT:role/NAME")

        def client(service: str, **arguments: Any) -> Any:
            own = {"region_name": self.region, "endpoint_url": self.endpoint_url}
            made: Any = self.session.client
            return made(service, **{**arguments, **own})

        source = self.session.get_credentials()
        fetcher = AssumeRoleCredentialFetcher(client, source, role_arn, {"RoleSessionName": _SESSION_NAME})
        inner = Session()
        credentials = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")
        inner._credentials = credentials  # type: ignore[attr-defined]
        return Account(parts[4], self.region, self.endpoint_url, boto3.Session(botocore_session=inner))
