"""Models as the composed program registers them: profiles, parameters, the record of calls, the sweep, who may call."""

import json

from components.bedrock.models import allowed_models
from components.environment import Inputs, compose
from tests.infra.recording import record
from tests.infra.stacks import artefacts, committed, contract, stack_config

PROFILE = "aws:bedrock/inferenceProfile:InferenceProfile"
LOGGING = "aws:bedrockmodel/invocationLoggingConfiguration:InvocationLoggingConfiguration"
POLICY = "aws:iam/rolePolicy:RolePolicy"
PARAMETER = "aws:ssm/parameter:Parameter"


def value(recording, name):
    """What the parameter `bedrock/{name}` holds, parsed."""
    return json.loads(recording.one(PARAMETER, f"data-parameter-bedrock-{name}").inputs["value"])


def without_baseline(**bedrock):
    config = stack_config("dev", accountBaseline=False, **bedrock)

    def program() -> None:
        compose(Inputs(config, artefacts(), contract()))

    return record(program, stack="dev", account_id=config.account_id)


def test_each_allowed_model_has_a_profile_that_copies_it(recording, stack):
    config = stack_config(stack)
    copied = {p.inputs["modelSource"]["copyFrom"] for p in recording.of(PROFILE)}
    assert copied == {
        model.source_arn(config.account_id) for model in allowed_models(config.bedrock.models, config.region)
    }
    assert all(p.inputs["name"].startswith(f"omnix-ai-{stack}-") for p in recording.of(PROFILE))


def test_functions_are_told_to_call_the_profiles_and_read_them_only_once_they_are_there(recording, stack):
    written = value(recording, "models")
    assert list(written) == list(stack_config(stack).bedrock.model_ids)
    assert {model["call"].rpartition("/")[2] for model in written.values()} == {
        p.inputs["name"] for p in recording.of(PROFILE)
    }
    assistant = recording.one("aws:lambda/function:Function", "api-assistant-function")
    assert {p.urn for p in recording.of(PROFILE)} <= recording.closure(assistant)


def test_every_parameter_about_models_fits_the_standard_tier(recording):
    for parameter in recording.of(PARAMETER):
        if parameter.name.startswith("data-parameter-bedrock-"):
            assert len(parameter.inputs["value"].encode()) <= 4096
            assert "tier" not in parameter.inputs


def test_the_environments_limits_are_its_budgets(recording, stack):
    bedrock = stack_config(stack).bedrock
    own = value(recording, "limits")["environment"]
    assert own == {
        "daily": round(bedrock.daily_budget_usd * 10**9),
        "monthly": round(bedrock.monthly_budget_usd * 10**9),
    }


def test_only_the_assistant_may_call_models(recording, stack):
    callers = {
        policy.inputs["role"]
        for policy in recording.of(POLICY)
        for statement in json.loads(policy.inputs["policy"])["Statement"]
        if any(action.startswith("bedrock:") for action in statement["Action"])
    }
    assert callers == {f"omnix-ai-{stack}-assistant-eu-central-1"}


def test_no_call_is_possible_before_it_is_recorded(recording):
    logging = recording.only(LOGGING)
    for profile in recording.of(PROFILE):
        assert logging.urn in recording.closure(profile)


def test_a_model_can_leave_prod_with_its_profile_and_parameters_stop_naming_it(recorded):
    """AWS ends models: config then refuses the model, and a lock on its profile would refuse the update without it."""
    bedrock = committed("prod")["bedrock"]
    _, *others = bedrock["models"]
    config = stack_config("prod", bedrock={**bedrock, "models": others, "modelId": others[0]})

    def program() -> None:
        compose(Inputs(config, artefacts(), contract()))

    left = record(program, stack="prod", account_id=config.account_id)
    gone = {r.urn: r for r in recorded("prod").resources if r.urn not in {other.urn for other in left.resources}}
    assert {r.type for r in gone.values()} == {PROFILE}
    assert [r.name for r in gone.values() if r.protect or r.retain_on_delete] == []
    assert list(value(left, "models")) == others


