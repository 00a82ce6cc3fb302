"""Compares two JSON Schemas (OpenAPI 3.1's dialect) for one direction."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ops.preview.contract.finding import Direction, Findings

type Schema = Mapping[str, Any]

# keyword → +1 when a higher value accepts less, -1 when a lower one does
_BOUNDS: Mapping[str, int] = {
    "exclusiveMaximum": -1,
    "exclusiveMinimum": 1,
    "maxItems": -1,
    "maxLength": -1,
    "maxProperties": -1,
    "maximum": -1,
    "minItems": 1,
    "minLength": 1,
    "minProperties": 1,
    "minimum": 1,
}
# Compared as they stand: another value accepts something else.
_EXACT = ("contentEncoding", "contentMediaType", "format", "multipleOf", "pattern", "uniqueItems")
# Constraints that this differ does not take apart: any change of them is taken for breaking.
_OPAQUE = (
    "contains", "dependentRequired", "dependentSchemas", "else", "if", "not", "patternProperties", "prefixItems",
    "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties",
)  # fmt: skip
_JSON_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})


@dataclass(frozen=True)
class Comparison:
    """Two documents whose schemas refer into themselves, and the direction in which they are read."""

    base: Mapping[str, Any]
    head: Mapping[str, Any]
    direction: Direction
    findings: Findings

    def compare(self, base: Any, head: Any, path: str, seen: frozenset[tuple[str, str]] = frozenset()) -> None:
        """Report every difference of the schemas at `path`."""
        pair = (_reference(base), _reference(head))
        if pair in seen and all(pair):
            return
        seen |= {pair}
        old, new = _resolved(self.base, base), _resolved(self.head, head)
        if old == new and not _refers(old):
            return
        old_cases, new_cases = _cases(self.base, old), _cases(self.head, new)
        if len(old_cases) > 1 or len(new_cases) > 1:
            self._alternatives(old_cases, new_cases, path, seen)
            return
        self._single(old_cases[0], new_cases[0], path, seen)

    @property
    def _request(self) -> bool:
        return self.direction is Direction.REQUEST

    def _rule(self, suffix: str) -> str:
        return f"{self.direction}-{suffix}"

    def _single(self, old: Schema, new: Schema, path: str, seen: frozenset[tuple[str, str]]) -> None:
        if not self._types(old, new, path):
            return
        self._enum(old, new, path)
        self._bounds(old, new, path)
        self._properties(old, new, path, seen)
        if "items" in old or "items" in new:
            self.compare(old.get("items", {}), new.get("items", {}), f"{path}[]", seen)
        self._additional(old, new, path, seen)
        for keyword in _OPAQUE:
            if old.get(keyword) != new.get(keyword):
                self.findings.breaking(self._rule("constraint-changed"), f"{path}: `{keyword}`")
        if self._request and old.get("default") != new.get("default"):
            self.findings.compatible("request-default-changed", path)

    def _alternatives(self, old: list[Schema], new: list[Schema], path: str, seen: frozenset[tuple[str, str]]) -> None:
        """A request's every old case must still be taken; a response's every new case must have been possible."""
        taken, offered = (old, new) if self._request else (new, old)
        for case in taken:
            fits = any(
                self._fits(*((case, other) if self._request else (other, case)), path, seen) for other in offered
            )
            if fits:
                continue
            alike = [other for other in offered if _types_of(other) == _types_of(case)]
            if len(alike) == 1:
                pair = (case, alike[0]) if self._request else (alike[0], case)
                self._single(*pair, path, seen)
            else:
                rule = "type-narrowed" if self._request else "type-widened"
                self.findings.breaking(self._rule(rule), f"{path}: {_named(case)}")

    def _fits(self, old: Schema, new: Schema, path: str, seen: frozenset[tuple[str, str]]) -> bool:
        trial = Comparison(self.base, self.head, self.direction, Findings())
        trial._single(old, new, path, seen)
        return not trial.findings.breaks

    def _types(self, old: Schema, new: Schema, path: str) -> bool:
        before, after = _types_of(old), _types_of(new)
        lost, gained = _beyond(before, after), _beyond(after, before)
        if lost and self._request:
            self.findings.breaking("request-type-narrowed", f"{path}: no longer {_words(lost)}")
        elif gained and not self._request:
            self.findings.breaking("response-type-widened", f"{path}: now also {_words(gained)}")
        elif lost or gained:
            self.findings.compatible(self._rule("type-changed"), path)
        return bool(before & after) or not (lost and gained)

    def _enum(self, old: Schema, new: Schema, path: str) -> None:
        before, after = _values(old), _values(new)
        if before == after:
            return
        narrowed = after is not None and (before is None or bool(before - after))
        widened = before is not None and (after is None or bool(after - before))
        if narrowed and self._request:
            self.findings.breaking("request-enum-narrowed", path)
        elif widened and not self._request:
            self.findings.breaking("response-enum-widened", path)
        else:
            self.findings.compatible(self._rule("enum-changed"), path)

    def _bounds(self, old: Schema, new: Schema, path: str) -> None:
        for keyword, sign in _BOUNDS.items():
            before, after = old.get(keyword), new.get(keyword)
            if before == after:
                continue
            tighter = after is not None and (before is None or (after - before) * sign > 0)
            self._limit(path, keyword, tighter=tighter, looser=not tighter)
        for keyword in _EXACT:
            before, after = old.get(keyword), new.get(keyword)
            if before != after:
                self._limit(path, keyword, tighter=after is not None, looser=before is not None)

    def _limit(self, path: str, keyword: str, *, tighter: bool, looser: bool) -> None:
        """A response may always promise less range than before; how long its texts are, clients rarely check."""
        if tighter and self._request:
            self.findings.breaking("request-constraint-tightened", f"{path}: `{keyword}`")
        elif looser and not self._request and keyword in {"format", "pattern"}:
            self.findings.breaking("response-constraint-loosened", f"{path}: `{keyword}`")
        else:
            self.findings.compatible(self._rule("constraint-changed"), f"{path}: `{keyword}`")

    def _properties(self, old: Schema, new: Schema, path: str, seen: frozenset[tuple[str, str]]) -> None:
        before, after = old.get("properties") or {}, new.get("properties") or {}
        was, now = set(old.get("required") or ()), set(new.get("required") or ())
        for name in sorted(before.keys() - after.keys()):
            self.findings.breaking(self._rule("property-removed"), f"{path}.{name}")
        for name in sorted(after.keys() - before.keys()):
            if self._request and name in now:
                self.findings.breaking("request-property-added-required", f"{path}.{name}")
            else:
                self.findings.compatible(self._rule("property-added"), f"{path}.{name}")
        for name in sorted(before.keys() & after.keys()):
            place = f"{path}.{name}"
            if self._request and name in now - was:
                self.findings.breaking("request-property-became-required", place)
            elif not self._request and name in was - now:
                self.findings.breaking("response-property-became-optional", place)
            elif (name in was) != (name in now):
                self.findings.compatible(self._rule("required-changed"), place)
            self.compare(before[name], after[name], place, seen)

    def _additional(self, old: Schema, new: Schema, path: str, seen: frozenset[tuple[str, str]]) -> None:
        before, after = old.get("additionalProperties", True), new.get("additionalProperties", True)
        if before == after:
            if isinstance(before, dict):
                self.compare(before, after, f"{path}.*", seen)
        elif self._request and after is False:
            self.findings.breaking("request-additional-properties-refused", path)
        elif isinstance(before, dict) and isinstance(after, dict):
            self.compare(before, after, f"{path}.*", seen)
        elif self._request and isinstance(after, dict):
            self.findings.breaking("request-additional-properties-narrowed", path)
        else:
            self.findings.compatible(self._rule("additional-properties-changed"), path)


def resolved(document: Mapping[str, Any], node: Any) -> Any:
    """A node, or what its `$ref` points at in the document (JSON Pointer); an unknown reference is empty."""
    for _ in range(32):
        if not isinstance(node, dict) or not isinstance(node.get("$ref"), str):
            break
        target: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            key = part.replace("~1", "/").replace("~0", "~")
            target = target.get(key) if isinstance(target, dict) else None
        node = target if isinstance(target, dict) else {}
    return node


def _resolved(document: Mapping[str, Any], node: Any) -> dict[str, Any]:
    """A schema with its `$ref` followed and its `allOf` laid together."""
    found = resolved(document, node)
    if found is True or not isinstance(found, dict):
        return {"not": {}} if found is False else {}
    if "allOf" not in found:
        return found
    whole = {key: value for key, value in found.items() if key != "allOf"}
    for part in found["allOf"]:
        extra = _resolved(document, part)
        properties = {**(whole.get("properties") or {}), **(extra.get("properties") or {})}
        required = sorted({*(whole.get("required") or ()), *(extra.get("required") or ())})
        whole = {**extra, **whole, "properties": properties, "required": required}
    return whole


def _cases(document: Mapping[str, Any], schema: dict[str, Any]) -> list[Schema]:
    """The alternatives of `anyOf` or `oneOf`, each with what stands beside them; the schema itself without."""
    for keyword in ("anyOf", "oneOf"):
        if schema.get(keyword):
            beside = {key: value for key, value in schema.items() if key != keyword}
            return [{**beside, **_resolved(document, case)} for case in schema[keyword]]
    return [schema]


def _reference(node: Any) -> str:
    return str(node.get("$ref", "")) if isinstance(node, dict) else ""


def _refers(node: Any) -> bool:
    """Say whether a schema refers to others: equal texts may then mean different things."""
    if isinstance(node, dict):
        return "$ref" in node or any(_refers(value) for value in node.values())
    return isinstance(node, list) and any(_refers(item) for item in node)


def _types_of(schema: Schema) -> frozenset[str]:
    declared = schema.get("type")
    if declared is None:
        return frozenset({"object"}) if "properties" in schema else _JSON_TYPES
    return frozenset([declared] if isinstance(declared, str) else declared)


def _beyond(types: frozenset[str], others: frozenset[str]) -> frozenset[str]:
    """Types that `others` does not take; an integer is a number."""
    return frozenset(t for t in types if t not in others and not (t == "integer" and "number" in others))


def _values(schema: Schema) -> frozenset[str] | None:
    if "const" in schema:
        return frozenset({repr(schema["const"])})
    return frozenset(repr(value) for value in schema["enum"]) if "enum" in schema else None


def _words(types: frozenset[str]) -> str:
    return ", ".join(sorted(types)) if types != _JSON_TYPES else "anything"


def _named(schema: Schema) -> str:
    return str(schema.get("title") or _words(_types_of(schema)))
