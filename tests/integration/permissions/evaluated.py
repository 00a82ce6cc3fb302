"""What AWS does with the deployed policies and no local service executes: the calls, as AWS documents them, decided.

Each reads the policies as they stand in the running cloud and asks `localcloud.iam.evaluate`, which AWS's documented
logic was held against. A job here says what would be allowed, never that a backup was made.
"""

from collections.abc import Callable, Iterator

from localcloud.iam.evaluate import Decision
from localcloud.iam.policy import parse
from tests.integration.permissions.deployed import Holder
from tests.integration.permissions.jobs import Job
from tests.integration.permissions.refusing import OTHER_ACCOUNT
from tests.integration.permissions.site import Site, require_allowed

_NO_TLS = {"aws:SecureTransport": "false"}


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
        "costalerts": {"aws:SourceAccount": site.account},
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


def _of_kind(site: Site, kind: str) -> Iterator[Holder]:
    found = [holder for holder in site.policies if holder.kind == kind]
    assert found, f"there is no {kind}"
    yield from found


def _denied(decision: Decision) -> None:
    assert decision.reason == "explicit deny", decision


def publishers_without_tls_are_turned_away(site: Site) -> None:
    for topic in _of_kind(site, "topic policy"):
        policy = site.resource_policy(topic.subject)
        _denied(site.decide_for_account("sns:Publish", topic.subject, _NO_TLS, policy))
        require_allowed([site.decide_for_account("sns:Publish", topic.subject, {}, policy)])


def a_sender_of_dead_letters_without_tls_is_turned_away(site: Site) -> None:
    queue = site.arn("sqs", f"omnix-ai-{site.name}-worker-dead-letters")
    policy = site.resource_policy(queue)
    for action in ("sqs:SendMessage", "sqs:ReceiveMessage"):
        _denied(site.decide_for_account(action, queue, _NO_TLS, policy))
        require_allowed([site.decide_for_account(action, queue, {}, policy)])


def readers_of_buckets_without_tls_are_turned_away(site: Site) -> None:
    for bucket in _of_kind(site, "bucket policy"):
        policy = site.resource_policy(bucket.subject)
        for resource in (bucket.subject, f"{bucket.subject}/object"):
            _denied(site.decide_for_account("s3:GetObject", resource, _NO_TLS, policy))
            require_allowed([site.decide_for_account("s3:GetObject", resource, {}, policy)])


def copies_come_from_this_account_only(site: Site) -> None:
    """A stranger's is refused even where a vault lets him in; ours are not, nor those that AWS Backup makes as itself.

    Copies between our own vaults are made (`restoring`); which keys a service's own call has is not for us to see.
    """
    action, stranger = "backup:CopyIntoBackupVault", f"arn:aws:iam::{OTHER_ACCOUNT}:root"
    letting = {"Effect": "Allow", "Principal": {"AWS": stranger}, "Action": action, "Resource": "*"}
    for vault in _of_kind(site, "vault policy"):
        document = vault.read()
        policy = parse({**document, "Statement": [*document["Statement"], letting]}, owner=vault.subject)
        _denied(site.decide_for_stranger(OTHER_ACCOUNT, action, vault.subject, policy))
        require_allowed([site.decide_for_account(action, vault.subject, {}, policy)])
        service = site.decide_for_service("backup.amazonaws.com", action, vault.subject, {}, policy)
        assert service.reason != "explicit deny", service


def reports_role(site: Site) -> str:
    """The service-linked role with which AWS Backup writes reports."""
    path = "aws-service-role/reports.backup.amazonaws.com/AWSServiceRoleForBackupReports"
    return f"arn:aws:iam::{site.account}:role/{path}"


def backup_writes_its_reports(site: Site) -> None:
    """Encrypted, to the bucket. Where there are no reports (dev), there is nothing to ask."""
    if site.reports is None:
        return
    bucket, role = f"arn:aws:s3:::{site.reports}", reports_role(site)
    acl, through = {"s3:x-amz-acl": "bucket-owner-full-control"}, {"kms:ViaService": f"s3.{site.region}.amazonaws.com"}
    key = site.resource_policy(site.key)
    require_allowed(
        [
            site.decide_for_role(role, "s3:PutObject", f"{bucket}/report.csv", acl, site.resource_policy(bucket)),
            site.decide_for_role(role, "kms:GenerateDataKey", site.key, through, key),
            site.decide_for_role(role, "kms:Decrypt", site.key, through, key),
        ]
    )


def trusts(site: Site, role: str, service: str, context: dict[str, str]) -> Decision:
    """Whether a service may take on a role, with the source keys that it sends."""
    (trust,) = [one for one in site.policies if one.kind == "trust" and one.subject == site.role(role)]
    arn = f"arn:aws:iam::{site.account}:role/{trust.subject}"
    policy = parse(trust.read(), owner=arn)
    return site.decide_for_service(f"{service}.amazonaws.com", "sts:AssumeRole", arn, context, policy)


def budgets_takes_on_its_role(site: Site) -> None:
    require_allowed([trusts(site, "budget-action", "budgets", {"aws:SourceAccount": site.account})])


def called_by_rule(site: Site, function_name: str, rule: str) -> Decision:
    """Whether a rule may call a function."""
    function = site.arn("lambda", f"function:{site.function(function_name)}")
    context = {"aws:SourceArn": site.arn("events", f"rule/{rule}"), "aws:SourceAccount": site.account}
    policy = site.resource_policy(function)
    return site.decide_for_service(
        "events.amazonaws.com", "lambda:InvokeFunction", f"{function}:live", context, policy
    )  # fmt: skip


def the_schedule_calls_the_sweep(site: Site) -> None:
    require_allowed([called_by_rule(site, "assistant", f"omnix-ai-{site.name}-assistant-sweep")])


def _over_tls(name: str, run: Callable[[Site], None], about: str) -> Job:
    return Job(name, run, (about,), source="IAM User Guide: aws:SecureTransport; every call here would come over TLS")


def evaluated() -> list[Job]:
    """Every job that is decided and not done."""
    return [
        *(_publishes(service) for service in ("cloudwatch", "budgets", "costalerts")),
        _over_tls("publishers without TLS are turned away", publishers_without_tls_are_turned_away, "topic "),
        _over_tls(
            "a sender of dead letters without TLS is turned away",
            a_sender_of_dead_letters_without_tls_is_turned_away,
            "queue ",
        ),
        _over_tls(
            "readers of buckets without TLS are turned away", readers_of_buckets_without_tls_are_turned_away, "bucket "
        ),
        Job(
            "copies come from this account only",
            copies_come_from_this_account_only,
            ("vault ",),
            source="AWS Backup Developer Guide: Vault access policies, Creating backup copies across AWS accounts; "
            "the local cloud has no second account",
        ),
        Job(
            "Budgets takes on its role",
            budgets_takes_on_its_role,
            ("role budget-action, trust",),
            source="Cost Management User Guide: Setting up a role for AWS Budgets to run budget actions; the local "
            "cloud spends nothing that a budget counts",
        ),
        Job(
            "the schedule calls the sweep",
            the_schedule_calls_the_sweep,
            ("function assistant",),
            source="EventBridge User Guide: Using resource-based policies, AWS Lambda permissions; the local cloud "
            "fires no schedule",
        ),
        Job(
            "Backup writes its reports",
            backup_writes_its_reports,
            ("bucket backup-reports/WriteReports", "key/BackupReports"),
            source="AWS Backup Developer Guide: Creating report plans using the AWS Backup console, bucket policy and "
            "encryption; the local cloud writes no reports",
        ),
    ]
