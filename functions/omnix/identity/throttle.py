"""Sign-ins, registrations, additions, counted before the password is looked at: parallel guesses meet the limit too.

Three fixed windows of a quarter of an hour, each a counter in `sessions` that TTL removes. What is counted is failures:
an attempt that succeeds takes back its own count and nobody else's, so that a thief with an account of his own cannot
clear the slate.

- account: failures from addresses that never signed in to it. Counted for any e-mail address alike, registered or
  not: the limit tells nobody which exist.
- address: failures from one address over all accounts that it never signed in to; wide, for a shop has one address.
- known: failures of one account from one address that did sign in to it in the last 30 days, and of these nothing else
  is counted. Whoever uses up the account's limit from elsewhere, or the address's beside it, does not shut out its
  owner (OWASP, "Slow Down Online Guessing Attacks with Device Cookies"). Open sessions and API keys are never affected.

Registrations of an address are counted whatever comes of them, for each makes a tenant or tells that somebody is
registered. The limit is wide: behind one address are many. What a tenant adds to its users is counted likewise, by
tenant: it tells as much, and each costs an argon2id.

A write whose answer is lost is sent again by botocore. Each carries an id of its own, which the counter keeps until
the next write, so that none counts twice and the last attempt of a window is not taken for one too many.

Addresses and accounts are in keys, which audit logs show: as HMACs, for an IPv4 address is guessed from a plain hash.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from omnix import clock
from omnix.dynamodb import dump_item
from omnix.errors import TooManyRequestsError
from omnix.identity import keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omnix.dynamodb import Table
    from omnix.secrets import RotatingSecret

WINDOW_SECONDS = 15 * 60
KNOWN_SECONDS = 30 * 24 * 3600
_DAY_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Limit:
    """So many failures, registrations or additions of one subject in a window."""

    name: str
    failures: int


ACCOUNT = Limit("ACCOUNT", 10)
KNOWN = Limit("KNOWN-ACCOUNT", 10)
ADDRESS = Limit("ADDRESS", 100)
SESSION = Limit("SESSION", 10)
REGISTRATION = Limit("REGISTRATION", 300)
ADDITION = Limit("ADDITION", 100)


@dataclass(frozen=True)
class Attempt:
    """What an attempt counted, in the window that began at that second.

    `remembered`: it came from an address that will be known for most of the time it can be: no write is due.
    """

    window: int
    counted: tuple[tuple[Limit, str], ...]
    remembered: bool = False


class Throttle:
    """The limits of one environment, in the table `sessions`; the secret keys the hashes of what is counted."""

    def __init__(self, sessions: Table, secret: RotatingSecret) -> None:
        self._sessions = sessions
        self._secret = secret

    def sign_in(self, email: str, network: str) -> Attempt:
        """Count an attempt to sign in; raises TooManyRequestsError when a window is full."""
        known_until = self._known_until(email, network)
        if known_until > clock.epoch_seconds():
            attempt = self._count((KNOWN, self._digest(email, network)))
            return replace(attempt, remembered=known_until > clock.epoch_seconds() + KNOWN_SECONDS - _DAY_SECONDS)
        return self._count((ACCOUNT, self._digest(email)), (ADDRESS, self._digest(network)))

    def confirmation(self, session_id: str) -> Attempt:
        """Count an attempt to confirm the password inside a session; raises TooManyRequestsError."""
        return self._count((SESSION, self._digest(session_id)))

    def registration(self, network: str) -> None:
        """Count a registration; raises TooManyRequestsError."""
        self._count((REGISTRATION, self._digest(network)))

    def addition(self, tenant_id: str) -> None:
        """Count a user that a tenant adds; raises TooManyRequestsError."""
        self._count((ADDITION, self._digest(tenant_id)))

    def take_back(self, attempt: Attempt) -> None:
        """The attempt was no failure."""
        for limit, digest in attempt.counted:
            self._uncount(limit, digest, attempt.window)

    def remember(self, email: str, network: str) -> None:
        """The account was signed in to from the address."""
        pk, sk = keys.known_address(self._digest(email, network))
        item = {"pk": pk, "sk": sk, "entity": "limit", "expires_at": clock.epoch_seconds() + KNOWN_SECONDS}
        self._sessions.client.put_item(TableName=self._sessions.name, Item=dump_item(item))

    def _count(self, *subjects: tuple[Limit, str]) -> Attempt:
        """All of them or none: an address that is over its limit must not use up an account's."""
        now = clock.epoch_seconds()
        window = now - now % WINDOW_SECONDS
        for number, (limit, digest) in enumerate(subjects):
            if not self._add(limit, digest, window):
                self.take_back(Attempt(window, subjects[:number]))
                # the same for every e-mail address, registered or not
                raise TooManyRequestsError("Too many attempts. Try again later.", window + WINDOW_SECONDS - now)
        return Attempt(window, subjects)

    def _add(self, limit: Limit, digest: str, window: int) -> bool:
        values = {":one": 1, ":most": limit.failures, ":expiry": window + 2 * WINDOW_SECONDS, ":entity": "limit"}
        return self._update(
            keys.attempts(limit.name, digest, window),
            "ADD attempts :one SET expires_at = :expiry, entity = :entity, written_by = :write",
            "attribute_not_exists(attempts) OR attempts < :most",
            values,
        )

    def _uncount(self, limit: Limit, digest: str, window: int) -> None:
        values = {":less": -1, ":none": 0}
        self._update(
            keys.attempts(limit.name, digest, window),
            "ADD attempts :less SET written_by = :write",
            "attempts > :none",
            values,
        )

    def _update(self, key: keys.Key, expression: str, condition: str, values: Mapping[str, object]) -> bool:
        """Whether the counter was changed: by this request, or by one of the same write whose answer was lost."""
        write = secrets.token_hex(8)
        try:
            self._sessions.client.update_item(
                TableName=self._sessions.name,
                Key=dump_item({"pk": key[0], "sk": key[1]}),
                UpdateExpression=expression,
                ConditionExpression=f"({condition}) AND (attribute_not_exists(written_by) OR written_by <> :write)",
                ExpressionAttributeValues=dump_item({**values, ":write": write}),
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            there: Any = error.response.get("Item", {})
            return bool(there.get("written_by") == {"S": write})
        return True

    def _known_until(self, email: str, network: str) -> int:
        """Epoch seconds; 0 for an address that is not known. It may be known by the key that was, while one rotates."""
        for version in self._secret.accepted():
            item = self._sessions.get(*keys.known_address(_digest(version.key, email, network)))
            if item is not None:
                return int(item["expires_at"])
        return 0

    def _digest(self, *parts: str) -> str:
        return _digest(self._secret.current().key, *parts)


def _digest(key: bytes, *parts: str) -> str:
    message = "".join(f":{len(part)}:{part}" for part in parts)
    return hmac.digest(key, b"omnix-limit" + message.encode(), hashlib.sha256).hex()
