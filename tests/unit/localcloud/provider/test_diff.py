# ruff: noqa: A001 - `id` is the engine's word for it
import json
from typing import Any

from pulumi.runtime.proto import provider_pb2

from localcloud.provider.wire import ASSET, SIGNATURE, UNKNOWN

TABLE, ROLE, OBJECT = "aws:dynamodb/table:Table", "aws:iam/role:Role", "aws:s3/bucketObjectv2:BucketObjectv2"
KEYED = {"hashKey": "pk", "attributes": [{"name": "pk", "type": "S"}], "billingMode": "PAY_PER_REQUEST"}
NONE, SOME = provider_pb2.DiffResponse.DIFF_NONE, provider_pb2.DiffResponse.DIFF_SOME
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def made(engine: Any, type_token: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any], dict[str, Any]]:
    checked, _ = engine.check(type_token, "x", inputs)
    id, outputs = engine.create(type_token, "x", inputs)
    return id, outputs, checked


def test_the_same_inputs_are_no_change(engine: Any) -> None:
    id, outputs, inputs = made(engine, TABLE, {"name": "users", **KEYED})
    assert engine.diff(TABLE, "x", id, outputs, inputs, inputs).changes == NONE


def test_a_default_written_out_is_no_change(engine: Any) -> None:
    id, outputs, inputs = made(engine, TABLE, {"name": "users", **KEYED})
    news = {**inputs, "deletionProtectionEnabled": False, "ttl": {"enabled": False}}
    assert engine.diff(TABLE, "x", id, outputs, inputs, news).changes == NONE


def test_another_partition_key_replaces_and_deletes_first_because_the_name_is_explicit(engine: Any) -> None:
    id, outputs, inputs = made(engine, TABLE, {"name": "users", **KEYED})
    news = {**inputs, "hashKey": "id", "attributes": [{"name": "id", "type": "S"}]}
    found = engine.diff(TABLE, "x", id, outputs, inputs, news)
    assert list(found.replaces) == ["hashKey"]
    assert found.deleteBeforeReplace
    assert found.detailedDiff["hashKey"].kind == provider_pb2.PropertyDiff.UPDATE_REPLACE


def test_another_name_replaces_without_deleting_first(engine: Any) -> None:
    id, outputs, inputs = made(engine, TABLE, {"name": "users", **KEYED})
    found = engine.diff(TABLE, "x", id, outputs, inputs, {**inputs, "name": "people"})
    assert list(found.replaces) == ["name"]
    assert not found.deleteBeforeReplace


def test_a_resource_with_an_automatic_name_is_replaced_before_the_old_one_goes(engine: Any) -> None:
    id, outputs, inputs = made(engine, TABLE, KEYED)
    news = {**KEYED, "hashKey": "id", "attributes": [{"name": "id", "type": "S"}]}
    found = engine.diff(TABLE, "x", id, outputs, inputs, news)
    assert found.replaces
    assert not found.deleteBeforeReplace


def test_another_region_is_another_resource(engine: Any) -> None:
    id, outputs, inputs = made(engine, TABLE, {"name": "users", **KEYED})
    assert list(engine.diff(TABLE, "x", id, outputs, inputs, {**inputs, "region": "eu-west-1"}).replaces) == ["region"]


def test_a_policy_written_differently_is_no_change_and_another_one_is(engine: Any) -> None:
    id, outputs, inputs = made(engine, ROLE, {"name": "r", "assumeRolePolicy": json.dumps(TRUST)})
    spaced = {**inputs, "assumeRolePolicy": json.dumps(TRUST, indent=4, sort_keys=True)}
    assert engine.diff(ROLE, "x", id, outputs, inputs, spaced).changes == NONE
    other = {**inputs, "assumeRolePolicy": json.dumps(TRUST).replace("lambda", "backup")}
    assert engine.diff(ROLE, "x", id, outputs, inputs, other).changes == SOME


