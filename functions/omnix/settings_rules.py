"""What a setting may look like: pure rules, shared by the pydantic models and by the authorizer's light reader."""

import re

ENVIRONMENTS = ("dev", "staging", "prod")
FUNCTIONS = ("api", "auth", "authorizer", "rotation")

_SECRET_ARN = re.compile(
    r"arn:aws[a-z-]*:secretsmanager:(?P<region>[a-z0-9-]+):\d{12}:secret:(?P<name>[A-Za-z0-9/_+=.@-]{1,512})"
)
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")


def environment_name(value: str) -> str:
    """A stack's name, one of `ENVIRONMENTS`; raises ValueError."""
    if value not in ENVIRONMENTS:
        raise ValueError(f"must be one of {', '.join(ENVIRONMENTS)}")
    return value


def region_name(value: str) -> str:
    """An AWS region's code such as `eu-central-1`; raises ValueError."""
    if not _REGION.fullmatch(value):
        raise ValueError("must be an AWS region such as eu-central-1")
    return value


def secret_arn(value: str) -> str:
    """A Secrets Manager secret's full ARN; raises ValueError."""
    if not _SECRET_ARN.fullmatch(value):
        raise ValueError("must be the full ARN of a Secrets Manager secret")
    return value


def secret_arns(value: str) -> tuple[str, ...]:
    """Comma separated secret ARNs, at least one, without duplicates; raises ValueError."""
    arns = tuple(secret_arn(part.strip()) for part in value.split(",") if part.strip())
    if not arns:
        raise ValueError("must name at least one secret")
    if len(set(arns)) != len(arns):
        raise ValueError("must not name a secret twice")
    return arns


def cross_setting_errors(environment: str, region: str, parameter_prefix: str, arns: tuple[str, ...]) -> list[str]:
    """What single values cannot show: a value that belongs to another environment or region.

    Whole name tokens are compared, for "prod" is inside "products" (incident: staging's page called dev).
    """
    errors = []
    if parameter_prefix != f"/omnix-ai/{environment}":
        errors.append(f"OMNIX_PARAMETER_PREFIX: must be /omnix-ai/{environment}")
    foreign = set(ENVIRONMENTS) - {environment}
    for arn in arns:
        match = _SECRET_ARN.fullmatch(arn)
        if match is None:
            continue
        if match["region"] != region:
            errors.append(f"{arn}: is in {match['region']}, this function runs in {region}")
        if foreign & set(re.split(r"[^A-Za-z0-9]+", match["name"])):
            errors.append(f"{arn}: belongs to another environment than {environment}")
    return errors
