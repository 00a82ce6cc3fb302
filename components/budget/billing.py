"""Under which service name a Bedrock model is billed. Pure.

Models of AWS and of some partners are billed as `Amazon Bedrock`. Those sold through AWS Marketplace are
billed each under a name of its own, `… (Amazon Bedrock Edition)`: a budget on `Amazon Bedrock` alone never
sees them (incident: a budget that stayed at zero). The names are those of the bill and of Cost Explorer.
"""

import re
from collections.abc import Iterable

BEDROCK = "Amazon Bedrock"
_EDITION = " (Amazon Bedrock Edition)"

# Prefixes of cross-region inference profiles: the model behind them is billed, not the profile.
_PROFILE = re.compile(r"(?:eu|us|us-gov|apac|au|ca|jp|global)\.")
_BILLED_BY_AWS = frozenset({"amazon", "deepseek", "google", "meta", "minimax", "mistral", "moonshot", "nvidia", "qwen"})
# anthropic.claude-3-5-sonnet-20240620-v1:0 and anthropic.claude-sonnet-4-5-20250929-v1:0
_CLAUDE_OLD = re.compile(r"claude-(?P<version>\d(?:-\d)?)-(?P<tier>[a-z]+)-\d{8}-v(?P<revision>\d+)(?::\d+)?\Z")
_CLAUDE_NEW = re.compile(r"claude-(?P<tier>[a-z]+)-(?P<version>\d+(?:-\d{1,2})?)(?:-\d{8})?(?:-v\d+(?::\d+)?)?\Z")


class UnknownBillingError(ValueError):
    """A model whose billing name is not known, so that a budget would miss its cost."""


def billing_service(model: str) -> str:
    """The service name that `model` (a model id or a cross-region profile id) is billed under.

    Raises `UnknownBillingError` for a provider or a form of id that this module does not know.
    """
    vendor, _, rest = _PROFILE.sub("", model, count=1).partition(".")
    if vendor in _BILLED_BY_AWS:
        return BEDROCK
    if vendor == "anthropic":
        return _claude(model, rest) + _EDITION
    raise UnknownBillingError(
        f"{model}: it is not known what {vendor or model!r} is billed under; look it up in Cost Explorer "
        "(dimension Service) and add it to components/budget/billing.py"
    )


def billing_services(models: Iterable[str]) -> list[str]:
    """The values of a budget's `Service` filter that together see every cost of `models`, sorted.

    `Amazon Bedrock` is always one: guardrails, knowledge bases and batch jobs are billed under it.
    """
    return sorted({BEDROCK, *(billing_service(model) for model in models)})


def _claude(model: str, rest: str) -> str:
    if match := _CLAUDE_OLD.match(rest):
        # the second revision of 3.5 Sonnet is a product of its own
        revision = "" if match["revision"] == "1" else f" v{match['revision']}"
        return f"Claude {match['version'].replace('-', '.')} {match['tier'].capitalize()}{revision}"
    if match := _CLAUDE_NEW.match(rest):
        return f"Claude {match['tier'].capitalize()} {match['version'].replace('-', '.')}"
    raise UnknownBillingError(f"{model}: not the form of a Claude model id that components/budget/billing.py knows")
