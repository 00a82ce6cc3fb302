"""Compares two OpenAPI documents: paths, operations, parameters, bodies, answers, security."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.errors import WrongUse
from ops.preview.contract.finding import Direction, Finding, Findings
from ops.preview.contract.schema import Comparison, resolved

type Node = Mapping[str, Any]

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@dataclass(frozen=True)
class ContractDifference:
    """Breaking findings first. `problem`: why the documents could not be compared."""

    findings: tuple[Finding, ...] = ()
    operations: int = 0
    problem: str | None = None

    @property
    def breaking(self) -> tuple[Finding, ...]:
        """What may fail a client that follows the old contract."""
        return tuple(finding for finding in self.findings if finding.breaking)

    @property
    def compatible(self) -> tuple[Finding, ...]:
        """What no client fails of."""
        return tuple(finding for finding in self.findings if not finding.breaking)


def compare_files(base: Path, head: Path) -> ContractDifference:
    """The difference of two files; a missing one is wrong use, an unreadable one a problem to show."""
    documents = []
    for path in (base, head):
        if not path.is_file():
            raise WrongUse(f"there is no contract {path}", "check the path")
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except (json.JSONDecodeError, UnicodeDecodeError):
            return ContractDifference(problem=f"{path.name} is no JSON")
        if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
            return ContractDifference(problem=f"{path.name} is no OpenAPI document: it has no paths")
        documents.append(document)
    return compare(*documents)


def compare(base: Node, head: Node) -> ContractDifference:
    """Every difference that a client can meet, in a stable order."""
    findings = Findings()
    _Differ(base, head, findings).run()
    count = sum(method in _METHODS for path in head["paths"].values() for method in path)
    return ContractDifference(tuple(sorted(findings.found)), count)


@dataclass(frozen=True)
class _Differ:
    base: Node
    head: Node
    findings: Findings

    def run(self) -> None:
        old, new = _operations(self.base), _operations(self.head)
        for place in sorted(old.keys() - new.keys()):
            gone = place[0] not in self.head["paths"]
            with self.findings.at(_title(place)):
                self.findings.breaking("path-removed" if gone else "operation-removed", "the operation")
        for place in sorted(new.keys() - old.keys()):
            with self.findings.at(_title(place)):
                self.findings.compatible("operation-added", "the operation")
        for place in sorted(old.keys() & new.keys()):
            with self.findings.at(_title(place)):
                self._operation(old[place], new[place])
        before, after = _servers(self.base), _servers(self.head)
        for url in sorted(before - after):
            with self.findings.at("servers"):
                self.findings.breaking("server-removed", url)

    def _operation(self, old: Node, new: Node) -> None:
        self._parameters(old, new)
        self._body(old, new)
        self._answers(old, new)
        self._security(old, new)
        if new.get("deprecated") and not old.get("deprecated"):
            self.findings.compatible("operation-deprecated", "the operation")

    def _schemas(self, direction: Direction, old: Any, new: Any, path: str) -> None:
        Comparison(self.base, self.head, direction, self.findings).compare(old, new, path)

    def _parameters(self, old: Node, new: Node) -> None:
        before, after = self._named_parameters(self.base, old), self._named_parameters(self.head, new)
        for key in sorted(before.keys() - after.keys()):
            self.findings.breaking("request-parameter-removed", " ".join(key))
        for key in sorted(after.keys() - before.keys()):
            if after[key].get("required"):
                self.findings.breaking("request-parameter-added-required", " ".join(key))
            else:
                self.findings.compatible("request-parameter-added", " ".join(key))
        for key in sorted(before.keys() & after.keys()):
            if after[key].get("required") and not before[key].get("required"):
                self.findings.breaking("request-parameter-became-required", " ".join(key))
            self._schemas(Direction.REQUEST, before[key].get("schema", {}), after[key].get("schema", {}), " ".join(key))

    def _named_parameters(self, document: Node, operation: Node) -> dict[tuple[str, str], Node]:
        found = [resolved(document, parameter) for parameter in operation.get("parameters") or ()]
        return {(str(p.get("in")), _header_case(p)): p for p in found}

    def _body(self, old: Node, new: Node) -> None:
        before = resolved(self.base, old.get("requestBody") or {})
        after = resolved(self.head, new.get("requestBody") or {})
        if after.get("required") and not before.get("required"):
            self.findings.breaking("request-body-became-required", "body")
        if before and not after:
            self.findings.breaking("request-body-removed", "body")
            return
        self._contents(Direction.REQUEST, before, after, "body")

    def _contents(self, direction: Direction, old: Node, new: Node, path: str) -> None:
        before, after = old.get("content") or {}, new.get("content") or {}
        for media in sorted(before.keys() - after.keys()):
            self.findings.breaking(f"{direction}-media-type-removed", f"{path}: {media}")
        for media in sorted(after.keys() - before.keys()):
            self.findings.compatible(f"{direction}-media-type-added", f"{path}: {media}")
        for media in sorted(before.keys() & after.keys()):
            self._schemas(direction, before[media].get("schema", {}), after[media].get("schema", {}), path)

    def _answers(self, old: Node, new: Node) -> None:
        before, after = old.get("responses") or {}, new.get("responses") or {}
        for status in sorted(before.keys() - after.keys()):
            self.findings.breaking("response-status-removed", status)
        for status in sorted(after.keys() - before.keys()):
            self.findings.compatible("response-status-added", status)
        for status in sorted(before.keys() & after.keys()):
            was, now = resolved(self.base, before[status]), resolved(self.head, after[status])
            for name in sorted((was.get("headers") or {}).keys() - (now.get("headers") or {}).keys()):
                self.findings.breaking("response-header-removed", f"{status} {name}")
            self._contents(Direction.RESPONSE, was, now, status)

    def _security(self, old: Node, new: Node) -> None:
        before, after = _requirements(self.base, old), _requirements(self.head, new)
        refused = [way for way in before if not any(_asks_no_more(other, way) for other in after)]
        opened = [way for way in after if not any(_asks_no_more(other, way) for other in before)]
        if refused:
            rule = "security-added" if {} in before else "security-narrowed"
            self.findings.breaking(rule, _ways(refused))
        if opened:
            rule = "security-removed" if {} in after else "security-widened"
            self.findings.compatible(rule, _ways(opened))


def _operations(document: Node) -> dict[tuple[str, str], Node]:
    found: dict[tuple[str, str], Node] = {}
    for path, item in document["paths"].items():
        shared = item.get("parameters") or []
        for method in _METHODS:
            if isinstance(item.get(method), dict):
                own = item[method]
                found[path, method] = {**own, "parameters": [*shared, *(own.get("parameters") or [])]}
    return found


def _title(place: tuple[str, str]) -> str:
    return f"{place[1].upper()} {place[0]}"


def _header_case(parameter: Node) -> str:
    """Header names are the same in any case (RFC 9110, 5.1)."""
    name = str(parameter.get("name"))
    return name.lower() if parameter.get("in") == "header" else name


def _servers(document: Node) -> set[str]:
    return {str(server.get("url")) for server in document.get("servers") or () if isinstance(server, dict)}


def _requirements(document: Node, operation: Node) -> list[dict[str, frozenset[str]]]:
    """The ways to be let in; none asked for is one way that asks nothing."""
    declared: Sequence[Node] = operation.get("security", document.get("security") or [])
    return [{scheme: frozenset(scopes) for scheme, scopes in way.items()} for way in declared] or [{}]


def _asks_no_more(way: Mapping[str, frozenset[str]], than: Mapping[str, frozenset[str]]) -> bool:
    return all(scheme in than and scopes <= than[scheme] for scheme, scopes in way.items())


def _ways(ways: Sequence[Mapping[str, frozenset[str]]]) -> str:
    return ", ".join(sorted(" and ".join(sorted(way)) or "no credential" for way in ways))
