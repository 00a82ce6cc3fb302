"""Rules between fields, and of one environment towards the others.

Each rule is a pure function of what the stack file says. Values may be missing or of a wrong type: another
finding says so, and the rule keeps to what it can read.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from components.config.adoption import ADOPTABLE
from components.config.bedrock_rules import bedrock_rules
from components.config.findings import Finding
from components.config.legacy import legacy_rules
from components.config.recovery import backup_rules, region_rules, truth
from components.data.tables import TABLES

type Values = Mapping[str, Any]

# Whole tokens that name an environment: "prod" is in "products", and that is fine.
ENVIRONMENT_TOKENS: Mapping[str, frozenset[str]] = {
    "dev": frozenset({"dev", "development"}),
    "staging": frozenset({"staging"}),
    "prod": frozenset({"prod", "production"}),
}
_TOKEN = re.compile(r"[A-Za-z0-9]+")
# An e-mail address is nobody's endpoint: a company's mail domain is often its shop's.
_HOST = re.compile(r"(?<![@\w.-])(?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]+")

# One repository serves every environment, and its name is no host.
_REPOSITORY = "preview.repository"

PROD_RECOVERY_DAYS = 7
PROD_RETENTION_DAYS = 30


def rules(values: Values, stack: str, domains: Mapping[str, str]) -> Iterator[Finding]:
    """Every finding of every rule. `domains` are the other environments' domains, by environment."""
    yield from _environment_is_the_stack(values, stack)
    yield from _no_other_environment(values, stack)
    yield from _no_other_domain(values, domains)
    yield from _origins(values, stack)
    yield from _prod_is_careful(values, stack)
    yield from _recovery_holds_names(values, stack)
    yield from _alias_owner(values, stack)
    yield from region_rules(values)
    yield from backup_rules(values, stack)
    yield from bedrock_rules(values)
    yield from _function_times(values)
    yield from _adoptions(values)
    yield from _capacities(values)
    yield from legacy_rules(values)


def _environment_is_the_stack(values: Values, stack: str) -> Iterator[Finding]:
    environment = values.get("environment")
    if isinstance(environment, str) and environment != stack:
        yield Finding(
            "environment",
            environment,
            f"the stack is {stack}",
            f"set it to {stack}, or select the stack you mean: pulumi stack select {environment}",
        )


def _strings(value: object, path: str) -> Iterator[tuple[str, str]]:
    """Every string in `value`, map keys included, with the path where it stands."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield f"{path}.{key}", str(key)
            yield from _strings(item, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _strings(item, f"{path}[{index}]")


def _all_strings(values: Values) -> Iterator[tuple[str, str]]:
    for key in sorted(values):
        yield from _strings(values[key], key)


def _no_other_environment(values: Values, stack: str) -> Iterator[Finding]:
    """The incident: staging had no API of its own, and its page called another environment's."""
    for path, text in _all_strings(values):
        if path in {"environment", _REPOSITORY}:
            continue
        tokens = {token.lower() for token in _TOKEN.findall(text)}
        for environment, names in ENVIRONMENT_TOKENS.items():
            if environment != stack and tokens & names:
                yield Finding(
                    path,
                    text,
                    f"names the environment {environment} in the stack {stack}",
                    f"name what belongs to {stack}; environments share nothing",
                )


