import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.naming import LIMITS, InvalidNameError, Names, checked

NAMES = Names("staging", "444455556666", "eu-central-1")
WORDS = st.from_regex(r"[a-z0-9]{1,40}(-[a-z0-9]{1,40}){0,8}", fullmatch=True)
KINDS = st.sampled_from(sorted(set(LIMITS) - {"parameter", "key_alias", "log_group", "secret"}))


def test_names_are_the_documented_ones() -> None:
    assert NAMES.function("api") == "omnix-ai-staging-api"
    assert NAMES.table("customer-profiles") == "omnix-ai-staging-customer-profiles"
    assert NAMES.role("api") == "omnix-ai-staging-api-eu-central-1"
    assert NAMES.bucket("artefacts") == "omnix-ai-staging-artefacts-444455556666-eu-central-1"
    assert NAMES.secret("JWT_SECRET") == "omnix-ai/staging/JWT_SECRET"
    assert NAMES.parameter("database", "tables", "users") == "/omnix-ai/staging/database/tables/users"
    assert NAMES.function_log_group("api") == "/aws/lambda/omnix-ai-staging-api"
    assert NAMES.log_group("api/access") == "/omnix-ai/staging/api/access"
    assert NAMES.key_alias("platform") == "alias/omnix-ai-staging-platform"


@given(KINDS, WORDS)
def test_a_name_is_whole_or_refused_and_never_truncated(kind: str, resource: str) -> None:
    whole = f"omnix-ai-staging-{resource}"
    try:
        assert NAMES.of(kind, resource) == whole
    except InvalidNameError:
        limit = LIMITS[kind]
        assert len(whole) > limit.longest or not re.fullmatch(limit.pattern, whole)


@given(KINDS, WORDS)
def test_no_accepted_name_passes_its_services_limit(kind: str, resource: str) -> None:
    try:
        name = NAMES.of(kind, resource)
    except InvalidNameError:
        return
    assert LIMITS[kind].shortest <= len(name) <= LIMITS[kind].longest


@given(WORDS, WORDS)
def test_two_environments_never_share_a_name(first: str, second: str) -> None:
    other = replace(NAMES, environment="prod")
    assert f"{NAMES.prefix}-{first}" != f"{other.prefix}-{second}"


def test_two_regions_of_an_account_share_no_role_name() -> None:
    assert NAMES.role("api") != replace(NAMES, region="eu-west-1").role("api")


@pytest.mark.parametrize(
    ("kind", "longest"),
    [
        ("role", 64),
        ("function", 64),
        ("bucket", 63),
        ("alarm", 255),
        ("table", 255),
        ("secret", 512),
        ("vault", 50),
    ],
)
def test_the_longest_name_is_accepted_and_one_more_character_is_refused(kind: str, longest: int) -> None:
    assert checked(kind, "a" * longest) == "a" * longest
    with pytest.raises(InvalidNameError, match=f"{longest + 1} characters"):
        checked(kind, "a" * (longest + 1))


def test_a_parameter_has_at_most_fifteen_levels_and_1011_characters() -> None:
    assert NAMES.parameter("a", *["b"] * 12)
    with pytest.raises(InvalidNameError, match="15 levels"):
        NAMES.parameter("a", *["b"] * 13)
    with pytest.raises(InvalidNameError):
        NAMES.parameter("a", "b" * 1011)


@pytest.mark.parametrize("resource", ["", "Api", "api_1", "-api", "api-", "a--b", "a b", "api\n", "ünit"])
def test_a_resource_is_lower_case_words_joined_by_hyphens(resource: str) -> None:
    with pytest.raises(InvalidNameError, match="hyphens"):
        NAMES.function(resource)


def test_a_secret_does_not_end_like_the_suffix_of_its_arn() -> None:
    with pytest.raises(InvalidNameError, match="suffix"):
        NAMES.secret("API-KEY123")


def test_every_function_and_table_of_the_platform_fits_in_the_longest_environment() -> None:
    from components.data.tables import TABLES

    for name in ("api", "auth", "authorizer", "rotation", "assistant", "realtime", "worker"):
        assert NAMES.role(name)
        assert NAMES.function(name)
    assert all(NAMES.table(table) for table in TABLES)
