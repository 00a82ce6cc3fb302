"""What names say, and how whole ones are found."""

import pytest

from ops.audit.model import Kind
from ops.audit.names import essence, leftover, named, ours, standard_table, subject, violations


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("omnix-orders", "TABLE=omnix-orders", True),
        ("omnix-orders", "omnix-orders-old", False),
        ("omnix-orders", "my-omnix-orders", False),
        ("omnix-orders", "arn:aws:dynamodb:eu-central-1:1:table/omnix-orders/index/x", True),
        ("omnix-orders", "arn:aws:lambda:eu-central-1:1:function:omnix-orders:live", True),
        ("orders", "orders", True),
        ("orders", "list of orders", False),
        ("orders", "https://example.com/orders", False),
        ("orders", 'table_name = "orders"', True),
        ("orders", "arn:aws:dynamodb:eu-central-1:1:table/orders", True),
        ("orders", "arn:aws:dynamodb:eu-central-1:1:table/orders/stream/2026", True),
        ("customers_v2", "db.customers_v2.find()", False),
        ("customers_v2", "customers_v2;", True),
        ("a1b2c3d4e5", "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/prod", True),
    ],
)  # fmt: skip
def test_a_name_is_found_as_a_whole_and_nowhere_else(name: str, text: str, found: bool) -> None:
    assert bool(named(text, [name])) is found


@pytest.mark.parametrize(
    ("name", "about"),
    [
        ("omnix-ai-cdk-customers", "customer-profiles"), ("user_sessions", "sessions"), ("OmnixProducts", "products"),
        ("inventory_levels_old", "inventory"), ("loyalty", None), ("reordering", None),
    ],
)  # fmt: skip
def test_a_table_is_about_what_its_words_say(name: str, about: str | None) -> None:
    assert subject(name) == about


def test_twins_have_the_same_essence() -> None:
    names = ("omnix-ai-api-handler", "omnix-ai-api-handler-v2", "OmnixApiHandler-old", "omnixai-dev-api-handler")
    assert {essence(name) for name in names} == {"api-handler"}


def test_a_version_is_no_leftover_and_a_backup_is() -> None:
    assert leftover("customers_v2") == []
    assert leftover("OmnixProducts-backup-2023") == ["backup", "2023"]


def test_the_projects_names_are_known_in_every_spelling_and_others_are_not() -> None:
    assert all(ours(name) for name in ("omnix-ai-x", "OmnixProducts", "omnixai-x", "/aws/lambda/omnix-y"))
    assert not any(ours(name) for name in ("orders", "phoenix-ai", "test-table"))


def test_only_the_nine_are_standard() -> None:
    assert standard_table("omnix-ai-dev-customer-profiles") == "customer-profiles"
    assert standard_table("omnix-ai-dev-customers") is None
    assert standard_table("omnix-ai-cdk-orders") is None


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        (Kind.TABLE, "omnix-ai-dev-orders", []),
        (Kind.TABLE, "omnix-ai-cdk-orders", ["names no environment", "says how it was made (cdk)"]),
        (Kind.TABLE, "orders", ["does not start with omnix-ai-{environment}-"]),
        (Kind.FUNCTION, "omnix-ai-dev-Api", ["is not omnix-ai-{environment}-{resource} in lower-case words"]),
        (Kind.SECRET, "omnix-ai/prod/JWT_SECRET", []),
        (Kind.LOG_GROUP, "/aws/lambda/omnix-ai-prod-api", []),
        (Kind.EVENT_RULE, "default/omnix-ai-dev-nightly", []),
        (Kind.DISTRIBUTION, "E123", []),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_name_is_said(kind: Kind, name: str, words: list[str]) -> None:
    assert violations(kind, name) == words
