"""The whole way in a deployed environment: a permission gone, the route that fails for it, and AWS's words in the log.

Which statement is needed by which job is asked one by one in `permissions/`; here is what a person sees of it.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.conftest import Environment
from tests.integration.permissions.deployed import Holder, RolePolicy
from tests.integration.permissions.site import Site, wait_until


@pytest.fixture(scope="module")
def site(dev: Environment) -> Site:
    return Site(dev)


@contextmanager
def without(site: Site, holder: Holder, position: int) -> Iterator[None]:
    """A policy without one of its statements; everything is as it was afterwards."""
    whole = holder.read()
    rest = [one for number, one in enumerate(whole["Statement"]) if number != position]
    holder.write({**whole, "Statement": rest})
    site.restart()
    try:
        yield
    finally:
        holder.write(whole)
        site.restart()


def granting(site: Site, role: str, action: str, resource: str) -> tuple[Holder, int]:
    """Where a role is granted an action on a resource."""
    for holder in site.policies:
        if isinstance(holder, RolePolicy) and holder.subject == site.role(role):
            for position, statement in enumerate(holder.read()["Statement"]):
                if action in statement["Action"] and resource in statement["Resource"]:
                    return holder, position
    raise AssertionError(f"{role} is not granted {action} on {resource}")


def permission(site: Site, function: str) -> Holder:
    """The permissions on a function."""
    arn = site.arn("lambda", f"function:{site.function(function)}")
    (found,) = [one for one in site.policies if one.kind == "function policy" and one.subject == arn]
    return found


def logged(site: Site, function: str, since: float, *words: str) -> bool:
    """Whether a function's log has a line with all these words since then (seconds of the epoch)."""
    group = f"/aws/lambda/{site.function(function)}"
    events = site.client("logs").filter_log_events(logGroupName=group, startTime=int(since * 1000))["events"]
    return any(all(word in event["message"] for word in words) for event in events)


def status(site: Site, method: str, path: str, **more: Any) -> tuple[int, Any]:
    with site.environment.http(site.token()) as http:
        answer = http.request(method, path, **more)
    return answer.status_code, answer.json() if answer.content else None


def test_a_statement_that_is_gone_fails_its_route_and_the_log_says_so_in_awss_words(site: Site) -> None:
    table = site.environment.outputs["tables"]["products"]
    arn = site.arn("dynamodb", f"table/{table}")
    token = site.token()
    assert token
    assert status(site, "GET", "/products")[0] == 200
    began = time.time()
    with without(site, *granting(site, "api", "dynamodb:PutItem", arn)):
        code, body = status(site, "POST", "/products", json=PRODUCT)
        assert code >= 500
        assert "arn:" not in json.dumps(body), "the caller learns nothing of the account"
        subject = f"User: arn:aws:sts::{site.account}:assumed-role/{site.role('api')}/{site.function('api')}"
        wait_until(
            lambda: logged(
                site, "api", began, "AccessDeniedException",
                f"{subject} is not authorized to perform: dynamodb:", f"on resource: {arn}",
                "because no identity-based policy allows the dynamodb:",
            ),
            "the log says what was denied",
        )  # fmt: skip
    assert status(site, "GET", "/products")[0] == 200


PRODUCT = {"sku": "PERM-1", "name": "Kettle", "category": "tea", "price": {"amount": 4990, "currency": "EUR"}}


@pytest.mark.parametrize(
    ("function", "kind", "answer"),
    [
        ("api", "API_CONFIGURATION_ERROR", (500, "internal_error")),
        ("authorizer", "AUTHORIZER_CONFIGURATION_ERROR", (503, "unavailable")),
    ],
)
def test_a_function_that_does_not_admit_api_gateway_is_our_fault(
    site: Site, function: str, kind: str, answer: tuple[int, str]
) -> None:
    """As the API's gateway responses say, whatever the reason is; the log has it."""
    holder = permission(site, function)
    whole = holder.read()
    site.token()
    log = site.environment.workspace.cloud / "logs" / "daemon.log"
    before = log.stat().st_size
    holder.write({**whole, "Statement": []})
    try:
        code, body = status(site, "GET", "/products")
        assert (code, body["error"]["code"]) == answer
    finally:
        holder.write(whole)
    said = log.read_bytes()[before:].decode()
    source = site.arn("execute-api", str(site.environment.outputs["rest_api_id"]))
    assert f"GET /products: {kind}: no permission for apigateway.amazonaws.com as {source}/" in said
    assert "is not authorized to perform: lambda:InvokeFunction on resource" in said
    assert status(site, "GET", "/products")[0] == 200


