"""What identity does: register, sign in, refresh, sign out, change a password, say who a credential speaks for."""

from __future__ import annotations

import functools
import re
import uuid
from typing import TYPE_CHECKING

from omnix import aws, clock, tokens
from omnix.authorisation import Role
from omnix.dynamodb import ConditionFailedError, Table
from omnix.errors import ConflictError, ForbiddenError, NotFoundError, UnauthorizedError
from omnix.idempotency import reused
from omnix.identity.api_keys import ApiKeys
from omnix.identity.asked import Asked
from omnix.identity.model import Credentials, SessionEntry, SessionPage, SignIn, TokenPair, User, Validation
from omnix.identity.origin import Origin
from omnix.identity.sessions import Session, Sessions
from omnix.identity.store import FIRST_PASSWORD, FIRST_VERSION, Account, FamilyStore, UserStore
from omnix.identity.throttle import Throttle
from omnix.identity.user_store import TenantUsers
from omnix.identity.users import Users
from omnix.probes import table_probes
from omnix.readiness import Report, report
from omnix.secrets import RotatingSecret
from omnix.settings import AuthSettings, load
from omnix.tables import opened

if TYPE_CHECKING:
    from omnix.authorisation import Principal
    from omnix.identity.model import PasswordChange, Registration
    from omnix.identity.store import Family


_SESSION_ID = re.compile(r"[0-9a-f]{32}")
_NOWHERE = Origin()
_WRONG = "E-mail address or password is wrong."


