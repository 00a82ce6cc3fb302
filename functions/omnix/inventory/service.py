"""What a caller can do with the stock of its tenant."""

from __future__ import annotations

import random
import re
import time
import uuid
from typing import TYPE_CHECKING

from omnix import clock, etag
from omnix.authorisation import EDITORS, PEOPLE
from omnix.errors import ConflictError, NotFoundError, UnavailableError
from omnix.idempotency import Once
from omnix.inventory.model import (
    MAX_UNITS,
    Adjustment,
    AdjustmentPage,
    AlertPage,
    Level,
    LevelPage,
    ProductStock,
    Reason,
    is_low,
)
from omnix.inventory.store import AlreadyAdjustedError, LevelChangedError, StockStore
from omnix.tables import opened

if TYPE_CHECKING:
    from collections.abc import Callable

    from omnix.authorisation import Principal
    from omnix.inventory.model import AdjustmentInput, AlertState, ReorderPointInput

_PRODUCT_ID = re.compile(r"[0-9a-f]{32}")
# Orders change a level without reading it; an adjustment reads it, to say what there was, and may lose to many.
_WRITE_ATTEMPTS = 12
_FIRST_PAUSE_SECONDS = 0.005
_LONGEST_PAUSE_SECONDS = 0.15


class Stock:
    """The inventory context of one environment."""

    def __init__(self, store: StockStore) -> None:
        self._store = store

    def list(self, caller: Principal, location_id: str | None, low: bool, limit: int, after: str | None) -> LevelPage:
        """A page of the caller's levels, of one location and only low ones if asked."""
        items, following = self._store.page(caller.tenant_id, location_id, low, limit, after)
        return LevelPage(items=items, next_cursor=following)

    def alerts(self, caller: Principal, state: AlertState, limit: int, after: str | None) -> AlertPage:
        """A page of the caller's alerts that are so, newest first."""
        items, following = self._store.alerts(caller.tenant_id, state, limit, after)
        return AlertPage(items=items, next_cursor=following)

    def of_product(self, caller: Principal, product_id: str) -> ProductStock:
        """A product's levels and sums. Not found."""
        levels = self._store.of_product(caller.tenant_id, _checked(product_id))
        if not levels:
            self._require_product(caller, product_id)
        return ProductStock(
            product_id=product_id,
            on_hand=sum(level.on_hand for level in levels),
            reserved=sum(level.reserved for level in levels),
            available=sum(level.available for level in levels),
            levels=levels,
        )

    def history(self, caller: Principal, product_id: str, limit: int, after: str | None) -> AdjustmentPage:
        """A page of a product's adjustments, newest first. Not found."""
        items, following = self._store.history(caller.tenant_id, _checked(product_id), limit, after)
        if not items and after is None:
            self._require_product(caller, product_id)
        return AdjustmentPage(items=items, next_cursor=following)

    def adjust(
        self, caller: Principal, product_id: str, asked: AdjustmentInput, idempotency_key: str | None
    ) -> tuple[Adjustment, bool]:
        """The adjustment, and whether an earlier request with the same key made it. Not found, conflict, forbidden."""
        caller.require(PEOPLE)
        _checked(product_id)
        once = None
        if idempotency_key:
            payload = f"{product_id} {asked.model_dump_json()}".encode()
            once = Once.of(caller, "POST /inventory/{product_id}/adjustments", idempotency_key, payload)
            if earlier := once.earlier(self._store.sessions):
                return self._replayed(caller, product_id, earlier), True
        made: list[Adjustment] = []

        def change(before: Level) -> Level:
            after = _with_on_hand(before, before.on_hand + asked.quantity)
            made[:] = [_recorded(caller, after, asked.quantity, asked.reason, asked.note)]
            return after

        try:
            self._change(caller, product_id, asked.location_id, change, None, lambda: (made[0], once))
        except AlreadyAdjustedError:
            earlier = once.earlier(self._store.sessions) if once else None
            return self._replayed(caller, product_id, earlier or ""), True
        return made[0], False

    def set_reorder_point(
        self, caller: Principal, product_id: str, asked: ReorderPointInput, if_match: str | None
    ) -> Level:
        """The level with another reorder point, made when there was none. Not found, precondition failed, forbidden."""
        caller.require(EDITORS)
        _checked(product_id)

        def change(before: Level) -> Level:
            return before.model_copy(update={"reorder_point": asked.reorder_point})

        return self._change(caller, product_id, asked.location_id, change, if_match, lambda: (None, None))

    def set_counted(
        self, caller: Principal, product_id: str, location_id: str, on_hand: int | None, reorder_point: int | None
    ) -> bool:
        """What a line of an import says, None for nothing; whether it changed anything. Not found, conflict."""
        caller.require(EDITORS)
        made: list[Adjustment | None] = []
        changed: list[bool] = []

        def change(before: Level) -> Level:
            units = before.on_hand if on_hand is None else on_hand
            after = _with_on_hand(before, units)
            difference = after.on_hand - before.on_hand
            made[:] = [_recorded(caller, after, difference, Reason.IMPORTED, "") if difference else None]
            point = before.reorder_point if reorder_point is None else reorder_point
            after = after.model_copy(update={"reorder_point": point})
            changed[:] = [after != before or before.version == 0]
            return after

        self._change(caller, _checked(product_id), location_id, change, None, lambda: (made[0], None))
        return changed[0]

    def _change(
        self,
        caller: Principal,
        product_id: str,
        location_id: str,
        change: Callable[[Level], Level],
        if_match: str | None,
        record: Callable[[], tuple[Adjustment | None, Once | None]],
    ) -> Level:
        for attempt in range(_WRITE_ATTEMPTS):
            stored = self._store.get(caller.tenant_id, product_id, location_id)
            before = stored or self._new(caller, product_id, location_id)
            after = change(before)
            if stored and after == before and record() == (None, None):
                return stored  # RFC 9110, 13.1.1: what is so already fails no condition; its answer may have been lost
            etag.require(if_match, before.version, "level")
            after = after.model_copy(
                update={
                    "low": is_low(after.available, after.reorder_point),
                    "version": before.version + 1,
                    "updated_at": clock.iso_now(),
                }
            )
            try:
                self._store.write(caller.tenant_id, stored, after, *record())
            except LevelChangedError:
                time.sleep(random.uniform(0, min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**attempt)))
                continue
            return after
        raise UnavailableError

    def _new(self, caller: Principal, product_id: str, location_id: str) -> Level:
        self._require_product(caller, product_id)
        return Level.model_construct(  # version 0: no answer has it
            product_id=product_id,
            location_id=location_id,
            on_hand=0,
            reserved=0,
            available=0,
            reorder_point=0,
            low=True,
            version=0,
            updated_at=clock.iso_now(),
        )

    def _require_product(self, caller: Principal, product_id: str) -> None:
        if not self._store.knows(caller.tenant_id, product_id):
            raise _no_product()

    def _replayed(self, caller: Principal, product_id: str, reference: str) -> Adjustment:
        found = self._store.adjustment(caller.tenant_id, product_id, reference) if reference else None
        if found is None:
            raise ConflictError("The adjustment that this Idempotency-Key made is gone.")
        return found


