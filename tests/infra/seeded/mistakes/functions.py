"""Mistakes in functions: how they run, and what is in their zips."""
# ruff: noqa: E501 - a table: one mistake a line

from dataclasses import replace

from tests.infra.seeded import edits
from tests.infra.seeded.seed import GateName, Seed, artefact, resources, source
from tests.infra.seeded.world import Edit

_FUNCTION = "api-api-function"


def _seed(
    name: str, edit: Edit, rule: str, says: str, gate: GateName = "refusal", names: str = _FUNCTION, stack: str = "prod"
) -> Seed:
    return Seed(name, stack, resources(edit), gate, rule, names, says)


SEEDS = (
    _seed("variables beyond 4 KB", edits.put(_FUNCTION, "environment.variables.CATALOGUE", "x" * 4000), "lambda.Function.environment", "keep long values in Parameter Store"),
    _seed("a variable that Lambda sets itself", edits.put(_FUNCTION, "environment.variables.AWS_REGION", "eu-central-1"), "lambda.Function.environment", "choose another name"),
    _seed("memory below Lambda's least", edits.put(_FUNCTION, "memorySize", 64), "lambda.Function.memorySize-range", "128 to 10240"),
    _seed("a timeout beyond 15 minutes", edits.put("rotation-lambda-function", "timeout", 1800), "lambda.Function.timeout-range", "1 to 900", names="rotation-lambda-function"),
    _seed("a function that answers after API Gateway has given up", edits.put(_FUNCTION, "timeout", 60), "function-answers-in-time", "longer work goes to a queue", "policy"),
    _seed("a runtime that Lambda creates no more", edits.put(_FUNCTION, "runtime", "python3.7"), "lambda.Function.runtime-blocked", "choose a supported one"),
    _seed("another interpreter than the zip is compiled for", edits.put(_FUNCTION, "runtime", "python3.11"), "function-runtime", "set runtime python3.13", "policy"),
    _seed("the processor left to its default, under arm64 libraries", edits.drop(_FUNCTION, "architectures"), "function-arm64", "set architectures", "policy"),
    # The incident (A3): a reservation blocked deployment; a reservation of 0 blocks every request.
    _seed("a reservation of nothing", edits.put(_FUNCTION, "reservedConcurrentExecutions", 0), "function-invocable", "leave reservedConcurrency out", "policy"),
    _seed("a reservation that leaves the account less than 100", edits.put(_FUNCTION, "reservedConcurrentExecutions", 950), "lambda.Function.reservedConcurrentExecutions-range", "-1 to 900"),
    _seed("a role of another account", edits.put(_FUNCTION, "role", "arn:aws:iam::444455556666:role/omnix-ai-prod-api"), "lambda.Function.role-arn", "AWS takes only its own account"),
    _seed("a key of the recovery region", edits.put(_FUNCTION, "kmsKeyArn", "arn:aws:kms:eu-west-1:777788889999:key/x"), "lambda.Function.kmsKeyArn-arn", "AWS takes only its own region"),
    _seed("code from two places", edits.put(_FUNCTION, "imageUri", "777788889999.dkr.ecr.eu-central-1.amazonaws.com/api:1"), "lambda.Function.package", "code comes from one of"),
    _seed("a handler left out", edits.drop(_FUNCTION, "handler"), "lambda.Function.package", "required with packageType Zip"),
    _seed("log levels with the text format", edits.put(_FUNCTION, "loggingConfig.logFormat", "Text"), "lambda.Function.log-levels", "log levels need logFormat JSON"),
    _seed("a function without traces", edits.put(_FUNCTION, "tracingConfig.mode", "PassThrough"), "traced", "tracingConfig.mode Active", "policy"),
    _seed("traffic shifted from $LATEST", edits.on("api-api-alias", lambda i: i.update(functionVersion="$LATEST", routingConfig={"additionalVersionWeights": {"2": 0.1}})), "lambda.Alias.routing", "published version", names="api-api-alias", stack="dev"),
    _seed("traffic shifted to the version that has it", edits.put("api-api-alias", "routingConfig", {"additionalVersionWeights": {"1": 0.1}}), "lambda.Alias.routing", "name another version", names="api-api-alias", stack="dev"),
    _seed("a permission on $LATEST", edits.put("api-permission-api", "qualifier", "$LATEST"), "lambda.Permission.principal-form", "leave the qualifier out", names="api-permission-api"),
    # botocore at DEBUG writes PutSecretValue's whole body.
    Seed("a debug log level left on, under which botocore logs secrets", "prod", resources(edits.put(_FUNCTION, "loggingConfig.applicationLogLevel", "DEBUG")), "test", "test_functions:test_the_floor_of_the_log_level_keeps_secrets_out_of_the_log", "log level", "DEBUG"),
    # The provider's update sends version and routing with any change, and would undo a shift under way.
    Seed("an alias with something that an update may change", "prod", resources(edits.put("api-api-alias", "description", "what callers use")), "test", "test_functions:test_an_alias_has_nothing_that_could_change_but_its_version", "alias", "description"),
    # The incident (A4): handler names did not match the packaged code.
    Seed("a handler that its zip does not define", "staging", source("authorizer", "functions/authorizer/handler.py", "def handler(", "def lambda_handler("), "package", "check", "authorizer", "defines no handler"),
    Seed("a library that only the developer's machine has", "staging", source("authorizer", "functions/authorizer/handler.py", "import logging\n", "import logging\nimport requests\n"), "package", "MissingModuleError", "authorizer", "add its distribution to the function's pyproject.toml"),
    Seed("an AWS client whose model is not packaged", "staging", source("authorizer", "functions/authorizer/handler.py", 'aws.prepare("ssm", "secretsmanager", "dynamodb")', 'aws.prepare("ssm", "secretsmanager", "dynamodb", "sqs")'), "package", "ProjectError", "authorizer", "aws-services"),
    Seed("a handler string that is no path to a function", "staging", source("authorizer", "functions/authorizer/pyproject.toml", "[tool.omnix]\n", '[tool.omnix]\nhandler = "handler"\n'), "package", "ProjectError", "authorizer", "package.module.function"),
    Seed("a release manifest without the authorizer", "prod", artefact("authorizer", lambda _: None), "program", "ArtefactError", "authorizer", "the artefact manifest lacks"),
    Seed("a bucket key of another digest's zip", "prod", artefact("api", lambda a: replace(a, handler="auth.handler.handler")), "test", "test_functions:test_each_function_runs_the_digest_and_handler_of_its_artefact", "handler", "api.handler.handler"),
)  # fmt: skip
