"""`/auth/…`."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Body, Path

from omnix import caching, etag
from omnix.authorisation import EDITORS, OWNERS, principal
from omnix.etag import IfMatch
from omnix.idempotency import REPLAYED, IdempotencyKey
from omnix.identity.api_key_model import ApiKeyInput, ApiKeyPage, CreatedApiKey
from omnix.identity.model import (
    Credentials,
    PasswordChange,
    RefreshRequest,
    Registration,
    SessionPage,
    SignIn,
    TokenPair,
    User,
    Validation,
)
from omnix.identity.origin import origin
from omnix.identity.service import api_keys, identity, users
from omnix.identity.user_model import UserChanges, UserInput, UserPage
from omnix.listing import Cursor, Limit
from omnix.operation import operation

router = Router()  # type: ignore[no-untyped-call]

SessionId = Annotated[str, Path(description="The session's id.")]
UserId = Annotated[str, Path(description="The user's id.")]
KeyId = Annotated[str, Path(description="The API key's id.")]


@router.post(
    "/auth/register",
    summary="Register a tenant and its owner",
    operation_id="register",
    tags=["auth"],
    status_code=201,
    openapi_extensions=operation(409, body=True, public=True),
)
def register(registration: Annotated[Registration, Body()], idempotency_key: IdempotencyKey = None) -> Response[SignIn]:
    """Makes a tenant with its owner and signs the owner in; a repetition by `Idempotency-Key` signs in anew."""
    made, replayed = identity().register(registration, origin(router.current_event), idempotency_key)
    headers = REPLAYED if replayed else {}
    return Response(status_code=201, content_type="application/json", body=made, headers=headers)


@router.post(
    "/auth/login",
    summary="Sign in with e-mail address and password",
    operation_id="login",
    tags=["auth"],
    openapi_extensions=operation(401, body=True, public=True),
)
def login(credentials: Annotated[Credentials, Body()]) -> SignIn:
    """Begins a session. After ten failures in a quarter of an hour: 429, with `Retry-After`."""
    return identity().login(credentials, origin(router.current_event))


@router.post(
    "/auth/refresh",
    summary="Renew the tokens of a session",
    operation_id="refresh",
    tags=["auth"],
    openapi_extensions=operation(401, body=True, public=True),
)
def refresh(request: Annotated[RefreshRequest, Body()]) -> TokenPair:
    """Gives the next pair of tokens. A refresh token works once; used again later, it ends its session."""
    return identity().refresh(request.refresh_token)


@router.post(
    "/auth/logout",
    summary="End a session",
    operation_id="logout",
    tags=["auth"],
    status_code=204,
    openapi_extensions=operation(401, body=True, public=True),
)
def logout(request: Annotated[RefreshRequest, Body()]) -> Response[None]:
    """Ends the session that the refresh token belongs to; again is no error."""
    identity().logout(request.refresh_token)
    return Response(status_code=204)


@router.get(
    "/auth/validate",
    summary="Check a credential",
    operation_id="validateCredential",
    tags=["auth"],
    openapi_extensions=operation(),
)
def validate() -> Validation:
    """Says who the bearer credential speaks for, and that its session is alive."""
    return identity().validate(principal(router.current_event))


@router.get(
    "/auth/me",
    summary="Read the caller's profile",
    operation_id="readProfile",
    tags=["auth"],
    openapi_extensions=operation(403, signed_in=True),
)
def me() -> Response[User]:
    """The signed-in user. The `ETag` is this answer's alone: `If-Match` of `/auth/users/{user_id}` takes `version`."""
    user = identity().me(principal(router.current_event))
    # One address, another user for every caller: the version alone would be the tag of somebody else's profile too.
    tag = f'"{user.user_id}.{user.version}"'
    return etag.tagged(user, user.version, headers={"ETag": tag, "Vary": caching.BY_CALLER})


@router.get(
    "/auth/sessions",
    summary="List your sessions",
    operation_id="listSessions",
    tags=["auth"],
    openapi_extensions=operation(400, 422, signed_in=True),
)
def list_sessions(limit: Limit = 25, cursor: Cursor = None) -> SessionPage:
    """The caller's own sessions, the newest first."""
    return identity().sessions(principal(router.current_event), limit, cursor)


@router.delete(
    "/auth/sessions/<session_id>",
    summary="End one of your sessions",
    operation_id="revokeSession",
    tags=["auth"],
    status_code=204,
    openapi_extensions=operation(404, signed_in=True),
)
def revoke_session(session_id: SessionId) -> Response[None]:
    """Ends a session: it cannot be renewed, and an access token of it that is left expires within 15 minutes."""
    identity().revoke(principal(router.current_event), session_id)
    return Response(status_code=204)


