"""Mistakes in IAM policies, trust and resource policies."""
# ruff: noqa: E501 - a table: one mistake a line

from tests.infra.seeded import edits
from tests.infra.seeded.seed import Change, GateName, Seed, resources
from tests.infra.seeded.world import Edit

_ACCOUNT = "777788889999"
_GRANT = "api-api-policy-write-products"
_TABLE = f"arn:aws:dynamodb:eu-central-1:{_ACCOUNT}:table/omnix-ai-prod"
_ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"


def _seed(
    name: str,
    edit: Edit,
    rule: str,
    says: str,
    names: str = _GRANT,
    gate: GateName = "policy",
    given: Change | None = None,
) -> Seed:
    return Seed(name, "prod", resources(edit), gate, rule, names, says, given)


def _refused(
    name: str, edit: Edit, says: str, names: str = _GRANT, rule: str = "iam.RolePolicy.policy-document"
) -> Seed:
    return _seed(name, edit, rule, says, names, "refusal")


_GITHUB = f"arn:aws:iam::{_ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
_TOKEN = "token.actions.githubusercontent.com"
_PREVIEW = resources(
    edits.again("api-api-role", "preview-role", name="omnix-ai-prod-preview-eu-central-1"),
    edits.statement(
        "preview-role",
        "AssumeRole",
        Action=["sts:AssumeRoleWithWebIdentity"],
        Principal={"Federated": [_GITHUB]},
        Condition={"StringEquals": {f"{_TOKEN}:aud": ["sts.amazonaws.com"], f"{_TOKEN}:sub": ["repo:omnix/platform:environment:preview"]}},
    ),
)  # fmt: skip

