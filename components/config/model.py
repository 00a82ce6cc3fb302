"""The frozen model of a stack's config (namespace `omnix-ai:`, keys in camelCase).

Field rules live here, in the types; rules between fields are in `rules`. A field's description is what the
reader of an error is told to write.
"""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from components.bedrock.settings import Bedrock
from components.config.checks import distinct, email_address, exact_origin, github_repository, hostname, tag_value
from components.section import Section

type Environment = Literal["dev", "staging", "prod"]
type FunctionName = Literal["api", "assistant", "auth", "authorizer", "migration", "rotation", "validation", "worker"]
type AliasOwner = Literal["pulumi", "deployment"]
type Region = Literal["eu-central-1", "eu-west-1"]
type Lock = Literal["none", "governance", "compliance"]

# CloudWatch Logs PutRetentionPolicy accepts these and no other number of days.
LOG_RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip

RECOVERY_DAYS = range(7, 31)

HOME_REGION = "eu-central-1"
RECOVERY_REGION = "eu-west-1"


def _retention(days: int) -> int:
    if days not in LOG_RETENTION_DAYS:
        raise ValueError(f"CloudWatch Logs has no retention of {days} days")
    return days


def _recovery(days: int) -> int:
    if days != 0 and days not in RECOVERY_DAYS:
        raise ValueError("Secrets Manager accepts 0 (delete at once) or 7 to 30 days")
    return days


class FunctionOverride(Section):
    """What a stack changes about one function; what it leaves out keeps the default of `SIZING`."""

    memory_mb: Annotated[int | None, Field(ge=128, le=10240, description="128 to 10240 (MB)")] = None
    timeout_seconds: Annotated[int | None, Field(ge=1, le=900, description="1 to 900 (seconds)")] = None
    # Only when asked for: a default reservation once blocked every deployment of an account (A3).
    reserved_concurrency: Annotated[int | None, Field(ge=0, le=1000, description="0 to 1000, or leave it out")] = None
    provisioned_concurrency: Annotated[int | None, Field(ge=1, le=1000, description="1 to 1000, or leave it out")] = (
        None
    )

    @model_validator(mode="after")
    def _provisioned_within_reserved(self) -> Self:
        reserved, provisioned = self.reserved_concurrency, self.provisioned_concurrency
        if reserved is not None and provisioned is not None and provisioned > reserved:
            raise ValueError(f"provisionedConcurrency {provisioned} is more than reservedConcurrency {reserved}")
        return self


class FunctionSizing(Section):
    """A function's memory, time and concurrency, defaults and overrides merged."""

    memory_mb: int
    timeout_seconds: int
    reserved_concurrency: int | None = None
    provisioned_concurrency: int | None = None


# CPU follows memory: argon2id wants most, cold imports want more than 256 MB, and every request waits for the
# authorizer. A dependency is given up after 6.5 s (functions/omnix/aws); API Gateway waits 29 s at most.
SIZING: dict[FunctionName, FunctionSizing] = {
    "api": FunctionSizing(memory_mb=512, timeout_seconds=15),
    # It waits for models most of the time; memory is for the cold start. What is left of the gateway's 29 s is for what
    # lies outside of it: the authorizer's and its own start.
    "assistant": FunctionSizing(memory_mb=1024, timeout_seconds=26),
    "auth": FunctionSizing(memory_mb=1024, timeout_seconds=15),
    "authorizer": FunctionSizing(memory_mb=512, timeout_seconds=10),
    # a whole CPU (1,769 MB), and all the time there is: it goes through an export's files
    "migration": FunctionSizing(memory_mb=1769, timeout_seconds=900),
    "rotation": FunctionSizing(memory_mb=256, timeout_seconds=30),
    # three calls and a page of keys
    "validation": FunctionSizing(memory_mb=256, timeout_seconds=30),
    # a batch of records, each a transaction; it hands back what it would not finish in time
    "worker": FunctionSizing(memory_mb=512, timeout_seconds=60),
}


class RouteThrottle(Section):
    """What API Gateway lets through of one route. An account has 10,000 requests a second and bursts of 5,000."""

    rate_limit: Annotated[float, Field(gt=0, le=10_000, description="requests a second, more than 0")]
    burst_limit: Annotated[int, Field(gt=0, le=5_000, description="1 to 5000 requests at once")]


class Throttle(RouteThrottle):
    """The limits of the usage plan and of each route, and those of each route that pays for models."""

    # A turn holds a function for seconds, up to 26: at 10 a second, each of the two routes takes some 50 of the 1,000
    # concurrent executions that all functions share, and 260 at worst. Signing in and selling keep the rest.
    assistant: Annotated[RouteThrottle, Field(description="{rateLimit, burstLimit}, or leave it out")] = RouteThrottle(
        rate_limit=10, burst_limit=20
    )


