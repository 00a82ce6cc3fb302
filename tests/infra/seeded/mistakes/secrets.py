"""Secrets in clear, and secrets that nobody rotates."""
# ruff: noqa: E501 - a table: one mistake a line

from tests.infra.seeded import edits
from tests.infra.seeded.seed import Seed, resources
from tests.infra.seeded.world import Edit


def _seed(name: str, edit: Edit, names: str, says: str, rule: str = "no-plain-secret") -> Seed:
    return Seed(name, "prod", resources(edit), "policy", rule, names, says)


SEEDS = (
    # The incident (P7): secrets in environment variables.
    _seed("a signing secret in a variable", edits.put("api-auth-function", "environment.variables.JWT_SECRET", "correct horse battery staple"), "api-auth-function", "keep the value in Secrets Manager"),
    _seed("an API token as a plain parameter", edits.put("data-parameter-bedrock-model-id", "value", "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bD1fG3hJ5"), "data-parameter-bedrock-model-id", "keep the value in Secrets Manager"),
    _seed("a database password in a tag", edits.put("data-table-orders", "tags.DbPassword", "hunter2-hunter2"), "data-table-orders", "keep the value in Secrets Manager"),
    _seed("an access key in a description", edits.put("api-api-function", "description", "runs as AKIAIOSFODNN7EXAMPLE"), "api-api-function", "an AWS access key"),
    _seed("a URL with its password in a variable", edits.put("api-api-function", "environment.variables.CACHE", "redis://app:s3cr3t-pass@cache.internal:6379"), "api-api-function", "a URL with a password"),
    _seed("a generated key in a variable of a harmless name", edits.put("api-api-function", "environment.variables.SALT", "q7Zx1Lw9Vb3Nf5Hy2Kd8Rt4Mp6Sg0Jc"), "api-api-function", "keep the value in Secrets Manager"),
    _seed("a secret's value written by the program", edits.add("aws:secretsmanager/secretVersion:SecretVersion", "first-value", {"secretId": "x", "secretString": "hunter2-hunter2"}), "first-value", "let the rotation function write every version", "no-secret-value"),
    _seed("a secret that nobody rotates", edits.without("rotation-schedule-JWT_SECRET"), "security-secret-JWT_SECRET", "add a SecretRotation", "secret-rotated"),
    Seed("a rotation by a function of another region", "prod", resources(edits.put("rotation-schedule-JWT_SECRET", "rotationLambdaArn", "arn:aws:lambda:eu-west-1:777788889999:function:omnix-ai-prod-rotation:live")), "refusal", "secretsmanager.SecretRotation.rotationLambdaArn-arn", "rotation-schedule-JWT_SECRET", "AWS takes only its own region"),
)  # fmt: skip
