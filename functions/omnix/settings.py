"""What each function is told by its environment variables; a bad environment stops it at start, every error listed."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from omnix import settings_rules as rules

SecretArn = Annotated[str, AfterValidator(rules.secret_arn)]


class SettingsError(RuntimeError):
    """The environment variables do not describe a function that can run; `errors` has a line for each fault."""

    def __init__(self, errors: list[str]) -> None:
        self.errors = errors
        super().__init__("settings are not valid:\n" + "\n".join(f"- {error}" for error in errors))


class FunctionSettings(BaseSettings):
    """What every function is told."""

    model_config = SettingsConfigDict(env_prefix="OMNIX_", frozen=True, extra="ignore")

    environment: Annotated[str, AfterValidator(rules.environment_name)]
    function: str = Field(min_length=1)
    parameter_prefix: str = Field(min_length=1)
    region: Annotated[str, AfterValidator(rules.region_name)] = Field(validation_alias="AWS_REGION")

    @property
    def issuer(self) -> str:
        """Issuer and audience of this environment's tokens."""
        return f"omnix-ai-{self.environment}"

    def secret_arns(self) -> tuple[str, ...]:
        """Every secret that the function is told about."""
        return ()

    @model_validator(mode="after")
    def _values_agree(self) -> Self:
        faults = rules.cross_setting_errors(self.environment, self.region, self.parameter_prefix, self.secret_arns())
        if faults:
            raise ValueError("\n".join(faults))
        return self


class ApiSettings(FunctionSettings):
    """`api` needs no secret."""


class AuthSettings(FunctionSettings):
    """`auth` signs access tokens and keys the hashes of refresh tokens."""

    jwt_secret_id: SecretArn
    jwt_refresh_secret_id: SecretArn

    def secret_arns(self) -> tuple[str, ...]:
        """Both signing secrets."""
        return (self.jwt_secret_id, self.jwt_refresh_secret_id)


class RotationSettings(FunctionSettings):
    """`rotation` knows the secrets that it may touch and refuses every other."""

    rotation_secret_ids: Annotated[tuple[SecretArn, ...], NoDecode]

    @model_validator(mode="before")
    @classmethod
    def _split(cls, data: object) -> object:
        if isinstance(data, Mapping) and isinstance(data.get("rotation_secret_ids"), str):
            return {**data, "rotation_secret_ids": rules.secret_arns(data["rotation_secret_ids"])}
        return data

    def secret_arns(self) -> tuple[str, ...]:
        """The secrets under rotation."""
        return self.rotation_secret_ids


class MigrationSettings(FunctionSettings):
    """`migration` is told the bucket of its runs' files; which table and mapping, each step's event says."""

    runs_bucket: str = Field(min_length=3)


class ValidationSettings(FunctionSettings):
    """`validation` is told the key that every restored table must lie under."""

    key_arn: str = Field(pattern=r"^arn:aws[a-z-]*:kms:")


def load[S: FunctionSettings](model: type[S]) -> S:
    """The model read from the environment; raises SettingsError with a line for every fault, never a value."""
    try:
        return model()
    except ValidationError as error:
        raise SettingsError(_lines(error)) from None


def _lines(error: ValidationError) -> list[str]:
    lines: list[str] = []
    for fault in error.errors(include_input=False, include_url=False):
        message = fault["msg"].removeprefix("Value error, ")
        name = "_".join(str(part) for part in fault["loc"])
        variable = name if name.isupper() or not name else f"OMNIX_{name.upper()}"
        lines.extend(f"{variable}: {line}" if variable else line for line in message.splitlines())
    return lines