class Identity:
    """The identity context of one environment."""

    def __init__(
        self, users: UserStore, sessions: Sessions, throttle: Throttle, signing: RotatingSecret, issuer: str
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._throttle = throttle
        self._signing = signing
        self._issuer = issuer

    def register(
        self, registration: Registration, origin: Origin = _NOWHERE, idempotency_key: str | None = None
    ) -> tuple[SignIn, bool]:
        """A new tenant with its owner, signed in, and whether an earlier request with the same key made it.

        Raises ConflictError when the address is taken, TooManyRequestsError before the password is looked at.
        """
        from omnix.identity import passwords

        self._throttle.registration(origin.network)
        asked = Asked.of(registration, idempotency_key) if idempotency_key else None
        user = User(
            user_id=uuid.uuid4().hex,
            tenant_id=uuid.uuid4().hex,
            email=registration.email,
            name=registration.name,
            role=Role.OWNER,
            version=FIRST_VERSION,
            created_at=clock.iso_now(),
        )
        try:
            self._users.register(user, registration.tenant_name, passwords.hash_password(registration.password), asked)
        except ConflictError:
            credential = self._users.credential(registration.email)
            if not (asked and credential and asked.repeats(credential.asked)):
                raise
            return self._again(registration, origin), True
        self._throttle.remember(user.email, origin.network)
        return self._signed_in(Account(user, FIRST_PASSWORD), origin), False

    def login(self, credentials: Credentials, origin: Origin = _NOWHERE) -> SignIn:
        """A new session; UnauthorizedError is the same, and as slow, for an unknown address.

        Raises TooManyRequestsError, for unknown addresses too, before the password is looked at.
        """
        from omnix.identity import passwords

        attempt = self._throttle.sign_in(credentials.email, origin.network)
        credential = self._users.credential(credentials.email)
        stored = credential.password_hash if credential else None
        if not passwords.matches(stored, credentials.password) or credential is None:
            raise UnauthorizedError(_WRONG)
        account = self._users.account(credential.tenant_id, credential.user_id)
        if account is None:
            raise UnauthorizedError(_WRONG)
        self._throttle.take_back(attempt)
        if credential.asked and Asked.is_over(credential.asked):
            self._users.forget_asked(credentials.email, credential.asked)
        if not attempt.remembered:
            self._throttle.remember(credentials.email, origin.network)
        # The version of the password that was shown: should another be set meanwhile, this session is over.
        return self._signed_in(Account(account.user, credential.password_version), origin)

    def refresh(self, refresh_token: str) -> TokenPair:
        """The next pair of tokens, for the role that the user has now; raises UnauthorizedError."""
        session = self._sessions.renew(refresh_token)
        account = self._users.account(session.family.tenant_id, session.family.user_id)
        if account is None:
            raise UnauthorizedError
        self._sessions.require_password(session.family, account)
        return self._pair(account.user, session)

    def logout(self, refresh_token: str) -> None:
        """End the token's session."""
        self._sessions.end(refresh_token)

    def validate(self, caller: Principal) -> Validation:
        """Who the caller is; raises UnauthorizedError when its session was ended."""
        if caller.auth == "jwt":
            self._session(caller)
        return Validation(
            valid=True,
            tenant_id=caller.tenant_id,
            user_id=caller.user_id,
            role=caller.role,
            session_id=caller.session_id or None,
            auth=caller.auth,
        )

    def me(self, caller: Principal) -> User:
        """The caller's profile; raises ForbiddenError for an API key, which is nobody."""
        account, _ = self._session(caller)
        return account.user

    def require_entitled(self, caller: Principal) -> None:
        """For what hands out rights: the role of the token must be the user's still.

        Raises ForbiddenError for an API key, UnauthorizedError when the session was ended or the role was taken away.
        """
        account, _ = self._session(caller)
        if not account.user.role.includes(caller.role):
            raise UnauthorizedError("Your role has changed. Renew your tokens.")

    def sessions(self, caller: Principal, limit: int, after: str | None) -> SessionPage:
        """A page of the caller's own sessions, the newest first."""
        account, _ = self._session(caller)
        families, following = self._sessions.page(account, limit, after)
        items = [_entry(family, caller.session_id) for family in families]
        return SessionPage(items=items, next_cursor=following)

    def revoke(self, caller: Principal, session_id: str) -> None:
        """End one of the caller's own sessions, the one that asks among them; raises NotFoundError.

        Its refresh token is of no use at once and so is its access token to the auth routes; other routes take the
        access token until it expires (`tokens.LIFETIME_SECONDS`).
        """
        account, _ = self._session(caller)
        if not (_SESSION_ID.fullmatch(session_id) and self._sessions.revoke(account, session_id)):
            raise NotFoundError("You have no such session.")

    def change_password(self, caller: Principal, change: PasswordChange) -> None:
        """Another password; the caller's session lives on, every other one ends.

        Raises ForbiddenError for a wrong current password, TooManyRequestsError after many of them, ConflictError
        when another change came first.
        """
        from omnix.identity import passwords

        account, family = self._session(caller)
        attempt = self._throttle.confirmation(family.family_id)
        credential = self._users.credential(account.user.email)
        stored = credential.password_hash if credential else None
        if not passwords.matches(stored, change.current_password) or credential is None:
            raise ForbiddenError("The current password is wrong.")
        self._throttle.take_back(attempt)
        version = credential.password_version + 1
        new_hash = passwords.hash_password(change.new_password)
        try:
            self._users.change_password(account.user, credential, new_hash, self._sessions.keep(family, version))
        except ConditionFailedError as failure:
            if 0 in failure.failed:
                raise ConflictError("The password was changed by another request.") from None
            raise UnauthorizedError from None
        self._sessions.clear(Account(account.user, version))

    def _again(self, registration: Registration, origin: Origin) -> SignIn:
        """The answer to a registration that was made before: tokens are not stored, so it is a sign-in, and counts."""
        try:
            return self.login(Credentials(email=registration.email, password=registration.password), origin)
        except UnauthorizedError:
            raise reused() from None

    def _session(self, caller: Principal) -> tuple[Account, Family]:
        """The caller's account and live session; raises ForbiddenError for an API key, which is nobody."""
        if caller.auth != "jwt":
            raise ForbiddenError("An API key has no user.")
        account = self._users.account(caller.tenant_id, caller.user_id)
        if account is None:
            raise UnauthorizedError
        return account, self._sessions.of(account, caller.session_id)

    def _signed_in(self, account: Account, origin: Origin) -> SignIn:
        user = account.user
        session = self._sessions.begin(user.tenant_id, user.user_id, account.password_version, origin.client)
        return SignIn(**self._pair(user, session).model_dump(), user=user)

    def _pair(self, user: User, session: Session) -> TokenPair:
        access_token, expires_in = tokens.issue(
            self._signing,
            self._issuer,
            user_id=user.user_id,
            tenant_id=user.tenant_id,
            role=user.role.value,
            session_id=session.family.family_id,
        )
        return TokenPair(
            access_token=access_token,
            expires_in=expires_in,
            refresh_token=session.refresh_token,
            refresh_expires_in=session.expires_in,
        )


def _entry(family: Family, current: str) -> SessionEntry:
    renewed = clock.iso(family.rotation.at / 1000) if family.rotation else family.created_at
    return SessionEntry(
        session_id=family.family_id,
        client=family.client,
        created_at=family.created_at,
        renewed_at=renewed,
        expires_at=clock.iso(family.expires_at),
        current=family.family_id == current,
    )


@functools.cache
def settings() -> AuthSettings:
    """What this process was told."""
    return load(AuthSettings)


@functools.cache
def signing_secret() -> RotatingSecret:
    """JWT_SECRET."""
    return RotatingSecret(aws.client("secretsmanager"), settings().jwt_secret_id)


@functools.cache
def refresh_secret() -> RotatingSecret:
    """JWT_REFRESH_SECRET."""
    return RotatingSecret(aws.client("secretsmanager"), settings().jwt_refresh_secret_id)


def identity() -> Identity:
    """The identity context of the environment that this process serves."""
    users, sessions = _tables()
    return Identity(
        UserStore(users),
        Sessions(FamilyStore(sessions), refresh_secret()),
        Throttle(sessions, refresh_secret()),
        signing_secret(),
        settings().issuer,
    )


def api_keys() -> ApiKeys:
    """The API keys of the environment that this process serves."""
    return ApiKeys(*_tables(), identity().require_entitled)


def users() -> Users:
    """The users of the environment that this process serves."""
    profiles, sessions = _tables()
    families = Sessions(FamilyStore(sessions), refresh_secret())
    throttle = Throttle(sessions, refresh_secret())
    return Users(TenantUsers(profiles, sessions), families, sessions, throttle, identity().require_entitled)


def _tables() -> tuple[Table, Table]:
    """`users` and `sessions`."""
    return opened("users"), opened("sessions")


def ready() -> Report:
    """Every check of the function `auth`."""
    probes = {
        **table_probes("users", "sessions"),
        "secret:JWT_SECRET": signing_secret().current,
        "secret:JWT_REFRESH_SECRET": refresh_secret().current,
    }
    return report("auth", probes)
