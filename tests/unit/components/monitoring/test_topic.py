from components.monitoring.topic import topic_statements

ARN = "arn:aws:sns:eu-central-1:111122223333:omnix-ai-dev-alarms"
STATEMENTS = {s.sid: s.render() for s in topic_statements(ARN, account_id="111122223333", region="eu-central-1")}


def test_alarms_backup_and_budgets_of_this_account_may_publish_and_no_other_service():
    allowed = {
        s["Principal"]["Service"][0]: s.get("Condition", {}).get("StringEquals", {}).get("aws:SourceAccount")
        for s in STATEMENTS.values()
        if s["Effect"] == "Allow"
    }
    assert allowed == {
        "backup.amazonaws.com": None,  # documents no source key, and takes topics of its own account only
        "budgets.amazonaws.com": ["111122223333"],
        "cloudwatch.amazonaws.com": ["111122223333"],
        "costalerts.amazonaws.com": ["111122223333"],
    }


def test_nothing_but_publishing_to_this_topic_is_spoken_of():
    assert all(s["Action"] == ["sns:Publish"] and s["Resource"] == [ARN] for s in STATEMENTS.values())


def test_budgets_have_no_region_in_their_arn():
    condition = STATEMENTS["BudgetsPublish"]["Condition"]["ArnLike"]
    assert condition == {"aws:SourceArn": ["arn:aws:budgets::111122223333:*"]}


def test_without_tls_nobody_publishes():
    deny = STATEMENTS["TlsOnly"]
    assert deny["Effect"] == "Deny"
    assert deny["Principal"] == "*"
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
