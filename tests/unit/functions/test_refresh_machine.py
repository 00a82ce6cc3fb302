"""Refresh tokens under any sequence of honest clients, stragglers, thieves, rotations and time (Hypothesis)."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, precondition, rule

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
    """`line` is every token that the one session was given, in order; `alive` what the model says of it."""

    given_out = Bundle("given_out")

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
        self.alive = True
        self.used_at = START
        self.rotations_since_use = 0

    def teardown(self) -> None:
        self.patch.undo()

    @initialize(target=given_out)
    def sign_in(self) -> int:
        session = self.sessions.begin("t", "u", 1)
        self.family_id = session.family.family_id
        self.line = [session.refresh_token]
        return 0

    def _present(self, generation: int) -> str | None:
        try:
            return self.sessions.renew(self.line[generation]).refresh_token
        except UnauthorizedError:
            return None

    def _expired(self) -> bool:
        return self.now // 1000 >= START // 1000 + refresh.LIFETIME_SECONDS

    def _readable(self) -> bool:
        return self.rotations_since_use <= 1

    @rule(target=given_out)
    def renew(self) -> int:
        """An honest client presents the newest token."""
        token = self._present(len(self.line) - 1)
        if self.alive and not self._expired() and self._readable():
            assert token is not None
            assert token not in self.line
            self.line.append(token)
            self.used_at, self.rotations_since_use = self.now, 0
        else:
            assert token is None
        return len(self.line) - 1

    @rule(generation=given_out)
    def replay(self, generation: int) -> None:
        """Somebody presents a token that was used: the successor within the grace, else the session is over."""
        if generation >= len(self.line) - 1 or self.rotations_since_use:
            return
        direct = generation == len(self.line) - 2
        within = self.now - self.used_at <= refresh.GRACE_MILLISECONDS
        token = self._present(generation)
        if self.alive and not self._expired() and direct and within:
            assert token == self.line[-1]
        else:
            assert token is None or not self.alive
            readable = self._made_with_an_accepted_key(generation)
            self.alive = self.alive and (self._expired() or not readable)

    def _made_with_an_accepted_key(self, generation: int) -> bool:
        keys = tuple(version.key for version in self.secret.accepted())
        return refresh.read(self.line[generation], keys) is not None

    @rule(seconds=st.integers(0, 40))
    def wait(self, seconds: int) -> None:
        self.now += seconds * 1000

    @rule(days=st.integers(1, 20))
    def wait_long(self, days: int) -> None:
        self.now += days * 24 * 3600 * 1000

    @precondition(lambda self: self.rotations_since_use < 2)
    @rule()
    def rotate(self) -> None:
        self.secret.rotate()
        self.rotations_since_use += 1

    @rule(data=st.binary(min_size=32, max_size=32))
    def forge(self, data: bytes) -> None:
        """Whoever knows the family but not the key changes nothing."""
        before = dict(self.store.families)
        forged = refresh.RefreshToken(self.family_id, len(self.line) - 1, data).text(b"another key")
        with pytest.raises(UnauthorizedError):
            self.sessions.renew(forged)
        assert self.store.families == before

    @invariant()
    def one_family_or_none(self) -> None:
        assert set(self.store.families) <= {self.family_id}
        if not self.alive:
            assert not self.store.families

    @invariant()
    def the_family_remembers_the_newest_token_alone(self) -> None:
        for family in self.store.families.values():
            assert family.generation == len(self.line) - 1
            assert replace(family, rotation=None).token_hash not in self.line


TestTokens = Tokens.TestCase
TestTokens.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
