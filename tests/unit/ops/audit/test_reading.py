"""What is asked of AWS, what it answers, and what it refuses."""

from datetime import UTC, datetime, timedelta
from typing import Any

from ops.audit.inventory import reread
from ops.audit.kinds import buckets, domains, functions, logs, tables
from ops.audit.metrics import Metric, daily
from ops.audit.model import Kind, Tool, fingerprint
from ops.audit.owners import Owners, cloudformation, pulumi
from ops.audit.regions import enabled
from ops.audit.telemetry import wanted
from tests.unit.ops.audit.accounts import NOW, REGION, reader, refused, resource, table

_TABLE: dict[str, Any] = {
    "TableName": "orders", "TableArn": f"arn:aws:dynamodb:{REGION}:100000000001:table/orders", "TableId": "id-1",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "CreationDateTime": datetime(2023, 1, 1, tzinfo=UTC),
    "ItemCount": 3, "TableSizeBytes": 300,
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
}  # fmt: skip


def _dynamodb(**changes: Any) -> dict[str, Any]:
    return {
        "list_tables": [{"TableNames": ["orders"]}], "describe_table": {"Table": _TABLE},
        "list_tags_of_resource": [{"Tags": []}],
    } | changes  # fmt: skip


def test_a_refused_list_is_an_error_and_what_came_before_it_is_kept() -> None:
    account, _ = reader({"dynamodb": _dynamodb(list_tables=[{"TableNames": ["orders"]}, refused()])})
    found = [seen.resource.name for seen in tables.read(account, REGION)]
    assert found == ["orders"]
    (error,) = account.errors
    assert (error.operation, error.region, error.kinds) == ("ListTables", REGION, [Kind.TABLE])


def test_a_refused_detail_leaves_the_resource_there_and_incomplete() -> None:
    account, _ = reader({"dynamodb": _dynamodb(describe_table=refused())})
    (seen,) = tables.read(account, REGION)
    assert seen.resource.name == "orders"
    assert seen.resource.measures["items"] is None
    assert seen.resource.incomplete == ["dynamodb:DescribeTable was not answered: AccessDeniedException"]
    assert [error.subject for error in account.errors] == ["orders"]


def test_what_was_deleted_meanwhile_is_neither_a_resource_nor_an_error() -> None:
    account, _ = reader({"dynamodb": _dynamodb(describe_table=refused("ResourceNotFoundException"))})
    assert list(tables.read(account, REGION)) == []
    assert account.errors == []


def test_a_fingerprint_is_of_what_a_table_is_and_not_of_how_full_it_is() -> None:
    def read(**changes: Any) -> str:
        account, _ = reader({"dynamodb": _dynamodb(describe_table={"Table": _TABLE | changes})})
        return fingerprint(next(tables.read(account, REGION)).resource)

    assert read(ItemCount=9_000, TableSizeBytes=1, TableStatus="UPDATING") == read()
    assert read(TableId="id-2") != read()
    assert read(DeletionProtectionEnabled=True) != read()


def test_a_reread_resource_is_the_same_one_or_none() -> None:
    account, _ = reader({"dynamodb": _dynamodb()})
    before = next(tables.read(account, REGION)).resource
    again = reread(account, before)
    assert again is not None
    assert fingerprint(again) == fingerprint(before)
    gone, _ = reader({"dynamodb": _dynamodb(describe_table=refused("ResourceNotFoundException"))})
    assert reread(gone, before) is None


def test_a_functions_variables_are_names_only_and_refused_ones_are_a_gap() -> None:
    configuration = {
        "FunctionName": "f", "FunctionArn": "arn:f", "LastModified": "2023-01-01T00:00:00.000+0000",
        "Environment": {"Variables": {"JWT_SECRET": "s3cret"}},
    }  # fmt: skip
    shy = configuration | {"FunctionName": "g", "Environment": {"Error": {"ErrorCode": "AccessDeniedException"}}}
    account, _ = reader({"lambda": {"list_functions": [{"Functions": [configuration]}, {"Functions": [shy]}]}})
    first, second = functions.read(account, REGION)
    assert first.resource.facts["variables"] == ["JWT_SECRET"]
    assert "s3cret" not in first.resource.model_dump_json()
    assert second.resource.incomplete == ["its environment was not answered: AccessDeniedException"]


