"""Mistakes that open something to the internet, or leave data in clear."""
# ruff: noqa: E501 - a table: one mistake a line

from tests.infra.seeded import edits
from tests.infra.seeded.seed import Change, GateName, Seed, resources
from tests.infra.seeded.world import Edit

_ACCOUNT = "777788889999"
_SOCKET = "aws:apigatewayv2/route:Route"


def _seed(
    name: str, edit: Edit, rule: str, names: str, says: str, gate: GateName = "policy", given: Change | None = None
) -> Seed:
    return Seed(name, "prod", resources(edit), gate, rule, names, says, given)


_WALL = resources(
    edits.add(
        "aws:wafv2/webAcl:WebAcl",
        "wall",
        {
            "name": "omnix-ai-prod-wall",
            "scope": "REGIONAL",
            "defaultAction": {"allow": {}},
            "tags": {"Component": "SecurityStack"},
            "visibilityConfig": {"cloudwatchMetricsEnabled": True, "metricName": "wall", "sampledRequestsEnabled": True},
            "rules": [
                {
                    "name": "rate",
                    "priority": 1,
                    "action": {"block": {}},
                    "statement": {"rateBasedStatement": {"limit": 2000, "aggregateKeyType": "IP"}},
                    "visibilityConfig": {"cloudwatchMetricsEnabled": True, "metricName": "rate", "sampledRequestsEnabled": True},
                }
            ],
        },
    )
)  # fmt: skip

SEEDS = (
    _seed("a bucket whose policy may be public", edits.put("delivery-artefacts-public-access", "blockPublicPolicy", False), "public-access-block-complete", "delivery-artefacts-public-access", "set all four settings"),
    _seed("a bucket without its public access block", edits.without("delivery-artefacts-public-access"), "bucket-public-access-blocked", "delivery-artefacts", "add a BucketPublicAccessBlock"),
    _seed("a bucket that takes plain http", edits.without("delivery-artefacts-policy"), "bucket-tls", "delivery-artefacts", "aws:SecureTransport"),
    _seed("a function URL without authentication, for a quick test", edits.add("aws:lambda/functionUrl:FunctionUrl", "test-url", {"functionName": "omnix-ai-prod-api", "authorizationType": "NONE"}), "function-url-authenticated", "test-url", "authorizationType AWS_IAM"),
    _seed("a method resource without an authorizer beside the contract", edits.add("aws:apigateway/method:Method", "debug-method", {"restApi": "api-rest-api-id", "resourceId": "r", "httpMethod": "GET", "authorization": "NONE"}), "method-authorised", "debug-method", "set authorization"),
    _seed("a socket that anyone may open", edits.add(_SOCKET, "connect", {"apiId": "socket-id", "routeKey": "$connect", "authorizationType": "NONE"}), "route-authorised", "connect", "authorizationType CUSTOM"),
    _seed("request bodies in the execution log", edits.put("api-method-settings", "settings.dataTraceEnabled", True), "no-request-data-in-logs", "api-method-settings", "dataTraceEnabled: false"),
    _seed("an API without a throttle", edits.drop("api-method-settings", "settings.throttlingRateLimit"), "stage-throttled", "api-stage", "throttlingRateLimit"),
    _seed("a usage plan without limits", edits.drop("api-usage-plan", "throttleSettings"), "usage-plan-throttled", "api-usage-plan", "throttleSettings"),
    _seed("a table under the key that AWS owns", edits.put("data-table-orders", "serverSideEncryption", {"enabled": False}), "table-customer-key", "data-table-orders", "the environment's key"),
    _seed("a log group in clear", edits.drop("api-api-logs", "kmsKeyId"), "log-group-customer-key", "api-api-logs", "set kmsKeyId"),
    # An AWS-managed key's policy cannot be changed: CloudWatch could not publish, and every alarm would be lost.
    _seed("the alarm topic under AWS's own key", edits.put("monitoring-topic", "kmsMasterKeyId", "alias/aws/sns"), "topic-customer-key", "monitoring-topic", "the environment's key"),
    _seed("a secret under the account's default key", edits.drop("security-secret-JWT_SECRET", "kmsKeyId"), "secret-customer-key", "security-secret-JWT_SECRET", "set kmsKeyId"),
    _seed("a SecureString under AWS's key", edits.put("api-parameter-usage-key", "keyId", "alias/aws/ssm"), "parameter-customer-key", "api-parameter-usage-key", "set keyId"),
    _seed("a bucket under S3's own key", edits.put("delivery-artefacts-encryption", "rules.0.applyServerSideEncryptionByDefault", {"sseAlgorithm": "AES256"}), "bucket-customer-key", "delivery-artefacts", "sseAlgorithm aws:kms"),
    _seed("function variables under AWS's key", edits.drop("api-api-function", "kmsKeyArn"), "function-environment-customer-key", "api-api-function", "set kmsKeyArn"),
    _seed("a vault under AWS's key", edits.drop("backup-vault", "kmsKeyArn"), "vault-customer-key", "backup-vault", "set kmsKeyArn"),
    _seed("an alarm topic that takes plain http", edits.statement("monitoring-topic", "TlsOnly", Action=["sns:Subscribe"]), "topic-tls", "monitoring-topic", "aws:SecureTransport"),
    _seed("a key that never rotates", edits.put("security-key", "enableKeyRotation", False), "key-rotates", "security-key", "enableKeyRotation: true"),
    _seed("a table under a key of the recovery region", edits.put("data-table-orders", "serverSideEncryption.kmsKeyArn", f"arn:aws:kms:eu-west-1:{_ACCOUNT}:key/security-key"), "dynamodb.Table.serverSideEncryption.kmsKeyArn-arn", "data-table-orders", "AWS takes only its own region", "refusal"),
    _seed("a web ACL's rate limit below what WAF takes", edits.put("wall", "rules.0.statement.rateBasedStatement.limit", 5), "wafv2.WebAcl.rules", "wall", "10 to 2000000000", "refusal", _WALL),
    _seed("CloudFront's web ACL outside us-east-1", edits.put("wall", "scope", "CLOUDFRONT"), "wafv2.WebAcl.scope-region", "wall", "us-east-1", "refusal", _WALL),
)  # fmt: skip
