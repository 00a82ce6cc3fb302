"""The Condition element: operators, how they compare, and what a missing key means.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Set operators for multivalued context
keys".
"""

import base64
import binascii
import functools
import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from operator import eq, ge, gt, le, lt
from typing import Any, Literal

from localcloud.iam import patterns
from localcloud.iam.patterns import Context

type Quantifier = Literal["ForAllValues", "ForAnyValue"] | None
_QUANTIFIERS: tuple[Literal["ForAllValues"], Literal["ForAnyValue"]] = ("ForAllValues", "ForAnyValue")

type Test = Callable[[str, Context], bool]
type Reader = Callable[[str, bool], Test]


MULTIVALUED = frozenset(
    {
        "aws:calledvia",
        "aws:principalorgpaths",
        "aws:principalservicenameslist",
        "aws:resourceorgpaths",
        "aws:sourceorgpaths",
        "aws:tagkeys",
        "dynamodb:attributes",
        "dynamodb:firstpartitionkeyvalues",
        "dynamodb:fistargetarns",
        "dynamodb:fourthpartitionkeyvalues",
        "dynamodb:leadingkeys",
        "dynamodb:secondpartitionkeyvalues",
        "dynamodb:thirdpartitionkeyvalues",
        "kms:encryptioncontextkeys",
        "kms:grantoperations",
        "kms:resourcealiases",
        "lambda:layer",
        "lambda:securitygroupids",
        "lambda:subnetids",
    }
)
"""Keys that are lists even when they hold one value: they "require a condition set operator".

The global ones, and those of DynamoDB, KMS and Lambda (Service Authorization Reference, type `ArrayOf…`).
"""


class MalformedValueError(ValueError):
    """A condition's value that its operator cannot compare with, such as a CIDR block that is none."""


@dataclass(frozen=True, slots=True)
class Operator:
    """A condition operator: how a policy's value is read into a test of one of the request's values."""

    name: str
    reader: Reader
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator on one key: several values are alternatives (of a negated operator, all excluded)."""

    operator: str
    key: str
    values: tuple[str, ...]
    quantifier: Quantifier
    if_exists: bool
    negated: bool
    tests: tuple[Test, ...] = field(repr=False, compare=False)

    def holds(self, context: Context) -> bool:
        """Whether the request's values satisfy it. A plain operator never holds for a multivalued key."""
        values = context.get(self.key, ())
        if self.operator == "Null":
            return any(test("present" if values else "", context) for test in self.tests)
        if self.quantifier is not None and not any(values):
            values = ()  # "an empty data set (for example, an empty string)"
        if not values:
            return self.if_exists or self._on_nothing()
        if self.quantifier == "ForAllValues":
            return all(self._fits(value, context) for value in values)
        if self.quantifier == "ForAnyValue":
            return any(self._fits(value, context) for value in values)
        return len(values) == 1 and self.key not in MULTIVALUED and self._fits(values[0], context)

    def _on_nothing(self) -> bool:
        return self.quantifier == "ForAllValues" or (self.negated and self.quantifier is None)

    def _fits(self, value: str, context: Context) -> bool:
        return any(test(value, context) for test in self.tests) != self.negated


def read(name: str, key: str, values: tuple[str, ...], *, variables: bool) -> Condition:
    """A condition from its operator's name as written. Raises `KeyError` (no such operator), `MalformedValueError`."""
    written: str = name
    quantifier: Quantifier = None
    for candidate in _QUANTIFIERS:
        if written.startswith(f"{candidate}:"):
            written, quantifier = written[len(candidate) + 1 :], candidate
    if_exists = written.endswith("IfExists")
    operator = OPERATORS[written.removesuffix("IfExists")]
    if operator.name == "Null" and (if_exists or quantifier):
        raise KeyError(name)
    return Condition(
        operator=operator.name,
        key=key.lower(),
        values=values,
        quantifier=quantifier,
        if_exists=if_exists,
        negated=operator.negated,
        tests=tuple(operator.reader(value, variables) for value in values),
    )


def _text(*, wildcards: bool, fold: bool = False, spread: patterns.Spread = "text") -> Reader:
    def reader(pattern: str, variables: bool) -> Test:
        parts = patterns.read(pattern.lower() if fold else pattern, variables=variables, wildcards=wildcards)
        if patterns.has_variables(parts):
            return functools.partial(_with_variables, parts, spread, fold)
        matches = patterns.compiled(parts, spread)
        return (lambda value, _: matches(value.lower())) if fold else (lambda value, _: matches(value))

    return reader