def test_an_input_that_is_not_known_yet_counts_as_a_change(engine: Any) -> None:
    id, outputs, inputs = made(engine, ROLE, {"name": "r", "assumeRolePolicy": json.dumps(TRUST)})
    assert engine.diff(ROLE, "x", id, outputs, inputs, {**inputs, "description": UNKNOWN}).changes == SOME


def test_the_order_of_a_set_is_no_change(engine: Any) -> None:
    keys = {**KEYED, "rangeKey": "sk", "attributes": [{"name": "pk", "type": "S"}, {"name": "sk", "type": "S"}]}
    id, outputs, inputs = made(engine, TABLE, {"name": "users", **keys})
    news = {**inputs, "attributes": list(reversed(keys["attributes"]))}
    assert engine.diff(TABLE, "x", id, outputs, inputs, news).changes == NONE


def test_assets_are_compared_by_hash_since_their_contents_are_elided(engine: Any) -> None:
    def asset(digest: str) -> dict[str, str]:
        return {SIGNATURE: ASSET, "hash": digest, "path": ""}

    olds = {"bucket": "b", "key": "k", "source": asset("1")}
    unchanged = {**olds, "source": {**asset("1"), "path": "/moved/f.zip"}}
    changed = {**olds, "source": asset("2")}
    assert engine.diff(OBJECT, "x", "k", olds, olds | {"region": "eu-central-1"}, unchanged).changes == NONE
    assert engine.diff(OBJECT, "x", "k", olds, olds | {"region": "eu-central-1"}, changed).changes == SOME


def test_changed_default_tags_update_every_taggable_resource(engine: Any) -> None:
    id, outputs, inputs = made(engine, TABLE, {"name": "users", **KEYED})
    engine.configure(defaultTags=json.dumps({"tags": {"Project": "shop"}}))
    found = engine.diff(TABLE, "x", id, outputs, inputs, inputs)
    assert list(found.diffs) == ["tagsAll"]
    assert not found.replaces
    outputs = engine.update(TABLE, "x", id, outputs, inputs)
    assert outputs["tagsAll"] == {"Project": "shop"}
    assert "tags" not in outputs


def test_what_is_ignored_is_no_change_in_a_refresh_either(engine: Any) -> None:
    """The engine passes the paths on and leaves it to the provider, there alone."""
    index = {"name": "gsi1", "hashKey": "pk", "projectionType": "ALL", "readCapacity": 1, "writeCapacity": 1}
    provisioned = {"billingMode": "PROVISIONED", "readCapacity": 1, "writeCapacity": 1}
    id, outputs, inputs = made(
        engine, TABLE, {**KEYED, **provisioned, "name": "users", "globalSecondaryIndexes": [index]}
    )
    news = {**inputs, "readCapacity": 5, "globalSecondaryIndexes": [{**index, "readCapacity": 5}]}
    ignored = ["readCapacity", "globalSecondaryIndexes[*].readCapacity"]
    assert engine.diff(TABLE, "x", id, outputs, inputs, news, ignored).changes == NONE
    assert list(engine.diff(TABLE, "x", id, outputs, inputs, news, ignored[:1]).diffs) == ["globalSecondaryIndexes"]
    assert not engine.diff(TABLE, "x", id, outputs, inputs, {**inputs, "name": "others"}, ["name"]).replaces


def test_a_map_that_the_cloud_must_hold_whole_is_ignored_with_all_its_keys(engine: Any) -> None:
    settings = "aws:backup/regionSettings:RegionSettings"
    part = {"resourceTypeOptInPreference": {"DynamoDB": True}, "resourceTypeManagementPreference": {"DynamoDB": True}}
    id, outputs, inputs = made(engine, settings, part)
    found = engine.diff(settings, "x", id, outputs, inputs, inputs)
    assert set(found.diffs) == set(part)
    assert engine.diff(settings, "x", id, outputs, inputs, inputs, list(part)).changes == NONE
