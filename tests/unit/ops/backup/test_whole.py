"""What a table is set up with that is restored whole."""

from unittest.mock import MagicMock

import pytest
from botocore.exceptions import ClientError

from ops.backup.settings import Clients
from ops.backup.tables import Protected
from ops.backup.waiting import Patience
from ops.backup.whole import Whole, live_settings, settings_of_lost


def clients(code: str) -> Clients:
    dynamodb = MagicMock()
    dynamodb.describe_table.side_effect = ClientError({"Error": {"Code": code, "Message": ""}}, "DescribeTable")
    return Clients(dynamodb, MagicMock(), MagicMock())


def test_a_table_that_is_lost_comes_back_with_what_its_definition_says() -> None:
    assert live_settings(clients("ResourceNotFoundException"), "omnix-ai-dev-analytics", Patience()) is None
    found = settings_of_lost(Protected("analytics", "analytics", "omnix-ai-dev-analytics"))
    assert (found.recovery_days, found.ttl, found.stream, found.protected) == (35, "expires_at", None, True)
    assert settings_of_lost(Protected("orders", "orders", "omnix-ai-dev-orders")).stream == "NEW_AND_OLD_IMAGES"


def test_items_of_a_lost_table_of_before_do_not_begin_to_expire() -> None:
    """Nobody can say whether it had a TTL: DynamoDB would delete what its owners kept for good."""
    found = settings_of_lost(Protected("analytics-legacy", "analytics", "old-analytics"))
    assert found.ttl is None
    assert (found.recovery_days, found.protected) == (35, True)


def test_what_to_do_about_the_ttl_of_a_lost_table_of_before_is_said() -> None:
    done = Whole("analytics", "old-analytics", "new", "eu-central-1", [], lost=True, of_old=True)
    assert "old-analytics is gone" in done.next_steps()
    assert "update-time-to-live --region eu-central-1 --table-name new" in done.next_steps()
    assert "cutover switch --table analytics=new" in done.next_steps()
    own = Whole("orders", "omnix-ai-dev-orders", "omnix-ai-dev-orders", "eu-central-1", [], lost=True)
    assert "TTL" not in own.next_steps()
    assert "pulumi refresh" in own.next_steps()
    live = Whole("analytics", "old-analytics", "new", "eu-central-1", [], of_old=True)
    assert "was not touched" in live.next_steps()
    assert "TTL" not in live.next_steps()


def test_a_table_that_may_not_be_read_is_not_taken_for_a_lost_one() -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        live_settings(clients("AccessDeniedException"), "omnix-ai-dev-orders", Patience())