def _checked(product_id: str) -> str:
    if not _PRODUCT_ID.fullmatch(product_id):
        raise _no_product()
    return product_id


def _no_product() -> NotFoundError:
    return NotFoundError("There is no such product.")


def _with_on_hand(before: Level, on_hand: int) -> Level:
    """Raises ConflictError when less would be left than what is reserved, or more than can be counted."""
    if on_hand < before.reserved:
        raise ConflictError(
            "There is not so much available.",
            [
                {
                    "reason": "insufficient",
                    "available": before.available,
                    "reserved": before.reserved,
                }
            ],
        )
    if on_hand > MAX_UNITS:
        raise ConflictError(f"A level holds {MAX_UNITS} units at most.")
    return before.model_copy(update={"on_hand": on_hand, "available": on_hand - before.reserved})


def _recorded(caller: Principal, after: Level, quantity: int, reason: Reason, note: str) -> Adjustment:
    return Adjustment(
        adjustment_id=uuid.uuid4().hex,
        product_id=after.product_id,
        location_id=after.location_id,
        quantity=quantity,
        reason=reason,
        note=note,
        on_hand=after.on_hand,
        available=after.available,
        user_id=caller.user_id,
        created_at=clock.iso_now(),
    )


def stock() -> Stock:
    """The inventory context of the environment that this process serves."""
    return Stock(StockStore(*map(opened, ("inventory", "products", "sessions"))))
