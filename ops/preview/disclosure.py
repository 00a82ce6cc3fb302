"""What of a raw state may be shown: a few harmless scalars, and paths. Everything else stays where it is.

Only marked secrets are masked in the engine's JSON (FACTS), so nothing is shown because it is unmarked: it is shown
because it is listed here.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

type Scalar = bool | int | float | str

MASK = "[…]"

# By resource type: paths whose values say how big, how long or how many. `[*]` is any index.
HARMLESS: Mapping[str, tuple[str, ...]] = {
    "aws:apigateway/stage:Stage": ("xrayTracingEnabled", "cacheClusterEnabled"),
    "aws:apigateway/usagePlan:UsagePlan": ("throttleSettings.burstLimit", "throttleSettings.rateLimit"),
    "aws:appautoscaling/target:Target": ("maxCapacity", "minCapacity"),
    "aws:backup/vault:Vault": ("forceDestroy",),
    "aws:cloudwatch/logGroup:LogGroup": ("retentionInDays",),
    "aws:cloudwatch/metricAlarm:MetricAlarm": ("datapointsToAlarm", "evaluationPeriods", "period", "threshold"),
    "aws:dynamodb/table:Table": (
        "billingMode",
        "deletionProtectionEnabled",
        "globalSecondaryIndexes[*].readCapacity",
        "globalSecondaryIndexes[*].writeCapacity",
        "pointInTimeRecovery.enabled",
        "readCapacity",
        "serverSideEncryption.enabled",
        "streamEnabled",
        "tableClass",
        "ttl.enabled",
        "writeCapacity",
    ),
    "aws:kms/key:Key": ("deletionWindowInDays", "enableKeyRotation", "rotationPeriodInDays"),
    "aws:kms/replicaKey:ReplicaKey": ("deletionWindowInDays",),
    "aws:lambda/function:Function": (
        "architectures[*]",
        "ephemeralStorage.size",
        "memorySize",
        "reservedConcurrentExecutions",
        "timeout",
    ),
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": ("provisionedConcurrentExecutions",),
    "aws:s3/bucket:Bucket": ("forceDestroy",),
    "aws:s3/bucketVersioning:BucketVersioning": ("versioningConfiguration.status",),
    "aws:scheduler/schedule:Schedule": ("retryPolicy.maximumRetryAttempts",),
    "aws:secretsmanager/secret:Secret": ("recoveryWindowInDays",),
    "aws:sqs/queue:Queue": (
        "delaySeconds",
        "maxMessageSize",
        "messageRetentionSeconds",
        "visibilityTimeoutSeconds",
    ),
    "aws:ssm/parameter:Parameter": ("tier",),
}

# Lists whose length has a price; only the number of elements leaves the state.
COUNTED: Mapping[str, tuple[str, ...]] = {
    "aws:cloudwatch/metricAlarm:MetricAlarm": ("metricQueries[*].metric",),
    "aws:secretsmanager/secret:Secret": ("replicas[*]",),
    "aws:wafv2/webAcl:WebAcl": ("rules[*]",),
    "aws:dynamodb/table:Table": ("globalSecondaryIndexes[*]", "replicas[*]"),
}

# The only words ever shown: closed sets of AWS's own.
_WORDS = frozenset(
    {"PAY_PER_REQUEST", "PROVISIONED", "STANDARD", "STANDARD_INFREQUENT_ACCESS", "arm64", "x86_64"}
    | {"Enabled", "Suspended", "Disabled", "Standard", "Advanced", "Intelligent-Tiering"}
)

_SEGMENT = re.compile(r'\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|([^.\[\]]+)|\.')
_KEY = re.compile(r"[\w .:/@+=$-]{1,64}")
# Prefixes of issued credentials (AWS, GitHub, Slack, Stripe, this platform's), JWTs, PEM, bearer headers.
_CREDENTIAL = re.compile(
    r"(?:AKIA|ASIA)[A-Z0-9]{12,}|gh[pousr]_\w{16,}|github_pat_\w+|xox[abprs]-[\w-]+|[sprw]k_(?:live|test)_\w+"
    r"|\bomx_[\w-]+|eyJ[\w-]+\.[\w-]+\.[\w-]*|-----BEGIN[^-]*-----(?:.|\n)*?(?:-----END[^-]*-----|\Z)|(?<=Bearer )\S+"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)",
)
_CHUNK = re.compile(r"[A-Za-z0-9+=]{16,}")
_SECRET_FIELD = re.compile(r"passw|secret|token|api_?key|private_?key|credential|connection_?string", re.IGNORECASE)
_SHORTEST_MASKED = 6
_MIXED_DIGITS = 2


def facts(type_token: str, state: Mapping[str, Any]) -> dict[str, Scalar]:
    """The harmless scalars and counts of a state, by path (`count …` for counts); unknown and masked ones left out."""
    values = {**(_mapping(state.get("outputs"))), **(_mapping(state.get("inputs")))}
    found: dict[str, Scalar] = {}
    for pattern in HARMLESS.get(type_token, ()):
        found.update({path: value for path, value in _at(values, pattern) if is_harmless(value)})
    for pattern in COUNTED.get(type_token, ()):
        found[f"count {pattern}"] = sum(1 for _, value in _at(values, pattern) if value is not None)
    return found


def is_harmless(value: Any) -> bool:
    """Say whether a listed path's value is what it should be: a number, a switch, one of AWS's own words."""
    return isinstance(value, bool | int | float) or (isinstance(value, str) and value in _WORDS)


def shown_path(path: str) -> str:
    """A property path fit to print: map keys are the user's own words, and one that looks like a credential goes."""
    parts: list[str] = []
    for match in _SEGMENT.finditer(path):
        index, quoted, name = match.groups()
        if index is not None:
            parts.append(f"[{index}]")
        elif quoted is not None or name is not None:
            key = quoted if quoted is not None else name
            kept = key if _KEY.fullmatch(key) and not looks_secret(key) else MASK
            parts.append(f'["{kept}"]' if quoted is not None and kept != MASK else f".{kept}" if parts else kept)
    return "".join(parts) or MASK


