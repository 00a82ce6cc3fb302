"""`SecurityStack`: the key, the three secrets and the account baseline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from components.iam import policy_json, trust
from components.lifecycle import Protection, stateful
from components.naming import Names
from components.recovery import Recovery
from components.security.key import Key, key_policy, recovery_key_policy
from components.security.secret import Secret
from components.security.secrets import DESCRIPTIONS, SECRET_NAMES, SecretName
from components.tags import component_tags

_TAGS = component_tags("SecurityStack")
_LOG_POLICY = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"


@dataclass(frozen=True)
class SecurityStackArgs:
    """`adopt`: import ids by `key`, `dr-key` and `secrets/{name}`. `account_baseline`: this stack owns the account's.

    `dr_region`: where backups and files are copied to, under a key of that region; None where there is none.
    `reports`, `machine`: whether AWS Backup's reports and a state machine's log come under the key.
    """

    names: Names
    dr_region: str | None
    protection: Protection
    secret_recovery_days: int
    account_baseline: bool
    adopt: Mapping[str, str] = field(default_factory=dict)
    reports: bool = False
    machine: bool = False


class SecurityStack(pulumi.ComponentResource):
    """Keys and secrets, on which everything else stands.

    Makes: `aws:kms:Key` and `aws:kms:Alias`, the same in the recovery region, if any; one `aws:secretsmanager:Secret`
    each for JWT_SECRET, JWT_REFRESH_SECRET and API_KEY_1, without a value (`SecretRotation` has the first one written,
    outside state). With the account baseline: `aws:iam:Role`, `aws:iam:RolePolicyAttachment` and
    `aws:apigateway:Account`, the role with which API Gateway writes logs, and in both regions
    `aws:backup:RegionSettings`.
    """

    key: Key
    recovery: Recovery | None
    secrets: Mapping[SecretName, Secret]
    baseline: Sequence[pulumi.Resource]  # what a REST stage with logs must wait for; empty without baseline
    backup_settings: Sequence[pulumi.Resource]  # what plans with copies and cold storage wait for; empty without

    def __init__(self, name: str, args: SecurityStackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("omnix:components:SecurityStack", name, None, opts)
        self._name, self._args = name, args
        self.key = self._key()
        self.recovery = self._recovery(args.dr_region) if args.dr_region else None
        self.secrets = {secret: self._secret(secret) for secret in SECRET_NAMES}
        self.baseline = self._account_baseline() if args.account_baseline else ()
        self.backup_settings = self._backup_settings() if args.account_baseline else ()
        self.register_outputs(
            {
                "keyArn": self.key.arn,
                "drKeyArn": self.recovery.key_arn if self.recovery else None,
                "secrets": {secret: handle.arn for secret, handle in self.secrets.items()},
            }
        )

    def _key(self) -> Key:
        args = self._args
        key = aws.kms.Key(
            f"{self._name}-key",
            description=f"Data, secrets, logs and topics of {args.names.prefix}",
            policy=policy_json(*key_policy(args.names, reports=args.reports, machine=args.machine)),
            enable_key_rotation=True,
            deletion_window_in_days=30 if args.protection.retain else 7,
            tags=_TAGS,
            opts=stateful(self, protection=args.protection, adopt=args.adopt.get("key")),
        )
        alias = aws.kms.Alias(
            f"{self._name}-key-alias",
            name=args.names.key_alias("platform"),
            target_key_id=key.key_id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return Key(key.arn, key.key_id, alias.name)

    def _recovery(self, region: str) -> Recovery:
        """A key of the recovery region: not a replica of the home key, whose loss or misuse would then reach both."""
        args = self._args
        key = aws.kms.Key(
            f"{self._name}-dr-key",
            region=region,
            description=f"Copies of backups and files of {args.names.prefix}",
            policy=policy_json(*recovery_key_policy(args.names.in_region(region))),
            enable_key_rotation=True,
            deletion_window_in_days=30 if args.protection.retain else 7,
            tags=_TAGS,
            opts=stateful(self, protection=args.protection, adopt=args.adopt.get("dr-key")),
        )
        aws.kms.Alias(
            f"{self._name}-dr-key-alias",
            region=region,
            name=args.names.key_alias("dr"),
            target_key_id=key.key_id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return Recovery(region, key.arn)

    def _secret(self, secret: SecretName) -> Secret:
        args = self._args
        resource = aws.secretsmanager.Secret(
            f"{self._name}-secret-{secret}",
            name=args.names.secret(secret),
            description=DESCRIPTIONS[secret],
            kms_key_id=self.key.arn,
            recovery_window_in_days=args.secret_recovery_days,
            tags=_TAGS,
            opts=stateful(self, protection=args.protection, adopt=args.adopt.get(f"secrets/{secret}")),
        )
        return Secret(secret, resource.arn, self.key.arn, args.names.region)

    def _account_baseline(self) -> Sequence[pulumi.Resource]:
        """API Gateway's log role: one setting per account and region, without which no stage may log.

        In a shared account its owner is deployed first and destroyed last: the provider's delete clears the setting
        for every API of the region.
        """
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            f"{self._name}-apigateway-logs-role",
            name=self._args.names.role("apigateway-logs"),
            description="API Gateway writes its execution and access logs with this role",
            assume_role_policy=policy_json(trust("apigateway.amazonaws.com")),
            tags=_TAGS,
            opts=child,
        )
        attachment = aws.iam.RolePolicyAttachment(
            f"{self._name}-apigateway-logs-policy", role=role.name, policy_arn=_LOG_POLICY, opts=child
        )
        account = aws.apigateway.Account(
            f"{self._name}-apigateway-account",
            cloudwatch_role_arn=role.arn,
            # API Gateway refuses a role that cannot write logs yet.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[attachment]),
        )
        return (account,)

    def _backup_settings(self) -> Sequence[pulumi.Resource]:
        """DynamoDB is backed up, and by AWS Backup itself: cold storage, copies to the other region, and their own key.

        One setting an account and region, neither adopted nor deleted: AWS changes the types that are named and leaves
        all others as the account has them, and the provider's delete does nothing. It reads all types back, though,
        and would show the unnamed ones as a change for ever; hence ignored once set.
        """
        regions: dict[str, str | None] = {"backup-settings": None}
        if self._args.dr_region:
            regions["backup-settings-dr"] = self._args.dr_region
        return [
            aws.backup.RegionSettings(
                f"{self._name}-{name}",
                region=region,
                resource_type_opt_in_preference={"DynamoDB": True},
                resource_type_management_preference={"DynamoDB": True},
                opts=pulumi.ResourceOptions(
                    parent=self,
                    ignore_changes=["resourceTypeOptInPreference", "resourceTypeManagementPreference"],
                ),
            )
            for name, region in regions.items()
        ]
