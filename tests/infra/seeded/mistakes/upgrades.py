"""Changes that would delete or replace what holds data. Prod's engine locks refuse them besides; staging has none."""
# ruff: noqa: E501 - a table: one mistake a line

from tests.infra.seeded import edits
from tests.infra.seeded.seed import Seed, resources
from tests.infra.seeded.world import Edit


def _seed(name: str, edit: Edit, rule: str, names: str, says: str = "without an override") -> Seed:
    return Seed(name, "staging", resources(edit), "preview", rule, names, says)


_KEYS = {"attributes.0.name": "tenant"}


def _rekeyed(inputs: dict[str, object]) -> None:
    """Another partition key: DynamoDB has no such change, so that the table is made anew, empty."""
    attributes = [{"name": "tenant", "type": "S"}, *list(inputs["attributes"])[1:]]  # type: ignore[call-overload]
    inputs.update(hashKey="tenant", attributes=attributes)


SEEDS = (
    _seed("a table deleted with the code that used it", edits.without("data-table-recommendations", "monitoring-alarm-table-recommendations-throttles", "monitoring-alarm-table-recommendations-system-errors"), "stateful-delete", "data-table-recommendations"),
    _seed("a table with another partition key", edits.on("data-table-orders", _rekeyed), "stateful-replace", "data-table-orders"),
    _seed("a table with another name", edits.put("data-table-orders", "name", "omnix-ai-staging-sales"), "stateful-replace", "data-table-orders"),
    _seed("a component renamed without an alias", edits.moved("data", "store"), "stateful-delete", "data-table-orders"),
    _seed("the key left out of the program", edits.without("security-key"), "stateful-delete", "security-key"),
    _seed("a secret with another name", edits.put("security-secret-JWT_SECRET", "name", "omnix-ai/staging/JWT_KEY"), "stateful-replace", "security-secret-JWT_SECRET"),
    _seed("a bucket with another name", edits.put("delivery-artefacts", "bucket", "omnix-ai-staging-packages-444455556666-eu-central-1"), "stateful-replace", "delivery-artefacts"),
    _seed("a vault with another key", edits.put("backup-vault", "name", "omnix-ai-staging-vault"), "stateful-replace", "backup-vault"),
    Seed("a deletion whose permission has run out", "staging", lambda w: type(w)(**{**vars(resources(edits.without("security-secret-API_KEY_1"))(w)), "overrides": "overrides:\n  - {name: security-secret-API_KEY_1, environment: staging, action: delete, reason: the key was replaced in spring, owner: platform-team, expires: 2026-01-01}\n"}), "preview", "stateful-delete", "security-secret-API_KEY_1", "expired on 2026-01-01"),
    Seed("a permission that nobody owns", "staging", lambda w: type(w)(**{**vars(w), "overrides": "overrides:\n  - {name: data-table-orders, environment: staging, action: delete, reason: not needed any more, expires: 2026-12-01}\n"}), "preview", "override-malformed", "", "owner"),
)  # fmt: skip
