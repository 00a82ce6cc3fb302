"""`/auth/…`."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Body

from omnix.authorisation import principal
from omnix.identity.model import Credentials, RefreshRequest, Registration, SignIn, TokenPair, User, Validation
from omnix.identity.service import identity
from omnix.operation import operation

router = Router()  # type: ignore[no-untyped-call]


@router.post(
    "/auth/register",
    summary="Register a tenant and its owner",
    operation_id="register",
    tags=["auth"],
    status_code=201,
    openapi_extensions=operation(409, body=True, public=True),
)
def register(registration: Annotated[Registration, Body()]) -> SignIn:
    """Makes a tenant with its owner and signs the owner in."""
    return identity().register(registration)


@router.post(
    "/auth/login",
    summary="Sign in with e-mail address and password",
    operation_id="login",
    tags=["auth"],
    openapi_extensions=operation(401, body=True, public=True),
)
def login(credentials: Annotated[Credentials, Body()]) -> SignIn:
    """Begins a session."""
    return identity().login(credentials)


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
    openapi_extensions=operation(403),
)
def me() -> User:
    """The signed-in user."""
    return identity().me(principal(router.current_event))