def test_a_destroy_of_prod_stops_before_it_takes_profiles_and_record(recorded):
    """What is locked names them: the engine deletes nothing that it stands on."""
    prod = recorded("prod")
    held = {urn for r in prod.resources if r.protect for urn in prod.closure(r)}
    assert {r.urn for type_ in (PROFILE, LOGGING) for r in prod.of(type_)} <= held


def test_nothing_that_was_asked_or_answered_is_recorded(recording):
    config = recording.only(LOGGING).inputs["loggingConfig"]
    assert {key for key, on in config.items() if on is True} == set()
    assert {key for key in config if key.endswith("DataDeliveryEnabled")} == {
        f"{kind}DataDeliveryEnabled" for kind in ("text", "image", "embedding", "video")
    }


def test_the_record_is_encrypted_kept_for_the_months_of_a_bill_and_written_by_bedrock_alone(recording, stack):
    group = recording.one("aws:cloudwatch/logGroup:LogGroup", "bedrock-log-group")
    assert group.inputs["name"] == f"/omnix-ai/{stack}/bedrock/invocations" == recording.exports["invocation_log_group"]
    assert group.inputs["retentionInDays"] == 90
    assert group.inputs["kmsKeyId"]
    (trust,) = json.loads(recording.one("aws:iam/role:Role", "bedrock-log-role").inputs["assumeRolePolicy"])[
        "Statement"
    ]
    account = stack_config(stack).account_id
    assert trust["Principal"] == {"Service": ["bedrock.amazonaws.com"]}
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": [account]},
        "ArnLike": {"aws:SourceArn": [f"arn:aws:bedrock:eu-central-1:{account}:*"]},
    }
    (written,) = json.loads(recording.one(POLICY, "bedrock-log-policy").inputs["policy"])["Statement"]
    assert written["Resource"] == [
        f"arn:aws:logs:eu-central-1:{account}:log-group:{group.inputs['name']}:log-stream:aws/bedrock/modelinvocations"
    ]


def test_a_stack_without_the_accounts_baseline_leaves_the_accounts_own_things_alone():
    recording = without_baseline()
    assert recording.of(LOGGING) == []
    assert [r.name for r in recording.resources if "costexplorer" in r.type] == []
    assert len(recording.of(PROFILE)) == 2


def test_an_account_that_is_recorded_elsewhere_keeps_its_record():
    bedrock = {**dict(stack_config("dev").bedrock.model_dump(by_alias=True, exclude_none=True)), "invocationLog": False}
    config = stack_config("dev", bedrock=bedrock)

    def program() -> None:
        compose(Inputs(config, artefacts(), contract()))

    assert record(program, stack="dev", account_id=config.account_id).of(LOGGING) == []


def test_what_dead_functions_hold_is_looked_for_every_five_minutes(recording, stack):
    rule = recording.one("aws:cloudwatch/eventRule:EventRule", "api-sweep-rule")
    assert rule.inputs["scheduleExpression"] == "rate(5 minutes)"
    target = recording.one("aws:cloudwatch/eventTarget:EventTarget", "api-sweep-target")
    permission = recording.one("aws:lambda/permission:Permission", "api-sweep-permission")
    assert json.loads(target.inputs["input"]) == {"source": "omnix.assistant.sweep"}
    assert permission.urn in target.dependencies
    assert permission.inputs["function"] == f"omnix-ai-{stack}-assistant"
    assert permission.inputs["sourceArn"].endswith(rule.inputs["name"])
    assert target.inputs["arn"].endswith("/live")


def test_the_outputs_name_what_each_model_is_called_by(recording, stack):
    assert set(recording.exports["bedrock_models"]) == set(stack_config(stack).bedrock.model_ids)
