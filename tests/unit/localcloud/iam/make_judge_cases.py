"""Makes `judge_cases.json`: what an independent evaluator says of policies and requests. Run by hand.

The judge is `@cloud-copilot/iam-simulate` 0.1.173 (npm, Node 20). It is not needed to run the tests. To make the file
again, from the repository's root:

    mkdir -p $TMP/judge && cd $TMP/judge && npm init -y && npm install @cloud-copilot/iam-simulate@0.1.173; cd -
    python tests/unit/localcloud/iam/make_judge_cases.py $TMP/judge

The file holds pools and rows over them. `policies`: lists of statements (Version 2012-10-17); `requests`: `[principal,
action, resource, the resource's account, context]`; `rows`: `[identity policies, boundary, resource policy, session
policy, request, verdict]`, by index, -1 for none, the verdict 1 for allowed. The rows are the same at every run.
A request's context is what the judge let through (it drops keys that the
Service Authorization Reference does not give to the action).
"""

import itertools
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ACCOUNT, OTHER = "111122223333", "999988887777"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/s1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/reader"
USER = f"arn:aws:iam::{ACCOUNT}:user/anna"
SERVICE = "events.amazonaws.com"
TABLE = f"arn:aws:dynamodb:eu-central-1:{ACCOUNT}:table/orders"
KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1111-2222"
QUEUE = f"arn:aws:sqs:eu-central-1:{ACCOUNT}:orders"
TARGET = f"arn:aws:iam::{ACCOUNT}:role/target"
FUNCTION = f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:api:live"

type Row = list[Any]

CONTEXTS: list[dict[str, Any]] = [
    {},
    {"aws:username": "anna", "aws:SourceIp": "203.0.113.9", "aws:SecureTransport": "true"},
    {"aws:username": "Anna", "aws:SourceIp": "2001:db8::7", "aws:SecureTransport": "false"},
    {"aws:PrincipalTag/team": "red", "aws:MultiFactorAuthAge": "299", "aws:CurrentTime": "2026-03-01T12:00:00Z"},
    {"aws:PrincipalTag/team": "r*d", "aws:MultiFactorAuthAge": "300", "aws:CurrentTime": "2026-01-01T00:00:00Z"},
    {"dynamodb:LeadingKeys": ["red#1", "red#2"], "aws:PrincipalTag/team": "red", "dynamodb:Select": "COUNT"},
    {"dynamodb:LeadingKeys": ["red#1", "blue#2"], "aws:PrincipalTag/team": "red"},
    {"dynamodb:LeadingKeys": ["red#1"], "dynamodb:Attributes": ["id", "name"]},
    {"dynamodb:LeadingKeys": ["blue#9"], "dynamodb:Attributes": ["id"], "aws:MultiFactorAuthAge": "12.5"},
    {"aws:PrincipalArn": ROLE, "aws:SourceArn": f"arn:aws:events:eu-central-1:{ACCOUNT}:rule/nightly"},
    {"aws:PrincipalArn": USER, "aws:SourceArn": f"arn:aws:sns:eu-central-1:{ACCOUNT}:a:b:c"},
    {"aws:username": "a.na", "aws:PrincipalTag/team": "", "aws:SourceIp": "10.0.0.1", "aws:userid": "AIDA:anna"},
]

