"""The temporary credentials under which a function runs: its role's, assumed as Lambda assumes it."""

import datetime
import threading
from dataclasses import dataclass
from typing import Any

from moto.sts.models import sts_backends

from localcloud.persistence.lock import StateLock

# STS's longest session. An environment is retired before its credentials end, as Lambda does.
SESSION_SECONDS = 12 * 3600
RENEW_BEFORE_SECONDS = 15 * 60


@dataclass(frozen=True)
class RoleCredentials:
    """Keys of one session and when they end."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    expiration: datetime.datetime

    def remaining(self) -> float:
        """Seconds until they end."""
        return (self.expiration - datetime.datetime.now(datetime.UTC)).total_seconds()


class RoleSessions:
    """Sessions by role and function, shared by a function's environments while they last."""

    def __init__(self, account_id: str, lock: StateLock, seconds: int = SESSION_SECONDS) -> None:
        self._account_id = account_id
        self._lock = lock
        self._seconds = seconds
        self._mutex = threading.Lock()
        self._sessions: dict[tuple[str, str], RoleCredentials] = {}

    def credentials(self, role_arn: str, function_name: str, region: str) -> RoleCredentials:
        """Credentials good for at least half a session; `arn:…:assumed-role/{role}/{function}`."""
        key = (role_arn, function_name)
        with self._mutex:
            known = self._sessions.get(key)
            if known is None or known.remaining() < self._seconds / 2:
                known = self._sessions[key] = self._assume(role_arn, function_name, region)
            return known

    def _assume(self, role_arn: str, function_name: str, region: str) -> RoleCredentials:
        with self._lock.hold():
            backend: Any = sts_backends[self._account_id]["aws"]
            assumed = backend.assume_role(
                region_name=region,
                role_session_name=function_name,
                role_arn=role_arn,
                policy=None,
                duration=self._seconds,
                external_id=None,
            )
        return RoleCredentials(
            assumed.access_key_id,
            assumed.secret_access_key,
            assumed.session_token,
            assumed.expiration.replace(tzinfo=datetime.UTC),
        )
