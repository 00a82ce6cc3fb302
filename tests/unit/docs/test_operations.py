"""The operations pages say what the code does: retention, alarms, limits, the mapping file's every key."""

import re
from collections.abc import Collection
from datetime import timedelta

import pytest
from pydantic import BaseModel

from components.backup import plan, restore_testing
from components.backup.audit import REPORT_DAYS
from components.bedrock.settings import Bedrock
from components.budget.watch import THRESHOLD_USD
from components.config.model import Backup
from components.data.files import OLD_VERSION_DAYS
from components.migration.stack import KEPT_DAYS
from components.monitoring.backup_alarms import OLDEST_POINT_HOURS, Backups, backup_alarms
from components.monitoring.metrics import Vault
from omnix.costs.ledger import KEPT_DAYS as LEDGER_DAYS
from omnix.costs.model import Outcome
from omnix.migration import entities, mapping
from omnix.migration.deciding import Fate
from omnix.migration.record import MAX_ITEMS
from ops.audit.model import Verdict
from ops.backup.health import COPIED, DAILY
from ops.cleanup.kinds.secret import RECOVERY_DAYS
from ops.costs.advice import ENOUGH_CALLS, HIGH_TRUNCATED, HIGH_UNREAD, HIGH_WASTE, LOW_CACHE_HITS
from ops.costs.calls import KEPT_DAYS as CALL_DAYS
from ops.costs.reconciliation import TOLERANCE, Finding
from ops.costs.reconciling import YOUNG
from ops.dr.report import OBJECTIVE_HOURS
from ops.migrate import preparing
from ops.migrate.following import GUARD_SECONDS, KEPT_SECONDS
from toolchain.workspace import ROOT

RECOVERY = (ROOT / "docs/operations/BACKUP_RECOVERY.md").read_text(encoding="utf-8")
COSTS = (ROOT / "docs/operations/COST_MANAGEMENT.md").read_text(encoding="utf-8")
MIGRATION = (ROOT / "docs/operations/LEGACY_MIGRATION.md").read_text(encoding="utf-8")
WEEKDAYS = {"SUN": "Sundays"}

MODELS: dict[str, tuple[type[BaseModel], ...]] = {
    "The file": (mapping.Mapping,),
    "A source": (mapping.Source,),
    "A rule": (mapping.Rule,),
    "A condition": (mapping.Condition,),
    "A join or lookup": (mapping.Join, mapping.Lookup),
    "A gather": (mapping.Gather,),
    "A record": (mapping.RecordRule,),
    "An item": (mapping.ItemRule,),
    "A value": (mapping.Value,),
}


