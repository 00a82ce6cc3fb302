"""An environment as its jobs use it: names of what is deployed, role sessions, and decisions on its policies."""

import itertools
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import boto3
import httpx
from botocore.config import Config

from localcloud.iam.evaluate import Decision, Policies, evaluate
from localcloud.iam.policy import Policy, parse
from localcloud.iam.request import Principal, Request
from tests.integration.conftest import Environment
from tests.integration.permissions.deployed import Holder, holders

FUNCTIONS = ("api", "assistant", "auth", "authorizer", "rotation", "validation", "worker")
# A refusal is an answer: asking again would only be slow.
_ONCE = Config(retries={"total_max_attempts": 1})
_TOKEN_SECONDS = 300
_LEAST_LOOKS = 20


@dataclass
class Site:
    """One environment. What is cached here is what no statement of a policy changes."""

    environment: Environment
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)
    _token: tuple[str, float] | None = None

    @cached_property
    def policies(self) -> list[Holder]:
        return holders(self.environment)

    @property
    def name(self) -> str:
        return self.environment.workspace.stack

    @property
    def region(self) -> str:
        return str(self.environment.summary["region"])

    @property
    def account(self) -> str:
        return str(self.environment.summary["account_id"])

    @property
    def recovery_region(self) -> str:
        return str(self.environment.outputs["dr_region"])

    def arn(self, service: str, resource: str, region: str | None = None) -> str:
        """Of the home region unless another is named."""
        return f"arn:aws:{service}:{region or self.region}:{self.account}:{resource}"

    def role(self, name: str) -> str:
        return f"omnix-ai-{self.name}-{name}-{self.region}"

    def function(self, name: str) -> str:
        return str(self.environment.outputs["functions"][name]["name"])

    def secret(self, name: str) -> str:
        return str(self.environment.outputs["secrets"][name])

    def label(self, holder: Holder) -> str:
        """A policy's title without what all names of the environment have in common: `role api, policy base`."""
        title = holder.title.removesuffix(_id(self.key)).replace(_id(self.recovery_key), "dr")
        for common in (f"omnix-ai-{self.name}-", f"-{self.account}", f"-{self.region}", f"-{self.recovery_region}"):
            title = title.replace(common, "")
        return title.strip()

    @property
    def key(self) -> str:
        return str(self.environment.outputs["key_arn"])

    @property
    def recovery_key(self) -> str:
        return str(self.environment.outputs["dr_key_arn"])

    def deployed(self, kind: str) -> list[dict[str, Any]]:
        """The engine's resources of a type, such as `aws:backup/reportPlan:ReportPlan`."""
        return [resource for resource in self.environment.state() if resource["type"] == kind]

    @cached_property
    def keeps(self) -> bool:
        """Whether what it holds is kept from deletion: only then is anybody kept from deleting it."""
        return any(vault.get("protect") for vault in self.deployed("aws:backup/vault:Vault"))

    @cached_property
    def reports(self) -> str | None:
        """The bucket of AWS Backup's reports, where there are any."""
        plans = self.deployed("aws:backup/reportPlan:ReportPlan")
        return str(plans[0]["outputs"]["reportDeliveryChannel"]["s3BucketName"]) if plans else None

    def vaults(self) -> dict[str, str]:
        """The vault of each region by name: the home region's and the recovery region's."""
        outputs = self.environment.outputs
        return {self.region: outputs["backup_vault_name"], self.recovery_region: outputs["dr_vault_name"]}

    def client(self, service: str, region: str | None = None) -> Any:
        """A client of the operator's; made once, for making one takes longer than a call."""
        known = (service, region or self.region)
        if known not in self._clients:
            self._clients[known] = self._connected(*known, "test", "test", None)
        return self._clients[known]

    def _connected(self, service: str, region: str, access_key: str, secret_key: str, session: str | None) -> Any:
        make: Any = boto3.client  # its overloads want the service as a literal
        return make(
            service, endpoint_url=self.environment.summary["aws_endpoint_url"], region_name=region,
            aws_access_key_id=access_key, aws_secret_access_key=secret_key, aws_session_token=session, config=_ONCE,
        )  # fmt: skip

    def as_role(self, role: str, service: str, region: str | None = None) -> Any:
        """A client with a session of a role, for the home region or another."""
        arn = f"arn:aws:iam::{self.account}:role/{self.role(role)}"
        session = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="job")["Credentials"]
        issued = session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"]
        return self._connected(service, region or self.region, *issued)

    def restart(self) -> None:
        """The next events are cold starts: nothing that a function cached outlives a change of its role."""
        self.cloud("functions/restart", post=True)

    def cloud(self, path: str, *, post: bool = False) -> Any:
        """Ask the cloud's own interface."""
        url = f"{self.environment.summary['aws_endpoint_url']}/_localcloud/{path}"
        answer = httpx.request("POST" if post else "GET", url, timeout=60)
        return answer.raise_for_status().json()

    def call(self, method: str, path: str, expected: int, *, token: str | None = None, **more: Any) -> Any:
        """One request to the API; its JSON where there is any."""
        with self.environment.http(token) as http:
            answer = http.request(method, path, **more)
        assert answer.status_code == expected, f"{method} {path} answered {answer.status_code}: {answer.text[:300]}"
        return answer.json() if answer.content else None

    def token(self) -> str:
        """An access token of the demo owner. Kept: a job about products does not fail for what `auth` may not do."""
        if self._token is None or self._token[1] < time.monotonic():
            self._token = self.environment.sign_in(), time.monotonic() + _TOKEN_SECONDS
        return self._token[0]

    def forget_token(self) -> None:
        """It was signed with a value that is no longer the current one."""
        self._token = None

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        """A direct call of a function's `live` alias; its answer."""
        answer = self.client("lambda").invoke(
            FunctionName=self.function(function), Qualifier="live", Payload=json.dumps(event).encode()
        )
        payload = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, payload
        return payload

    def resource_policy(self, arn: str) -> Policy | None:
        """The policy on a resource as it stands now; None where its last statement was taken away."""
        found = [holder for holder in self.policies if holder.subject == arn]
        assert len(found) == 1, f"{arn} has {len(found)} policies"
        document = found[0].read()
        return parse(document, owner=arn) if document["Statement"] else None

    def decide_for_service(
        self, service: str, action: str, resource: str, context: Mapping[str, str], policy: Policy | None
    ) -> Decision:
        """What AWS would decide when a service comes as itself."""
        principal = Principal(service, self.account, "service")
        return evaluate(
            Request(principal, action, resource, _context(self, context)), Policies(resource=policy),
            trust="resource-only",
        )  # fmt: skip

    def decide_for_account(
        self, action: str, resource: str, context: Mapping[str, str], policy: Policy | None
    ) -> Decision:
        """What AWS would decide on a call of the account's own administrator."""
        root = Principal(f"arn:aws:iam::{self.account}:root", self.account, "root")
        return evaluate(Request(root, action, resource, _of_account(self, context)), Policies(resource=policy))

    def decide_for_stranger(self, account: str, action: str, resource: str, policy: Policy | None) -> Decision:
        """What AWS would decide on a call of another account's administrator."""
        root = Principal(f"arn:aws:iam::{account}:root", account, "root")
        context = _of_account(self, {"aws:PrincipalAccount": account})
        return evaluate(Request(root, action, resource, context), Policies(resource=policy))

    def decide_for_role(
        self, arn: str, action: str, resource: str, context: Mapping[str, str], policy: Policy | None
    ) -> Decision:
        """What AWS would decide on a call of a role that only the resource's policy grants anything."""
        session = arn.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/")
        principal = Principal(f"{session}/job", self.account, "role", arn)
        return evaluate(
            Request(principal, action, resource, _of_account(self, {"aws:PrincipalArn": arn, **context})),
            Policies(resource=policy),
            trust="resource-only" if action.startswith("kms:") else "identity-or-resource",
        )


def _id(key_arn: str) -> str:
    return key_arn.rpartition("/")[2]


def _context(site: Site, keys: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Of a service that comes as itself: no account's."""
    shared = {"aws:securetransport": "true", "aws:resourceaccount": site.account}
    return {name.lower(): (value,) for name, value in {**shared, **keys}.items()}


def _of_account(site: Site, keys: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return _context(site, {"aws:PrincipalAccount": site.account, **keys})


def wait_until(holds: Callable[[], bool], what: str, seconds: float = 3.0) -> None:
    """Raises AssertionError saying what never came true.

    Looked at so often at the least: one look may take as long as the cloud takes to save itself.
    """
    deadline = time.monotonic() + seconds
    for looks in itertools.count(1):
        if holds():
            return
        assert looks < _LEAST_LOOKS or time.monotonic() < deadline, f"{what} within {seconds} s"
        time.sleep(0.05)


def require_allowed(decisions: Iterable[Decision]) -> None:
    """Raises AssertionError with AWS's words."""
    for decision in decisions:
        assert decision.allowed, decision.message
