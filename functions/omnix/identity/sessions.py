"""Sessions: a family of refresh tokens begins with a sign-in and ends with a logout, an expiry or a theft."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from omnix import clock
from omnix.errors import UnauthorizedError, UnavailableError
from omnix.identity import refresh
from omnix.identity.store import Family

if TYPE_CHECKING:
    from omnix.identity.model import User
    from omnix.identity.refresh import RefreshToken
    from omnix.identity.store import Account, FamilyStore
    from omnix.secrets import RotatingSecret

_CLAIM_ATTEMPTS = 5
_ENDED_AT_ONCE = 100
_ENDED = "This session has ended. Sign in again."


@dataclass(frozen=True)
class Session:
    """A live session and the one refresh token that is valid in it."""

    family: Family
    refresh_token: str

    @property
    def expires_in(self) -> int:
        """Seconds until the session ends for good."""
        return max(0, self.family.expires_at - clock.epoch_seconds())


class Sessions:
    """Begins, renews and ends sessions."""

    def __init__(self, store: FamilyStore, secret: RotatingSecret) -> None:
        self._store = store
        self._secret = secret

    def begin(self, tenant_id: str, user_id: str, password_version: int, client: str = "") -> Session:
        """A new family with its first token; `client` is what a list of sessions calls it."""
        key = self._secret.current()
        token = refresh.first()
        family = Family(
            family_id=token.family_id,
            tenant_id=tenant_id,
            user_id=user_id,
            generation=0,
            token_hash=token.stored(key.key),
            key_id=key.version_id,
            rotation=None,
            created_at=clock.iso_now(),
            expires_at=clock.epoch_seconds() + refresh.LIFETIME_SECONDS,
            password_version=password_version,
            client=client,
        )
        self._store.create(family)
        return Session(family, token.text(key.key))

    def renew(self, text: str) -> Session:
        """The session with its next token; UnauthorizedError, and no family any more, when a used token comes back."""
        token = self._read(text)
        for _ in range(_CLAIM_ATTEMPTS):
            family = self._live(token.family_id)
            if token.generation != family.generation:
                return self._within_grace(token, family)
            session = self._claim(token, family)
            if session is not None:
                return session
        raise UnavailableError

    def end(self, text: str) -> None:
        """Delete the token's family; raises UnauthorizedError for a token that is not ours."""
        self._store.delete(self._read(text).family_id)

    def of(self, account: Account, family_id: str) -> Family:
        """The account's live family of that id; raises UnauthorizedError."""
        family = self._live(family_id)
        if (family.tenant_id, family.user_id) != (account.user.tenant_id, account.user.user_id):
            raise UnauthorizedError(_ENDED)
        self.require_password(family, account)
        return family

    def require_password(self, family: Family, account: Account) -> None:
        """Raises UnauthorizedError for a family of an earlier password, which ends now if it was still there."""
        if family.password_version < account.password_version:
            self._store.delete_of_earlier_password(family.family_id, account.password_version)
            raise UnauthorizedError(_ENDED)

    def page(self, account: Account, limit: int, after: str | None) -> tuple[list[Family], str | None]:
        """A page of the account's live families, the newest first, and the next cursor.

        It may be shorter than `limit`: what has ended and is still stored is left out.
        """
        found, following = self._store.page(account.user.tenant_id, account.user.user_id, limit, after)
        now = clock.epoch_seconds()
        live = [
            family
            for family in found
            if family.expires_at > now and family.password_version >= account.password_version
        ]
        return live, following

    def revoke(self, account: Account, family_id: str) -> bool:
        """End one of the account's families; False when it has no such one."""
        return self._store.delete_own(account.user.tenant_id, account.user.user_id, family_id)

    def keep(self, family: Family, password_version: int) -> dict[str, Any]:
        """An action for `transact`: the family lives on with the next password."""
        return self._store.keep(family, password_version)

    def clear(self, account: Account) -> None:
        """Delete what the account's last change of password ended, the newest hundred.

        No more than tidiness: their versions ended them all, those that the index does not show yet among them.
        """
        found, _ = self._store.page(account.user.tenant_id, account.user.user_id, _ENDED_AT_ONCE, None)
        for family in found:
            if family.password_version < account.password_version:
                self._store.delete_of_earlier_password(family.family_id, account.password_version)

    def forget(self, user: User) -> None:
        """Delete the families of a user who is gone, the newest hundred; without the profile they are over anyway."""
        found, _ = self._store.page(user.tenant_id, user.user_id, _ENDED_AT_ONCE, None)
        for family in found:
            self._store.delete(family.family_id)

    def _read(self, text: str) -> RefreshToken:
        """The token, whichever accepted key made it: the newest may be younger than this process's last look."""
        if refresh.is_formed(text):
            version = self._secret.matching(lambda version: refresh.read(text, (version.key,)) is not None)
            token = refresh.read(text, (version.key,)) if version else None
            if token is not None:
                return token
        raise UnauthorizedError(_ENDED)

    def _live(self, family_id: str) -> Family:
        family = self._store.get(family_id)
        if family is None or family.expires_at <= clock.epoch_seconds():
            raise UnauthorizedError(_ENDED)
        return family

    def _claim(self, token: RefreshToken, family: Family) -> Session | None:
        """The next token, if this caller is the first to ask for it."""
        self._must_be_current(token, family)
        key = self._secret.current()
        rotation = refresh.Rotation(token.generation, refresh.new_nonce(), key.version_id, clock.epoch_milliseconds())
        successor = token.successor(key.key, rotation.nonce)
        claimed = replace(
            family,
            generation=successor.generation,
            token_hash=successor.stored(key.key),
            key_id=key.version_id,
            rotation=rotation,
        )
        return Session(claimed, successor.text(key.key)) if self._store.claim(family, claimed) else None

    def _within_grace(self, token: RefreshToken, family: Family) -> Session:
        """The current token, derived from the one before it, which was used a moment ago.

        Only the direct predecessor has a grace: whoever holds an older one is not a caller who refreshed at the same
        time as another (RFC 9700, 4.14.2), and the family ends.
        """
        step = family.rotation
        if step is None or step.generation != token.generation or not step.recent(clock.epoch_milliseconds()):
            self._store.delete(family.family_id)
            raise UnauthorizedError(_ENDED)
        token = token.successor(self._key(step.key_id), step.nonce)
        self._must_be_current(token, family)
        return Session(family, token.text(self._secret.current().key))

    def _must_be_current(self, token: RefreshToken, family: Family) -> None:
        if token.stored(self._key(family.key_id)) != family.token_hash:
            raise UnauthorizedError(_ENDED)

    def _key(self, key_id: str) -> bytes:
        version = self._secret.version(key_id)
        if version is None:  # two rotations ago: nothing can be proven about this family any more
            raise UnauthorizedError(_ENDED)
        return version.key
