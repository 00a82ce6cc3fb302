"""Which attributes and which pieces of text hold secrets or personal data: by the words of a name, and by shape.

Scanners for source code (detect-secrets) know API keys in lines of files, but neither password hashes nor people; those
for prose (presidio) bring a language model. The entropy limits are detect-secrets' own.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import pairwise

_WORDS = re.compile(r"[A-Z]+s?(?![a-z])|[A-Z]?[a-z]+|\d+")
# Words that say it however they are written together: `passwordhash`, `userEmail`, `shipping_address`.
_ANYWHERE = re.compile(
    r"passw|passphrase|pwd|secret|token|apikey|accesskey|privatekey|credential|cookie|session|signature|bearer"
    r"|e?mail|phone|address|surname|(?:first|last|full|fore|given|family|middle|maiden|nick|user)name|birth|passport"
)
_WORD = re.compile(
    r"(?:pass|pin|otp|totp|mfa|jwt|salt|hash|digest|sid|ssn|iban|bic|cvv|cvc|card|nonce|auth|authorization"
    r"|tel|fax|mobile|cell|addr|street|city|zip|postcode|postal|plz|lat|lng|latitude|longitude|geo|ip"
    r"|dob|gender|note|comment|remark|contact)(?:e?s)?|cities"
)
# Whose it is, in people's own words, unless an id follows.
_WHO = frozenset({"recipient", "customer", "user", "owner", "author"})
# A name is a person's unless it says what else it is the name of; a key opens something unless it finds something, and
# so does a code unless it stands for something.
_THINGS = re.compile(
    r"product|category|brand|file|table|metric|index|event|column|field|bucket|role|plan|currency|type|class|sku"
    r"|warehouse|location|store"
)
_FINDING = re.compile(
    r"partition|sort|primary|foreign|hash|range|index|cache|object|file|image|product|category|translation|gsi"
)

_STANDS_FOR = re.compile(
    rf"{_THINGS.pattern}|country|region|state|language|locale|status|error|response|reason|exit|unit|tax|colou?r|item"
)

_NAME = re.compile(r"names?")
_KEY = re.compile(r"keys?")
_CODE = re.compile(r"codes?")

# An item has up to 400 KB: whatever repeats without an end begins only where a word does.
_SHAPES = re.compile(
    # crypt's and PHC's formats (bcrypt, argon2, scrypt, PBKDF2, sha-crypt, yescrypt), Django's, Werkzeug's, LDAP's
    r"\$(?:2[abxy]?|argon2\w*|s?crypt|pbkdf2[\w-]*|bcrypt[\w-]*|[1567y]|apr1|md5)\$[^\s'\"]+"
    r"|\b(?:pbkdf2|scrypt|bcrypt|argon2)(?:_\w+)?[:$][^\s'\"]+"
    r"|\{(?:S?SHA\d*|S?MD5|CRYPT|PBKDF2[\w-]*)\}[^\s'\"]+"
    # JWTs; keys that AWS, GitHub, Slack, Stripe, Google and this platform issue; PEM; bearer headers; a URL's password
    r"|(?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]*"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{12,}|\bgh[pousr]_\w{16,}|\bgithub_pat_\w+|\bxox[abprs]-[\w-]+"
    r"|\b[sprw]k_(?:live|test)_\w+|\bsk-[\w-]{16,}|\bAIza[\w-]{30,}|\bomx_[\w-]+"
    r"|-----BEGIN[^-]*-----(?:.|\n)*?(?:-----END[^-]*-----|\Z)|(?<=Bearer )\S+|(?<=Basic )\S+|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
    # e-mail addresses; telephone numbers with their country's code; payment cards and accounts
    r"|(?<![^\s@#'\"<>(),;:/])[^\s@#'\"<>(),;:/]+@[^\s@#'\"<>(),;:/]+\.[^\W\d_]{2,24}"
    r"|(?<![\w+])(?:\+|00)[1-9][\d ()/.-]{5,}\d"
    r"|\b(?:\d[ -]?){15}\d\b(?![\w-])|\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b"
)
# Inside a text: `password=…`, `"token": "…"`.
_ASSIGNED = re.compile(
    r"(?i)(?:passw\w{0,40}|pwd|secret\w{0,40}|token|api_?key|credentials?)[\"']?\s*[:=]\s*[\"']?([^\s\"',;&}]+)"
)
_RANDOM = re.compile(r"[A-Za-z0-9+/=_-]{40,}")
_HEX = re.compile(r"[0-9a-fA-F]+")
_ENTROPY_HEX, _ENTROPY_TEXT = 3.0, 4.5


def named(name: str) -> bool:
    """Whether an attribute of this name holds a secret or personal data, as far as a name tells."""
    words = [word.lower() for word in _WORDS.findall(name)]
    if _ANYWHERE.search("".join(words)) or _any(_WORD, words) or _WHO.intersection(words[-1:]):
        return True
    if _any(_KEY, words):
        return len(words) > 1 and not _any(_FINDING, words)
    if _any(_CODE, words):
        return not _any(_STANDS_FOR, words)
    return _any(_NAME, words) and not _any(_THINGS, words)


def _any(pattern: re.Pattern[str], words: list[str]) -> bool:
    return any(map(pattern.fullmatch, words))


def pieces(text: str) -> list[tuple[int, int]]:
    """From where to where a text holds something that looks like a secret or personal data; they do not overlap.

    32 hexadecimal digits are none: that is what the platform's ids look like.
    """
    found = [one.span() for one in _SHAPES.finditer(text)]
    found += [one.span(1) for one in _ASSIGNED.finditer(text)]
    found += [one.span() for one in _RANDOM.finditer(text) if _random(one[0])]
    return united(found)


def united(found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges in order, those that overlap as one."""
    whole: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if whole and start < whole[-1][1]:
            whole[-1] = (whole[-1][0], max(end, whole[-1][1]))
        else:
            whole.append((start, end))
    return whole


def _random(text: str) -> bool:
    bits = _entropy(text)
    if _HEX.fullmatch(text):
        return bits >= _ENTROPY_HEX
    mixed = any(one.isdigit() != other.isdigit() for one, other in pairwise(text))
    return mixed and bits >= _ENTROPY_TEXT


def _entropy(text: str) -> float:
    """Shannon's, in bits a character."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())
