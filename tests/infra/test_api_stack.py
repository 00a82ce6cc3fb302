"""`ApiStack`, as the composed program registers it."""

import hashlib
import json

from tests.infra.stacks import stack_config

REST_API = "aws:apigateway/restApi:RestApi"
STAGE = "aws:apigateway/stage:Stage"
PARAMETER = "aws:ssm/parameter:Parameter"
SETTINGS = "aws:apigateway/methodSettings:MethodSettings"
PERMISSION = "aws:lambda/permission:Permission"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"


def _parameter(recording, stack, name):
    (found,) = [p for p in recording.of(PARAMETER) if p.inputs["name"] == f"/omnix-ai/{stack}/api/{name}"]
    return found


def _statements(recording, function):
    policies = [p for p in recording.of(ROLE_POLICY) if p.name.startswith(f"api-{function}-policy-")]
    return [s for policy in policies for s in json.loads(policy.inputs["policy"])["Statement"]]


def test_the_rest_api_is_regional_and_takes_its_keys_from_the_authorizer(recording, stack):
    api = recording.only(REST_API).inputs
    assert api["name"] == f"omnix-ai-{stack}-api"
    assert api["endpointConfiguration"]["types"] == "REGIONAL"
    assert api["apiKeySource"] == "AUTHORIZER"


def test_every_route_calls_the_alias_of_its_function(recording):
    body = json.loads(recording.only(REST_API).inputs["body"])
    uris = {
        path: method["x-amazon-apigateway-integration"]["uri"]
        for path, item in body["paths"].items()
        for verb, method in item.items()
        if verb == "get"
    }
    invoke_arns = {
        function: f"arn:aws:apigateway:eu-central-1:lambda:path/{alias.inputs['name']}/invocations"
        for function in ("api", "auth")
        for alias in recording.of("aws:lambda/alias:Alias")
        if alias.name == f"api-{function}-alias"
    }
    assert uris["/system/health"] == invoke_arns["api"]
    assert uris["/auth/me"] == invoke_arns["auth"]


def test_a_deployment_is_made_for_exactly_this_body(recording):
    body = recording.only(REST_API).inputs["body"]
    deployment = recording.only("aws:apigateway/deployment:Deployment")
    assert deployment.inputs["triggers"] == {"body": hashlib.sha256(body.encode()).hexdigest()}


def test_the_stage_is_named_after_the_environment_and_traced(recording, stack):
    stage = recording.only(STAGE).inputs
    assert stage["stageName"] == stack
    assert stage["xrayTracingEnabled"] is True


def test_access_logs_are_json_in_an_encrypted_group_with_retention(recording, stack):
    stage = recording.only(STAGE).inputs
    group = recording.one("aws:cloudwatch/logGroup:LogGroup", "api-access-logs").inputs
    assert group["name"] == f"/omnix-ai/{stack}/api/access"
    assert group["kmsKeyId"]
    assert group["retentionInDays"] == stack_config(stack).log_retention_days
    assert stage["accessLogSettings"]["destinationArn"].endswith(group["name"])
    assert "request_id" in json.loads(stage["accessLogSettings"]["format"])


def test_execution_logs_have_a_retention_before_api_gateway_makes_them_without(recording, stack):
    group = recording.one("aws:cloudwatch/logGroup:LogGroup", "api-execution-logs")
    rest_api = recording.only(REST_API)
    assert group.inputs["name"] == f"API-Gateway-Execution-Logs_{rest_api.name}-id/{stack}"
    assert group.inputs["retentionInDays"]
    assert group.inputs["kmsKeyId"]
    assert group.urn in recording.only(STAGE).dependencies


def test_the_stage_waits_for_the_accounts_log_role_where_this_stack_owns_it(recording):
    # Incident: "CloudWatch Logs role ARN must be set in account settings to enable logging".
    accounts = {account.urn for account in recording.of("aws:apigateway/account:Account")}
    assert accounts <= recording.closure(recording.only(STAGE))


def test_the_stage_opens_only_when_its_functions_can_be_called(recording):
    permissions = {p.urn for p in recording.of(PERMISSION) if p.name.startswith("api-permission-")}
    assert len(permissions) == 4
    assert permissions <= recording.only(STAGE).dependencies


def test_every_method_has_metrics_errors_without_bodies_and_the_configs_throttle(recording, stack):
    settings = recording.one(SETTINGS, "api-method-settings").inputs
    assert settings["methodPath"] == "*/*"
    assert settings["settings"] == limits_of(stack_config(stack).throttle)


def limits_of(throttle):
    return {
        "metricsEnabled": True,
        "loggingLevel": "ERROR",
        "dataTraceEnabled": False,
        "throttlingRateLimit": throttle.rate_limit,
        "throttlingBurstLimit": throttle.burst_limit,
    }


def test_routes_that_pay_for_models_have_a_lower_throttle_so_that_they_take_no_concurrency_from_the_others(
    recording, stack
):
    """By JSON pointer: API Gateway keeps a nested path so, and would not find settings by its plain name."""
    throttle = stack_config(stack).throttle
    own = {s.inputs["methodPath"]: s.inputs["settings"] for s in recording.of(SETTINGS)}
    assert set(own) == {"*/*", "~1assistant~1chat/POST", "~1assistant~1insights/POST"}
    assert own["~1assistant~1chat/POST"] == own["~1assistant~1insights/POST"] == limits_of(throttle.assistant)
    assert throttle.assistant.rate_limit < throttle.rate_limit


