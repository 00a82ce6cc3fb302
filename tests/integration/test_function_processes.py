"""Functions run in processes of their own, as their roles, and a dead one is replaced."""

import os
import signal
import time
from pathlib import Path

import boto3

from tests.integration.conftest import Environment
from tests.sessions import await_end


def processes(environment: Environment) -> dict[int, dict[str, str]]:
    """Return the environment variables of the environment's function processes, by process id."""
    found: dict[int, dict[str, str]] = {}
    for folder in Path("/proc").iterdir():
        try:
            text = (folder / "environ").read_bytes().decode(errors="replace") if folder.name.isdigit() else ""
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        variables = dict(entry.split("=", 1) for entry in text.split("\0") if "=" in entry)
        if "_HANDLER" in variables and variables.get("AWS_ENDPOINT_URL") == environment.summary["aws_endpoint_url"]:
            found[int(folder.name)] = variables
    return found


def test_a_killed_function_is_replaced_by_the_next_request(dev: Environment) -> None:
    token = dev.sign_in()
    assert dev.http(token).get("/products").status_code == 200
    before = processes(dev)
    assert {variables["OMNIX_FUNCTION"] for variables in before.values()} >= {"api", "auth", "authorizer"}
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    await_end(*before)
    time.sleep(0.2)
    assert dev.http(token).get("/products").status_code == 200
    assert dev.sign_in()
    assert not before.keys() & processes(dev).keys()


def test_functions_run_with_the_temporary_credentials_of_their_own_role(dev: Environment) -> None:
    dev.http(dev.sign_in()).get("/products")
    for variables in processes(dev).values():
        function = variables["OMNIX_FUNCTION"]
        identity = boto3.client(
            "sts", endpoint_url=dev.summary["aws_endpoint_url"], region_name=dev.summary["region"],
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"], aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=variables["AWS_SESSION_TOKEN"],
        ).get_caller_identity()  # fmt: skip
        assert f"omnix-ai-dev-{function}" in identity["Arn"]


def test_no_function_is_told_a_secret_or_a_table_by_its_environment(environments: dict[str, Environment]) -> None:
    for environment in environments.values():
        values = [
            environment.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
            for arn in environment.outputs["secrets"].values()
        ]
        tables = list(environment.outputs["tables"].values())
        for variables in processes(environment).values():
            given = "\n".join(variables.values())
            assert not [value for value in (*values, *tables) if value in given]