def looks_secret(text: str) -> bool:
    """Say whether some part of `text` looks issued or random: a known prefix, or 16 mixed characters in one piece."""
    return bool(_CREDENTIAL.search(text)) or any(_random(chunk) for chunk in _CHUNK.findall(text))


def _random(chunk: str) -> bool:
    digits = sum(character.isdigit() for character in chunk)
    return digits >= _MIXED_DIGITS and digits < len(chunk)


def scrubbed(text: str, secrets: frozenset[str] = frozenset()) -> str:
    """A free text without credentials, random-looking pieces and the given values (longest first)."""
    for value in sorted(secrets, key=len, reverse=True):
        text = text.replace(value, MASK)
    text = _CREDENTIAL.sub(MASK, text)
    return _CHUNK.sub(lambda match: MASK if _random(match[0]) else match[0], text)


def suspicious_values(node: Any, under_secret: bool = False) -> Iterator[str]:
    """Every text in a state that stands under a name like `password`, and every environment variable's value.

    A program's own error message may repeat one; diagnostics are cleaned of them.
    """
    if isinstance(node, Mapping):
        for key, value in node.items():
            named = under_secret or bool(_SECRET_FIELD.search(str(key))) or key == "variables"
            yield from suspicious_values(value, named)
    elif isinstance(node, list):
        for item in node:
            yield from suspicious_values(item, under_secret)
    elif isinstance(node, str) and under_secret and len(node) >= _SHORTEST_MASKED and not node.startswith("arn:"):
        yield node


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _at(node: Any, pattern: str) -> Iterator[tuple[str, Any]]:
    """Every value that `pattern` reaches, with its path written out."""
    head, _, rest = pattern.partition(".")
    key, star, _ = head.partition("[*]")
    if not isinstance(node, Mapping) or node.get(key) is None:
        return
    if star:
        items = node[key] if isinstance(node[key], list) else []
        reached = [(f"{key}[{index}]", item) for index, item in enumerate(items)]
    else:
        reached = [(key, node[key])]
    for path, value in reached:
        if not rest:
            yield path, value
        else:
            yield from ((f"{path}.{below}", found) for below, found in _at(value, rest))
