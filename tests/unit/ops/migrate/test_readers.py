"""Who reads a source's stream besides a migration."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from ops.migrate.folder import SourceTable
from ops.migrate.readers import crowded

STREAM = "arn:aws:dynamodb:eu-central-1:123456789012:table/old/stream/2020-01-01T00:00:00.000"


class _Functions:
    """The account whose functions read the stream in these states."""

    def __init__(self, *states: str, refused: bool = False) -> None:
        self.states, self.refused = states, refused

    def client(self, service: str) -> Any:
        assert service == "lambda"
        return self

    def get_paginator(self, _operation: str) -> Any:
        return self

    def paginate(self, *, EventSourceArn: str) -> Any:  # noqa: N803 - botocore's name
        assert EventSourceArn == STREAM
        if self.refused:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "ListEventSourceMappings")
        arn = "arn:aws:lambda:eu-central-1:123456789012:function:reader"
        return [
            {"EventSourceMappings": [{"State": state, "FunctionArn": f"{arn}-{n}"}]}
            for n, state in enumerate(self.states)
        ]


def warnings(*states: str, stream: str | None = STREAM, refused: bool = False) -> list[str]:
    account: Any = _Functions(*states, refused=refused)
    return crowded(account, {"old": SourceTable("arn", ["id"], 1, 1, 1, stream)})


def test_a_migration_that_would_be_the_third_reader_of_a_stream_is_warned_of() -> None:
    (warning,) = warnings("Enabled", "Disabled", "Enabling")
    assert warning.startswith("old: 2 event-source mappings")
    assert "reader-0, reader-2" in warning


@pytest.mark.parametrize("states", [(), ("Enabled",), ("Enabled", "Disabled", "Deleting")])
def test_a_second_reader_is_not_too_many(states: tuple[str, ...]) -> None:
    assert warnings(*states) == []


def test_a_table_without_a_stream_is_not_asked_about() -> None:
    assert warnings("Enabled", "Enabled", stream=None) == []


def test_where_nobody_may_look_that_is_said() -> None:
    (warning,) = warnings("Enabled", refused=True)
    assert "not known" in warning
