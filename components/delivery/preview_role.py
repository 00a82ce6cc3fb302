"""`PreviewRole`: what a pull request's workflow may read to say what it would change, and whom AWS believes to be one.

Who can push a branch to the repository can run any code with this role: it reads definitions, never data, and writes
nothing. Pulumi's S3 backend takes no lock for a preview and writes no state (pulumi 3.250, `pkg/backend/diy`:
`Preview` and a `refresh --preview-only` apply without `Lock`), so that not even a lock file needs a permission.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.config import Preview
from components.delivery.preview_reads import ISSUER, Known, provider_arn, reads
from components.iam import Conditions, Statement, policy_json
from components.naming import PROJECT, Names
from components.recovery import Recovery
from components.tags import component_tags

_TAGS = component_tags("DeliveryStack")

AUDIENCE = "sts.amazonaws.com"
SESSION_SECONDS = 3600

# The data of every service that the environment keeps any in.
DATA_ACTIONS: Sequence[str] = (
    "dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem", "dynamodb:ExportTableToPointInTime", "dynamodb:GetItem",
    "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:PartiQLSelect", "dynamodb:Query", "dynamodb:Scan",
    "logs:FilterLogEvents", "logs:GetLogEvents", "logs:GetLogRecord", "logs:GetQueryResults", "logs:StartLiveTail",
    "logs:StartQuery", "logs:Unmask", "secretsmanager:BatchGetSecretValue", "secretsmanager:GetSecretValue",
)  # fmt: skip
KEY_ACTIONS: Sequence[str] = ("kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")


@dataclass(frozen=True)
class PreviewRoleArgs:
    """The keys, `rest_api_id` and `backup_plan_id`: what is read and has no name of its own."""

    names: Names
    preview: Preview
    account_baseline: bool
    recovery: Recovery | None
    key_arn: pulumi.Input[str]
    rest_api_id: pulumi.Input[str]
    backup_plan_id: pulumi.Input[str]


class PreviewRole(pulumi.ComponentResource):
    """A read-only role for pull requests of one GitHub repository.

    Makes: `aws:iam:Role` and three `aws:iam:RolePolicy` (the state, definitions, no data); with the account baseline,
    and unless the account has it already, `aws:iam:OpenIdConnectProvider` for GitHub's workflows.
    """

    role_arn: pulumi.Output[str]

    def __init__(self, name: str, args: PreviewRoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("omnix:components:PreviewRole", name, None, opts)
        self._name, self._args = name, args
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            f"{name}-role",
            name=args.names.role("preview"),
            description=f"Pull requests of {args.preview.repository} preview {args.names.prefix}; reads, and no data",
            assume_role_policy=policy_json(pull_requests(args.names, args.preview.repository)),
            max_session_duration=SESSION_SECONDS,
            tags=_TAGS,
            # IAM refuses a trust in an identity provider that is not there.
            opts=pulumi.ResourceOptions(parent=self, depends_on=self._identity_provider()),
        )
        known = Known(args.names, args.recovery, args.key_arn, args.rest_api_id, args.backup_plan_id)
        for policy, statements in {
            "state": state_statements(args.names, args.preview),
            "definitions": [read.statement() for read in reads(known)],
            "no-data": denials(args.names, args.preview),
        }.items():
            aws.iam.RolePolicy(
                f"{name}-policy-{policy}", name=policy, role=role.name, policy=policy_json(*statements), opts=child
            )
        self.role_arn = role.arn
        self.register_outputs({"roleArn": self.role_arn})

    def _identity_provider(self) -> list[pulumi.Resource]:
        """One an account, like the baseline that it belongs to; the other stacks of the account name its ARN."""
        args = self._args
        if not args.account_baseline or args.preview.existing_provider:
            return []
        # No thumbprint: IAM verifies GitHub's certificate by its own trusted authorities.
        provider = aws.iam.OpenIdConnectProvider(
            f"{self._name}-github",
            url=f"https://{ISSUER}",
            client_id_lists=[AUDIENCE],
            tags=_TAGS,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return [provider]


def pull_requests(names: Names, repository: str) -> Statement:
    """Workflows that a pull request of exactly `repository` starts, and no other: no branch, no environment, no fork.

    Both claims by StringEquals: a pattern over `sub` lets similar names in, and without `aud` a token that was made
    for someone else would do. A job with an `environment` comes with another subject, and is refused. A fork's run
    gets no token at all.
    """
    claims: Conditions = {
        "StringEquals": {f"{ISSUER}:aud": [AUDIENCE], f"{ISSUER}:sub": [f"repo:{repository}:pull_request"]}
    }
    return Statement(
        "AssumeRole",
        ["sts:AssumeRoleWithWebIdentity"],
        conditions=claims,
        principals={"Federated": [provider_arn(names)]},
    )


def _state_keys(names: Names) -> list[str]:
    """What the S3 backend reads: its own version, and this stack's state and tags, compressed or not."""
    stack = f".pulumi/stacks/{PROJECT}/{names.environment}"
    return [".pulumi/meta.yaml", f"{stack}.json", f"{stack}.json.gz", f"{stack}.json.zst", f"{stack}.pulumi-tags"]


def state_objects(names: Names, preview: Preview) -> list[str]:
    """ARNs of what the S3 backend reads."""
    return [f"arn:aws:s3:::{preview.state_bucket}/{key}" for key in _state_keys(names)]


def state_statements(names: Names, preview: Preview) -> list[Statement]:
    """Read this stack's state and decrypt its secrets. No write: a preview neither locks nor saves.

    An object that is not there (only `pulumi stack tag set` writes a tags file) is NoSuchKey to who may list it, and
    AccessDenied, which ends the preview, to everyone else: S3 asks for s3:ListBucket with the object's key as prefix.
    """
    # What the backend lists: stacks of the old layout, the project's, and the variants of this stack's file.
    prefixes = [".pulumi/stacks/", f".pulumi/stacks/{PROJECT}/", *_state_keys(names)]
    return [
        Statement(
            "ListStacks",
            ["s3:ListBucket"],
            [f"arn:aws:s3:::{preview.state_bucket}"],
            {"StringEquals": {"s3:prefix": prefixes}},
        ),
        Statement("ReadState", ["s3:GetObject"], state_objects(names, preview)),
        Statement("DecryptState", ["kms:Decrypt"], [preview.state_key_arn]),
    ]


def denials(names: Names, preview: Preview) -> list[Statement]:
    """What stays refused whatever is attached to the role later: data, secrets, and every key but the state's."""
    api = f"arn:aws:apigateway:{names.region}::"
    return [
        Statement("NoData", DATA_ACTIONS, ["*"], effect="Deny"),
        Statement(
            "NoObjects",
            ["s3:GetObject", "s3:GetObjectTorrent", "s3:GetObjectVersion"],
            effect="Deny",
            not_resources=state_objects(names, preview),
        ),
        Statement("NoOtherKey", KEY_ACTIONS, effect="Deny", not_resources=[preview.state_key_arn]),
        Statement(
            "NoApiKeys", ["apigateway:GET"], [f"{api}/apikeys", f"{api}/apikeys/*", f"{api}/usageplans/*/keys*"],
            effect="Deny",
        ),
    ]  # fmt: skip
