"""What a deployed resource says of itself, against what the real provider's SDK promises."""
# ruff: noqa: A001 - `id` is the engine's word for it

import json
from typing import Any

import pytest

from localcloud.provider.catalogue import CATALOGUE
from localcloud.provider.wire import from_struct

TABLE, BUCKET = "aws:dynamodb/table:Table", "aws:s3/bucket:Bucket"
PARAMETER, SECRET, ROLE = "aws:ssm/parameter:Parameter", "aws:secretsmanager/secret:Secret", "aws:iam/role:Role"
API_KEY, USAGE_PLAN = "aws:apigateway/apiKey:ApiKey", "aws:apigateway/usagePlan:UsagePlan"


def policy(effect: str = "Allow", **more: Any) -> str:
    statement = {"Effect": effect, "Action": "s3:GetObject", "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_outputs_that_nothing_fills_are_there_and_empty(engine: Any) -> None:
    """As in the real provider: a program that reads one gets "", 0 or [] and not None."""
    given = {"name": "users", "hashKey": "pk", "attributes": [{"name": "pk", "type": "S"}]}
    _, table = engine.create(TABLE, "t", {**given, "billingMode": "PAY_PER_REQUEST"})
    wanted = {"streamArn": "", "streamLabel": "", "readCapacity": 0, "globalSecondaryIndexes": []}
    assert {key: table[key] for key in wanted} == wanted
    _, bucket = engine.create(BUCKET, "b", {"bucket": "shop-files"})
    assert (bucket["requestPayer"], bucket["policy"]) == ("BucketOwner", "")


@pytest.mark.parametrize("token", sorted(CATALOGUE))
def test_what_may_be_empty_is_an_output_of_the_type(token: str) -> None:
    schema = CATALOGUE[token].schema
    assert schema.empty
    assert schema.empty.keys() <= schema.outputs


def test_an_output_that_is_empty_is_no_change(engine: Any) -> None:
    inputs = {"name": "/shop/a", "type": "String", "value": "1"}
    id, outputs = engine.create(PARAMETER, "p", inputs)
    assert outputs["insecureValue"] == ""
    seen = from_struct(engine.read(PARAMETER, "p", id, outputs, inputs).properties)
    assert (seen["value"], seen["insecureValue"]) == (outputs["value"], "")
    assert not engine.diff(PARAMETER, "p", id, outputs, inputs, inputs).diffs


def test_a_usage_plan_is_renamed_in_place(engine: Any) -> None:
    plan, outputs = engine.create(USAGE_PLAN, "u", {"name": "shop"})
    wanted = {"name": "store", "description": "all"}
    found = engine.diff(USAGE_PLAN, "u", plan, outputs, {"name": "shop"}, wanted)
    assert sorted(found.diffs) == ["description", "name"]
    assert not found.replaces
    engine.update(USAGE_PLAN, "u", plan, outputs, wanted)
    seen = engine.cloud.client("apigateway").get_usage_plan(usagePlanId=plan)
    assert (seen["name"], seen["description"]) == ("store", "all")


def test_an_api_keys_description_changes_in_place_and_its_name_does_not(engine: Any) -> None:
    key, outputs = engine.create(API_KEY, "k", {"name": "shop"})
    assert list(engine.diff(API_KEY, "k", key, outputs, {"name": "shop"}, {"name": "store"}).replaces) == ["name"]
    engine.update(API_KEY, "k", key, outputs, {"name": "shop", "description": "of the shop"})
    assert engine.cloud.client("apigateway").get_api_key(apiKey=key)["description"] == "of the shop"


def test_a_policy_taken_off_a_secret_is_gone(engine: Any) -> None:
    id, outputs = engine.create(
        SECRET, "s", {"name": "s", "policy": policy("Deny", Principal="*", Action="secretsmanager:GetSecretValue")}
    )
    engine.update(SECRET, "s", id, outputs, {"name": "s"})
    assert "ResourcePolicy" not in engine.cloud.client("secretsmanager").get_resource_policy(SecretId=id)


def test_an_inline_policy_taken_out_of_a_roles_list_is_gone(engine: Any) -> None:
    trust = policy(Principal={"Service": "lambda.amazonaws.com"}, Action="sts:AssumeRole").replace(
        ', "Resource": "*"', ""
    )
    role = {"name": "r", "assumeRolePolicy": trust}
    both = [{"name": name, "policy": policy()} for name in ("a", "b")]
    id, outputs = engine.create(ROLE, "r", {**role, "inlinePolicies": both})
    engine.update(ROLE, "r", id, outputs, {**role, "inlinePolicies": both[:1]})
    assert engine.cloud.client("iam").list_role_policies(RoleName="r")["PolicyNames"] == ["a"]


def test_a_log_group_takes_another_key_and_gives_it_up(engine: Any) -> None:
    kind, plain = "aws:cloudwatch/logGroup:LogGroup", {"name": "/shop/api"}
    id, outputs = engine.create(kind, "g", plain)
    keyed = {**plain, "kmsKeyId": "arn:aws:kms:eu-central-1:123456789012:key/k"}
    outputs = engine.update(kind, "g", id, outputs, keyed)
    seen = from_struct(engine.read(kind, "g", id, outputs, keyed).properties)
    assert outputs["kmsKeyId"] == seen["kmsKeyId"] == keyed["kmsKeyId"]
    outputs = engine.update(kind, "g", id, outputs, plain)
    assert "kmsKeyId" not in from_struct(engine.read(kind, "g", id, outputs, plain).properties)
    engine.delete(kind, "g", id, outputs)
    assert not engine.cloud.registry.all("logs:group-key")
