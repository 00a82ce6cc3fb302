"""Names: what they say, whether they are as the design says, and how a whole name is found in a text."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from components.data.tables import TABLES
from components.naming import PROJECT
from ops.audit.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

ENVIRONMENTS = ("dev", "staging", "prod")
# What a table is about, by the words that stood for it over the years.
_SUBJECTS = {
    "users": ("user", "users", "accounts", "staff"),
    "products": ("product", "products", "catalog", "catalogue", "items"),
    "orders": ("order", "orders", "purchases"),
    "inventory": ("inventory", "stock", "levels"),
    "sessions": ("session", "sessions", "tokens"),
    "customer-profiles": ("customer", "customers", "profiles"),
    "recommendations": ("recommendation", "recommendations"),
    "analytics": ("analytics", "metrics", "events", "rollups"),
    "workspaces": ("workspace", "workspaces", "records", "appointments", "workflows", "files"),
}
_DEPLOYERS = frozenset({"cdk", "cfn", "sls", "serverless", "sam", "amplify", "terraform", "manual"})
_LEFTOVERS = frozenset({"old", "new", "tmp", "temp", "test", "backup", "bak", "copy", "legacy", "deprecated", "unused"})
_VERSION = re.compile(r"v\d+")
_DATED = re.compile(r"(19|20)\d\d(\d\d(\d\d)?)?")
_EDGES = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")
_PREFIX = re.compile(rf"{PROJECT}-({'|'.join(ENVIRONMENTS)})-[a-z0-9]+(-[a-z0-9]+)*")
_SCHEMES = {
    Kind.LOG_GROUP: re.compile(
        rf"/aws/lambda/{_PREFIX.pattern}|/{PROJECT}/({'|'.join(ENVIRONMENTS)})/.+|aws-waf-logs-{_PREFIX.pattern}"
        r"|API-Gateway-Execution-Logs_.+|/aws/(?!lambda/).+"
    ),
    Kind.SECRET: re.compile(rf"{PROJECT}/({'|'.join(ENVIRONMENTS)})/[A-Za-z0-9_]+"),
}
# Their names are AWS's, or say nothing of an environment.
_NAMELESS = frozenset({Kind.DISTRIBUTION, Kind.EVENT_SOURCE_MAPPING, Kind.DOMAIN_MAPPING})
# A shorter or single word is everybody's word: it names a resource only where it stands alone.
_PLAIN = re.compile(r"[A-Za-z]+|.{1,5}")


def tokens(name: str) -> list[str]:
    """The words of a name, in lower case: `OmnixProducts-backup` is omnix, products, backup."""
    return [word.lower() for word in _EDGES.split(name) if word]


def ours(name: str) -> bool:
    """True when a name bears the project's, in whatever spelling (`omnix-ai-x`, `OmnixX`, `omnixai-x`)."""
    project = PROJECT.partition("-")[0]
    return any(word.startswith(project) for word in tokens(name))


def subject(name: str) -> str | None:
    """The standard table that a name is about, if it says so."""
    words = set(tokens(name))
    # "user_sessions" is about sessions: what is rarer wins over whose it is
    order = (
        "sessions",
        "recommendations",
        "analytics",
        "inventory",
        "orders",
        "products",
        "customer-profiles",
        "users",
    )
    return next((one for one in (*order, "workspaces") if words & set(_SUBJECTS[one])), None)


def leftover(name: str) -> list[str]:
    """Words that say "not the real one": copies, trials, days. A version (`v2`) may well be the real one."""
    return [word for word in tokens(name) if word in _LEFTOVERS or _DATED.fullmatch(word)]


def essence(name: str) -> str:
    """A name without project, environment, deployer, versions and leftovers: twins have the same."""
    skipped = {PROJECT.partition("-")[0], "ai", PROJECT.replace("-", ""), *ENVIRONMENTS, *_DEPLOYERS}
    words = [
        word
        for word in tokens(name)
        if word not in skipped and not _VERSION.fullmatch(word) and word not in leftover(name)
    ]
    return "-".join(words)


def standard_table(name: str) -> str | None:
    """The logical name of a standard table, when this is the name of one."""
    match = re.fullmatch(rf"{PROJECT}-(?:{'|'.join(ENVIRONMENTS)})-(.+)", name)
    return match[1] if match and match[1] in TABLES else None


def violations(kind: Kind, name: str) -> list[str]:
    """What is wrong with a name, in words; empty where the kind has no names of its own."""
    if kind in _NAMELESS:
        return []
    bare = name.rpartition("/")[2] if kind is Kind.EVENT_RULE else name
    found = []
    if not _SCHEMES.get(kind, _PREFIX).fullmatch(bare):
        found.append(_wrong(kind, bare))
    words = tokens(bare)
    if deployers := sorted(_DEPLOYERS.intersection(words)):
        found.append(f"says how it was made ({', '.join(deployers)})")
    # `test` and numbers are ordinary words in AWS's own groups
    if kind is not Kind.LOG_GROUP and (copies := leftover(bare)):
        found.append(f"says that it is a copy or a trial ({', '.join(copies)})")
    if versions := [word for word in words if _VERSION.fullmatch(word)]:
        found.append(f"bears a version ({', '.join(versions)})")
    return found


def _wrong(kind: Kind, name: str) -> str:
    if kind in _SCHEMES:
        return "is not named after the environment's scheme"
    if not ours(name):
        return f"does not start with {PROJECT}-{{environment}}-"
    if not set(ENVIRONMENTS).intersection(tokens(name)):
        return "names no environment"
    return f"is not {PROJECT}-{{environment}}-{{resource}} in lower-case words"


@cache
def whole(name: str) -> re.Pattern[str]:
    """Finds a whole name in a text: `omnix-orders` is not in `omnix-orders-old`, nor in `my-omnix-orders`."""
    if _PLAIN.fullmatch(name):
        # alone, in quotes, or at an ARN's or a variable's end: as a word of a sentence it names nothing
        return re.compile(rf"(?:\A|[\"'`=]|table/|function:|role/|:::)({re.escape(name)})(?:\Z|[\"'`]|[:/](?=\S))")
    return re.compile(rf"(?<![A-Za-z0-9_-])(?<!\w\.)({re.escape(name)})(?![A-Za-z0-9_-])")


def named(text: str, names: Iterable[str]) -> list[str]:
    """The names that stand in a text."""
    return [name for name in names if name in text and whole(name).search(text)]
