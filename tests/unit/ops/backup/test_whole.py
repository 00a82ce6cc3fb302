"""What a table is set up with that is restored whole."""

from unittest.mock import MagicMock

import pytest
from botocore.exceptions import ClientError

from ops.backup.settings import Clients
from ops.backup.waiting import Patience
from ops.backup.whole import settings_of


def clients(code: str) -> Clients:
    dynamodb = MagicMock()
    dynamodb.describe_table.side_effect = ClientError({"Error": {"Code": code, "Message": ""}}, "DescribeTable")
    return Clients(dynamodb, MagicMock(), MagicMock())


def test_a_table_that_is_lost_comes_back_with_what_its_definition_says() -> None:
    found = settings_of(clients("ResourceNotFoundException"), "analytics", "omnix-ai-dev-analytics", Patience())
    assert (found.recovery_days, found.ttl, found.stream, found.protected) == (35, "expires_at", None, True)
    orders = settings_of(clients("ResourceNotFoundException"), "orders", "omnix-ai-dev-orders", Patience())
    assert orders.stream == "NEW_AND_OLD_IMAGES"


def test_a_table_that_may_not_be_read_is_not_taken_for_a_lost_one() -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        settings_of(clients("AccessDeniedException"), "orders", "omnix-ai-dev-orders", Patience())
