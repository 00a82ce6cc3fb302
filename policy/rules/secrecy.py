"""No value that looks like a secret stands in clear in any input."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping

from policy import types
from policy.model import DEV, PROD, Finding, Resource, Rule, Violation, resource_rule
from policy.values import NotReadableError, Unreadable, texts

PATTERNS: Mapping[str, re.Pattern[str]] = {
    "an AWS access key": re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    "a JSON Web Token": re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
    "a GitHub token": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{22,})"),
    "a Slack token": re.compile(r"\bxox[abeprs]-[\w-]{10,}"),
    "a payment key": re.compile(r"\b[rs]k_live_[A-Za-z0-9]{16,}"),
    "a model provider's key": re.compile(r"\bsk-(?:ant|proj)-[\w-]{20,}"),
    "a Google key": re.compile(r"\bAIza[\w-]{35}\b"),
    "a URL with a password": re.compile(r"\b[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s:@]+@"),
    "a password": re.compile(r"(?i)\b(?:password|passwd|pwd|secret|token|api_?key)\s*=\s*[\"']?[^\s\"'&;,${}]{6,}"),
}
# Where long texts are written by people or programs of ours, so that randomness is a secret and not a hash.
WATCHED = re.compile(r"(?:^|\.)(?:environment\.variables|tags|tagsAll|description|value|input|displayName)(?:\.|$)")
SECRET_KEY = re.compile(r"(?i)(?:password|passwd|secret|token|api_?key|private_?key|credentials?)$")
CANDIDATE = re.compile(r"[A-Za-z0-9+/_=-]{20,}")
# ARNs, URLs, and whole words of small or of capital letters, joined by dots, dashes and slashes, are names. (Random
# bytes have slashes in base64, too, and are not all of one case.)
_WORD = r"(?:[a-z0-9]+(?:[-._:][a-z0-9]+)*|[A-Z0-9]+(?:[-._:][A-Z0-9]+)*)"
NAME = re.compile(rf"(?<!\S)(?:arn:aws\S*|[a-z]+://\S+|/?{_WORD}(?:/{_WORD})*)(?!\S)")
# what may stand under a key named like a secret: the way to one
REFERENCE = re.compile(r"arn:aws\S+|/?[\w.-]+(?:/[\w.-]+)+")
MINIMUM_BITS = 4.0
HEX_LENGTH = 32
# What the service itself encrypts, and the engine marks as a secret
ENCRYPTED_BY_SERVICE = {types.PARAMETER: ("value", "type", "SecureString")}
# content, not configuration: addressed by hash, or generated with examples in it
SKIPPED = frozenset({"sourceCodeHash", "sourceHash", "codeSha256", "etag", "triggers", "s3ObjectVersion", "versionId"})


def bits(text: str) -> float:
    """Return Shannon's entropy of `text` in bits a character: words have 2 to 3.5, base64 of random bytes 4 to 6."""
    counts = Counter(text)
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts.values())


def looks_random(text: str) -> bool:
    """Say whether `text` holds a run that only a generator writes: mixed letters and digits, or long hexadecimal."""
    for run in re.findall(rf"\b(?:[0-9a-f]{{{HEX_LENGTH},}}|[0-9A-F]{{{HEX_LENGTH},}})\b", text):
        if re.search(r"[a-fA-F]", run) and re.search(r"\d", run):
            return True
    for run in CANDIDATE.findall(NAME.sub(" ", text)):
        if all(re.search(kind, run) for kind in ("[a-z]", "[A-Z]", "[0-9]")) and bits(run) >= MINIMUM_BITS:
            return True
    return False


def secrets_in(resource: Resource) -> Iterator[Finding]:
    """Judge every text of the inputs. What the source shows encrypted is marked as a secret already."""
    hidden = ""
    for path, key, leaf in texts(dict(resource.properties)):
        if path.partition(".")[0] in SKIPPED or _encrypted(resource, path):
            continue
        if isinstance(leaf, Unreadable):
            # the provider marks every parameter's value; one of type String is plain in AWS all the same
            if leaf.why != "encrypted" or resource.type == types.PARAMETER:
                hidden = hidden or path
        elif isinstance(leaf, str):
            problem = looks_like(path, key, leaf)
            if problem:
                yield Violation(f"{path} looks like {problem}")
    if hidden:
        raise NotReadableError(hidden, "not told")


def _encrypted(resource: Resource, path: str) -> bool:
    value, key, kind = ENCRYPTED_BY_SERVICE.get(resource.type, ("", "", ""))
    return path == value and resource.peek(key) == kind


def looks_like(path: str, key: str, text: str) -> str | None:
    """Return what `text` looks like, None for an ordinary text. The value itself is never in a message."""
    for what, pattern in PATTERNS.items():
        if pattern.search(text):
            return what
    if not WATCHED.search(path):
        return None
    if SECRET_KEY.search(key) and text and not REFERENCE.fullmatch(text):
        return f"a secret, by its name {key}"
    return "a generated secret" if looks_random(text) else None


def secret_version(resource: Resource) -> Iterator[Finding]:
    """A version that the engine owns."""
    for path in ("secretString", "secretBinary", "secretStringWo"):
        if resource.properties.get(path):
            yield Violation(f"{path} is a secret's value in the program and its state")


RULES: tuple[Rule, ...] = (
    resource_rule(
        "no-plain-secret",
        secrets_in,
        reason="secrets stood in environment variables: whoever reads the configuration, a state or a log has them",
        fix="keep the value in Secrets Manager, and hand over its name",
        failing=PROD(types.FUNCTION, environment={"variables": {"JWT_SECRET": "correct horse battery"}}),
        passing=PROD(types.FUNCTION, environment={"variables": {"JWT_SECRET_NAME": "omnix-ai/prod/JWT_SECRET"}}),
        refs=("P7",),
    ),
    resource_rule(
        "no-secret-value",
        secret_version,
        types=(types.SECRET_VERSION,),
        reason="its value would be in the state, and after two rotations the engine would make, and perhaps promote, "
        "the first value again",
        fix="let the rotation function write every version, the first too",
        failing=DEV(types.SECRET_VERSION, secretString="hunter2-hunter2"),
        passing=DEV(types.SECRET, name="omnix-ai/dev/JWT_SECRET"),
        refs=("P7",),
    ),
)
