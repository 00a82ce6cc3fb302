"""Small accounts for the audit's tests: resources by a line each, and an AWS that answers from dictionaries."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from ops.audit.context import Context
from ops.audit.judging import judge
from ops.audit.model import Finding, Kind, LastUse, Reference, Resource, StackOwner, Tool, Unread
from ops.audit.reader import Reader

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ACCOUNT = "100000000001"
REGION = "eu-central-1"
WINDOW = timedelta(days=90)
OLD = NOW - timedelta(days=400)
IDLE = LastUse(unused_since=NOW - WINDOW - timedelta(hours=12), source="metrics")
BUSY = LastUse(at=NOW - timedelta(days=1), source="metrics", read_at=NOW - timedelta(days=1))

_SERVICES = {
    Kind.TABLE: "dynamodb:{r}:{a}:table/{n}", Kind.FUNCTION: "lambda:{r}:{a}:function:{n}",
    Kind.ROLE: "iam::{a}:role/{n}", Kind.BUCKET: "s3:::{n}", Kind.REST_API: "apigateway:{r}::/restapis/{n}",
    Kind.LOG_GROUP: "logs:{r}:{a}:log-group:{n}", Kind.SECRET: "secretsmanager:{r}:{a}:secret:{n}",
    Kind.EVENT_RULE: "events:{r}:{a}:rule/{n}", Kind.ALARM: "cloudwatch:{r}:{a}:alarm:{n}",
    Kind.EVENT_SOURCE_MAPPING: "lambda:{r}:{a}:event-source-mapping:{n}",
    Kind.DISTRIBUTION: "cloudfront::{a}:distribution/{n}",
}  # fmt: skip


def resource(kind: Kind, name: str, **fields: Any) -> Resource:
    """One resource, old and idle unless said otherwise."""
    region = fields.pop("region", "global" if kind in (Kind.ROLE, Kind.DISTRIBUTION) else REGION)
    arn = "arn:aws:" + _SERVICES[kind].format(r=region, a=ACCOUNT, n=name)
    base: dict[str, Any] = {"created_at": OLD, "last_use": IDLE, "account_id": ACCOUNT}
    return Resource(kind=kind, arn=arn, name=name, region=region, **(base | fields))


def table(name: str, items: int | None = 5, **fields: Any) -> Resource:
    """One table of a single partition key."""
    facts = {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], **fields.pop("facts", {})}
    return resource(Kind.TABLE, name, facts=facts, measures={"items": items}, **fields)


def named_by(other: Resource, where: str = "variable TABLE") -> Reference:
    """What `other` says of a resource."""
    return Reference(where=f"{other.kind} {other.name}: {where}", text="x", arn=other.arn)


def owned(stack: str, tool: Tool = Tool.CDK) -> StackOwner:
    return StackOwner(tool=tool, stack=stack, evidence="the stack's own list")


def judged(*resources: Resource, errors: tuple[Unread, ...] = (), **context: Any) -> dict[str, Finding]:
    """Findings by name."""
    found = judge(Context(resources, NOW, WINDOW, **context), errors)
    return {one.resource.name: one for one in found}


def refused(code: str = "AccessDeniedException") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "not authorized"}}, "Any")


class FakeClient:
    """Answers an operation with the next of its answers (a list is pages); an exception is raised."""

    def __init__(self, answers: Mapping[str, Any], asked: list[tuple[str, dict[str, Any]]]) -> None:
        self._answers, self._asked = answers, asked

    def can_paginate(self, operation: str) -> bool:
        return isinstance(self._answers.get(operation), list)

    def get_paginator(self, operation: str) -> Any:
        asked, pages = self._asked, self._answers[operation]

        class _Paginator:
            def paginate(self, **parameters: Any) -> Any:
                asked.append((operation, parameters))
                for page in pages:
                    if isinstance(page, Exception):
                        raise page
                    yield page

        return _Paginator()

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def answer(**parameters: Any) -> Any:
            self._asked.append((operation, parameters))
            found = self._answers.get(operation, {})
            found = found(**parameters) if callable(found) else found
            if isinstance(found, Exception):
                raise found
            return found

        return answer


def reader(answers: Mapping[str, Mapping[str, Any]]) -> tuple[Reader, list[tuple[str, dict[str, Any]]]]:
    """A reader of an account that answers so, by service and operation; and the list of what was asked."""
    asked: list[tuple[str, dict[str, Any]]] = []
    return Reader(lambda service, _region: FakeClient(answers.get(service, {}), asked), ACCOUNT, NOW), asked
