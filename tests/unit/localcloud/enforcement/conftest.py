"""An account in moto, and roles in it whose calls the gate decides on."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID

from localcloud.endpoint.call import Call
from localcloud.enforcement.account import Account
from localcloud.enforcement.acting import Acting
from localcloud.enforcement.gate import Gate
from localcloud.enforcement.usage import Usage
from localcloud.limits.refusal import Refusal
from localcloud.persistence.lock import StateLock

REGION = "eu-central-1"
ACCOUNT = DEFAULT_ACCOUNT_ID
LAMBDA = {"Service": "lambda.amazonaws.com"}


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


@dataclass
class World:
    """The account, and the gate before it."""

    gate: Gate
    acting: Acting
    _numbers: Iterator[int] = field(default_factory=count)

    def client(self, service: str) -> Any:
        make: Any = boto3.client
        return make(service, region_name=REGION)

    def role(self, *statements: Mapping[str, Any], trust: Mapping[str, Any] = LAMBDA, **more: Any) -> str:
        """A new role with one inline policy `given`; its ARN."""
        name = f"role-{next(self._numbers)}"
        trusted = document({"Effect": "Allow", "Principal": trust, "Action": "sts:AssumeRole"})
        iam = self.client("iam")
        arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusted, **more)["Role"]["Arn"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="given", PolicyDocument=document(*statements))
        self.gate.written("iam")
        return arn

    def key_of(self, role_arn: str, **more: Any) -> str:
        """The access key of a session of the role."""
        session = self.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="function", **more)
        key: str = session["Credentials"]["AccessKeyId"]
        return key

    def call(self, key: str | None, subject: str, **parameters: Any) -> Refusal | None:
        """What the gate says of `service:Operation`."""
        service, _, operation = subject.partition(":")
        return self.gate.refuse(Call(service, operation, parameters, REGION, key))

    def allowed(self, key: str | None, subject: str, **parameters: Any) -> bool:
        return self.call(key, subject, **parameters) is None


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        gate = Gate(Account(ACCOUNT), Usage())
        yield World(gate, Acting(gate, StateLock()))
