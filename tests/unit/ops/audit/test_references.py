"""Who names whom, in the account and in source trees; and nothing of what stands around a name gets out."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ops.audit.duplicates import duplicates
from ops.audit.history import History
from ops.audit.migrations import verified
from ops.audit.model import Kind, LastUse
from ops.audit.references import Index, between, merged, parameters
from ops.audit.seen import Seen
from ops.audit.sources import search
from ops.audit.stacks import stacks
from ops.errors import Refused
from tests.unit.ops.audit.accounts import BUSY, NOW, REGION, judged, owned, reader, resource, table

ORDERS = table("omnix-orders")


def _function(text: str, **fields: Any) -> Seen:
    return Seen(resource(Kind.FUNCTION, "f", **fields), {"variable X": text})


def test_of_a_variable_only_the_name_in_it_is_shown() -> None:
    found = between([Seen(ORDERS), _function('{"table": "omnix-orders", "password": "hunter2"}')])
    (reference,) = found[ORDERS.arn]
    assert (reference.text, reference.where) == ("omnix-orders", "function f: variable X")
    assert "hunter2" not in reference.model_dump_json()


def test_a_bare_name_means_the_resource_of_the_same_region_and_an_arn_says_its_own() -> None:
    there = table("omnix-orders", region="eu-west-1")
    assert set(between([Seen(ORDERS), Seen(there), _function("omnix-orders")])) == {ORDERS.arn}
    assert there.arn in between([Seen(ORDERS), Seen(there), _function(there.arn)])


def test_nothing_refers_to_itself() -> None:
    one = resource(Kind.FUNCTION, "omnix-f")
    assert between([Seen(one, {"variable SELF": "omnix-f"})]) == {}


def test_plain_parameters_are_searched_and_encrypted_ones_are_never_decrypted() -> None:
    rows = [
        {"Name": "/a", "Type": "String", "Value": "omnix-orders"},
        {"Name": "/b", "Type": "SecureString", "Value": "omnix-orders"},
    ]
    account, asked = reader({"ssm": {"get_parameters_by_path": [{"Parameters": rows}]}})
    found = parameters(account, [REGION], Index([ORDERS]))
    assert [one.where for one in found[ORDERS.arn]] == [f"parameter /a in {REGION}"]
    assert all(given["WithDecryption"] is False for _, given in asked)


def test_the_platforms_map_of_tables_means_those_that_serve_and_not_their_logical_names() -> None:
    value = '{"orders":"omnix-ai-dev-orders","until":{"at":"2026-11-21T09:00:00.000Z","users":"omnix-orders"}}'
    rows = [{"Name": "/omnix-ai/dev/database/tables", "Type": "String", "Value": value}]
    account, _ = reader({"ssm": {"get_parameters_by_path": [{"Parameters": rows}]}})
    logical, serving, before = table("orders"), table("omnix-ai-dev-orders"), ORDERS
    assert parameters(account, [REGION], Index([logical, serving, before])).keys() == {serving.arn, before.arn}


def test_a_source_tree_gives_file_and_line_and_counts_what_it_passed_over(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "db.py").write_text("# orders\nTABLE = 'omnix-orders'\nOTHER = 'omnix-orders-v2'\n", "utf-8")
    (tmp_path / "env").write_text("API_TOKEN=abc123 omnix-orders\n", encoding="utf-8")
    (tmp_path / "logo.png").write_bytes(b"\x89PNG\0omnix-orders")
    (tmp_path / "bundle.js").write_text("omnix-orders" + " " * 1_000_001, encoding="utf-8")
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "x.js").write_text("omnix-orders", encoding="utf-8")
    source, found = search(tmp_path, Index([ORDERS]))
    assert [(one.where.rpartition(": ")[2], one.line, one.text) for one in found[ORDERS.arn]] == [
        ("env", 1, "… omnix-orders …"),
        ("app/db.py", 2, "TABLE = 'omnix-orders'"),
    ]
    assert (source.files, source.skipped_binary, source.skipped_big) == (2, 1, 1)


def test_names_that_overlap_are_all_found(tmp_path: Path) -> None:
    longer = table("omnix-orders-v2")
    (tmp_path / "a").write_text("omnix-orders-v2 omnix-orders\n", encoding="utf-8")
    _, found = search(tmp_path, Index([ORDERS, longer]))
    assert set(found) == {ORDERS.arn, longer.arn}


def test_a_source_tree_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no source tree"):
        search(tmp_path / "gone", Index([ORDERS]))


def test_each_reference_is_told_once() -> None:
    once = between([Seen(ORDERS), _function("omnix-orders")])
    assert merged(once, once) == once


def test_of_twins_the_one_in_use_is_kept() -> None:
    code = {"CodeSha256": "same", "Handler": "index.handler"}
    used = resource(Kind.FUNCTION, "a", facts=code, last_use=BUSY)
    idle = resource(Kind.FUNCTION, "b", facts=code)
    other = resource(Kind.FUNCTION, "c", facts=code | {"Handler": "other.handler"})
    assert duplicates([idle, used, other]) == {idle.arn: [used.arn]}


def test_tables_of_one_subject_and_different_keys_are_no_twins() -> None:
    by_number = table("orders", facts={"KeySchema": [{"AttributeName": "number", "KeyType": "HASH"}]})
    assert duplicates([table("omnix-orders"), by_number]) == {}


def test_a_legacy_stacks_step_names_its_data_and_what_is_still_to_be_moved() -> None:
    one = table("omnix-ai-cdk-orders", owner=owned("Backend"))
    role = resource(Kind.ROLE, "omnix-role", owner=owned("Backend"))
    (stack,) = stacks(judged(one, role).values())
    assert (stack.legacy, stack.region, len(stack.resources)) == (True, REGION, 2)
    assert "move what is left first" in stack.step
    assert "RETAIN` on omnix-ai-cdk-orders" in stack.step


def test_a_first_sighting_is_kept_and_what_was_made_again_is_new(tmp_path: Path) -> None:
    file = tmp_path / "history.json"
    one = table("t", facts={"TableId": "1"})
    history = History.read(file, "1")
    assert history.first_seen(one, NOW) == NOW
    history.write(file, [one])
    later = NOW + timedelta(days=14)
    assert History.read(file, "1").first_seen(one, later) == NOW
    again = table("t", facts={"TableId": "2"})
    assert History.read(file, "1").first_seen(again, later) == later


def test_a_changed_function_is_still_the_one_that_was_seen() -> None:
    history = History.read(None, "1")
    old = resource(Kind.FUNCTION, "f", facts={"LastModified": "a"})
    history.first_seen(old, NOW)
    new = resource(Kind.FUNCTION, "f", facts={"LastModified": "b"}, created_at=NOW)
    assert history.first_seen(new, NOW + timedelta(days=1)) == NOW


@pytest.mark.parametrize("text", ["{", "[]", '{"version": 1, "account_id": "2", "seen": {}}', '{"version": 9}'])
def test_a_history_that_is_not_this_accounts_is_refused_and_left_alone(tmp_path: Path, text: str) -> None:
    file = tmp_path / "history.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Refused):
        History.read(file, "1")
    assert file.read_text(encoding="utf-8") == text


def test_only_a_verified_migration_frees_its_sources(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps({"sources": {"orders": {"arn": "arn:orders"}}}), encoding="utf-8")
    (tmp_path / "verify.json").write_text(json.dumps({"state": "verified"}), encoding="utf-8")
    assert set(verified([tmp_path])) == {"arn:orders"}
    (tmp_path / "verify.json").write_text(json.dumps({"state": "differs"}), encoding="utf-8")
    with pytest.raises(Refused, match="differs"):
        verified([tmp_path])


def test_use_within_the_window_is_use_and_before_it_is_none() -> None:
    old = LastUse(at=NOW - timedelta(days=91))
    found = judged(resource(Kind.SECRET, "old", last_use=old), resource(Kind.SECRET, "new", last_use=BUSY))
    assert (found["old"].verdict, found["new"].verdict) == ("remove", "keep")
