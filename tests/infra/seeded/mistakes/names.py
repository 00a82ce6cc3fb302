"""Mistakes in names, tags, regions and the provider."""
# ruff: noqa: E501 - a table: one mistake a line

from tests.infra.seeded import edits
from tests.infra.seeded.seed import GateName, Seed, resources
from tests.infra.seeded.world import Edit


def _seed(name: str, edit: Edit, rule: str, names: str, says: str, gate: GateName = "policy") -> Seed:
    return Seed(name, "prod", resources(edit), gate, rule, names, says)


SEEDS = (
    _seed("a role's name beyond 64 characters", edits.put("api-api-role", "name", "omnix-ai-prod-" + "recommendations-" * 4 + "eu-central-1"), "name", "api-api-role", "AWS takes 1 to 64", "refusal"),
    _seed("a bucket's name with capitals", edits.put("delivery-artefacts", "bucket", "Omnix-AI-prod-artefacts"), "bucket", "delivery-artefacts", "AWS's pattern", "refusal"),
    _seed("a name that says nothing of its environment", edits.put("data-table-orders", "name", "orders"), "named-after-environment", "data-table-orders", "take the name from components/naming.py"),
    _seed("a name left to the engine", edits.drop("monitoring-topic", "name"), "named-after-environment", "monitoring-topic", "take the name from components/naming.py"),
    _seed("one logical name twice", edits.again("data-table-orders", "data-table-orders", name="omnix-ai-prod-orders-2"), "duplicate-urn", "data-table-orders", "unique name", "program"),
    _seed("a resource without its component's tag", edits.drop("data-table-orders", "tags"), "tagged", "data-table-orders", "set the tags"),
    _seed("a tag value with characters that AWS does not take", edits.put("data-table-orders", "tags.Component", "Data|Stack"), "dynamodb.Table.tags-form", "data-table-orders", "allowed characters", "refusal"),
    _seed("a tag of AWS's own prefix", edits.put("data-table-orders", "tags.aws:team", "platform"), "dynamodb.Table.tags-form", "data-table-orders", "aws:", "refusal"),
    _seed("a resource in a region that nobody looks at", edits.put("monitoring-topic", "region", "us-west-2"), "region-known", "monitoring-topic", "eu-central-1"),
    _seed("a region that does not exist", edits.put("monitoring-topic", "region", "eu-central-3"), "sns.Topic.region", "monitoring-topic", "no region", "refusal"),
    _seed("a provider that takes any account", edits.drop("aws", "allowedAccountIds"), "provider-bound-to-account", "aws", "set allowedAccountIds"),
    _seed("an argument that the resource does not have", edits.put("data-table-orders", "pointInTimeRecover", {"enabled": True}), "pointInTimeRecover", "data-table-orders", "", "refusal"),
    _seed("a parameter that names staging's API", edits.put("api-parameter-url", "value", "https://staging.omnix-ai.example/api"), "no-other-environment", "api-parameter-url", "name what belongs to this environment"),
    _seed("a parameter beyond 4 KB", edits.put("data-parameter-api-cors-origins", "value", "https://shop.example," * 300), "ssm.Parameter.size", "data-parameter-api-cors-origins", "takes 1 to 4096", "refusal"),
)  # fmt: skip
