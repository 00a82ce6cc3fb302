"""An environment as its jobs use it: names of what is deployed, role sessions, and decisions on its policies."""

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
from tests.integration.permissions.deployed import Attachment, Holder, RolePolicy, holders

FUNCTIONS = ("api", "auth", "authorizer", "rotation", "validation", "worker")
# A refusal is an answer: asking again would only be slow.
_ONCE = Config(retries={"total_max_attempts": 1})
_TOKEN_SECONDS = 300


@dataclass
class Site:
    """One environment. What is cached here is what no statement of a policy changes."""

    environment: Environment
    _clients: dict[str, Any] = field(default_factory=dict)
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

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def role(self, name: str) -> str:
        return f"omnix-ai-{self.name}-{name}-{self.region}"

    def function(self, name: str) -> str:
        return str(self.environment.outputs["functions"][name]["name"])

    def secret(self, name: str) -> str:
        return str(self.environment.outputs["secrets"][name])

    def label(self, holder: Holder) -> str:
        """A policy's title without what all names of the environment have in common: `role api, policy base`."""
        title = holder.title.removesuffix(self.key.rpartition("/")[2]).replace(f"omnix-ai-{self.name}-", "")
        return title.replace(f"-{self.account}", "").replace(f"-{self.region}", "").strip()

    @cached_property
    def key(self) -> str:
        arns = [holder.subject for holder in self.policies if holder.kind == "key policy"]
        assert len(arns) == 1, arns
        return arns[0]

    def client(self, service: str) -> Any:
        """A client of the operator's; made once, for making one takes longer than a call."""
        if service not in self._clients:
            self._clients[service] = self._connected(service, "test", "test", None)
        return self._clients[service]

    def _connected(self, service: str, access_key: str, secret_key: str, session: str | None) -> Any:
        make: Any = boto3.client  # its overloads want the service as a literal
        return make(
            service, endpoint_url=self.environment.summary["aws_endpoint_url"], region_name=self.region,
            aws_access_key_id=access_key, aws_secret_access_key=secret_key, aws_session_token=session, config=_ONCE,
        )  # fmt: skip

    def as_role(self, role: str, service: str) -> Any:
        """A client with a session of a role."""
        arn = f"arn:aws:iam::{self.account}:role/{self.role(role)}"
        session = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="job")["Credentials"]
        return self._connected(service, session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])

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

    def trust(self, role: str) -> Policy:
        """A role's trust policy, as it stands now."""
        name = self.role(role)
        return parse(self.client("iam").get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"], owner=name)

    def identity(self, role: str) -> tuple[Policy, ...]:
        """What a role's policies grant now."""
        name, iam = self.role(role), self.client("iam")
        inline = [RolePolicy(iam, name, one).read() for one in iam.list_role_policies(RoleName=name)["PolicyNames"]]
        attached = [
            Attachment(iam, name, one["PolicyArn"]).statements()
            for one in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        ]
        return tuple(parse(document, owner=name) for document in (*inline, *attached))

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
        return evaluate(Request(root, action, resource, _context(self, context)), Policies(resource=policy))

    def decide_for_role(
        self,
        role: str,
        identity: tuple[Policy, ...],
        action: str,
        resource: str,
        context: Mapping[str, str],
        policy: Policy | None = None,
    ) -> Decision:
        """What AWS would decide on a call of a role with the policies `identity`; `policy` is the resource's."""
        name = self.role(role)
        arn = f"arn:aws:sts::{self.account}:assumed-role/{name}/job"
        principal = Principal(arn, self.account, "role", f"arn:aws:iam::{self.account}:role/{name}")
        return evaluate(
            Request(principal, action, resource, _context(self, context)),
            Policies(identity=identity, resource=policy),
            trust="resource-only" if action.startswith("kms:") else "identity-or-resource",
        )


def _context(site: Site, keys: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    shared = {
        "aws:securetransport": "true",
        "aws:principalaccount": site.account,
        "aws:resourceaccount": site.account,
    }
    return {name.lower(): (value,) for name, value in {**shared, **keys}.items()}


def wait_until(holds: Callable[[], bool], what: str, seconds: float = 3.0) -> None:
    """Raises AssertionError saying what never came true."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"{what} within {seconds} s"
        time.sleep(0.05)


def require_allowed(decisions: Iterable[Decision]) -> None:
    """Raises AssertionError with AWS's words."""
    for decision in decisions:
        assert decision.allowed, decision.message