def test_the_cloud_says_that_permissions_are_enforced(site: Site) -> None:
    assert site.cloud("health")["permissions"] == "enforced"
    info = json.loads((site.environment.workspace.cloud / "cloud.json").read_text(encoding="utf-8"))
    assert info["permissions"] == "enforced"


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("ecs", "describe_clusters", {"clusters": ["shop"]}),
        ("dynamodb", "describe_contributor_insights", {"TableName": "shop"}),
        ("iam", "get_role", {"RoleName": "shop"}),
    ],
)
def test_an_action_that_is_not_mapped_is_refused_by_name_whatever_is_granted(
    site: Site, service: str, operation: str, parameters: dict[str, Any]
) -> None:
    iam, name = site.client("iam"), site.role("api")
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_role_policy(RoleName=name, PolicyName="everything", PolicyDocument=json.dumps(everything))
    try:
        with pytest.raises(ClientError, match="does not know which actions and resources that needs") as caught:
            getattr(site.as_role("api", service), operation)(**parameters)
    finally:
        iam.delete_role_policy(RoleName=name, PolicyName="everything")
    named = operation.title().replace("_", "")
    for word in (f"{service}:{named}", "shop", name):
        assert word in str(caught.value)


def test_a_role_policy_that_cannot_be_read_fails_its_function_and_is_named(site: Site) -> None:
    """One that IAM's front takes here, as keys that differ in case only."""
    iam, name = site.client("iam"), site.role("api")
    twice = {"StringEquals": {"aws:PrincipalType": "User", "AWS:principaltype": "User"}}
    statement = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*", "Condition": twice}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=name, PolicyName="unreadable", PolicyDocument=document)
    try:
        dynamodb, table = site.as_role("api", "dynamodb"), site.environment.outputs["tables"]["products"]
        with pytest.raises(ClientError, match="cannot be read") as caught:
            dynamodb.get_item(TableName=table, Key={"pk": {"S": "TENANT#1"}, "sk": {"S": "PRODUCT#1"}})
        for word in ("dynamodb:GetItem", f"role {name}", "policy unreadable", "given twice"):
            assert word in str(caught.value)
        assert status(site, "GET", "/products")[0] >= 500
    finally:
        iam.delete_role_policy(RoleName=name, PolicyName="unreadable")
    assert status(site, "GET", "/products")[0] == 200


def test_a_key_policy_that_cannot_be_read_opens_nothing_and_the_operator_mends_it(site: Site) -> None:
    (holder,) = [one for one in site.policies if one.subject == site.key]
    whole = holder.read()
    site.token()
    holder.write({**whole, "Statements": whole["Statement"]})
    try:
        assert status(site, "GET", "/products")[0] >= 500
        dynamodb, table = site.as_role("api", "dynamodb"), site.environment.outputs["tables"]["products"]
        with pytest.raises(ClientError, match=f"policy of {holder.subject}.*unknown element 'Statements'"):
            dynamodb.get_item(TableName=table, Key={"pk": {"S": "TENANT#1"}, "sk": {"S": "PRODUCT#1"}})
    finally:
        holder.write(whole)
    assert status(site, "GET", "/products")[0] == 200


def test_what_a_caller_writes_is_never_taken_for_a_call(site: Site) -> None:
    """A JSON body that also reads as a form is data all the way to the table."""
    table = site.environment.outputs["tables"]["products"]
    name = f"&Action=DeleteTable&TableName={table}&"
    code, made = status(site, "POST", "/products", json={**PRODUCT, "sku": f"FORM-{time.time_ns()}", "name": name})
    assert (code, made["name"]) == (201, name)
    assert status(site, "GET", f"/products/{made['product_id']}")[1]["name"] == name
    assert table in site.client("dynamodb").list_tables()["TableNames"]