SEEDS = (
    _seed("every DynamoDB action instead of four", edits.statement(_GRANT, "Items", Action=["dynamodb:*"]), "no-wildcard-action", "list the actions"),
    _seed("one prefix too many: dynamodb:Delete*, the table's deletion included", edits.statement(_GRANT, "Items", Action=["dynamodb:GetItem", "dynamodb:Delete*"]), "no-wildcard-action", "list the actions"),
    _seed("a grant on every table of the account", edits.statement(_GRANT, "Items", Resource=[_TABLE.replace("omnix-ai-prod", "*")]), "no-wildcard-resource", "name the ARN"),
    _seed("a grant on every secret", edits.allowing("api-auth-policy-read-jwt-secret", Sid="All", Action=["secretsmanager:GetSecretValue"], Resource=["*"]), "no-wildcard-resource", "name the ARN", "api-auth-policy-read-jwt-secret"),
    _seed("everything but IAM, by NotAction", edits.allowing(_GRANT, Sid="Rest", NotAction=["iam:*"], Resource=[f"{_TABLE}-products"]), "no-inverted-allow", "list what is allowed"),
    _seed("any role passed to any service", edits.allowing(_GRANT, Sid="Pass", Action=["iam:PassRole"], Resource=[f"arn:aws:iam::{_ACCOUNT}:role/omnix-ai-prod-backup-eu-central-1"]), "pass-role-confined", "iam:PassedToService"),
    _seed("a grant on staging's table, copied from there", edits.statement(_GRANT, "Items", Resource=[_TABLE.replace("prod", "staging") + "-products"]), "no-other-environment", "name what belongs to this environment"),
    _seed("a grant on a table of another account", edits.statement(_GRANT, "Items", Resource=[_TABLE.replace(_ACCOUNT, "444455556666") + "-products"]), "no-other-account", "use the stack's own account"),
    _seed("AdministratorAccess to get the release out", edits.put("security-apigateway-logs-policy", "policyArn", "arn:aws:iam::aws:policy/AdministratorAccess"), "managed-policy-narrow", "write the grant", "security-apigateway-logs-policy"),
    _seed("a role that everyone may assume", edits.statement("api-api-role", "AssumeRole", Principal="*"), "principal-known", "name a role of this account", "api-api-role"),
    _seed("a role that a contractor's account may assume", edits.statement("api-api-role", "AssumeRole", Principal={"AWS": ["arn:aws:iam::123456789012:root"]}), "principal-known", "policy/trusted_accounts.yaml", "api-api-role"),
    # "OIDC misconfiguration": any workflow of any GitHub user could take the role.
    _seed("GitHub trusted without a repository", edits.statement("preview-role", "AssumeRole", Condition={"StringEquals": {f"{_TOKEN}:aud": ["sts.amazonaws.com"]}}), "federated-trust-confined", ":sub", "preview-role", given=_PREVIEW),
    _seed("GitHub trusted with a wildcard for the repository", edits.statement("preview-role", "AssumeRole", Condition={"StringEquals": {f"{_TOKEN}:aud": ["sts.amazonaws.com"]}, "StringLike": {f"{_TOKEN}:sub": ["repo:*"]}}), "federated-trust-confined", ":sub", "preview-role", given=_PREVIEW),
    _seed("an access key for the pipeline", edits.add("aws:iam/accessKey:AccessKey", "ci-key", {"user": "ci"}), "no-long-lived-credential", "use a role", "ci-key"),
    _seed("a topic that any account's alarms may publish to", edits.statement("monitoring-topic", "AlarmsPublish", Condition=None), "service-principal-confined", "aws:SourceAccount", "monitoring-topic"),
    _seed("a bucket policy that lets everyone read", edits.allowing("delivery-artefacts-policy", Sid="Read", Principal="*", Action=["s3:GetObject"], Resource=[f"arn:aws:s3:::omnix-ai-prod-artefacts-{_ACCOUNT}-eu-central-1/*"]), "principal-known", "name a role of this account", "delivery-artefacts-policy"),
    _seed("a key that every account may decrypt with", edits.allowing("security-key", Sid="Use", Principal={"AWS": ["*"]}, Action=["kms:Decrypt"], Resource=["*"]), "principal-known", "name a role of this account", "security-key"),
    _seed("a function that everyone may invoke", edits.put("api-permission-api", "principal", "*"), "function-permission-confined", "set sourceArn", "api-permission-api"),
    _seed("a permission for any account's API Gateway", edits.drop("api-permission-api", "sourceArn"), "function-permission-confined", "set sourceArn", "api-permission-api"),
    _refused("a policy with a misspelt element", edits.document(_GRANT, lambda p: p["Statement"][0].update(Efect=p["Statement"][0].pop("Effect"))), "Efect"),
    _refused("a condition operator that IAM does not know", edits.statement(_GRANT, "Items", Condition={"StringEqual": {"dynamodb:LeadingKeys": ["TENANT#1"]}}), "StringEqual"),
    _refused("a policy of the version of today", edits.document(_GRANT, lambda p: p.update(Version="2026-01-01")), "2012-10-17"),
    _refused("a principal in an identity policy", edits.document(_GRANT, lambda p: [s.update(Principal={"AWS": ["*"]}) for s in p["Statement"]]), "should not specify a principal"),
    _refused("an action without its service", edits.statement(_GRANT, "Items", Action=["GetItem"]), "GetItem"),
    _refused("two statements of one Sid", edits.allowing(_GRANT, Sid="Items", Action=["dynamodb:Query"], Resource=[f"{_TABLE}-products"]), "Items"),
    _refused("a policy longer than a role takes", edits.allowing(_GRANT, Sid="Many", Action=["dynamodb:Query"], Resource=[f"{_TABLE}-products/index/gsi{n}" for n in range(200)]), "10,240"),
    _refused("a policy that is no JSON", edits.put(_GRANT, "policy", "{'Version': '2012-10-17'}"), "not"),
    # "KMS key that nobody can administer any more": only AWS Support gets it back.
    _seed("a key whose policy forgets the account itself", edits.document("security-key", lambda p: p.update(Statement=[s for s in p["Statement"] if s.get("Sid") != "AccountUsesIam"])), "kms.Key.lockout", "root", "security-key", "refusal"),
    Seed("the auth function's password hashes opened to the api function", "prod", resources(edits.statement("api-api-policy-write-sessions", "Items", Condition=None)), "test", "test_api_stack:test_only_auth_sees_credentials_and_refresh_families", "", "credentials"),
    Seed("a scan, to list the products quickly", "prod", resources(edits.statement(_GRANT, "Items", Action=["dynamodb:GetItem", "dynamodb:Scan"])), "test", "test_functions:test_no_role_may_scan_or_act_on_everything", "", "Scan"),
)  # fmt: skip
