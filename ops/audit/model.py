"""The audit as data: what `omnix audit` writes as JSON and what `omnix cleanup` and `omnix migrate` read.

Money is in US dollars a month, times are aware UTC datetimes (ISO 8601 in JSON). Nothing in here holds a secret
value or the value of a function's environment variable, except where that value names another resource.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from ops.errors import Refused

if TYPE_CHECKING:
    from pathlib import Path

VERSION = 1


class Kind(StrEnum):
    """What is inventoried. The last four are there because something else hangs on them."""

    REST_API = "rest-api"
    HTTP_API = "http-api"
    WEBSOCKET_API = "websocket-api"
    FUNCTION = "function"
    TABLE = "table"
    LOG_GROUP = "log-group"
    DISTRIBUTION = "distribution"
    ROLE = "role"
    BUCKET = "bucket"
    SECRET = "secret"  # noqa: S105 - the name of a kind
    EVENT_SOURCE_MAPPING = "event-source-mapping"
    EVENT_RULE = "event-rule"
    ALARM = "alarm"
    DOMAIN_MAPPING = "domain-mapping"


class Verdict(StrEnum):
    """What should become of a resource; `unknown` whenever the evidence does not carry one of the others."""

    KEEP = "keep"
    ADOPT = "adopt"
    MIGRATE = "migrate"
    REMOVE = "remove"
    UNKNOWN = "unknown"


class Tool(StrEnum):
    """What made a stack. CDK and Serverless deploy through CloudFormation: their stacks are CloudFormation's too."""

    CLOUDFORMATION = "cloudformation"
    CDK = "cdk"
    SERVERLESS = "serverless"
    PULUMI = "pulumi"
    TERRAFORM = "terraform"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StackOwner(_Frozen):
    """The stack that a resource belongs to: only that stack may delete it."""

    tool: Tool
    stack: str
    logical_id: str | None = None
    evidence: str = ""
    """How that is known: a tag, the stack's own list, a state file."""


class LastUse(_Frozen):
    """When a resource was last used, as far as AWS remembers.

    `at` is the latest sign of use (of metrics: the start of its day). `unused_since` is set when there was none: the
    evidence covers everything from that moment to the audit. Both None: nobody can tell, and silence proves nothing.
    """

    at: AwareDatetime | None = None
    unused_since: AwareDatetime | None = None
    source: str = ""
    detail: str = ""
    read_at: AwareDatetime | None = None
    written_at: AwareDatetime | None = None
    """Tables only: the two halves of `at`. A migration reads its source and does not write it."""


class Reference(_Frozen):
    """One place that names a resource or is wired to it.

    `where` says it for people ("function omnix-api: variable TABLE_NAME", or a file's path), `line` counts from 1 in
    files, `text` is the line or value that names it, `arn` is the resource that refers, where one does.
    """

    where: str
    line: int | None = None
    text: str = ""
    arn: str | None = None


class Resource(_Frozen):
    """One thing in the account. `facts` is what the fingerprint covers, `measures` what changes by itself (sizes).

    `name` is what its own API takes: a table's name, a REST API's id (with `label` as its name for people), a
    function's name, an event-source mapping's UUID, "bus/rule" of an event rule, "domain/base-path" of a mapping.
    Resources of IAM, CloudFront have region `global`; a bucket has its own region.
    """

    kind: Kind
    arn: str
    name: str
    label: str = ""
    region: str
    account_id: str
    created_at: AwareDatetime | None = None
    tags: dict[str, str] = Field(default_factory=dict)
    facts: dict[str, Any] = Field(default_factory=dict)
    measures: dict[str, Any] = Field(default_factory=dict)
    owner: StackOwner | None = None
    last_use: LastUse = LastUse()
    monthly_cost_usd: float | None = None
    first_seen: AwareDatetime | None = None
    references: list[Reference] = Field(default_factory=list)
    duplicates_of: list[str] = Field(default_factory=list)
    """ARNs of resources that do the same; the one to keep is not in its own list."""
    naming: list[str] = Field(default_factory=list)
    """What is wrong with the name; empty when it is as the design says."""
    incomplete: list[str] = Field(default_factory=list)
    """What could not be read of it, in words; anything here makes the verdict `unknown`."""


class Finding(_Frozen):
    """A verdict on one resource. `step` is the next thing to do; `target` the standard name to adopt or migrate to."""

    resource: Resource
    verdict: Verdict
    evidence: list[str]
    step: str
    target: str | None = None


class StackFinding(_Frozen):
    """A stack that owns resources of the audit: its own deletion is the only way to remove any of them."""

    tool: Tool
    stack: str
    region: str
    resources: list[str]
    """ARNs, sorted."""
    last_use: AwareDatetime | None = None
    """Of any of its resources."""
    legacy: bool = False
    """Made by a way of deployment that the platform replaces."""
    evidence: list[str] = Field(default_factory=list)
    step: str = ""


class Unread(_Frozen):
    """Something that the audit asked for and was not given."""

    service: str
    operation: str
    region: str
    code: str
    message: str
    subject: str = ""
    """The resource, where it was one resource's detail."""
    kinds: list[Kind] = Field(default_factory=list)
    """Whose findings it makes incomplete."""


class Source(_Frozen):
    """A source tree that was searched for names: how much of it, and what was passed over."""

    path: str
    files: int
    skipped_binary: int = 0
    skipped_big: int = 0
    skipped_unreadable: int = 0


class Audit(_Frozen):
    """One audit of one account."""

    version: Annotated[int, Literal[1]] = VERSION
    account_id: str
    alias: str | None = None
    environment: str | None = None
    """The stack that was audited; None for an account-wide audit."""
    regions: list[str]
    made_at: AwareDatetime
    window_days: int
    """How far back use was looked for."""
    findings: list[Finding]
    stacks: list[StackFinding] = Field(default_factory=list)
    errors: list[Unread] = Field(default_factory=list)
    sources: list[Source] = Field(default_factory=list)

    def finding(self, arn: str) -> Finding | None:
        """The finding of one resource."""
        return next((one for one in self.findings if one.resource.arn == arn), None)

    def of(self, verdict: Verdict) -> list[Finding]:
        """The findings with one verdict."""
        return [one for one in self.findings if one.verdict is verdict]


def canonical(value: Any) -> str:
    """JSON with sorted keys and no blanks: equal values give equal text. Datetimes become ISO 8601."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)


def fingerprint(resource: Resource) -> str:
    """Sha256 (hex) of what a resource is: changes when somebody changes it, not when it is merely looked at or used."""
    subject = {"kind": resource.kind.value, "arn": resource.arn, "name": resource.name, "facts": resource.facts}
    return hashlib.sha256(canonical(subject).encode()).hexdigest()


def to_json(audit: Audit) -> str:
    """The document that `read` reads."""
    return json.dumps(audit.model_dump(mode="json"), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def read(path: Path) -> Audit:
    """An audit from its file, or Refused with what is wrong with it."""
    try:
        return Audit.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise Refused(f"there is no audit {path}", "make one: `omnix audit --json FILE`") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Refused(
            f"{path} is no audit of version {VERSION}: {where}: {first['msg']}", "make it again: `omnix audit`"
        ) from error


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} does not belong in an audit")
