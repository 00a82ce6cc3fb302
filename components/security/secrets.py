"""The platform's secrets as data. Their values never pass through Pulumi."""

from typing import Literal, get_args

type SecretName = Literal["JWT_SECRET", "JWT_REFRESH_SECRET", "API_KEY_1"]

SECRET_NAMES: tuple[SecretName, ...] = get_args(SecretName.__value__)

DESCRIPTIONS: dict[SecretName, str] = {
    "JWT_SECRET": "Signs access tokens (HS256)",
    "JWT_REFRESH_SECRET": "Keys the hash under which refresh tokens are stored",
    "API_KEY_1": "The platform's own API key, for synthetic checks and operators' scripts",
}