VALUES: dict[str, list[tuple[str, Any]]] = {
    "String": [
        ("aws:username", "anna"), ("aws:username", ["ben", "anna"]), ("aws:username", "a*"), ("aws:username", "ANNA"),
        ("aws:username", "a?na"), ("aws:PrincipalTag/team", "${aws:PrincipalTag/team}"), ("AWS:USERNAME", ["x", "a*a"]),
        ("aws:PrincipalTag/team", "r${*}d"), ("dynamodb:Select", "COUNT"), ("aws:userid", "*:${aws:username, 'anna'}"),
    ],
    "Set": [
        ("dynamodb:LeadingKeys", "red#*"), ("dynamodb:LeadingKeys", ["red#1", "red#2"]),
        ("dynamodb:LeadingKeys", "${aws:PrincipalTag/team}#*"), ("dynamodb:LeadingKeys", ["blue#2", "green"]),
        ("dynamodb:Attributes", ["id", "name", "mail"]), ("dynamodb:Attributes", "id"),
    ],
    "Arn": [
        ("aws:PrincipalArn", ROLE), ("aws:PrincipalArn", f"arn:aws:iam::{ACCOUNT}:role/*"),
        ("aws:PrincipalArn", f"arn:aws:iam::*:role/team/{'?' * 6}"), ("aws:SourceArn", "arn:aws:*:*:*:rule/*"),
        ("aws:SourceArn", f"arn:aws:sns:*:{ACCOUNT}:*"), ("aws:SourceArn", "arn:aws:sns:*:c"),
        ("aws:SourceArn", [USER, f"arn:aws:events:*:{ACCOUNT}:rule/n*"]),
    ],
    "Numeric": [("aws:MultiFactorAuthAge", "300"), ("aws:MultiFactorAuthAge", ["12.50", "299"])],
    "Date": [("aws:CurrentTime", "2026-01-01T00:00:00Z"), ("aws:CurrentTime", ["2026-03-01T13:00:00+01:00"])],
    "Ip": [
        ("aws:SourceIp", "203.0.113.0/24"), ("aws:SourceIp", ["2001:db8::/32", "10.0.0.0/8"]),
        ("aws:SourceIp", "203.0.113.9"),
    ],
    "Bool": [("aws:SecureTransport", "true"), ("aws:SecureTransport", ["false"]), ("aws:SecureTransport", False)],
    "Null": [("aws:username", "true"), ("dynamodb:LeadingKeys", "false"), ("aws:PrincipalTag/team", ["true"])],
}  # fmt: skip
OPERATORS = {
    "String": ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase",
               "StringNotEqualsIgnoreCase", "StringLikeIfExists", "StringNotEqualsIfExists"),
    "Set": ("ForAllValues:StringEquals", "ForAllValues:StringLike", "ForAllValues:StringNotEquals",
            "ForAllValues:StringNotLike", "ForAnyValue:StringEquals", "ForAnyValue:StringLike",
            "ForAnyValue:StringNotEquals", "ForAnyValue:StringNotLike", "StringLike", "StringNotLike"),
    "Arn": ("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "ArnLikeIfExists"),
    "Numeric": ("NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals",
                "NumericGreaterThan", "NumericGreaterThanEquals", "NumericLessThanIfExists"),
    "Date": ("DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan",
             "DateGreaterThanEquals"),
    "Ip": ("IpAddress", "NotIpAddress", "NotIpAddressIfExists"),
    "Bool": ("Bool", "BoolIfExists"),
    "Null": ("Null",),
}  # fmt: skip