def _within(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def _no_other_domain(values: Values, domains: Mapping[str, str]) -> Iterator[Finding]:
    """A host belongs to the longest domain that holds it: staging.shop.example is not shop.example's."""
    own = values.get("domain")
    for path, text in _all_strings(values):
        if path == _REPOSITORY:
            continue
        for host in {match.lower() for match in _HOST.findall(text)}:
            holders = [domain for domain in domains.values() if _within(host, domain)]
            if isinstance(own, str) and own not in holders and _within(host, own):
                holders.append(own)
            holder = max(holders, key=len, default=own)
            if holder != own or (path == "domain" and own in domains.values()):
                environment = next(name for name, domain in domains.items() if domain == holder)
                yield Finding(
                    path,
                    text,
                    f"{host} is in {holder}, the domain of {environment}",
                    "use a host of this environment's own domain",
                )


def _origins(values: Values, stack: str) -> Iterator[Finding]:
    origins = values.get("corsOrigins")
    if not origins and not values.get("domain"):
        yield Finding("corsOrigins", "(none)", "no browser may call the API", "list the page's origin, or set domain")
    for index, origin in enumerate(origins if isinstance(origins, list | tuple) else ()):
        path = f"corsOrigins[{index}]"
        if origin == "*":
            problem = (
                "a wildcard origin in prod lets every site act for a signed-in user"
                if stack == "prod"
                else "the API allows credentials, and browsers refuse * with credentials"
            )
            yield Finding(path, "*", problem, "list the exact origins")
        elif isinstance(origin, str) and urlsplit(origin).scheme == "http" and stack != "dev":
            yield Finding(path, origin, "plain http outside dev sends tokens in clear", "use https")


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None


def _prod_is_careful(values: Values, stack: str) -> Iterator[Finding]:
    if stack != "prod":
        return
    if truth(values.get("protect")) is False:
        yield Finding("protect", "false", "prod's data must survive a mistaken destroy", "set it to true")
    minimums = {
        "secretRecoveryDays": (PROD_RECOVERY_DAYS, "a deleted secret must be recoverable in prod"),
        "logRetentionDays": (PROD_RETENTION_DAYS, "an incident in prod is looked into weeks later"),
    }
    for key, (minimum, problem) in minimums.items():
        number = _number(values.get(key))
        if number is not None and number < minimum:
            yield Finding(key, str(values[key]), problem, f"set it to {minimum} or more")


def _recovery_holds_names(values: Values, stack: str) -> Iterator[Finding]:
    """A deleted secret keeps its name until its recovery window is over, and `up` cannot make it again."""
    days = _number(values.get("secretRecoveryDays"))
    if stack != "prod" and truth(values.get("protect")) is False and days:
        yield Finding(
            "secretRecoveryDays",
            str(values["secretRecoveryDays"]),
            f"without protect a destroy deletes the secrets, and the next up fails on their names for {days:g} days",
            "set it to 0, or protect to true (which keeps the secrets)",
        )


def _alias_owner(values: Values, stack: str) -> Iterator[Finding]:
    if stack in {"staging", "prod"} and values.get("aliasOwner") == "pulumi":
        yield Finding(
            "aliasOwner",
            "pulumi",
            f"in {stack} only the deployment service moves an alias, so that every release can roll back",
            "set it to deployment",
        )


def _function_times(values: Values) -> Iterator[Finding]:
    """API Gateway answers 504 after 29 s: a function behind it must give up first."""
    functions = values.get("functions")
    if not isinstance(functions, Mapping):
        return
    for name in ("api", "assistant", "auth", "authorizer"):
        override = functions.get(name)
        seconds = _number(override.get("timeoutSeconds")) if isinstance(override, Mapping) else None
        if seconds is not None and seconds >= GATEWAY_SECONDS:
            yield Finding(
                f"functions.{name}.timeoutSeconds",
                f"{seconds:g}",
                f"API Gateway waits {GATEWAY_SECONDS} s at most",
                f"set it below {GATEWAY_SECONDS}",
            )


GATEWAY_SECONDS = 29


def _adoptions(values: Values) -> Iterator[Finding]:
    adopt = values.get("adopt")
    if not isinstance(adopt, Mapping):
        return
    for name in sorted(adopt):
        if name not in ADOPTABLE:
            yield Finding(
                f"adopt.{name}",
                str(adopt[name]),
                "nothing of that name can be adopted",
                "remove it; the names are " + ", ".join(sorted(ADOPTABLE)),
            )


def _capacities(values: Values) -> Iterator[Finding]:
    capacity = values.get("capacity")
    if not isinstance(capacity, Mapping):
        return
    for table in sorted(capacity):
        if table not in TABLES:
            yield Finding(
                f"capacity.{table}",
                str(capacity[table]),
                "no such table",
                "remove it; the tables are " + ", ".join(sorted(TABLES)),
            )
