"""Our verdicts against an independent evaluator's, as `make_judge_cases.py` recorded them."""

import json
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from localcloud.iam.evaluate import Policies, Trust
from localcloud.iam.request import Principal, Request
from tests.unit.localcloud.iam.asking import ACCOUNT, SESSION, context, decide, policy

type Case = tuple[str, Request]  # what its policies say, as JSON; and the request


@cache
def _corpus() -> dict[str, Any]:
    corpus: dict[str, Any] = json.loads((Path(__file__).parent / "judge_cases.json").read_text())
    return corpus


def _principal(arn: str) -> Principal:
    if arn == SESSION.arn:
        return SESSION
    return Principal(arn, "", "service") if arn.endswith(".amazonaws.com") else Principal(arn, ACCOUNT, "user")


def _trust(action: str, account: str) -> Trust:
    if account != ACCOUNT:
        return "both"
    return "resource-only" if action in {"kms:Decrypt", "sts:AssumeRole"} else "identity-or-resource"


def _literal_star(case: Case) -> bool:
    return "${*}" in case[0] and "Like" not in case[0]


def _valueless_variable(case: Case) -> bool:
    return "Not" in case[0] and "${" in case[0] and "aws:principaltag/team" not in case[1].context


def _bare_address(case: Case) -> bool:
    return '"203.0.113.9"' in case[0] and "NotIpAddress" in case[0] and ":" in case[1].context["aws:sourceip"][0]


DISAGREEMENTS: dict[str, tuple[Callable[[Case], bool], int]] = {
    # "These predefined policy variables can be used in any string where you can use regular policy variables."
    "the judge compares ${*} in StringEquals with the three characters, AWS with a star": (_literal_star, 5),
    # "Inverse condition operators do match against a null value" (IAM policy elements: variables with no value).
    "the judge lets a negated operator fail on a variable without a value": (_valueless_variable, 8),
    "the judge lets no IPv6 address differ from a single IPv4 address": (_bare_address, 2),
}


def test_every_recorded_verdict_is_ours_but_for_the_judges_known_errors():
    corpus, found = _corpus(), Counter[str]()
    for *chosen, number, verdict in corpus["rows"]:
        identity, boundary, resource, session = chosen
        read = {
            index: policy(*corpus["policies"][index])
            for index in [*identity, boundary, resource, session]
            if index >= 0
        }
        arn, action, on, account, given = corpus["requests"][number]
        asked = Request(_principal(arn), action, on, context(given))
        policies = Policies(
            identity=tuple(read[index] for index in identity),
            boundary=read.get(boundary),
            resource=read.get(resource),
            session=(read[session],) if session in read else (),
        )
        if decide(asked, policies, _trust(action, account)).allowed == bool(verdict):
            continue
        said = json.dumps([corpus["policies"][index] for index in read])
        known = [why for why, (applies, _) in DISAGREEMENTS.items() if applies((said, asked))]
        assert len(known) == 1, (asked, said, f"judge: {verdict}", known)
        found[known[0]] += 1
    assert found == Counter({why: count for why, (_, count) in DISAGREEMENTS.items()})


def test_the_corpus_has_both_verdicts_for_every_kind_of_caller():
    corpus = _corpus()
    seen = {(_principal(corpus["requests"][row[4]][0]).kind, row[5]) for row in corpus["rows"]}
    assert seen == {(kind, verdict) for kind in ("role", "user", "service") for verdict in (0, 1)}
