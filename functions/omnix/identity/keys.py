"""Keys of the identity context in the tables `users` and `sessions`.

IAM lets every role but auth's touch `TENANT#…` only: what no other function may read has a prefix of its own.
"""

import hashlib

type Key = tuple[str, str]

API_KEYS = "APIKEY#"
FAMILIES_INDEX = "gsi1"


def tenant(tenant_id: str) -> Key:
    """users: the tenant itself."""
    return f"TENANT#{tenant_id}", "TENANT"


def user(tenant_id: str, user_id: str) -> Key:
    """users: a user's profile."""
    return f"TENANT#{tenant_id}", f"USER#{user_id}"


def credential(email: str) -> Key:
    """users: the password hash of an e-mail address; keys are in audit logs, so the address itself is not in it."""
    return f"CREDENTIAL#EMAIL#{hashlib.sha256(email.encode()).hexdigest()}", "PASSWORD"


def api_key_credential(key_id: str) -> Key:
    """users: the hash of an API key; below `CREDENTIAL#APIKEY#`, which is all that the authorizer may read."""
    return f"CREDENTIAL#APIKEY#{key_id}", "KEY"


def api_key(tenant_id: str, key_id: str) -> Key:
    """users: what a tenant sees of its API key, in the order in which they were made."""
    return f"TENANT#{tenant_id}", f"{API_KEYS}{key_id}"


def attempts(limit: str, digest: str, window: int) -> Key:
    """sessions: the counter of one limit's subject in the window that began at that second."""
    return f"LIMIT#{limit}#{digest}", f"WINDOW#{window}"


def known_address(digest: str) -> Key:
    """sessions: that an account was signed in to from an address; the digest is of both."""
    return f"LIMIT#KNOWN#{digest}", "KNOWN"


def family(family_id: str) -> Key:
    """sessions: a family of refresh tokens, one a sign-in."""
    return f"FAMILY#{family_id}", "FAMILY"


def families_of_user(tenant_id: str, user_id: str) -> str:
    """sessions, gsi1: the partition that lists a user's families by the time they began."""
    return f"TENANT#{tenant_id}#USER#{user_id}"
