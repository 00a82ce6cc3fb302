"""What AWS does with the deployed policies and no local service executes: the calls, as AWS documents them, decided.

Each reads the policies as they stand in the running cloud and asks `localcloud.iam.evaluate`, which AWS's documented
logic was held against. A job here says what would be allowed, never that a backup was made.
"""

from tests.integration.permissions.jobs import Job
from tests.integration.permissions.site import Site, require_allowed


def backup_makes_a_recovery_point(site: Site) -> None:
    """What AWS Backup does with its role for a DynamoDB table under a customer key."""
    backup = "backup.amazonaws.com"
    role = f"arn:aws:iam::{site.account}:role/{site.role('backup')}"
    require_allowed([site.decide_for_service(backup, "sts:AssumeRole", role, {}, site.trust("backup"))])
    identity, key = site.identity("backup"), site.resource_policy(site.key)
    vault = site.arn("backup", f"backup-vault:{site.environment.outputs['backup_vault_name']}")
    for table in site.environment.outputs["tables"].values():
        arn = site.arn("dynamodb", f"table/{table}")
        calls = [
            ("dynamodb:DescribeTable", arn, {}),
            ("dynamodb:ListTagsOfResource", arn, {}),
            ("dynamodb:StartAwsBackupJob", arn, {}),
            ("backup:DescribeBackupVault", vault, {}),
            ("kms:DescribeKey", site.key, {}),
            ("kms:CreateGrant", site.key, {"kms:GrantIsForAWSResource": "true"}),
            *((f"kms:{action}", site.key, _through_dynamodb(site, table)) for action in ("Decrypt", "GenerateDataKey")),
        ]
        for action, resource, context in calls:
            policy = key if action.startswith("kms:") else None
            require_allowed([site.decide_for_role("backup", identity, action, resource, context, policy)])


def _through_dynamodb(site: Site, table: str) -> dict[str, str]:
    return {
        "kms:ViaService": f"dynamodb.{site.region}.amazonaws.com",
        "kms:EncryptionContext:aws:dynamodb:tableName": table,
        "kms:EncryptionContext:aws:dynamodb:subscriberId": site.account,
    }


def sources(site: Site) -> dict[str, dict[str, str]]:
    """Who publishes to the alarm topic, with the source keys that each one sends."""
    return {
        "cloudwatch": {
            "aws:SourceArn": site.arn("cloudwatch", f"alarm:omnix-ai-{site.name}-api-errors"),
            "aws:SourceAccount": site.account,
        },
        "budgets": {
            "aws:SourceArn": f"arn:aws:budgets::{site.account}:budget/omnix-ai-{site.name}-bedrock-daily",
            "aws:SourceAccount": site.account,
        },
        "backup": {},
    }


def _publishes(service: str) -> Job:
    def job(site: Site) -> None:
        topic = site.environment.outputs["alarm_topic_arn"]
        principal, context = f"{service}.amazonaws.com", sources(site)[service]
        through_key = {"kms:EncryptionContext:aws:sns:topicArn": topic}
        key = site.resource_policy(site.key)
        require_allowed(
            [
                site.decide_for_service(principal, "sns:Publish", topic, context, site.resource_policy(topic)),
                *(
                    site.decide_for_service(principal, f"kms:{action}", site.key, through_key, key)
                    for action in ("GenerateDataKey", "Decrypt")
                ),
            ]
        )

    return Job(
        f"{service} publishes to the alarm topic",
        job,
        ("topic ", "key"),
        source="SNS Developer Guide: Enable compatibility between event sources from AWS services and encrypted topics",
    )


def a_publisher_without_tls_is_turned_away(site: Site) -> None:
    topic = site.environment.outputs["alarm_topic_arn"]
    decision = site.decide_for_service(
        "cloudwatch.amazonaws.com", "sns:Publish", topic,
        {**sources(site)["cloudwatch"], "aws:SecureTransport": "false"}, site.resource_policy(topic),
    )  # fmt: skip
    assert decision.reason == "explicit deny", decision


def a_sender_of_dead_letters_without_tls_is_turned_away(site: Site) -> None:
    queue = site.arn("sqs", f"omnix-ai-{site.name}-worker-dead-letters")
    policy = site.resource_policy(queue)
    for action in ("sqs:SendMessage", "sqs:ReceiveMessage"):
        decision = site.decide_for_account(action, queue, {"aws:SecureTransport": "false"}, policy)
        assert decision.reason == "explicit deny", decision
        require_allowed([site.decide_for_account(action, queue, {}, policy)])


def a_reader_of_artefacts_without_tls_is_turned_away(site: Site) -> None:
    bucket = f"arn:aws:s3:::{site.environment.outputs['artefact_bucket']}"
    policy = site.resource_policy(bucket)
    for resource in (bucket, f"{bucket}/functions/api.zip"):
        decision = site.decide_for_account("s3:GetObject", resource, {"aws:SecureTransport": "false"}, policy)
        assert decision.reason == "explicit deny", decision
        require_allowed([site.decide_for_account("s3:GetObject", resource, {}, policy)])


def nobody_deletes_a_protected_recovery_point(site: Site) -> None:
    """Where there is no such policy (dev, staging), nothing is protected and there is nothing to ask."""
    for holder in site.policies:
        if holder.kind != "vault policy":
            continue
        point = site.arn("backup", "recovery-point:1EB3B5E7-9EB0-435A-A80B-108B488B0D45")
        for action in ("backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle"):
            decision = site.decide_for_role("backup", (), action, point, {}, site.resource_policy(holder.subject))
            assert decision.reason == "explicit deny", decision


def evaluated() -> list[Job]:
    """Every job that is decided and not done."""
    return [
        Job(
            "Backup makes a recovery point of every table",
            backup_makes_a_recovery_point,
            ("role backup,",),
            source="AWS Backup Developer Guide: Managed policies for AWS Backup (DynamoDB); "
            "DynamoDB Developer Guide: Encryption at rest, usage notes",
        ),
        *(_publishes(service) for service in ("cloudwatch", "budgets", "backup")),
        Job(
            "a publisher without TLS is turned away",
            a_publisher_without_tls_is_turned_away,
            ("topic ",),
            source="IAM User Guide: aws:SecureTransport; every call here would come over TLS",
        ),
        Job(
            "a sender of dead letters without TLS is turned away",
            a_sender_of_dead_letters_without_tls_is_turned_away,
            ("queue ",),
            source="IAM User Guide: aws:SecureTransport; every call here would come over TLS",
        ),
        Job(
            "a reader of artefacts without TLS is turned away",
            a_reader_of_artefacts_without_tls_is_turned_away,
            ("bucket ",),
            source="IAM User Guide: aws:SecureTransport; the local cloud stores a bucket's policy",
        ),
        Job(
            "nobody deletes a protected recovery point",
            nobody_deletes_a_protected_recovery_point,
            ("vault ",),
            source="AWS Backup Developer Guide: Vault access policies; the local cloud stores a vault's policy",
        ),
    ]
