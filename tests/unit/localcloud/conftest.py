"""Real daemons, each with a directory, an account and ports of its own, and a hand-made function to run in them."""

import io
import json
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

ACCOUNT = "100000000009"
REGION = "eu-central-1"
API = "abc123defg"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/echo"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:echo"

# What the event asks for: to print, to fail, to die, to sleep, or to answer as a proxy.
ECHO = """
import json, os, sys, time

print("loaded")

def handler(event, context):
    if "print" in event:
        print(event["print"])
    if "exit" in event:
        os._exit(event["exit"])
    if "loop" in event:
        while True:
            pass
    if "sleep" in event:
        time.sleep(event["sleep"])
    if "fail" in event:
        raise ValueError(event["fail"])
    if "import" in event:
        __import__(event["import"])
    if "bytes" in event:
        return "x" * event["bytes"]
    if event.get("type") == "REQUEST":
        return authorize(event)
    if "requestContext" in event:
        return proxy(event)
    return {
        "event": event,
        "pid": os.getpid(),
        "environ": dict(os.environ),
        "path": sys.path,
        "arn": context.invoked_function_arn,
        "left_ms": context.get_remaining_time_in_millis(),
    }

def authorize(event):
    token = event["headers"].get("Authorization", "")
    if token == "nobody":
        raise Exception("Unauthorized")
    if token == "broken":
        raise ValueError("bug")
    if token == "malformed":
        return {"principalId": "x"}
    effect = "Deny" if token == "denied" else "Allow"
    resource = event["methodArn"].split("/")[0] + "/*"
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}
    return {
        "principalId": "someone",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"tenant": "t1", "admin": True, "level": 3, "at": str(time.time_ns())},
        "usageIdentifierKey": "wrong" if token == "keyless" else "usage-key-value",
    }

def proxy(event):
    query = event["queryStringParameters"] or {}
    answer = query.get("answer")
    if answer == "malformed":
        return {"statusCode": 200, "body": {"not": "text"}}
    if answer == "fail":
        raise ValueError("proxy failed")
    if answer == "slow":
        time.sleep(3)
    if answer == "headers":
        return {
            "statusCode": 201,
            "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"], "X-Own": ["yes"]},
            "headers": {"Server": "mine", "Date": "today", "WWW-Authenticate": "Bearer"},
            "body": "made",
        }
    if answer == "base64":
        return {"statusCode": 200, "isBase64Encoded": True, "headers": {"Content-Type": "image/png"}, "body": "AAEC"}
    return {"statusCode": 200, "body": json.dumps(event)}
"""


def zipped(**files: str) -> bytes:
    """A deployment package of `{module: source}`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for module, source in files.items():
            archive.writestr(f"{module}.py", source)
    return buffer.getvalue()


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    """`python -m localcloud …`, run to its end."""
    line = [sys.executable, "-m", "localcloud", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, check=False, timeout=120)


@dataclass
class Running:
    """A daemon: its directory and its `cloud.json`."""

    directory: Path
    info: dict[str, Any]

    def client(self, service: str) -> Any:
        config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, max_pool_connections=50)
        session: Any = boto3.session.Session()
        return session.client(
            service,
            endpoint_url=self.info["endpoint_url"],
            region_name=REGION,
            aws_access_key_id="LOCALTEST",
            aws_secret_access_key="none",
            config=config,
        )

    def logged(self, text: str, seconds: float = 20) -> bool:
        """Whether the functions' log has the text in that time; it is there with the first line of any of them."""
        log = self.directory / "logs" / "functions.log"
        deadline = time.monotonic() + seconds
        while not (found := log.exists() and text in log.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return found

    def invoke(self, event: Mapping[str, Any], function: str = "echo:live", **options: Any) -> dict[str, Any]:
        answer = self.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event), **options)
        text = answer["Payload"].read()
        return {**answer, "Payload": json.loads(text) if text else None}

    def restart(self) -> None:
        self.stop()
        done = self.start()
        assert done.returncode == 0, done.stderr

    def start(self) -> subprocess.CompletedProcess[str]:
        done = command("start", "--state-dir", self.directory, "--account-id", ACCOUNT, "--region", REGION)
        if done.returncode == 0:
            self.info = json.loads(done.stdout)
        return done

    def stop(self) -> None:
        command("stop", "--state-dir", self.directory)


Documents = Mapping[str, Mapping[str, Mapping[str, Any]]]


def preload(directory: Path, documents: Documents) -> None:
    """Write a snapshot that holds these registry documents and nothing else, as a provider would have left."""
    from localcloud.persistence.lock import StateLock
    from localcloud.persistence.snapshot import Snapshots
    from localcloud.registry import Registry

    registry = Registry()
    for kind, rows in documents.items():
        for key, document in rows.items():
            registry.put(kind, key, document)
    Snapshots(directory / "state", ACCOUNT, registry, StateLock()).save()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What starts a daemon is no unit test: `make cloud` runs it."""
    for item in items:
        if "launch" in getattr(item, "fixturenames", ()):
            item.add_marker("process")


@pytest.fixture(scope="module")
def launch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Running]]:
    """Starts daemons; they end with the module."""
    running: list[Running] = []

    def start(documents: Documents | None = None) -> Running:
        cloud = Running(tmp_path_factory.mktemp("cloud"), {})
        preload(cloud.directory, documents or {})
        running.append(cloud)
        done = cloud.start()
        assert done.returncode == 0, done.stderr
        return cloud

    yield start
    for cloud in running:
        cloud.stop()


def create_echo(cloud: Running, *, timeout: int = 2, source: str = ECHO) -> None:
    """The role `echo`, the function `echo` (version 1) and its alias `live`."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    cloud.client("iam").create_role(RoleName="echo", AssumeRolePolicyDocument=document)
    basic = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    cloud.client("iam").attach_role_policy(RoleName="echo", PolicyArn=basic)
    functions = cloud.client("lambda")
    functions.create_function(
        FunctionName="echo",
        Role=ROLE,
        Runtime="python3.13",
        Handler="echo.handler",
        Code={"ZipFile": zipped(echo=source)},
        Timeout=timeout,
        Publish=True,
        Environment={"Variables": {"OWN": "value"}},
    )
    functions.create_alias(FunctionName="echo", Name="live", FunctionVersion="1")
