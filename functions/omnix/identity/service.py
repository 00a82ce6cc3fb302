"""What identity does: register, sign in, refresh, sign out, say who a credential speaks for."""

from __future__ import annotations

import functools
import uuid
from typing import TYPE_CHECKING

from omnix import aws, clock, tokens
from omnix.authorisation import Principal, Role
from omnix.dynamodb import Table
from omnix.errors import ForbiddenError, UnauthorizedError
from omnix.identity.model import SignIn, TokenPair, User, Validation
from omnix.identity.sessions import Session, Sessions
from omnix.identity.store import FamilyStore, UserStore
from omnix.parameters import DATABASE_ENDPOINT, parameters, table
from omnix.probes import table_probes
from omnix.readiness import Report, report
from omnix.secrets import RotatingSecret
from omnix.settings import AuthSettings, load

if TYPE_CHECKING:
    from omnix.identity.model import Credentials, Registration


class Identity:
    """The identity context of one environment."""

    def __init__(self, users: UserStore, sessions: Sessions, signing: RotatingSecret, issuer: str) -> None:
        self._users = users
        self._sessions = sessions
        self._signing = signing
        self._issuer = issuer

    def register(self, registration: Registration) -> SignIn:
        """A new tenant with its owner, signed in; raises ConflictError when the address is taken."""
        from omnix.identity import passwords

        user = User(
            user_id=uuid.uuid4().hex,
            tenant_id=uuid.uuid4().hex,
            email=registration.email,
            name=registration.name,
            role=Role.OWNER,
            created_at=clock.iso_now(),
        )
        self._users.register(user, registration.tenant_name, passwords.hash_password(registration.password))
        return self._signed_in(user)

    def login(self, credentials: Credentials) -> SignIn:
        """A new session; UnauthorizedError is the same, and as slow, for an unknown address."""
        from omnix.identity import passwords

        credential = self._users.credential(credentials.email)
        stored = credential.password_hash if credential else None
        if not passwords.matches(stored, credentials.password) or credential is None:
            raise UnauthorizedError("E-mail address or password is wrong.")
        user = self._users.user(credential.tenant_id, credential.user_id)
        if user is None:
            raise UnauthorizedError("E-mail address or password is wrong.")
        return self._signed_in(user)

    def refresh(self, refresh_token: str) -> TokenPair:
        """The next pair of tokens; raises UnauthorizedError."""
        session = self._sessions.renew(refresh_token)
        user = self._users.user(session.family.tenant_id, session.family.user_id)
        if user is None:
            raise UnauthorizedError
        return self._pair(user, session)

    def logout(self, refresh_token: str) -> None:
        """End the token's session."""
        self._sessions.end(refresh_token)

    def validate(self, caller: Principal) -> Validation:
        """Who the caller is; raises UnauthorizedError when its session was ended."""
        if caller.auth == "jwt" and not self._sessions.alive(caller.session_id):
            raise UnauthorizedError
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
        if caller.auth != "jwt":
            raise ForbiddenError("An API key has no user.")
        user = self._users.user(caller.tenant_id, caller.user_id)
        if user is None:
            raise UnauthorizedError
        return user

    def _signed_in(self, user: User) -> SignIn:
        pair = self._pair(user, self._sessions.begin(user.tenant_id, user.user_id))
        return SignIn(**pair.model_dump(), user=user)

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
    known = parameters()
    dynamodb = aws.dynamodb(known.get(DATABASE_ENDPOINT))
    sessions = Sessions(FamilyStore(Table(dynamodb, known.get(table("sessions")))), refresh_secret())
    return Identity(
        UserStore(Table(dynamodb, known.get(table("users")))), sessions, signing_secret(), settings().issuer
    )


def ready() -> Report:
    """Every check of the function `auth`."""
    probes = {
        **table_probes("users", "sessions"),
        "secret:JWT_SECRET": signing_secret().current,
        "secret:JWT_REFRESH_SECRET": refresh_secret().current,
    }
    return report("auth", probes)