def section(page: str, heading: str) -> str:
    """What stands under a heading until the next one."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#+ |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[1]


def first_cells(text: str) -> set[str]:
    """The first column of a table, where it is code."""
    return set(re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)) - {"as", "entity"}


def keys(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


@pytest.mark.parametrize("heading", MODELS)
def test_every_key_of_a_mapping_file_is_on_the_page_and_no_other(heading: str) -> None:
    told = set(re.findall(r"^\| `([^`]+)` \|", section(MIGRATION, heading), re.MULTILINE))
    for model in MODELS[heading]:
        assert told == keys(model)


def test_every_model_of_a_mapping_file_has_its_place_on_the_page() -> None:
    inner = {mapping._Strict, mapping.Taken}  # what others are made of
    models = {one for one in vars(mapping).values() if isinstance(one, type) and issubclass(one, mapping._Strict)}
    assert models - inner == {model for found in MODELS.values() for model in found}


@pytest.mark.parametrize(
    ("heading", "names"),
    [
        ("What a value becomes", {one.value for one in mapping.Type}),
        ("Entities", entities.ENTITIES.keys()),
        ("Prove", {one.value for one in Fate}),
    ],
)
def test_what_can_be_named_in_a_file_or_a_ledger_is_told(heading: str, names: Collection[str]) -> None:
    assert first_cells(section(MIGRATION, heading)) == set(names)


def test_entities_are_told_with_their_tables() -> None:
    told = dict(re.findall(r"^\| `([a-z]+)` \| `([a-z-]+)` \|", section(MIGRATION, "Entities"), re.MULTILINE))
    assert told == dict(entities.TABLES)


def test_the_example_mapping_is_one() -> None:
    (text,) = re.findall(r"```yaml\n(version: 1\n.*?)```", MIGRATION, re.DOTALL)
    found = mapping.read(text)
    assert {rule.entity for source in found.sources for rule in source.records if rule.entity} <= set(entities.ENTITIES)


def test_the_limits_of_a_migration_are_those_of_the_code() -> None:
    text = " ".join(MIGRATION.split())
    assert f"more than {GUARD_SECONDS // 3600} hours is refused, for a stream keeps {KEPT_SECONDS // 3600}" in text
    assert f"All of a record's items, {MAX_ITEMS} at most" in text
    assert f"the estimate counts {preparing._ITEMS_PER_THREAD:g} items a second and thread" in text
    assert f"A run's files are kept for {KEPT_DAYS} days" in text
    assert f"a secret is scheduled with {RECOVERY_DAYS} days to return" in text


def test_every_verdict_of_the_audit_is_told() -> None:
    told = re.findall(r"^\| ([a-z]+) \| ", section(MIGRATION, "Look"), re.MULTILINE)
    assert set(told) - {"verdict"} == {one.value for one in Verdict}


def test_the_recovery_page_has_the_plan_s_rules() -> None:
    for rule in plan.RULES:
        minute, hour, day, _, weekday, _ = rule.schedule.removeprefix("cron(").removesuffix(")").split()
        when = f"{int(hour):02}:{int(minute):02} UTC"
        when = f"{WEEKDAYS[weekday]} {when}" if weekday != "?" else when
        when = f"the {day}st, {when}" if day.isdigit() else when
        kept = f"{rule.delete_after_days} days" + (
            f", cold after {rule.cold_after_days}" if rule.cold_after_days else ""
        )
        assert re.search(rf"`{rule.name}`, {when} \| {kept} \|", RECOVERY), rule


def test_the_recovery_page_has_the_config_s_keys() -> None:
    told = first_cells(section(RECOVERY, "What is kept"))
    assert told == {field.alias or name for name, field in Backup.model_fields.items()}


def test_the_recovery_page_has_every_alarm() -> None:
    vault = Vault("vault")
    alarms = backup_alarms(Backups("prod", vault, copies=vault, tests=True, expected=True))
    assert first_cells(section(RECOVERY, "Routine")) == {alarm.key for alarm in alarms}


def test_the_times_on_the_recovery_page_are_those_of_the_code() -> None:
    text = " ".join(RECOVERY.split())
    daily, copied = (int(one.total_seconds() // 3600) for one in (DAILY, COPIED))
    assert daily == OLDEST_POINT_HOURS
    assert f"newest point at most {daily} h old, its copy {copied} h" in text
    assert f"at worst about {copied} h" in text
    assert f"The objective is {OBJECTIVE_HOURS:g} h for both" in text
    assert f"kept {plan.LOCK_MINIMUM_DAYS} to {plan.LOCK_MAXIMUM_DAYS} days" in text
    assert f"For {plan.COMPLIANCE_GRACE_DAYS} days the lock can still be lifted" in text
    assert f"old and deleted ones {OLD_VERSION_DAYS} days" in text
    assert f"kept {REPORT_DAYS} days" in text
    assert restore_testing.SCHEDULE == "cron(0 14 ? * SUN *)"
    assert "Sundays 14:00 UTC" in text
    assert restore_testing.SELECTION_WINDOW_DAYS == 2
    assert "newest point of the last two days" in text


def test_the_page_on_costs_has_every_finding_of_a_reconciliation_and_every_outcome_of_a_call() -> None:
    assert first_cells(section(COSTS, "Reconciliation")) == set(Finding)
    assert set(re.findall(r"^\| `([a-z]+)`: ", COSTS, re.MULTILINE)) | {"corrected"} == set(Outcome)


def test_the_page_on_costs_has_the_numbers_of_the_code() -> None:
    text = " ".join(COSTS.split())
    assert f"under {LOW_CACHE_HITS:.0%} of the input".replace("%", " %") in text
    assert f"over {HIGH_TRUNCATED:.0%} of the answers cut off or thrown away".replace("%", " %") in text
    assert HIGH_TRUNCATED == HIGH_UNREAD
    assert f"over {HIGH_WASTE:.0%} of the cost wasted".replace("%", " %") in text
    assert f"differ by more than {TOLERANCE:.0%}".replace("%", " %") in text
    assert f"features with {ENOUGH_CALLS} calls or more" in text
    assert f"sums for {LEDGER_DAYS} days, single calls for {CALL_DAYS}" in text
    assert f"the last {YOUNG // timedelta(minutes=1)} minutes are left out" in text
    assert f"from {THRESHOLD_USD} USD" in text
    assert {key for key in first_cells(section(COSTS, "Limits")) if "." not in key} <= keys(Bedrock)
