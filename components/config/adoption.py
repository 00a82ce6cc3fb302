"""What `adopt` may name: the stateful resources that an `up` can import instead of creating."""

from components.data.tables import TABLES
from components.security.secrets import SECRET_NAMES

ADOPTABLE: frozenset[str] = frozenset(
    {
        "key",
        "dr-key",
        "vault",
        "dr-vault",
        "file-bucket",
        "file-bucket-dr",
        "file-replication-role",
        "artefact-bucket",
        "report-bucket",
        "migration-bucket",
        *(f"tables/{table}" for table in TABLES),
        *(f"secrets/{secret}" for secret in SECRET_NAMES),
    }
)