def test_a_log_groups_arn_is_the_one_that_tags_take() -> None:
    group = {"logGroupName": "/x", "arn": "arn:aws:logs:r:1:log-group:/x:*", "creationTime": 0}
    account, asked = reader({"logs": {"describe_log_groups": [{"logGroups": [group]}]}})
    (seen,) = logs.read(account, REGION)
    assert seen.resource.arn == "arn:aws:logs:r:1:log-group:/x"
    assert ("list_tags_for_resource", {"resourceArn": seen.resource.arn}) in asked


def test_a_bucket_is_asked_in_its_own_region_and_only_where_the_audit_looks() -> None:
    rows = [{"Name": "here", "BucketRegion": "eu-west-1"}, {"Name": "there", "BucketRegion": "ap-south-1"}]
    account, _ = reader({"s3": {"list_buckets": [{"Buckets": rows}]}})
    regions: list[tuple[str, str]] = []
    answering = account.client

    def client(service: str, region: str) -> Any:
        regions.append((service, region))
        return answering(service, region)

    account.client = client
    (seen,) = buckets.read(account, {"eu-west-1"})
    assert (seen.resource.name, seen.resource.region) == ("here", "eu-west-1")
    assert regions[0] == ("s3", "us-east-1")
    assert {region for _, region in regions[1:]} == {"eu-west-1"}


def test_s3_calls_its_first_regions_by_older_names() -> None:
    for constraint, region in ((None, "us-east-1"), ("EU", "eu-west-1"), ("eu-central-1", "eu-central-1")):
        s3 = {"list_buckets": [{"Buckets": [{"Name": "b"}]}], "get_bucket_location": {"LocationConstraint": constraint}}
        (seen,) = buckets.read(reader({"s3": s3})[0], {region})
        assert seen.resource.region == region


def test_a_buckets_versions_are_counted_over_pages_and_the_rest_is_said() -> None:
    page = {"Versions": [{"Size": 5, "LastModified": NOW}], "IsTruncated": True, "NextKeyMarker": "k"}
    s3 = {"list_buckets": [{"Buckets": [{"Name": "b", "BucketRegion": REGION}]}], "list_object_versions": page}
    (seen,) = buckets.read(reader({"s3": s3})[0], {REGION})
    assert (seen.resource.measures["versions"], seen.resource.measures["more"]) == (3, True)


def test_a_mapping_that_both_versions_of_api_gateway_know_is_one() -> None:
    one = {
        "get_domain_names": [{"items": [{"domainName": "d"}]}],
        "get_base_path_mappings": [{"items": [{"basePath": "(none)", "restApiId": "a", "stage": "prod"}]}],
    }
    two = {
        "get_domain_names": [{"Items": [{"DomainName": "d"}]}],
        "get_api_mappings": {"Items": [{"ApiId": "a", "Stage": "prod"}, {"ApiId": "a", "ApiMappingKey": "x/y"}]},
    }
    account, _ = reader({"apigateway": one, "apigatewayv2": two})
    assert [seen.resource.name for seen in domains.read(account, REGION)] == ["d/(none)", "d/x/y"]


def test_every_enabled_region_is_asked_and_without_permission_the_home_region_is() -> None:
    account, asked = reader({"ec2": {"describe_regions": {"Regions": [{"RegionName": r} for r in ("eu-west-1", "a")]}}})
    assert enabled(account, REGION) == ["a", "eu-west-1"]
    assert asked == [("describe_regions", {"AllRegions": False})]
    denied, _ = reader({"ec2": {"describe_regions": refused("UnauthorizedOperation")}})
    assert enabled(denied, REGION) == [REGION, "us-east-1"]
    assert denied.errors


def test_metrics_have_the_dimensions_that_aws_publishes_them_with() -> None:
    def dimensions(kind: Kind, name: str, **fields: Any) -> set[tuple[str, str]]:
        return {pair for one in wanted(resource(kind, name, **fields)).values() for pair in one.dimensions}

    assert dimensions(Kind.REST_API, "abc123", label="shop") == {("ApiName", "shop")}
    assert dimensions(Kind.DISTRIBUTION, "E1") == {("DistributionId", "E1"), ("Region", "Global")}
    assert dimensions(Kind.EVENT_RULE, "default/r") == {("RuleName", "r")}
    assert dimensions(Kind.EVENT_RULE, "bus/r") == {("EventBusName", "bus"), ("RuleName", "r")}
    indexed = table("orders", facts={"Indexes": {"byCustomer": []}})
    read = {one.dimensions for key, one in wanted(indexed).items() if key.startswith("read")}
    assert (("GlobalSecondaryIndexName", "byCustomer"), ("TableName", "orders")) in {tuple(sorted(one)) for one in read}