type Units = Annotated[int, Field(ge=1, le=40_000, description="1 to 40000 capacity units")]


class Capacity(Section):
    """Provisioned capacity of a table and of each of its indexes, scaled to `target_percent` of use."""

    read_min: Units
    read_max: Units
    write_min: Units
    write_max: Units
    # Application Auto Scaling accepts 20 to 90 for DynamoDB.
    target_percent: Annotated[int, Field(ge=20, le=90, description="20 to 90 (percent)")] = 70
    # What scaling moves is ignored by updates, and so would the minima be that a table without any capacity needs:
    # AWS's provider then gives the table 1 unit and refuses its indexes ("read capacity must be > 0 when billing mode
    # is PROVISIONED").
    switching: Annotated[
        bool,
        Field(description="true for the one deployment that makes an on-demand table provisioned, else leave it out"),
    ] = False

    @model_validator(mode="after")
    def _bounds_in_order(self) -> Self:
        if self.read_min > self.read_max or self.write_min > self.write_max:
            raise ValueError("a minimum is more than its maximum")
        return self


class Backup(Section):
    """How backups are kept, copied, proven and reported."""

    # Governance can be lifted by who may backup:DeleteBackupVaultLockConfiguration; compliance by nobody, AWS included.
    lock: Annotated[Lock, Field(description="none, governance, or compliance once a drill has passed")] = "none"
    drill_passed: Annotated[
        date | None, Field(description="the date of the drill report that passed, YYYY-MM-DD, in quotes")
    ] = None
    copy_to_dr: Annotated[bool, Field(description="true or false: copy each backup to drRegion, if any")] = True
    restore_testing: Annotated[bool, Field(description="true or false: restore and validate every table weekly")] = True
    reports: Annotated[bool, Field(description="true or false: job reports to a bucket every day")] = False
    # Its controls are rules of AWS Config: without a recorder, AWS deploys none of them and `up` does not fail.
    framework: Annotated[
        bool, Field(description="true where AWS Config records this account and region, else false")
    ] = False


