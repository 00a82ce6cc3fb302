"""Mistakes in a stack file."""
# ruff: noqa: E501 - a table: one mistake a line

from tests.infra.seeded.seed import Change, Seed, stack_file


def _seed(name: str, stack: str, change: Change, key: str, says: str) -> Seed:
    """The finding names the key and says what to write."""
    return Seed(name, stack, change, "config", key, f"omnix-ai:{key}", says)


SEEDS = (
    # The incident (A1): staging had no API of its own, and its page called another environment's.
    _seed("staging's CORS list names dev's page", "staging", stack_file("https://preview.staging.omnix-ai.example", "https://dev.omnix-ai.example"), "corsOrigins[0]", "name what belongs to staging"),
    _seed("a stack file copied from staging keeps its environment", "prod", stack_file("environment: prod", "environment: staging"), "environment", "set it to prod"),
    _seed("staging takes prod's domain", "staging", stack_file("domain: staging.omnix-ai.example", "domain: omnix-ai.example"), "domain", "use a host of this environment's own domain"),
    _seed("any origin may call prod", "prod", stack_file("- https://www.omnix-ai.example", '- "*"'), "corsOrigins[0]", "list the exact origins"),
    _seed("an origin with a trailing slash, which no browser sends", "prod", stack_file("https://www.omnix-ai.example", "https://www.omnix-ai.example/"), "corsOrigins[0]", "scheme://host[:port]"),
    _seed("a plain http origin outside dev", "staging", stack_file("https://preview.staging", "http://preview.staging"), "corsOrigins[0]", "use https"),
    _seed("an account id that lost a digit", "prod", stack_file('"777788889999"', '"77778888999"'), "accountId", "the account's 12 digits"),
    _seed("the region of the tutorial", "dev", stack_file("region: eu-central-1", "region: us-east-1"), "region", "eu-central-1"),
    _seed("a misspelt key that would be ignored", "dev", stack_file("logRetentionDays", "logRetentionDay"), "logRetentionDay", "logRetentionDays"),
    _seed("a retention that CloudWatch Logs does not have", "dev", stack_file("logRetentionDays: 7", "logRetentionDays: 45"), "logRetentionDays", "write one of 1, 3, 5, 7"),
    _seed("prod's logs gone after a week", "prod", stack_file("logRetentionDays: 365", "logRetentionDays: 7"), "logRetentionDays", "set it to 30 or more"),
    _seed("prod without protection", "prod", stack_file("protect: true", "protect: false"), "protect", "set it to true"),
    _seed("prod's secrets deleted at once", "prod", stack_file("secretRecoveryDays: 30", "secretRecoveryDays: 0"), "secretRecoveryDays", "set it to 7 or more"),
    _seed("a recovery window that blocks the next up on its own secret names", "dev", stack_file("secretRecoveryDays: 0", "secretRecoveryDays: 7"), "secretRecoveryDays", "set it to 0"),
    _seed("prod's aliases moved by every up, without a way back", "prod", stack_file("aliasOwner: deployment", "aliasOwner: pulumi"), "aliasOwner", "set it to deployment"),
    _seed("secrets rotated faster than sessions end", "prod", stack_file("rotationDays: 30", "rotationDays: 7"), "rotationDays", "30 to 1000"),
    _seed("a function that outlives API Gateway's 29 s", "staging", stack_file("  omnix-ai:throttle:", "  omnix-ai:functions:\n    api:\n      timeoutSeconds: 60\n  omnix-ai:throttle:"), "functions.api.timeoutSeconds", "set it below 29"),
    _seed("more provisioned than reserved concurrency", "prod", stack_file("  omnix-ai:throttle:", "  omnix-ai:functions:\n    api: {reservedConcurrency: 5, provisionedConcurrency: 10}\n  omnix-ai:throttle:"), "functions.api", "is more than reservedConcurrency 5"),
    _seed("a usage plan above the account's own limit", "prod", stack_file("rateLimit: 500", "rateLimit: 50000"), "throttle.rateLimit", "requests a second"),
    _seed("a model that the list does not allow", "prod", stack_file("modelId: eu.anthropic.claude-haiku", "modelId: eu.anthropic.claude-sonnet"), "bedrock.modelId", "add it to bedrock.models"),
    _seed("a model without a price, whose calls no limit could hold", "prod", stack_file("- eu.amazon.nova-lite-v1:0", "- {id: eu.amazon.nova-next-v1:0, context: 1000, maxOutput: 1000, regions: [eu-west-1]}"), "bedrock.models[1]", "give prices"),
    _seed("a model that AWS has ended", "prod", stack_file("- eu.amazon.nova-lite-v1:0", "- anthropic.claude-3-haiku-20240307-v1:0"), "bedrock.models[1]", "choose one of eu.anthropic"),
    _seed("a tenant's limit above the environment's own", "prod", stack_file("dailyUsd: 10", "dailyUsd: 100"), "bedrock.limits.tenant.dailyUsd", "set it to 50 or less"),
    _seed("a day that may cost more than its month", "prod", stack_file("dailyBudgetUsd: 50", "dailyBudgetUsd: 5000"), "bedrock.dailyBudgetUsd", "raise bedrock.monthlyBudgetUsd"),
    _seed("an alarm address that is none", "prod", stack_file("platform-alarms@omnix-ai.example", "platform-alarms"), "alarmEmails[0]", "not an e-mail address"),
    _seed("capacity whose minimum is above its maximum", "prod", stack_file("  omnix-ai:throttle:", "  omnix-ai:capacity:\n    orders: {readMin: 50, readMax: 5, writeMin: 1, writeMax: 5}\n  omnix-ai:throttle:"), "capacity.orders", "a minimum is more than its maximum"),
    _seed("capacity for a table that is not there", "prod", stack_file("  omnix-ai:throttle:", "  omnix-ai:capacity:\n    order: {readMin: 1, readMax: 5, writeMin: 1, writeMax: 5}\n  omnix-ai:throttle:"), "capacity.order", "the tables are"),
    _seed("a legacy table adopted under a name that nothing bears", "prod", stack_file("  omnix-ai:throttle:", "  omnix-ai:adopt: {tables/order: omnix-ai-prod-orders}\n  omnix-ai:throttle:"), "adopt.tables/order", "the names are"),
    _seed("a stack without its cost centre", "dev", stack_file("  omnix-ai:costCenter: CC-1000\n", ""), "costCenter", "pulumi config set omnix-ai:costCenter"),
    # A budget counts by billing names; a model without one would be spent unseen.
    Seed("a model of which nobody knows the billing name", "prod", stack_file("- eu.amazon.nova-lite-v1:0", "- {id: cohere.command-r-v1:0, context: 128000, maxOutput: 4000, prices: {input: 0.5, output: 1.5}}"), "program", "UnknownBillingError", "cohere.command-r-v1:0", "components/budget/billing.py"),
)  # fmt: skip
