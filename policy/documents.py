"""IAM policy documents: where resources carry them, and their statements."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from policy import types
from policy.model import Resource
from policy.values import items, read, readable, texts

type Kind = Literal["identity", "trust", "resource", "key"]

# type -> where its documents stand ("*": every element of a list) and what each decides
DOCUMENTS: Mapping[str, tuple[tuple[str, Kind], ...]] = {
    types.ROLE: (("assumeRolePolicy", "trust"), ("inlinePolicies.*.policy", "identity")),
    types.ROLE_POLICY: (("policy", "identity"),),
    types.POLICY: (("policy", "identity"),),
    "aws:iam/userPolicy:UserPolicy": (("policy", "identity"),),
    "aws:iam/groupPolicy:GroupPolicy": (("policy", "identity"),),
    types.KEY: (("policy", "key"),),
    "aws:kms/keyPolicy:KeyPolicy": (("policy", "key"),),
    types.BUCKET_POLICY: (("policy", "resource"),),
    types.TOPIC: (("policy", "resource"),),
    types.TOPIC_POLICY: (("policy", "resource"),),
    types.QUEUE: (("policy", "resource"),),
    types.QUEUE_POLICY: (("policy", "resource"),),
    types.VAULT_POLICY: (("policy", "resource"),),
    types.SECRET: (("policy", "resource"),),
    types.SECRET_POLICY: (("policy", "resource"),),
    types.REST_API: (("policy", "resource"),),
    "aws:apigateway/restApiPolicy:RestApiPolicy": (("policy", "resource"),),
    "aws:dynamodb/resourcePolicy:ResourcePolicy": (("policy", "resource"),),
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy": (("policy", "resource"),),
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": (("policyDocument", "resource"),),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": (("policy", "resource"),),
}


class UnreadablePolicyError(ValueError):
    """A document that IAM would refuse, or that nobody can judge; the message says where and why."""


@dataclass(frozen=True)
class Statement:
    """One statement; `where` names it in messages, element names are AWS's."""

    kind: Kind
    where: str
    raw: Mapping[str, Any]

    @property
    def allows(self) -> bool:
        """Whether its effect is Allow."""
        return bool(self.raw["Effect"] == "Allow")

    @property
    def actions(self) -> list[str]:
        """Its actions, lower case as IAM compares them; empty for NotAction."""
        return [action.lower() for action in _listed(self.raw.get("Action"))]

    @property
    def resources(self) -> list[str]:
        """Its resources; empty for NotResource, and in trust policies."""
        return _listed(self.raw.get("Resource"))

    def principals(self, kind: str) -> list[str]:
        """Return its principals of one kind: "AWS", "Service" or "Federated"; `*` counts as AWS."""
        principal = self.raw.get("Principal")
        if isinstance(principal, str):
            return [principal] if kind == "AWS" else []
        return _listed((principal or {}).get(kind))

    def conditions(self) -> Iterator[tuple[str, str, list[str]]]:
        """Yield (operator, key in lower case, values)."""
        for operator, keys in (self.raw.get("Condition") or {}).items():
            for key, values in keys.items():
                yield str(operator), str(key).lower(), [str(value) for value in _listed(values)]


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def places(resource: Resource) -> list[tuple[str, Kind]]:
    """Return the paths of the documents that `resource` carries, and what each decides."""
    found: list[tuple[str, Kind]] = []
    for path, kind in DOCUMENTS.get(resource.type, ()):
        head, star, tail = path.partition(".*.")
        if star:
            found += [(f"{at}.{tail}", kind) for at, _ in items(resource.properties, head)]
        else:
            found.append((path, kind))
    return found


def statements(resource: Resource, path: str, kind: Kind) -> list[Statement]:
    """Return the statements of one document; none where there is no document.

    Raises UnreadablePolicyError for a document that cannot be judged, NotReadableError for an unknown one.
    """
    text = read(resource.properties, path)
    if text is None or text == "":
        return []
    document = _parsed(text, path)
    listed = document.get("Statement")
    raw = listed if isinstance(listed, list) else [listed]
    if document.get("Version") != "2012-10-17":
        raise UnreadablePolicyError(f"{path}: Version is {document.get('Version')!r}, not 2012-10-17")
    if not raw:
        raise UnreadablePolicyError(f"{path}: no Statement")
    return [_statement(kind, f"{path}, statement {index}", item) for index, item in enumerate(raw)]


def _parsed(text: Any, path: str) -> Mapping[str, Any]:
    document = text
    if isinstance(text, str):
        try:
            document = json.loads(text)
        except json.JSONDecodeError as error:
            raise UnreadablePolicyError(f"{path} is not JSON: {error}") from error
    if not isinstance(document, Mapping):
        raise UnreadablePolicyError(f"{path} is {type(document).__name__}, not a policy document")
    for at, _, leaf in texts(document, path):
        readable(leaf, at)
    return document


ELEMENTS = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)


def _statement(kind: Kind, where: str, raw: Any) -> Statement:
    """Return the statement; an element that IAM does not know is an error, as it is in IAM."""
    if not isinstance(raw, Mapping):
        raise UnreadablePolicyError(f"{where}: not an object")
    sid = raw.get("Sid")
    where = f"{where} ({sid})" if sid else where
    strange = sorted(set(raw) - ELEMENTS)
    if strange:
        raise UnreadablePolicyError(f"{where}: unknown element {strange[0]}")
    if raw.get("Effect") not in {"Allow", "Deny"}:
        raise UnreadablePolicyError(f"{where}: Effect is {raw.get('Effect')!r}")
    if ("Action" in raw) == ("NotAction" in raw):
        raise UnreadablePolicyError(f"{where}: exactly one of Action and NotAction is needed")
    if kind == "identity" and ("Resource" in raw) == ("NotResource" in raw):
        raise UnreadablePolicyError(f"{where}: exactly one of Resource and NotResource is needed")
    if kind != "identity" and ("Principal" in raw) == ("NotPrincipal" in raw):
        raise UnreadablePolicyError(f"{where}: exactly one of Principal and NotPrincipal is needed")
    condition = raw.get("Condition")
    if condition is not None and not (
        isinstance(condition, Mapping) and all(isinstance(keys, Mapping) for keys in condition.values())
    ):
        raise UnreadablePolicyError(f"{where}: Condition is not operator → key → values")
    return Statement(kind, where, raw)


def judged(resource: Resource, path_and_kind: tuple[str, Kind]) -> Sequence[Statement]:
    """Return the statements of a document that can be read as one; `policy-readable` reports the others."""
    try:
        return statements(resource, *path_and_kind)
    except UnreadablePolicyError:
        return ()
