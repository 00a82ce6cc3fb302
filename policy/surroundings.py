"""What a resource belongs to: its environment, its accounts, its region, its tags."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from policy.model import Resource
from policy.values import NotReadableError, Unreadable, read, readable

PROJECT: Final = "omnix-ai"
HOME_REGION: Final = "eu-central-1"
RECOVERY_REGION: Final = "eu-west-1"
EDGE_REGION: Final = "us-east-1"
TRUSTED_ACCOUNTS: Final = Path(__file__).with_name("trusted_accounts.yaml")

# Whole tokens that name an environment: "prod" is in "products", and that is fine.
ENVIRONMENT_TOKENS: Final[Mapping[str, frozenset[str]]] = {
    "dev": frozenset({"dev", "development"}),
    "staging": frozenset({"staging"}),
    "prod": frozenset({"prod", "production"}),
}
TOKEN: Final = re.compile(r"[A-Za-z0-9]+")
ARN: Final = re.compile(r"arn:(aws[\w-]*|\*):([^:\s\"]*):([^:\s\"]*):([^:\s\"]*):([^\s\",]+)")


def provider_value(resource: Resource, key: str) -> Any:
    """Return a property of the resource's provider, decoded: the engine keeps lists and objects as JSON text.

    Raises NotReadableError where it is not known, or the source does not tell the provider.
    """
    if resource.provider is None:
        raise NotReadableError(f"provider.{key}", "not told")
    value = readable(resource.provider.get(key), f"provider.{key}")
    if isinstance(value, str) and value.startswith(("[", "{")):
        return json.loads(value)
    return value


def own_account(resource: Resource) -> str:
    """Return the account that the resource's provider is bound to; raises NotReadableError where it is bound to none.

    (`provider-bound-to-account` refuses a provider without one.)
    """
    accounts = provider_value(resource, "allowedAccountIds")
    if not isinstance(accounts, list) or len(accounts) != 1:
        raise NotReadableError("provider.allowedAccountIds", "not exactly one account")
    return str(readable(accounts[0], "provider.allowedAccountIds.0"))


@cache
def trusted_accounts() -> frozenset[str]:
    """Return the foreign accounts that may appear in policies: the committed allow-list."""
    entries = yaml.safe_load(TRUSTED_ACCOUNTS.read_text(encoding="utf-8")) or []
    return frozenset(str(entry["account"]) for entry in entries)


def region(resource: Resource) -> str | None:
    """Return the resource's region: its own `region` argument, else its provider's."""
    own = resource.get("region")
    return str(own) if own else provider_value(resource, "region")


def tags(resource: Resource) -> dict[str, Any]:
    """Return the tags that AWS gets: the provider's default tags, then the resource's own."""
    default = provider_value(resource, "defaultTags") or {}
    found: dict[str, Any] = {**(read(default, "tags") or {})}
    for key in ("tagsAll", "tags"):
        # `tagsAll` is computed: not known in a preview, and then it adds nothing to what is
        own = resource.properties.get(key)
        if key == "tagsAll" and isinstance(own, Unreadable):
            continue
        found.update(readable(own, key) or {})
    return found


def other_environments(text: str, stack: str) -> Iterator[str]:
    """Yield the environments other than `stack` that `text` names by a whole token."""
    tokens = {token.lower() for token in TOKEN.findall(text)}
    for environment, names in ENVIRONMENT_TOKENS.items():
        if environment != stack and tokens & names:
            yield environment