@router.post(
    "/auth/password",
    summary="Change your password",
    operation_id="changePassword",
    tags=["auth"],
    status_code=204,
    openapi_extensions=operation(409, body=True, signed_in=True),
)
def change_password(change: Annotated[PasswordChange, Body()]) -> Response[None]:
    """Sets another password and ends every other session of the caller."""
    identity().change_password(principal(router.current_event), change)
    return Response(status_code=204)


@router.post(
    "/auth/api-keys",
    summary="Create an API key",
    operation_id="createApiKey",
    tags=["auth"],
    status_code=201,
    openapi_extensions=operation(409, body=True, roles=EDITORS, signed_in=True),
)
def create_api_key(
    content: Annotated[ApiKeyInput, Body()], idempotency_key: IdempotencyKey = None
) -> Response[CreatedApiKey]:
    """Creates a key for the tenant's systems; its text is shown this once. Needs the role owner or manager."""
    made, replayed = api_keys().create(principal(router.current_event), content, idempotency_key)
    headers = REPLAYED if replayed else {}
    return Response(status_code=201, content_type="application/json", body=made, headers=headers)


@router.get(
    "/auth/api-keys",
    summary="List API keys",
    operation_id="listApiKeys",
    tags=["auth"],
    openapi_extensions=operation(400, 422, roles=EDITORS, signed_in=True),
)
def list_api_keys(limit: Limit = 25, cursor: Cursor = None) -> ApiKeyPage:
    """The tenant's keys, the newest first, without their texts. Needs the role owner or manager."""
    return api_keys().list(principal(router.current_event), limit, cursor)


@router.delete(
    "/auth/api-keys/<key_id>",
    summary="Revoke an API key",
    operation_id="revokeApiKey",
    tags=["auth"],
    status_code=204,
    openapi_extensions=operation(404, roles=EDITORS, signed_in=True),
)
def revoke_api_key(key_id: KeyId) -> Response[None]:
    """Ends a key at once. Needs the role owner or manager, and no lower one than the key's."""
    api_keys().revoke(principal(router.current_event), key_id)
    return Response(status_code=204)


@router.get(
    "/auth/users",
    summary="List users",
    operation_id="listUsers",
    tags=["auth"],
    openapi_extensions=operation(400, 422, roles=EDITORS, signed_in=True),
)
def list_users(limit: Limit = 25, cursor: Cursor = None) -> UserPage:
    """The tenant's users in the order of their ids. Needs the role owner or manager."""
    return users().list(principal(router.current_event), limit, cursor)


@router.post(
    "/auth/users",
    summary="Add a user",
    operation_id="createUser",
    tags=["auth"],
    status_code=201,
    openapi_extensions=operation(409, body=True, roles=EDITORS, signed_in=True),
)
def create_user(content: Annotated[UserInput, Body()], idempotency_key: IdempotencyKey = None) -> Response[User]:
    """Adds a user to the tenant, with a first password. Needs the role owner; a manager may add staff.

    409 where the address signs in to an account already, of whichever tenant. After a hundred in a quarter of an
    hour, whatever came of them: 429, with `Retry-After`.
    """
    made, replayed = users().create(principal(router.current_event), content, idempotency_key)
    return etag.tagged(made, made.version, 201, REPLAYED if replayed else {})


@router.patch(
    "/auth/users/<user_id>",
    summary="Change a user",
    operation_id="updateUser",
    tags=["auth"],
    openapi_extensions=operation(404, 409, 412, body=True, roles=OWNERS, signed_in=True),
)
def update_user(user_id: UserId, changes: Annotated[UserChanges, Body()], if_match: IfMatch = None) -> Response[User]:
    """Changes a user's role or name; 409 where no owner would be left. Needs the role owner.

    The user's sessions go on, in the new role from their next refresh.
    """
    changed = users().update(principal(router.current_event), user_id, changes, if_match)
    return etag.tagged(changed, changed.version)


@router.delete(
    "/auth/users/<user_id>",
    summary="Remove a user",
    operation_id="deleteUser",
    tags=["auth"],
    status_code=204,
    openapi_extensions=operation(404, 409, 412, 422, roles=OWNERS, signed_in=True),
)
def delete_user(user_id: UserId, if_match: IfMatch = None) -> Response[None]:
    """Removes a user and ends all its sessions; 409 where no owner would be left. Needs the role owner.

    The address may be added or registered again. API keys that the user made are the tenant's, and stay.
    """
    users().delete(principal(router.current_event), user_id, if_match)
    return Response(status_code=204)
