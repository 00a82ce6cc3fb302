"""Lambda functions. Of the environment only the variables' names are kept; `references` looks at the values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ops.audit.model import Kind, Resource
from ops.audit.plain import chosen, moment, settled, tags
from ops.audit.reader import Notes
from ops.audit.seen import Seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.audit.reader import Reader

KINDS = (Kind.FUNCTION,)


def read(reader: Reader, region: str, only: str | None = None) -> Iterator[Seen]:
    """The region's functions (or `only` that one); the texts are their variables and their role."""
    if only:
        one = reader.call("lambda", "get_function_configuration", region, KINDS, subject=only, FunctionName=only)
        found = [one] if one else []
    else:
        found = reader.pages("lambda", "list_functions", region, "Functions", KINDS)
    for configuration in found:
        texts = {f"variable {name}": value for name, value in _values(configuration).items()}
        yield Seen(_function(reader, region, configuration), texts | {"role": configuration.get("Role", "")})


def _values(configuration: dict[str, Any]) -> dict[str, str]:
    values: dict[str, str] = configuration.get("Environment", {}).get("Variables") or {}
    return values


def _function(reader: Reader, region: str, configuration: dict[str, Any]) -> Resource:
    name, arn = configuration["FunctionName"], configuration["FunctionArn"]
    notes = Notes()
    asked: dict[str, Any] = {"subject": name, "notes": notes}
    if refused := configuration.get("Environment", {}).get("Error"):
        # Lambda lists the function and leaves the variables out when the caller may not use their key.
        notes.missing.append(f"its environment was not answered: {refused.get('ErrorCode')}")
    marks = reader.call("lambda", "list_tags", region, KINDS, Resource=arn, **asked) or {}
    aliases = reader.pages("lambda", "list_aliases", region, "Aliases", KINDS, FunctionName=name, **asked)
    qualifiers = [{}, *({"Qualifier": alias["Name"]} for alias in aliases)]
    urls = [
        reader.call("lambda", "get_function_url_config", region, KINDS, FunctionName=name, **asked, **qualifier)
        for qualifier in qualifiers
    ]
    policy = reader.call("lambda", "get_policy", region, KINDS, FunctionName=name, **asked) or {}
    facts = chosen(
        configuration, "CodeSha256", "Runtime", "Handler", "Role", "MemorySize", "Timeout", "LastModified",
        "PackageType", "Architectures", "Layers", "VpcConfig", "DeadLetterConfig", "KMSKeyArn", "LoggingConfig",
    )  # fmt: skip
    facts["variables"] = sorted(_values(configuration))
    facts["aliases"] = {alias["Name"]: alias["FunctionVersion"] for alias in aliases}
    facts["urls"] = settled([chosen(url, "FunctionUrl", "AuthType") for url in urls if url])
    facts["invokers"] = _invokers(policy.get("Policy"))
    return Resource(
        kind=Kind.FUNCTION, arn=arn, name=name, region=region, account_id=reader.account_id,
        # Lambda tells no time of creation; nothing about a function is older than its last change
        created_at=moment(configuration.get("LastModified")), tags=tags(marks.get("Tags")), facts=facts,
        measures={"code_bytes": configuration.get("CodeSize")}, incomplete=notes.missing,
    )  # fmt: skip


def _invokers(policy: str | None) -> list[dict[str, Any]]:
    """Who may call, by the function's resource policy: principal, and the source it is limited to."""
    statements = json.loads(policy).get("Statement", []) if policy else []
    found = []
    for statement in statements:
        principal = statement.get("Principal")
        sources = [
            value
            for operands in statement.get("Condition", {}).values()
            for key, value in operands.items()
            if key.lower() in ("aws:sourcearn", "aws:sourceaccount")
        ]
        found.append({"principal": settled(principal), "effect": statement.get("Effect"), "sources": settled(sources)})
    settled_rows: list[dict[str, Any]] = settled(found)
    return settled_rows