def test_a_stages_settings_are_written_one_after_another(recording):
    settings = recording.of(SETTINGS)
    waits = sorted(len({other.urn for other in settings} & recording.closure(one)) for one in settings)
    assert waits == [0, 1, 2]


def test_api_gateway_calls_aliases_only_from_this_stage_or_as_authorizer(recording, stack):
    rest_api = f"arn:aws:execute-api:eu-central-1:{stack_config(stack).account_id}:api-rest-api-id"
    found = {
        p.name.removeprefix("api-permission-"): (p.inputs["principal"], p.inputs["qualifier"], p.inputs["sourceArn"])
        for p in recording.of(PERMISSION)
        if p.name.startswith("api-permission-")
    }
    assert found == {
        "api": ("apigateway.amazonaws.com", "live", f"{rest_api}/{stack}/*/*"),
        "assistant": ("apigateway.amazonaws.com", "live", f"{rest_api}/{stack}/*/*"),
        "auth": ("apigateway.amazonaws.com", "live", f"{rest_api}/{stack}/*/*"),
        "authorizer": ("apigateway.amazonaws.com", "live", f"{rest_api}/authorizers/*"),
    }


def test_one_key_in_one_plan_counts_the_stage(recording, stack):
    plan = recording.only("aws:apigateway/usagePlan:UsagePlan")
    assert plan.inputs["apiStages"] == [{"apiId": "api-rest-api-id", "stage": stack}]
    link = recording.only("aws:apigateway/usagePlanKey:UsagePlanKey").inputs
    assert link["keyType"] == "API_KEY"
    assert link["usagePlanId"] == f"{plan.name}-id"


def test_the_usage_key_is_a_secure_string_and_a_secret_in_state(recording, stack):
    parameter = _parameter(recording, stack, "usage-key")
    assert parameter.inputs["type"] == "SecureString"
    assert parameter.inputs["keyId"]
    assert "value" in parameter.secret_inputs
    assert "value" not in recording.only("aws:apigateway/apiKey:ApiKey").inputs


def test_the_url_is_the_stages(recording, stack):
    url = _parameter(recording, stack, "url").inputs["value"]
    assert url == f"https://api-stage-id.execute-api.eu-central-1.amazonaws.com/{stack}"
    assert recording.exports["api_url"] == url


def test_functions_are_told_the_arns_of_their_own_secrets_only(recording, stack):
    told = {
        function.inputs["name"].removeprefix(f"omnix-ai-{stack}-"): {
            variable for variable in function.inputs["environment"]["variables"] if variable.endswith("SECRET_ID")
        }
        for function in recording.of("aws:lambda/function:Function")
    }
    assert told == {
        "api": set(),
        "assistant": set(),
        "auth": {"OMNIX_JWT_SECRET_ID", "OMNIX_JWT_REFRESH_SECRET_ID"},
        "authorizer": {"OMNIX_JWT_SECRET_ID", "OMNIX_API_KEY_SECRET_ID"},
        "rotation": set(),
        "validation": set(),
        "worker": set(),
    }


def test_only_auth_sees_credentials_and_refresh_families(recording):
    # The authorizer's one exception is the hash of an API key, by its id.
    allowed = {"api": ["TENANT#*"], "assistant": ["TENANT#*"], "authorizer": ["CREDENTIAL#APIKEY#*"]}
    for function, keys in allowed.items():
        for statement in _statements(recording, function):
            tables = " ".join(r for r in statement["Resource"] if ":dynamodb:" in r)
            if statement["Sid"] == "Items" and ("-users" in tables or "-sessions" in tables):
                assert statement["Condition"]["ForAllValues:StringLike"] == {"dynamodb:LeadingKeys": keys}
                assert statement["Condition"]["Null"] == {"dynamodb:LeadingKeys": "false"}


def test_the_authorizer_reads_one_item_at_a_time(recording):
    on_tables = [
        statement
        for statement in _statements(recording, "authorizer")
        if any(":dynamodb:" in resource for resource in statement["Resource"])
    ]
    assert [statement["Action"] for statement in on_tables] == [["dynamodb:GetItem"]]
    assert not any("/index/" in resource for statement in on_tables for resource in statement["Resource"])


def test_no_role_but_auths_reaches_refresh_families_through_an_index(recording):
    # A family's gsi1 key is its tenant's: `dynamodb:LeadingKeys` alone would let the index show it.
    readers = {
        function
        for function in ("api", "assistant", "auth", "authorizer")
        for statement in _statements(recording, function)
        if any("-sessions/index/" in resource for resource in statement["Resource"])
    }
    assert readers <= {"auth"}


def test_only_the_authorizer_decrypts_the_usage_key(recording):
    readers = {
        function
        for function in ("api", "assistant", "auth", "authorizer")
        if any(s["Sid"] == "DecryptParameter" for s in _statements(recording, function))
    }
    assert readers == {"authorizer"}


def test_no_function_may_scan_or_reach_every_resource(recording):
    without_resource_level = {"xray:PutTelemetryRecords", "xray:PutTraceSegments"}
    for function in ("api", "assistant", "auth", "authorizer"):
        for statement in _statements(recording, function):
            assert not {"dynamodb:Scan", "dynamodb:*", "*"} & set(statement["Action"])
            if "*" in statement["Resource"]:
                assert set(statement["Action"]) <= without_resource_level
