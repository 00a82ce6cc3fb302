import pytest

from components.data.table import leading_key_conditions
from components.delivery.stack import tls_only
from components.iam import ANYONE, Grants, Statement, document, trust
from components.lambda_function import base_statements
from components.naming import Names
from components.security.key import key_policy
from components.security.rotation import rotation_statements

NAMES = Names("prod", "777788889999", "eu-central-1")


def test_a_document_is_version_2012_with_sorted_actions() -> None:
    statement = Statement("Read", ["s3:GetObjectVersion", "s3:GetObject"], ["arn:aws:s3:::b/*"])
    assert document([statement]) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Read",
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:GetObjectVersion"],
                "Resource": ["arn:aws:s3:::b/*"],
            }
        ],
    }


def test_statement_ids_are_unique_in_a_document() -> None:
    with pytest.raises(ValueError, match="unique"):
        document([Statement("A", ["s3:GetObject"], ["*"]), Statement("A", ["s3:PutObject"], ["*"])])


@pytest.mark.parametrize("sid", ["", "with space", "with-hyphen", "ünit"])
def test_iam_takes_letters_and_digits_in_a_statement_id(sid: str) -> None:
    with pytest.raises(ValueError, match="letters and digits"):
        Statement(sid, ["s3:GetObject"], ["*"])


def test_a_statement_for_anyone_names_the_star_and_nothing_else() -> None:
    rendered = Statement("All", ["s3:*"], ["*"], principals=ANYONE, effect="Deny").render()
    assert rendered["Principal"] == "*"


def test_lambdas_trust_has_no_source_condition_that_would_stop_it() -> None:
    assert "Condition" not in trust("lambda.amazonaws.com").render()
    assert trust("backup.amazonaws.com", account_id="1").render()["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ["1"]}
    }


def test_every_service_that_comes_as_itself_is_bound_to_this_environment() -> None:
    root, *services = [statement.render() for statement in key_policy(NAMES, reports=True, machine=True)]
    assert root["Principal"] == {"AWS": ["arn:aws:iam::777788889999:root"]}
    assert [service["Sid"] for service in services] == ["LogGroups", "PublishToTopics", "LogDelivery", "BackupReports"]
    for statement in services:
        assert "kms:*" not in statement["Action"]
        conditions = [pair for keys in statement["Condition"].values() for pair in keys.items()]
        # through which service of this region, is no question of whose
        assert all("777788889999" in value for key, vs in conditions for value in vs if key != "kms:ViaService")
        assert any(key != "kms:ViaService" for key, _ in conditions)


def test_the_key_serves_log_groups_of_this_environment_only() -> None:
    (logs,) = [s.render() for s in key_policy(NAMES) if s.sid == "LogGroups"]
    arns = logs["Condition"]["StringLike"]["kms:EncryptionContext:aws:logs:arn"]
    groups = [arn.removeprefix("arn:aws:logs:eu-central-1:777788889999:log-group:") for arn in arns]
    # a stage's execution log bears the API's id, which nobody knows before the key, and the stage's name
    assert groups == ["/aws/lambda/omnix-ai-prod-*", "/omnix-ai/prod/*", "API-Gateway-Execution-Logs_*/prod"]


def test_every_action_of_log_groups_comes_with_the_context_that_the_key_asks_for() -> None:
    (logs,) = [s.render() for s in key_policy(NAMES) if s.sid == "LogGroups"]
    assert logs["Action"] == ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]


@pytest.mark.parametrize("operator", ["Bool", "BoolIfExists", "Null"])
def test_a_truth_is_written_as_one_value_as_scanners_read_it(operator: str) -> None:
    rendered = Statement("TlsOnly", ["s3:*"], ["*"], {operator: {"aws:SecureTransport": ["false"]}}).render()
    assert rendered["Condition"] == {operator: {"aws:SecureTransport": "false"}}


def test_who_publishes_to_a_topic_uses_the_key_for_that_topic_by_a_condition_that_sns_itself_meets() -> None:
    """`aws:SourceArn` comes from the publisher, and not all four document that KMS sees it; the context is SNS's."""
    (topics,) = [s.render() for s in key_policy(NAMES) if s.sid == "PublishToTopics"]
    publishers = ("backup", "budgets", "cloudwatch", "costalerts")
    assert topics["Principal"] == {"Service": [f"{name}.amazonaws.com" for name in publishers]}
    assert topics["Condition"] == {
        "StringLike": {
            "kms:EncryptionContext:aws:sns:topicArn": ["arn:aws:sns:eu-central-1:777788889999:omnix-ai-prod-*"]
        }
    }


def test_a_grant_given_twice_is_refused_for_one_of_them_would_be_lost() -> None:
    grants = Grants()
    grants.allow("read", [])
    with pytest.raises(ValueError, match="read is given twice"):
        grants.allow("read", [])


def test_a_function_writes_to_its_own_log_group_and_cannot_make_one() -> None:
    (logs, *_) = [s.render() for s in base_statements(NAMES, "api", "arn:key")]
    assert logs["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert logs["Resource"] == ["arn:aws:logs:eu-central-1:777788889999:log-group:/aws/lambda/omnix-ai-prod-api:*"]


def test_leading_keys_are_guarded_against_requests_that_name_none() -> None:
    """`ForAllValues` is true of an empty set."""
    conditions = leading_key_conditions(["TENANT#*"])
    assert conditions["ForAllValues:StringLike"] == {"dynamodb:LeadingKeys": ["TENANT#*"]}
    assert conditions["Null"] == {"dynamodb:LeadingKeys": ["false"]}
    assert leading_key_conditions([]) == {}


def test_rotation_acts_on_the_given_secrets_and_no_other() -> None:
    statements = {s.sid: s.render() for s in rotation_statements("arn:key", "eu-central-1", ["arn:a", "arn:b"])}
    assert statements["RotateSecrets"]["Resource"] == ["arn:a", "arn:b"]
    assert not any("*" in action for s in statements.values() for action in s["Action"])
    context = statements["UseKeyForSecrets"]["Condition"]["StringEquals"]
    assert context["kms:EncryptionContext:SecretARN"] == ["arn:a", "arn:b"]


def test_tls_only_denies_everyone() -> None:
    statement = tls_only("b")
    assert (statement.effect, statement.principals) == ("Deny", ANYONE)
    assert statement.resources == ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]


def test_everything_but_some_resources_can_only_be_denied() -> None:
    denial = Statement("NoOther", ["kms:Decrypt"], effect="Deny", not_resources=["arn:a"])
    assert denial.render()["NotResource"] == ["arn:a"]
    assert "Resource" not in denial.render()
    with pytest.raises(ValueError, match="in a Deny"):
        Statement("AllOther", ["kms:Decrypt"], not_resources=["arn:a"])
    with pytest.raises(ValueError, match="stands alone"):
        Statement("NoOther", ["kms:Decrypt"], ["arn:b"], effect="Deny", not_resources=["arn:a"])
