"""Which environment a command works on, found by the stack's outputs and by nothing else.

Region, account and addresses never come from the caller's AWS settings: tests that ran against the wrong region,
and a page that called another environment, are why (see the incidents in the design).
"""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Cloud(StrEnum):
    """Where a stack's resources are."""

    LOCAL = "local"
    AWS = "aws"


class FunctionOutput(BaseModel):
    """One deployed function; `alias_arn` is the `live` alias, the only thing that traffic reaches."""

    model_config = ConfigDict(frozen=True)
    name: str
    arn: str
    alias_arn: str


class StackOutputs(BaseModel):
    """What the program exports. Later stacks export more: unknown outputs are kept, not refused."""

    model_config = ConfigDict(frozen=True, extra="allow")
    environment: str
    region: str
    account_id: str
    api_url: str
    websocket_url: str | None = None
    site_url: str | None = None
    rest_api_id: str | None = None
    stage_name: str | None = None
    parameter_prefix: str
    functions: dict[str, FunctionOutput] = Field(default_factory=dict)
    tables: dict[str, str] = Field(default_factory=dict)
    legacy_tables: dict[str, str] = Field(default_factory=dict)
    secrets: dict[str, str] = Field(default_factory=dict)
    cors_origins: list[str] = Field(default_factory=list)
    dashboard_name: str | None = None
    alarm_topic_arn: str | None = None
    backup_vault_name: str | None = None
    dr_vault_name: str | None = None
    dr_region: str | None = None
    backup_role_arn: str | None = None
    backup_plan_id: str | None = None
    restore_testing_plan_name: str | None = None
    file_bucket: str | None = None
    file_bucket_dr: str | None = None
    key_arn: str | None = None
    dr_key_arn: str | None = None
    artefact_bucket: str | None = None
    dead_letter_queue_url: str | None = None
    migration_bucket: str | None = None
    migration_state_machine_arn: str | None = None
    migration_sources: list[str] = Field(default_factory=list)
    bedrock_models: dict[str, str] = Field(default_factory=dict)
    invocation_log_group: str | None = None


class SignIn(BaseModel):
    """The demo sign-in. Local environments only ever store it."""

    model_config = ConfigDict(frozen=True)
    email: str
    password: str


@dataclass(frozen=True)
class Place:
    """Where an environment is: enough to talk to its AWS API, deployed or not.

    `endpoint_url` is the local cloud's AWS API, and None exactly on real AWS.
    """

    environment: str
    account_id: str
    region: str
    endpoint_url: str | None

    @property
    def cloud(self) -> Cloud:
        """Local exactly when there is an endpoint of our own."""
        return Cloud.LOCAL if self.endpoint_url else Cloud.AWS

    def __str__(self) -> str:
        where = f"local cloud {self.endpoint_url}" if self.endpoint_url else "AWS"
        return f"{self.environment} on {where}, account {self.account_id}, {self.region}"


@dataclass(frozen=True)
class Stack:
    """A deployed environment. `summary` is the `.local/{stack}.json` it was found by, if it was."""

    place: Place
    outputs: StackOutputs
    demo: SignIn | None = None
    summary: Path | None = None

    @property
    def name(self) -> str:
        """The stack's name is its environment's."""
        return self.place.environment

    @property
    def api_url(self) -> str:
        """The front door, without a trailing slash."""
        return self.outputs.api_url.rstrip("/")


def is_loopback(url: str) -> bool:
    """True when a URL's host is this machine (RFC 6761 for `.localhost`)."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def parsed_outputs(document: Mapping[str, Any], source: str) -> StackOutputs:
    """The outputs, or a Refused that lists what is missing."""
    try:
        return StackOutputs.model_validate(document)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors())
        raise Refused(
            f"{source} does not hold a deployed stack's outputs ({wrong})",
            "deploy the stack first (`make up STACK=…` locally, `pulumi up --stack …` on AWS), then try again",
        ) from error


def assembled(
    outputs: StackOutputs,
    endpoint_url: str | None,
    demo: SignIn | None = None,
    summary: Path | None = None,
) -> Stack:
    """A stack whose API and AWS endpoint agree on which cloud they are in; Refused when they do not."""
    place = Place(outputs.environment, outputs.account_id, outputs.region, endpoint_url)
    if endpoint_url and not is_loopback(endpoint_url):
        raise Refused(
            f"the local cloud's address is not on this machine: {endpoint_url}",
            "run `make up STACK=…` again; a local environment never leaves the loopback interface",
        )
    if is_loopback(outputs.api_url) != (place.cloud is Cloud.LOCAL):
        raise Refused(
            f"local and real are mixed: api_url is {outputs.api_url}, the AWS API is {endpoint_url or 'AWS'}",
            "give the outputs of one environment: `.local/{stack}.json` locally, `pulumi stack output --json` on AWS",
        )
    return Stack(place, outputs, demo, summary)


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file, or a Refused that names the file."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise Refused(f"there is no file {path}", "check the path") from error
    except json.JSONDecodeError as error:
        raise Refused(f"{path} is not JSON: {error}", "make it again with `pulumi stack output --json`") from error
    if not isinstance(document, dict):
        raise Refused(f"{path} is not a JSON object", "make it again with `pulumi stack output --json`")
    return document
