"""How a function's process is started: command line and environment variables, as Lambda's image has them."""

import os
import sys
from pathlib import Path

from localcloud.functions import bootstrap
from localcloud.functions.definition import Definition
from localcloud.functions.role import RoleCredentials

# Lambda's reserved variables that name files of its image.
_IMAGE = {
    "LANG": "en_US.UTF-8",
    "TZ": ":UTC",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
    "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
}
# Nothing of the developer's own AWS set-up may be found by the function's SDK.
_SHUT = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


def command(definition: Definition) -> list[str]:
    """Our own interpreter, isolated (`-I`), without site-packages (`-S`), leaving no bytecode (`-B`)."""
    return [sys.executable, "-I", "-S", "-B", bootstrap.__file__, definition.handler, str(os.getpid())]


def variables(
    definition: Definition,
    credentials: RoleCredentials,
    *,
    task_root: Path,
    runtime_dir: Path,
    runtime_api: str,
    endpoint_url: str,
    log_stream: str,
) -> dict[str, str]:
    """The process's whole environment: the function's own variables, then what only Lambda may set."""
    return {
        **_IMAGE,
        **dict(definition.variables),
        **_SHUT,
        "_HANDLER": definition.handler,
        "LAMBDA_TASK_ROOT": str(task_root),
        "LAMBDA_RUNTIME_DIR": str(runtime_dir),
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{definition.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": definition.name,
        "AWS_LAMBDA_FUNCTION_VERSION": definition.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(definition.memory_mb),
        "AWS_LAMBDA_LOG_GROUP_NAME": definition.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_REGION": definition.region,
        "AWS_DEFAULT_REGION": definition.region,
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_SESSION_TOKEN": credentials.session_token,
    }
