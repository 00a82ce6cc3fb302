"""What calls functions by itself: event-source mappings, and rules of EventBridge on every bus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.audit.model import Kind, Resource
from ops.audit.plain import chosen, moment
from ops.audit.reader import Notes
from ops.audit.seen import Seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.audit.reader import Reader

MAPPINGS = (Kind.EVENT_SOURCE_MAPPING,)
RULES = (Kind.EVENT_RULE,)
_DEFAULT = "default"


def mappings(reader: Reader, region: str, only: str | None = None) -> Iterator[Seen]:
    """The region's event-source mappings, or the one with the UUID `only`."""
    narrowed: dict[str, Any] = {"UUID": only} if only else {}
    if only:
        one = reader.call("lambda", "get_event_source_mapping", region, MAPPINGS, subject=only, **narrowed)
        found = [one] if one else []
    else:
        found = reader.pages("lambda", "list_event_source_mappings", region, "EventSourceMappings", MAPPINGS)
    for mapping in found:
        id_ = mapping["UUID"]
        facts = chosen(
            mapping, "UUID", "EventSourceArn", "FunctionArn", "BatchSize", "StartingPosition", "FilterCriteria"
        )
        # "Enabled" and "Disabled" have passing states on either side
        facts["Enabled"] = str(mapping.get("State", "")).startswith("Enabl")
        resource = Resource(
            kind=Kind.EVENT_SOURCE_MAPPING,
            arn=mapping.get("EventSourceMappingArn") or reader.arn("lambda", region, f"event-source-mapping:{id_}"),
            name=id_, region=region, account_id=reader.account_id, facts=facts,
            # Lambda tells no time of creation; the last change is the oldest that is known
            created_at=moment(mapping.get("LastModified")),
            measures={"state": mapping.get("State"), "result": mapping.get("LastProcessingResult")},
        )  # fmt: skip
        texts = {"source": mapping.get("EventSourceArn") or "", "function": mapping.get("FunctionArn") or ""}
        yield Seen(resource, texts)


def rules(reader: Reader, region: str, only: str | None = None) -> Iterator[Seen]:
    """The region's event rules (named "bus/rule"), or the one named `only`."""
    wanted_bus, _, wanted = (only or "").rpartition("/")
    buses = [wanted_bus] if only else [
        bus["Name"] for bus in reader.pages("events", "list_event_buses", region, "EventBuses", RULES)
    ]  # fmt: skip
    for bus in buses:
        narrowed: dict[str, Any] = {"NamePrefix": wanted} if only else {}
        for rule in reader.pages("events", "list_rules", region, "Rules", RULES, EventBusName=bus, **narrowed):
            if not only or rule["Name"] == wanted:
                yield _rule(reader, region, bus, rule)


def _rule(reader: Reader, region: str, bus: str, rule: dict[str, Any]) -> Seen:
    notes, name = Notes(), f"{bus}/{rule['Name']}"
    targets = reader.pages(
        "events", "list_targets_by_rule", region, "Targets", RULES, subject=name, notes=notes,
        Rule=rule["Name"], EventBusName=bus,
    )  # fmt: skip
    facts = chosen(rule, "EventPattern", "ScheduleExpression", "State", "RoleArn", "ManagedBy")
    facts["Targets"] = {target["Id"]: target["Arn"] for target in sorted(targets, key=lambda one: str(one["Id"]))}
    resource = Resource(
        kind=Kind.EVENT_RULE, arn=rule["Arn"], name=name, label=rule["Name"], region=region,
        account_id=reader.account_id, facts=facts, incomplete=notes.missing,
    )  # fmt: skip
    texts = {f"target {id_}": arn for id_, arn in facts["Targets"].items()}
    return Seen(resource, texts | {f"input of target {one['Id']}": one.get("Input", "") for one in targets})
