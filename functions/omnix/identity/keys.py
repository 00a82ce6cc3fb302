"""Keys of the identity context in the tables `users` and `sessions`.

IAM lets every role but auth's touch `TENANT#…` only: what no other function may read has a prefix of its own.
"""

import hashlib

type Key = tuple[str, str]


def tenant(tenant_id: str) -> Key:
    """users: the tenant itself."""
    return f"TENANT#{tenant_id}", "TENANT"


def user(tenant_id: str, user_id: str) -> Key:
    """users: a user's profile."""
    return f"TENANT#{tenant_id}", f"USER#{user_id}"


def credential(email: str) -> Key:
    """users: the password hash of an e-mail address; keys are in audit logs, so the address itself is not in it."""
    return f"CREDENTIAL#EMAIL#{hashlib.sha256(email.encode()).hexdigest()}", "PASSWORD"


def family(family_id: str) -> Key:
    """sessions: a family of refresh tokens, one a sign-in."""
    return f"FAMILY#{family_id}", "FAMILY"


def families_of_user(tenant_id: str, user_id: str) -> str:
    """sessions, gsi1: the partition that lists a user's families by the time they began."""
    return f"TENANT#{tenant_id}#USER#{user_id}"
