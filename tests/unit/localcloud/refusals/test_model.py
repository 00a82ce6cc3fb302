"""Rules read from botocore's models: every constraint refuses beyond its limit and accepts within."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.model import Shape

from localcloud.provider.schema import schema
from localcloud.refusals import Check, Place
from localcloud.refusals.check import root
from localcloud.refusals.model import Api, checks_of, compiled, constrained, shape_of
from localcloud.refusals.shapes import APIS, modelled, unreadable

PLACE = Place("123456789012", "eu-central-1")
ARN = "arn:aws:{}:eu-central-1:123456789012:{}"
# What the patterns of all services describe, taken together.
SAMPLES = (
    *("abc", "a-b_c", "1", "12", "200", "1h", "/", "/a/", "123456789012", "1.5", "o-0123456789ab", "alias/a", "a.b"),
    *("arn:aws:iam::123456789012:role/r", ARN.format("lambda", "function:f"), ARN.format("kms", "key/a"), "$LATEST"),
    *(ARN.format("lambda", "layer:l:1"), "lambda:InvokeFunction", "rate(1 day)", "subnet-0", "sg-0", "/mnt/a"),
    ARN.format("lambda", "code-signing-config:csc-0123456789abcdefg"),
    "arn:aws:elasticfilesystem:eu-central-1:123456789012:access-point/fsap-0123456789abcdef0",
    ARN.format("lambda", "capacity-provider:c"),
    "arn:aws:billing::123456789012:billingview/primary",
)


def _cases() -> Iterator[tuple[str, str, Shape, Check]]:
    for token, api in APIS.items():
        for (path, source, shape), check in zip(constrained(token, api), modelled(token), strict=True):
            assert check.source == f"botocore {source}"
            yield token, path, shape, check


CASES = list(_cases())


def _inputs(path: str, value: Any) -> dict[str, Any]:
    made = value
    for step in reversed(path.replace("[]", ".[]").replace("{}", ".{}").split(".")):
        made = [made] if step == "[]" else {"key": made} if step == "{}" else {step: made}
    assert isinstance(made, dict)
    return made


def _counted(shape: Shape, size: int) -> Any:
    return {str(number): "" for number in range(size)} if shape.type_name == "map" else [""] * size


def _beyond(shape: Shape) -> Iterator[Any]:
    limits = shape.metadata
    if limits.get("enum"):
        yield "nothing AWS knows"
    elif shape.type_name in {"list", "map"}:
        if limits.get("max"):
            yield _counted(shape, limits["max"] + 1)
        if limits.get("min"):
            yield _counted(shape, limits["min"] - 1)
    elif shape.type_name == "string":
        if limits.get("max", 10**6) < 10**6:
            yield "a" * (limits["max"] + 1)
        if limits.get("min", 0) > 1:
            yield "a" * (limits["min"] - 1)
        if limits.get("pattern") and not compiled(limits["pattern"]).fullmatch("\x01 \x02"):
            yield "\x01 \x02"
    else:
        yield from (limits[key] + step for key, step in (("max", 1), ("min", -1)) if key in limits)


def _within(shape: Shape) -> Iterator[Any]:
    limits = shape.metadata
    if limits.get("enum"):
        yield from limits["enum"]
    elif shape.type_name in {"list", "map"}:
        yield _counted(shape, limits.get("max") or limits.get("min", 1))
    elif shape.type_name == "string":
        yield from (text for text in SAMPLES if limits.get("min", 0) <= len(text) <= limits.get("max", 10**6))
    else:
        yield from (limits[key] for key in ("min", "max") if key in limits)


def _known(inputs: dict[str, Any], check: Check) -> bool:
    return not list(check.find(inputs, PLACE))


@pytest.mark.parametrize(("token", "path", "shape", "check"), CASES, ids=[case[3].id for case in CASES])
def test_a_models_constraint_is_kept(token: str, path: str, shape: Shape, check: Check) -> None:
    refused = [value for value in _beyond(shape) if not _known(_inputs(path, value), check)]
    assert refused == list(_beyond(shape))
    accepted = [value for value in _within(shape) if _known(_inputs(path, value), check)]
    assert accepted, f"{token} takes none of the samples for {path}: {check.limit}"
    assert root(path) in schema(token).inputs


def test_most_types_have_rules_of_the_model_and_all_patterns_can_be_read() -> None:
    assert len(CASES) > 250
    assert list(unreadable()) == []
    assert len({case[3].id for case in CASES}) == len(CASES)


def test_a_pattern_that_cannot_be_read_is_told_and_not_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    shape = shape_of("iam CreateRole.RoleName")
    monkeypatch.setitem(shape.metadata, "pattern", "[a-")
    checks, missing = checks_of("aws:iam/role:Role", Api("iam CreateRole", {"name": "RoleName"}))
    assert [row.what for row in missing] == ["name: pattern [a-"]
    assert "iam.Role.name" not in {check.id for check in checks}


@pytest.mark.parametrize(
    ("pattern", "taken", "refused"),
    [
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*", "a\U0001f600 b", "\x00"),
        (r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]+)$", "Größe 1", "a;b"),
        (r"\p{Print}+", "a b", "\x07"),
        (r"[\w+=,.@-]+", "role@x", "röle"),
        (r"\d{12}", "123456789012", "١٢٣٤٥٦٧٨٩٠١٢"),
        (r"(?!^[0-9]+$)([a-zA-Z0-9-_]+)", "1a", "12"),
    ],
)
def test_javas_patterns_mean_what_they_mean_there(pattern: str, taken: str, refused: str) -> None:
    assert compiled(pattern).fullmatch(taken)
    assert not compiled(pattern).fullmatch(refused)


def test_what_is_empty_is_not_given() -> None:
    """The provider's word for an optional text that a program leaves empty."""
    (check,) = (check for check in modelled("aws:lambda/function:Function") if check.id == "lambda.Function.kmsKeyArn")
    assert list(check.find({"kmsKeyArn": ""}, PLACE)) == []
