"""Who may publish to the alarm topic. Pure.

Its subscriptions have no filter policy: alarms and budgets send messages without any attribute, and such a
message matches no filter, not even `{"exists": false}` (SNS, "Key matching").
"""

from components.iam import ANYONE, Conditions, Statement


def topic_statements(topic_arn: str, account_id: str, region: str) -> tuple[Statement, ...]:
    """The topic's policy: alarms, backup, budgets and anomalies of this account may publish, over TLS only.

    The source conditions are those that each service documents: CloudWatch and Budgets send account and ARN. Backup
    documents none, and a condition on a key that it does not send would lose every message; it needs none, for it
    takes topics of the vault's own account only ("Notification options with AWS Backup", limitations). The account's
    own principals need no statement: their IAM policy decides.
    """
    own = {"aws:SourceAccount": [account_id]}
    alarms: Conditions = {
        "StringEquals": own,
        "ArnLike": {"aws:SourceArn": [f"arn:aws:cloudwatch:{region}:{account_id}:alarm:*"]},
    }
    budgets: Conditions = {
        "StringEquals": own,
        "ArnLike": {"aws:SourceArn": [f"arn:aws:budgets::{account_id}:*"]},
    }
    return (
        _publisher("AlarmsPublish", "cloudwatch.amazonaws.com", topic_arn, alarms),
        _publisher("BudgetsPublish", "budgets.amazonaws.com", topic_arn, budgets),
        # "Creating an Amazon SNS topic for anomaly notifications" names the account alone
        _publisher("AnomaliesPublish", "costalerts.amazonaws.com", topic_arn, {"StringEquals": own}),
        *backup_topic_statements(topic_arn),
    )


def backup_topic_statements(topic_arn: str) -> tuple[Statement, ...]:
    """The policy of a topic to which a vault alone reports: AWS Backup may publish, over TLS only."""
    return (
        _publisher("BackupPublishes", "backup.amazonaws.com", topic_arn, {}),
        Statement(
            "TlsOnly",
            ["sns:Publish"],
            [topic_arn],
            {"Bool": {"aws:SecureTransport": ["false"]}},
            principals=ANYONE,
            effect="Deny",
        ),
    )


def _publisher(sid: str, service: str, topic_arn: str, conditions: Conditions) -> Statement:
    return Statement(sid, ["sns:Publish"], [topic_arn], conditions, principals={"Service": [service]})
