"""Writers that meet: a resource is read, changed and written in the version that was read, or all of it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from omnix import etag
from omnix.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

ATTEMPTS = 5


class VersionChangedError(Exception):
    """Somebody else wrote the resource between our read and our write."""


class Versioned(Protocol):
    """A resource whose version grows with each write; it is its entity tag too."""

    @property
    def version(self) -> int:
        """From 1."""


def change[T: Versioned](
    read: Callable[[], T], changed: Callable[[T], T], write: Callable[[T, T], object], if_match: str | None, what: str
) -> T:
    """What is stored in the end. `write` takes what was read and what it becomes, and raises VersionChangedError.

    `changed` gives back what it got where nothing changes: what is so already fails no condition (RFC 9110, 13.1.1),
    for the answer that said so may have been lost. Raises PreconditionFailedError, and UnavailableError when others
    were faster `ATTEMPTS` times.
    """
    for _ in range(ATTEMPTS):
        before = read()
        after = changed(before)
        if after == before:
            return before
        etag.require(if_match, before.version, what)
        try:
            write(before, after)
        except VersionChangedError:
            continue  # read again: If-Match then refuses, and without it the last writer wins
        return after
    raise UnavailableError


def delete[T: Versioned](read: Callable[[], T], remove: Callable[[T], object], if_match: str | None, what: str) -> T:
    """What was removed, in the version that was read; errors as for `change`."""
    for _ in range(ATTEMPTS):
        before = read()
        etag.require(if_match, before.version, what)
        try:
            remove(before)
        except VersionChangedError:
            continue
        return before
    raise UnavailableError