def test_metrics_are_asked_by_five_hundred_and_a_refusal_is_not_a_zero() -> None:
    asked_for: list[int] = []

    def answer(**parameters: Any) -> Any:
        asked_for.append(len(parameters["MetricDataQueries"]))
        return {"MetricDataResults": [{"Id": "m0", "Timestamps": [NOW], "Values": [2.0], "StatusCode": "Complete"}]}

    metrics = [Metric("AWS/Lambda", "Invocations", (("FunctionName", f"f{n:04}"),)) for n in range(501)]
    account, _ = reader({"cloudwatch": {"get_metric_data": answer}})
    account_pages = daily(_single(account), REGION, metrics, timedelta(days=90))
    assert asked_for == [500, 1]
    assert account_pages[metrics[0]].last == NOW
    assert account_pages[metrics[1]].last is None
    assert account_pages[metrics[1]].known
    denied, _ = reader({"cloudwatch": {"get_metric_data": refused()}})
    assert not daily(_single(denied), REGION, metrics[:1], timedelta(days=90))[metrics[0]].known


def _single(account: Any) -> Any:
    """The fake client pages lists only; one answer a call stands for one page."""
    ask = account.raw
    account.raw = lambda *given, **parameters: ask(*given, paged=False, **parameters)
    return account


def _stacks(status: str = "CREATE_COMPLETE", **stack: Any) -> dict[str, Any]:
    row = {
        "ResourceType": "AWS::DynamoDB::Table", "LogicalResourceId": "T", "PhysicalResourceId": "orders",
        "ResourceStatus": status,
    }  # fmt: skip
    return {
        "describe_stacks": [{"Stacks": [{"StackName": "Backend", "StackStatus": "UPDATE_COMPLETE"} | stack]}],
        "list_stack_resources": [{"StackResourceSummaries": [row]}],
    }


def test_a_stacks_own_list_says_what_it_owns_in_its_region_only() -> None:
    account, _ = reader({"cloudformation": _stacks(Parameters=[{"ParameterKey": "BootstrapVersion"}])})
    owners = Owners()
    cloudformation(account, [REGION], owners)
    owner = owners.owner(table("orders"))
    assert owner is not None
    assert (owner.tool, owner.stack, owner.logical_id) == (Tool.CDK, "Backend", "T")
    assert owners.owner(table("orders", region="eu-west-1")) is None
    assert owners.owner(resource(Kind.FUNCTION, "orders")) is None


def test_what_a_deletion_retained_is_nobodys_though_its_tags_still_say_otherwise() -> None:
    tags = {
        "aws:cloudformation:stack-name": "Gone",
        "aws:cloudformation:stack-id": f"arn:aws:cloudformation:{REGION}:1:stack/Gone/x",
    }
    account, _ = reader({"cloudformation": _stacks(status="DELETE_SKIPPED")})
    owners = Owners()
    cloudformation(account, [REGION], owners)
    assert owners.owner(table("orders")) is None
    assert owners.owner(table("kept", tags=tags)) is None
    # where the stacks could not be listed, the tag is all that is known
    denied, _ = reader({"cloudformation": {"describe_stacks": refused()}})
    blind = Owners()
    cloudformation(denied, [REGION], blind)
    owner = blind.owner(table("kept", tags=tags))
    assert owner is not None
    assert owner.stack == "Gone"


def test_an_engines_state_owns_its_resources_and_those_of_other_regions_and_none_that_it_waits_to_delete() -> None:
    def row(type_: str, id_: str, **more: Any) -> dict[str, Any]:
        return {"type": type_, "id": id_, "custom": True} | more

    document = {
        "deployment": {
            "resources": [
                row("aws:dynamodb/table:Table", "orders"),
                row("aws:dynamodb/table:Table", "copies", outputs={"region": "eu-west-1"}),
                row("aws:dynamodb/table:Table", "old", delete=True),
                row("aws:iam/role:Role", "role"),
            ]
        }
    }
    owners = Owners()
    pulumi(owners, "dev", REGION, document, "export.json")
    owned = [table("orders"), table("copies", region="eu-west-1"), resource(Kind.ROLE, "role")]
    assert all((one := owners.owner(each)) is not None and one.tool is Tool.PULUMI for each in owned)
    assert owners.owner(table("old")) is None
    assert owners.owner(table("copies")) is None
