"""DynamoDB's `ClientRequestToken`: a transaction that is sent again is not done again.

The SDKs put one token on all tries of a call, so that a write whose answer was lost is not refused by its own
conditions. moto keeps no tokens. Source: DynamoDB API reference, TransactWriteItems: a token holds for ten minutes
after the request that used it is done; with other parameters it is an IdempotentParameterMismatchException.
"""

import hashlib
import json
import time
from typing import Any

from moto.core.responses import ActionResult
from moto.dynamodb.exceptions import DynamodbException
from moto.dynamodb.responses import DynamoHandler

_SECONDS = 600.0
# Nobody's transactions are remembered for ever, and a test's are many.
_MOST = 20_000

type Key = tuple[str, str, str]


class IdempotentParameterMismatch(DynamodbException):
    """One token, two requests."""

    def __init__(self) -> None:
        message = "The request uses the same client token as a previous, but non-identical request"
        kind = "com.amazonaws.dynamodb.v20120810#IdempotentParameterMismatchException"
        super().__init__(error_type=kind, message=message)


class _Done:
    """Tokens of transactions that were done: until when they hold, and for which request. Under the state lock."""

    def __init__(self) -> None:
        self._known: dict[Key, tuple[float, str]] = {}

    def before(self, key: Key, digest: str) -> bool:
        """Whether this request was done. Raises IdempotentParameterMismatch."""
        until, known = self._known.get(key, (0.0, ""))
        if until < time.monotonic():
            return False
        if known != digest:
            raise IdempotentParameterMismatch
        return True

    def remember(self, key: Key, digest: str) -> None:
        """In the order of their ends: the first are the ones that are over first."""
        now = time.monotonic()
        self._known.pop(key, None)
        self._known[key] = (now + _SECONDS, digest)
        first = next(iter(self._known))
        while self._known[first][0] < now or len(self._known) > _MOST:
            del self._known[first]
            first = next(iter(self._known))


def install() -> None:
    """Wrap moto's TransactWriteItems; done once, when the endpoint starts."""
    execute = DynamoHandler.transact_write_items
    if getattr(execute, "keeps_tokens", False):
        return
    done = _Done()

    def transact(self: DynamoHandler) -> ActionResult:
        token = self.body.get("ClientRequestToken")
        if not token:
            return execute(self)
        key = (self.current_account, self.region, str(token))
        digest = hashlib.sha256(json.dumps(self.body, sort_keys=True).encode()).hexdigest()
        if done.before(key, digest):
            return ActionResult({"ConsumedCapacity": [], "ItemCollectionMetrics": {}})
        answer = execute(self)
        done.remember(key, digest)
        return answer

    transact.keeps_tokens = True  # type: ignore[attr-defined]
    handler: Any = DynamoHandler
    handler.transact_write_items = transact
