"""moto in this process with the APIs under test in front of it, two regions, a role and a table."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config
from moto.core.models import DEFAULT_ACCOUNT_ID

from localcloud.backup import journal
from tests.unit.localcloud.fronted import FrontedServer

ACCOUNT, HOME, DR = DEFAULT_ACCOUNT_ID, "eu-central-1", "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/backup"
TABLE = f"arn:aws:dynamodb:{HOME}:{ACCOUNT}:table/orders"


_clients: dict[tuple[str, str, str], Any] = {}


@dataclass
class Region:
    """boto3's clients of one region."""

    server: FrontedServer
    url: str
    name: str

    def client(self, service: str) -> Any:
        """Made once: a client costs more than its calls."""
        key = (self.url, self.name, service)
        if key not in _clients:
            _clients[key] = self._connect(service)
        return _clients[key]

    def _connect(self, service: str) -> Any:
        session: Any = boto3.session.Session(
            aws_access_key_id="LOCALTEST", aws_secret_access_key="none", region_name=self.name
        )
        config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
        return session.client(service, endpoint_url=self.url, config=config)

    @property
    def tables(self) -> Any:
        return self.client("dynamodb")

    @property
    def backup(self) -> Any:
        return self.client("backup")

    def job(self, kind: str, id_: str) -> dict[str, Any]:
        """A job (`backup`, `copy`, `restore`) when it has ended."""
        parameter = {"backup": "BackupJobId", "copy": "CopyJobId", "restore": "RestoreJobId"}[kind]

        def ended() -> dict[str, Any] | None:
            found = getattr(self.backup, f"describe_{kind}_job")(**{parameter: id_})
            found = found.get("CopyJob", found)
            state = found.get("State", found.get("Status"))
            return found if state in ("COMPLETED", "FAILED", "ABORTED") else None

        return until(ended)

    def take(self, vault: str = "vault", table: str = TABLE, **options: Any) -> dict[str, Any]:
        """A backup job of a table, ended."""
        begun = self.backup.start_backup_job(BackupVaultName=vault, ResourceArn=table, IamRoleArn=ROLE, **options)
        return self.job("backup", begun["BackupJobId"])

    def restore(self, point: str, target: str, **metadata: str) -> dict[str, Any]:
        """A restore job, ended."""
        begun = self.backup.start_restore_job(
            RecoveryPointArn=point, IamRoleArn=ROLE, Metadata={"targetTableName": target, **metadata}
        )
        return self.job("restore", begun["RestoreJobId"])

    def copy(self, point: str, destination: str, **options: Any) -> dict[str, Any]:
        """A copy job, ended."""
        begun = self.backup.start_copy_job(
            RecoveryPointArn=point,
            SourceBackupVaultName="vault",
            DestinationBackupVaultArn=destination,
            IamRoleArn=ROLE,
            **options,
        )
        return self.job("copy", begun["CopyJobId"])

    def put(self, pk: str, **attributes: str) -> None:
        """An item of the table `orders`."""
        texts = {name: {"S": value} for name, value in attributes.items()}
        self.tables.put_item(TableName="orders", Item={"pk": {"S": pk}, **texts})

    def items(self, table: str = "orders") -> dict[str, str]:
        """`{pk: v}` of a table."""
        found = self.tables.scan(TableName=table, ConsistentRead=True)["Items"]
        return {item["pk"]["S"]: item.get("v", {}).get("S", "") for item in found}

    def active(self, table: str) -> dict[str, Any]:
        """A table's description when it is active."""

        def described() -> dict[str, Any] | None:
            found: dict[str, Any] = self.tables.describe_table(TableName=table)["Table"]
            return found if found["TableStatus"] == "ACTIVE" else None

        return until(described)


def until[T](found: Callable[[], T | None]) -> T:
    """The first result there is, within ten seconds."""
    deadline = time.monotonic() + 10
    while (result := found()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return result


@pytest.fixture(scope="session")
def server() -> Iterator[tuple[FrontedServer, str]]:
    served = FrontedServer()
    served.start()
    host, port = served.get_host_and_port()
    yield served, f"http://{host}:{port}"
    served.backup.close()
    served.stop()


@pytest.fixture
def home(server: tuple[FrontedServer, str]) -> Region:
    """A vault and the table `orders` with an index, and nothing else in either region."""
    served, url = server
    httpx.post(f"{url}/moto-api/reset").raise_for_status()
    region = Region(served, url, HOME)
    trust = {"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    region.client("iam").create_role(RoleName="backup", AssumeRolePolicyDocument=document)
    region.backup.create_backup_vault(BackupVaultName="vault")
    region.tables.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "v", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-v",
                "KeySchema": [{"AttributeName": "v", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return region


@pytest.fixture
def dr(home: Region) -> Region:
    """The other region, with a vault."""
    region = Region(home.server, home.url, DR)
    region.backup.create_backup_vault(BackupVaultName="dr")
    return region


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], float]:
    """Moves the journal's clock forward by seconds; the time it then has."""
    offset = [0.0]

    def now() -> float:
        return time.time() + offset[0]

    monkeypatch.setattr(journal, "clock", now)

    def move(seconds: float) -> float:
        offset[0] += seconds
        return now()

    return move
