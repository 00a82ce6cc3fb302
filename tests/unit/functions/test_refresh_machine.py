"""Refresh tokens under any sequence of honest clients, stragglers, thieves, rotations and time (Hypothesis)."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from omnix import clock
from omnix.errors import UnauthorizedError
from omnix.identity import refresh
from omnix.identity.sessions import Sessions
from omnix.identity.store import Family
from omnix.secrets import SecretVersion

START = 1_800_000_000_000


class Store:
    """The table as one process sees it: each call whole."""

    def __init__(self) -> None:
        self.families: dict[str, Family] = {}

    def create(self, family: Family) -> None:
        assert family.family_id not in self.families
        self.families[family.family_id] = family

    def get(self, family_id: str) -> Family | None:
        return self.families.get(family_id)

    def claim(self, used: Family, claimed: Family) -> bool:
        stored = self.families.get(used.family_id)
        if stored is None or (stored.token_hash, stored.generation) != (used.token_hash, used.generation):
            return False
        self.families[used.family_id] = claimed
        return True

    def delete(self, family_id: str) -> None:
        self.families.pop(family_id, None)


class Secret:
    """JWT_REFRESH_SECRET: current and previous."""

    def __init__(self) -> None:
        self.made = [SecretVersion("v0", "0" * 86)]

    def rotate(self) -> None:
        number = len(self.made)
        self.made.append(SecretVersion(f"v{number}", f"{number:086d}"))

    def accepted(self) -> tuple[SecretVersion, ...]:
        return tuple(reversed(self.made[-2:]))

    def current(self) -> SecretVersion:
        return self.made[-1]

    def matching(self, matches: Any) -> SecretVersion | None:
        return next(filter(matches, self.accepted()), None)

    def version(self, version_id: str) -> SecretVersion | None:
        return self.matching(lambda version: version.version_id == version_id)


class Tokens(RuleBasedStateMachine):
    """`line` is every token that the session was given, in order. A session that is over is followed by another."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.now = START
        self.patch.setattr(clock, "epoch_milliseconds", lambda: self.now)
        self.patch.setattr(clock, "epoch_seconds", lambda: self.now // 1000)
        self.store, self.secret = Store(), Secret()
        store: Any = self.store
        secret: Any = self.secret
        self.sessions = Sessions(store, secret)
        self.sign_in()

    def teardown(self) -> None:
        self.patch.undo()

    def sign_in(self) -> None:
        session = self.sessions.begin("t", "u", 1)
        self.family_id = session.family.family_id
        self.line = [session.refresh_token]
        self.used_at, self.ends_at, self.rotations = self.now, session.family.expires_at, 0

    def present(self, place: int) -> str | None:
        try:
            return self.sessions.renew(self.line[place]).refresh_token
        except UnauthorizedError:
            return None

    def over(self) -> None:
        """No token of the session is of any use, the newest among them; on with another session."""
        assert not any(self.present(place) for place in range(len(self.line)))
        self.store.families.clear()
        self.sign_in()

    @rule()
    def renew(self) -> None:
        """An honest client presents the newest token."""
        token = self.present(-1)
        assert token is not None
        assert token not in self.line
        self.line.append(token)
        self.used_at, self.rotations = self.now, 0

    @precondition(lambda self: len(self.line) > 1 and not self.rotations)
    @rule(milliseconds=st.sampled_from([0, 19_999, 20_000, 20_001, 60_000]))
    def replay_the_last(self, milliseconds: int) -> None:
        """Within the grace, a straggler gets what the winner got; after it, a thief or the robbed: the session ends."""
        self.now += milliseconds
        token = self.present(-2)
        if self.now - self.used_at <= refresh.GRACE_MILLISECONDS:
            assert token == self.line[-1]
        elif self.readable(-2):
            assert token is None
            assert not self.store.families
            self.over()

    @precondition(lambda self: len(self.line) > 2)
    @rule(place=st.integers(0, 30))
    def replay_an_older_one(self, place: int) -> None:
        """No grace for whoever holds one from before the last: the session ends, whenever it is."""
        chosen = place % (len(self.line) - 2)
        readable = self.readable(chosen)
        assert self.present(chosen) is None
        assert bool(self.store.families) == (not readable)
        if readable:
            self.over()

    def readable(self, place: int) -> bool:
        """A token of a key two rotations ago cannot be told from a forged one: it is refused and changes nothing."""
        keys = tuple(version.key for version in self.secret.accepted())
        return refresh.read(self.line[place], keys) is not None

    @rule(milliseconds=st.integers(1, 30_000))
    def wait(self, milliseconds: int) -> None:
        self.now += milliseconds

    @rule()
    def wait_until_it_expires(self) -> None:
        self.now = max(self.now, self.ends_at * 1000)
        self.over()

    @rule()
    def rotate(self) -> None:
        """A session that was not renewed between two rotations cannot be proven any more."""
        self.secret.rotate()
        self.rotations += 1
        if self.rotations == 2:
            self.over()

    @rule(data=st.binary(min_size=32, max_size=32))
    def forge(self, data: bytes) -> None:
        """Whoever knows the family but not the key changes nothing."""
        before = dict(self.store.families)
        forged = refresh.RefreshToken(self.family_id, len(self.line) - 1, data).text(b"another key")
        with pytest.raises(UnauthorizedError):
            self.sessions.renew(forged)
        assert self.store.families == before

    @invariant()
    def one_family_that_remembers_the_newest_token_alone(self) -> None:
        (family,) = self.store.families.values()
        assert (family.family_id, family.generation) == (self.family_id, len(self.line) - 1)
        assert family.token_hash not in self.line


TestTokens = Tokens.TestCase
TestTokens.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
