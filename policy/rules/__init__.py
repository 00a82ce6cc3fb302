"""All rules, in the order in which they are printed."""

from policy.model import Rule
from policy.rules import (
    belonging,
    compute,
    coverage,
    data_protection,
    encryption,
    exposure,
    observability,
    permissions,
    principals,
    resilience,
    retention,
    secrecy,
    transport,
)

TOPICS = (
    encryption,
    data_protection,
    retention,
    permissions,
    principals,
    exposure,
    transport,
    secrecy,
    belonging,
    compute,
    resilience,
    observability,
    coverage,
)
RULES: tuple[Rule, ...] = tuple(rule for topic in TOPICS for rule in topic.RULES)