ELEMENTS: list[dict[str, Any]] = [
    {"Action": "*", "Resource": "*"},
    {"Action": "dynamodb:*", "Resource": TABLE},
    {"Action": "DYNAMODB:getitem", "Resource": f"{TABLE}*"},
    {"Action": ["dynamodb:Get?tem", "s3:*"], "Resource": ["arn:aws:dynamodb:*:*:table/o*", "*"]},
    {"NotAction": "dynamodb:Put*", "Resource": TABLE},
    {"NotAction": ["dynamodb:GetItem", "kms:*"], "Resource": "*"},
    {"Action": "dynamodb:GetItem", "NotResource": TABLE},
    {"Action": "dynamodb:*Item", "NotResource": f"arn:aws:dynamodb:*:{ACCOUNT}:table/customers"},
    {"Action": "dynamodb:GetItem", "Resource": "arn:aws:dynamodb:eu-central-1:*:table/*/index/*"},
    {"Action": "dynamodb:*", "Resource": "arn:aws:dynamodb:*"},
    {"Action": "dynamodb:GetItem", "Resource": "arn:aws:dynamodb:eu-*-1:1111*:table/ord?rs"},
    {"Action": "dynamodb:GetItem", "Resource": f"arn:aws:dynamodb:eu-central-1:{ACCOUNT}:table/Orders"},
    {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/${aws:username}/*"},
    {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/${aws:PrincipalTag/team, 'none'}/*"},
    {"Action": "s3:*", "NotResource": "arn:aws:s3:::data/*.jpg"},
    {"Action": "s3:List*", "Resource": "*"},
    {"Action": "kms:Decrypt", "Resource": KEY},
    {"Action": "lambda:InvokeFunction", "Resource": [FUNCTION.removesuffix(":live"), f"{FUNCTION[:-5]}:*"]},
    {"Action": "sqs:SendMessage", "Resource": QUEUE},
    {"Action": "sts:AssumeRole", "Resource": TARGET},
    {"Action": "s3:PutObject", "Resource": f"arn:aws:s3:::data/{'${?}'}*"},
]

PRINCIPALS: list[Any] = [
    "*", {"AWS": "*"}, {"AWS": ACCOUNT}, {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, {"AWS": ROLE}, {"AWS": SESSION},
    {"AWS": [USER, OTHER]}, {"Service": SERVICE}, {"Service": ["lambda.amazonaws.com"]}, {"AWS": OTHER},
]  # fmt: skip
CALLS = [
    ("dynamodb:GetItem", TABLE, ACCOUNT),
    ("dynamodb:PutItem", f"arn:aws:dynamodb:eu-central-1:{ACCOUNT}:table/customers", ACCOUNT),
    ("dynamodb:Query", f"{TABLE}/index/by-date", ACCOUNT),
    ("s3:GetObject", "arn:aws:s3:::data/anna/a:b.jpg", ACCOUNT),
    ("s3:GetObject", "arn:aws:s3:::data/red/x", ACCOUNT),
    ("s3:PutObject", "arn:aws:s3:::data/?x", ACCOUNT),
    ("s3:ListAllMyBuckets", "*", ACCOUNT),
    ("kms:Decrypt", KEY, ACCOUNT),
    ("sqs:SendMessage", QUEUE, ACCOUNT),
    ("lambda:InvokeFunction", FUNCTION, ACCOUNT),
    ("sts:AssumeRole", TARGET, ACCOUNT),
    ("dynamodb:GetItem", TABLE.replace(ACCOUNT, OTHER), OTHER),
    ("s3:GetObject", "arn:aws:s3:::theirs/x", OTHER),
]
RESOURCE_CALLS = ("dynamodb:GetItem", "s3:GetObject", "kms:Decrypt", "sqs:SendMessage", "lambda:InvokeFunction",
                  "sts:AssumeRole")  # fmt: skip


class Pools:
    """The pools, and rows over them."""

    def __init__(self) -> None:
        self.policies: list[Any] = []
        self.requests: list[Any] = []
        self.rows: list[Row] = []

    def policy(self, *statements: dict[str, Any]) -> int:
        return _index(self.policies, list(statements))

    def request(self, principal: str, call: tuple[str, str, str], context: dict[str, Any]) -> int:
        action, resource, account = call
        return _index(self.requests, [principal, action, resource, account, context])

    def row(self, request: int, identity: list[int], boundary: int = -1, resource: int = -1, session: int = -1) -> None:
        row = [identity, boundary, resource, session, request]
        if row not in self.rows:
            self.rows.append(row)


def _index(pool: list[Any], item: Any) -> int:
    if item not in pool:
        pool.append(item)
    return pool.index(item)


def conditions(pools: Pools) -> None:
    """Every operator on every value, alone in an Allow, against every context."""
    for family, operators in OPERATORS.items():
        for operator, (key, value) in itertools.product(operators, VALUES[family]):
            statement = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}
            policy = pools.policy(statement | {"Condition": {operator: {key: value}}})
            relevant = [context for context in CONTEXTS if key.lower() in {name.lower() for name in context}]
            for context in [*relevant, {}]:
                pools.row(pools.request(USER, CALLS[0], context), [policy])


def elements(pools: Pools) -> None:
    """Every Action and Resource pattern against every call: as an Allow, and as a Deny beside an Allow of all."""
    everything = pools.policy({"Effect": "Allow", "Action": "*", "Resource": "*"})
    identity_decides = [call for call in CALLS if call[0] != "sts:AssumeRole" and call[2] == ACCOUNT]
    for element, call in itertools.product(ELEMENTS, identity_decides):
        request = pools.request(USER, call, CONTEXTS[1] | {"aws:PrincipalTag/team": "red"})
        pools.row(request, [pools.policy({"Effect": "Allow", **element})])
        pools.row(request, [everything, pools.policy({"Effect": "Deny", **element})])


def layers(pools: Pools, chance: random.Random) -> None:
    """Identity, boundary, session and resource policies together, for every kind of caller."""
    callers = [SESSION, USER, SERVICE]
    for _ in range(400):
        call = chance.choice([one for one in CALLS if one[0] in RESOURCE_CALLS])
        caller = chance.choice(callers)
        request = pools.request(caller, call, chance.choice([{}, CONTEXTS[1], CONTEXTS[9]]))
        identity = [_some(pools, chance, call) for _ in range(chance.randrange(3))] if caller != SERVICE else []
        boundary = _some(pools, chance, call) if caller != SERVICE and chance.random() < 0.4 else -1
        session = _some(pools, chance, call) if caller == SESSION and chance.random() < 0.3 else -1
        # Every role has a trust policy; the judge would let an absent one pass.
        bare = call[0] != "sts:AssumeRole" and chance.random() < 0.2
        resource = -1 if bare else _of_resource(pools, chance, call)
        pools.row(request, identity, boundary, resource, session)


def _some(pools: Pools, chance: random.Random, call: tuple[str, str, str]) -> int:
    service = call[0].partition(":")[0]
    fitting = [one for one in ELEMENTS if any(a.lower().startswith((service, "*")) for a in _listed(one))]
    effect = "Allow" if chance.random() < 0.85 else "Deny"
    return pools.policy({"Effect": effect, **chance.choice(fitting)})


def _listed(element: dict[str, Any]) -> list[str]:
    given: str | list[str] = element.get("Action") or element["NotAction"]
    return given if isinstance(given, list) else [given]


def _of_resource(pools: Pools, chance: random.Random, call: tuple[str, str, str]) -> int:
    action, resource, _ = call
    statements = []
    for _ in range(chance.choice([1, 1, 2])):
        statement: dict[str, Any] = {
            "Effect": "Allow" if chance.random() < 0.85 else "Deny",
            "Principal": chance.choice(PRINCIPALS),
            "Action": chance.choice([action, f"{action.partition(':')[0]}:*"]) if "sts" not in action else action,
        }
        if "sts" not in action:
            statement["Resource"] = chance.choice([resource, "*"])
        if chance.random() < 0.3:
            condition = chance.choice(
                [{"ArnLike": {"aws:PrincipalArn": ROLE}}, {"Bool": {"aws:SecureTransport": "true"}}]
            )
            statement["Condition"] = condition
        statements.append(statement)
    return pools.policy(*statements)


DRIVER = """
import { runSimulation } from '@cloud-copilot/iam-simulate'
import { readFileSync, writeFileSync } from 'node:fs'
const { policies, requests, rows } = JSON.parse(readFileSync(process.argv[2]))
const policy = (index) => ({ Version: '2012-10-17', Statement: policies[index] })
const named = (index) => ({ name: String(index), policy: policy(index) })
const verdicts = []
for (const [identity, boundary, resource, session, number] of rows) {
  const [principal, action, arn, accountId, contextVariables] = requests[number]
  const found = await runSimulation({
    request: { principal, action, resource: { resource: arn, accountId }, contextVariables },
    identityPolicies: identity.map(named),
    permissionBoundaryPolicies: boundary < 0 ? undefined : [named(boundary)],
    resourcePolicy: resource < 0 ? undefined : policy(resource),
    sessionPolicy: session < 0 ? undefined : policy(session),
    serviceControlPolicies: [], resourceControlPolicies: [],
  }, {})
  verdicts.push(found.resultType === 'error'
    ? { error: JSON.stringify(found.errors) }
    : { verdict: found.overallResult, ignored: found.result?.ignoredContextKeys ?? [] })
}
writeFileSync(process.argv[3], JSON.stringify(verdicts))
"""


def judged(pools: Pools, judge: Path) -> list[dict[str, Any]]:
    """What the judge says of each row."""
    (judge / "driver.mjs").write_text(DRIVER)
    (judge / "in.json").write_text(json.dumps(vars(pools)))
    subprocess.run(["node", "driver.mjs", "in.json", "out.json"], cwd=judge, check=True)
    verdicts: list[dict[str, Any]] = json.loads((judge / "out.json").read_text())
    return verdicts


def main() -> None:
    """Write the corpus beside this file."""
    pools = Pools()
    conditions(pools)
    elements(pools)
    layers(pools, random.Random(4))
    verdicts = judged(pools, Path(sys.argv[1]))
    errors = {verdict["error"] for verdict in verdicts if "error" in verdict}
    sys.stderr.write("".join(f"not judged: {error}\n" for error in sorted(errors)))
    rows = []
    for row, verdict in zip(pools.rows, verdicts, strict=True):
        if "error" not in verdict:
            context = pools.requests[row[4]][4]
            pools.requests[row[4]][4] = {key: value for key, value in context.items() if key not in verdict["ignored"]}
            rows.append([*row, int(verdict["verdict"] == "Allowed")])
    corpus = {"policies": pools.policies, "requests": pools.requests, "rows": rows}
    (HERE / "judge_cases.json").write_text(json.dumps(corpus, separators=(",", ":")) + "\n")
    sys.stderr.write(f"{len(rows)} cases, {sum(row[-1] for row in rows)} allowed\n")


if __name__ == "__main__":
    main()