def _with_variables(
    parts: tuple[patterns.Part, ...], spread: patterns.Spread, fold: bool, value: str, context: Context
) -> bool:
    resolved = patterns.resolve(parts, context)
    if resolved is None:
        return False
    if fold:
        folded = tuple(part.lower() if isinstance(part, str) else part for part in resolved)
        return patterns.compiled(folded, spread)(value.lower())
    return patterns.compiled(resolved, spread)(value)


def _ordered(parse: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Reader:
    def reader(pattern: str, _: bool) -> Test:
        bound = parse(pattern)

        def test(value: str, _: Context) -> bool:
            try:
                return compare(parse(value), bound)
            except MalformedValueError:
                return False

        return test

    return reader


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        raise MalformedValueError(f"{text!r} is not a number") from None
    if not number.is_finite():
        raise MalformedValueError(f"{text!r} is not a number")
    return number


_W3C_DATE = re.compile(r"\d{4}-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?)?", re.IGNORECASE)
_EPOCH = re.compile(r"\d{1,19}")


def _moment(text: str) -> Decimal:
    """Seconds since 1970 of a W3C profile of ISO 8601. Digits alone are epoch time, four of them too."""
    if _EPOCH.fullmatch(text):
        return Decimal(text)
    if not _W3C_DATE.fullmatch(text):
        raise MalformedValueError(f"{text!r} is not a date")
    try:
        moment = datetime.fromisoformat((text + "-01" if len(text) == len("2024-01") else text).upper())
    except ValueError:
        raise MalformedValueError(f"{text!r} is not a date") from None
    return Decimal(str((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()))


def _truth(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise MalformedValueError(f"{text!r} is neither true nor false")
    return text.lower() == "true"


def _binary(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise MalformedValueError(f"{text!r} is not base64") from None


def _boolean(pattern: str, variables: bool) -> Test:
    parts = patterns.read(pattern, variables=variables, wildcards=False)
    if patterns.has_variables(parts):
        return functools.partial(_with_variables, parts, "text", True)
    return _ordered(_truth, eq)(pattern, variables)


def _null(pattern: str, _: bool) -> Test:
    absent = _truth(pattern)
    return lambda value, _: (value == "") == absent


def _address(pattern: str, _: bool) -> Test:
    try:
        # A bare address is a /32 (a /128 for IPv6).
        network = ipaddress.ip_network(pattern.strip(), strict=False)
    except ValueError:
        raise MalformedValueError(f"{pattern!r} is not an IP address or CIDR block") from None

    def test(value: str, _: Context) -> bool:
        try:
            return ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return test


def _pair(name: str, opposite: str, reader: Reader) -> tuple[Operator, Operator]:
    return Operator(name, reader), Operator(opposite, reader, negated=True)


def _family(prefix: str, parse: Callable[[str], Any]) -> tuple[Operator, ...]:
    orders = {"LessThan": lt, "LessThanEquals": le, "GreaterThan": gt, "GreaterThanEquals": ge}
    return (
        *_pair(f"{prefix}Equals", f"{prefix}NotEquals", _ordered(parse, eq)),
        *(Operator(prefix + order, _ordered(parse, compare)) for order, compare in orders.items()),
    )


# Their names are case-sensitive to IAM's own parser ("Syntax errors in policy").
OPERATORS: Mapping[str, Operator] = {
    operator.name: operator
    for operator in (
        *_pair("StringEquals", "StringNotEquals", _text(wildcards=False)),
        *_pair("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", _text(wildcards=False, fold=True)),
        *_pair("StringLike", "StringNotLike", _text(wildcards=True)),
        # ArnEquals and ArnLike "behave identically".
        *_pair("ArnEquals", "ArnNotEquals", _text(wildcards=True, spread="arn")),
        *_pair("ArnLike", "ArnNotLike", _text(wildcards=True, spread="arn")),
        *_family("Numeric", _number),
        *_family("Date", _moment),
        *_pair("IpAddress", "NotIpAddress", _address),
        Operator("Bool", _boolean),
        Operator("BinaryEquals", _ordered(_binary, eq)),
        Operator("Null", _null),
    )
}
