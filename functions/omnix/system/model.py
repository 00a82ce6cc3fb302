"""What the system routes give."""

from pydantic import BaseModel, Field


class Health(BaseModel):
    """The function runs; nothing is said about what it needs."""

    status: str = Field(examples=["ok"])
    environment: str


class ReadinessCheck(BaseModel):
    """One dependency."""

    name: str
    ok: bool
    detail: str
    ms: float = Field(ge=0, description="How long the look took, milliseconds.")


class Readiness(BaseModel):
    """Every dependency of the function answers."""

    ok: bool
    function: str
    version: str
    checks: list[ReadinessCheck]


class Build(BaseModel):
    """The bundler's own record in the zip."""

    inputs: str = Field(description="SHA-256 over everything that went into the zip, hex.")
    target: str = Field(description="`aws` or `local`.")
    python: str


class Version(BaseModel):
    """What is deployed."""

    version: str
    environment: str
    function: str
    function_version: str = Field(description="Lambda's published version.")
    contract: str = Field(description="SHA-256 of the canonical openapi.json, hex.")
    build: Build | None = Field(description="What the zip was made of; null when the code runs from its sources.")
    commit: str | None = Field(
        description="The git commit that the environment was last deployed from, with `-dirty` if its tree had changes."
    )