class LegacyTable(Section):
    """A table of the standard schema and another name, from which functions may serve until a cut-over is complete."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{3,255}$", description="the table's name in this account")]
    # Only AWS knows it: its last part is the time when the stream was turned on.
    stream_arn: Annotated[
        str | None,
        Field(
            pattern=r"^arn:aws:dynamodb:[a-z0-9-]+:\d{12}:table/[A-Za-z0-9_.-]+/stream/[0-9T:.-]+$",
            description="the ARN of the table's stream, where the worker follows this table",
        ),
    ] = None


type TableName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{3,255}$")]


class Migration(Section):
    """What `omnix migrate export` works with: a bucket, a state machine, a function. Left out, none is made."""

    sources: Annotated[
        tuple[TableName, ...], Field(min_length=1, description="names of legacy tables in this account and region")
    ]


class Artefacts(Section):
    """What is deployed: built for `target`, or exactly what a release `manifest` names."""

    target: Annotated[Literal["aws", "local"], Field(description="aws or local")] = "aws"
    manifest: Annotated[str | None, Field(min_length=1, description="path of a release manifest")] = None


class Preview(Section):
    """From where pull requests may preview this stack, and the state that they read to do so."""

    repository: Annotated[
        str, AfterValidator(github_repository), Field(description="owner/name, or owner@id/name@id (see the guide)")
    ]
    state_bucket: Annotated[
        str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", description="the name of the state's bucket alone")
    ]
    # An alias cannot be named in a policy, and a wildcard would open every key of the account.
    state_key_arn: Annotated[
        str,
        Field(
            pattern=r"^arn:aws:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+$",
            description="the ARN of the key that encrypts the state's secrets: arn:aws:kms:REGION:ACCOUNT:key/ID",
        ),
    ]
    # An account has one provider an address: whoever made it, a second is refused.
    existing_provider: Annotated[
        bool, Field(description="true where the account has GitHub's identity provider already, else leave it out")
    ] = False


class StackConfig(BaseSettings):
    """One stack's whole config, checked. Made by `load_config`; raises pydantic's `ValidationError`."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
    )

    environment: Annotated[Environment, Field(description="dev, staging or prod: the stack's own name")]
    account_id: Annotated[str, Field(pattern=r"^\d{12}$", description="the account's 12 digits, in quotes")]
    region: Annotated[Region, Field(description=f"{HOME_REGION}, or {RECOVERY_REGION} with failover: true")]
    # None: nothing is copied, and nothing is made in any region but `region`. Only in a failover (`region_rules`).
    dr_region: Annotated[
        Region | None,
        Field(
            description=f"{RECOVERY_REGION}; with failover: true {HOME_REGION}, or leave it out until it answers again"
        ),
    ] = None
    failover: Annotated[
        bool,
        Field(description="true while the home region is lost and the stack runs in the other, else leave it out"),
    ] = False
    owner: Annotated[str, AfterValidator(tag_value), Field(description="the team that answers for the stack")]
    cost_center: Annotated[str, AfterValidator(tag_value), Field(description="a cost centre, e.g. CC-1000")]
    domain: Annotated[
        str | None,
        AfterValidator(hostname),
        Field(description="a host name, e.g. shop.example, or leave it out"),
    ] = None
    cors_origins: Annotated[
        tuple[Annotated[str, AfterValidator(exact_origin)], ...],
        Field(description="a list of origins: scheme://host[:port], no path"),
    ] = ()
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"],
        Field(description="DEBUG, INFO, WARNING, ERROR or CRITICAL"),
    ]
    log_retention_days: Annotated[
        int,
        AfterValidator(_retention),
        Field(description="one of " + ", ".join(map(str, LOG_RETENTION_DAYS))),
    ]
    protect: Annotated[bool, Field(description="true or false")]
    unprotect: Annotated[
        bool, Field(description="true for the one deployment before a destroy of a protected stack, else leave it out")
    ] = False
    account_baseline: Annotated[
        bool, Field(description="true in exactly one stack of each account, false in the others")
    ]
    alarm_emails: Annotated[
        tuple[Annotated[str, AfterValidator(email_address)], ...],
        AfterValidator(distinct),
        # an AWS budget's notification takes ten
        Field(max_length=10, description="at most ten e-mail addresses"),
    ] = ()
    secret_recovery_days: Annotated[
        int, AfterValidator(_recovery), Field(description="7 to 30, or 0 to delete at once")
    ]
    # A session lives 30 days and ends with the second rotation of the refresh secret, whose previous value is the
    # oldest that is accepted: more often would sign people out early. Secrets Manager takes up to 1000.
    rotation_days: Annotated[int, Field(ge=30, le=1000, description="30 to 1000 (days between rotations)")]
    alias_owner: Annotated[AliasOwner, Field(description="pulumi in dev, deployment in staging and prod")]
    functions: Annotated[dict[FunctionName, FunctionOverride], Field(description="overrides by function name")] = {}
    capacity: Annotated[
        dict[str, Capacity],
        Field(description="by table: {readMin, readMax, writeMin, writeMax}; left out, a table is on-demand"),
    ] = {}
    throttle: Annotated[Throttle, Field(description="{rateLimit, burstLimit, assistant}")]
    bedrock: Annotated[Bedrock, Field(description="{models, modelId, dailyBudgetUsd, monthlyBudgetUsd, …}")]
    anomaly_monitor_arn: Annotated[
        str | None,
        Field(
            pattern=r"^arn:aws:ce::\d{12}:anomalymonitor/[A-Za-z0-9-]+$",
            description="ARN of the monitor by service that the account has already, or leave it out",
        ),
    ] = None
    backup: Annotated[
        Backup, Field(description="{lock, drillPassed, copyToDr, restoreTesting, reports, framework}")
    ] = Backup()
    artefacts: Annotated[Artefacts, Field(description="{target, manifest}")] = Artefacts()
    preview: Annotated[
        Preview | None,
        Field(description="{repository, stateBucket, stateKeyArn}, or leave it out: no pull request then has access"),
    ] = None
    legacy_tables: Annotated[
        dict[str, LegacyTable],
        Field(description="by table: {name, streamArn}, until `omnix cutover` has moved it; else leave it out"),
    ] = {}
    migration: Annotated[
        Migration | None,
        Field(description="{sources}, while tables are migrated by export; else leave it out"),
    ] = None
    adopt: Annotated[dict[str, str], Field(description="logical name → import id, as `omnix adopt` writes it")] = {}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Pulumi's config alone: an engineer's shell must not change what is deployed."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)

    @property
    def copies_backups(self) -> bool:
        """Whether recovery points are copied: where there is no recovery region, `copyToDr` waits for one."""
        return self.dr_region is not None and self.backup.copy_to_dr

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """Every origin a browser may call from: the stack's own domain, then the config's in their order.

        The first is the one that errors made by the gateway itself can name (a gateway response has one static origin).
        """
        own = () if self.domain is None else (f"https://{self.domain}",)
        return tuple(dict.fromkeys((*own, *self.cors_origins)))

    def sizing(self, function: FunctionName) -> FunctionSizing:
        """`function`'s sizing: the default of `SIZING` with this stack's overrides."""
        override = self.functions.get(function, FunctionOverride())
        return SIZING[function].model_copy(update=override.model_dump(exclude_none=True))
