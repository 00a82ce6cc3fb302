"""An environment of the bench's own: the platform as `make up` deploys it, and the twin beside it in the same cloud.

Only the throttle is not the committed one: 50 requests a second would be all that a load of 32 clients measures.
"""

import contextlib
import hashlib
import socket
import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import yaml

import bundler
from bench.subjects import twin_function
from bundler.bundle import bundle
from bundler.target import target
from toolchain import cloud as clouds
from toolchain import overlay as overlays
from toolchain.overlay import NAMESPACE
from toolchain.progress import Progress
from toolchain.pulumi_cli import Engine, PulumiError
from toolchain.up import Session, deploy, open_session, summarise
from toolchain.workspace import ROOT, Workspace, write_atomically

STACK = "dev"
_THROTTLE = {
    "rateLimit": 10_000,
    "burstLimit": 5_000,
    "assistant": {"rateLimit": 10_000, "burstLimit": 5_000},
}
_TWIN = ROOT / "bench" / "twin_stack"


@dataclass(frozen=True)
class Bench:
    """`api_url` and `twin_url` are stage URLs without a slash at the end; `tables` is logical → physical name."""

    api_url: str
    twin_url: str
    endpoint_url: str
    region: str
    tables: Mapping[str, str]


@contextlib.contextmanager
def deployed(say: Callable[[str], None]) -> Iterator[Bench]:
    """Deploy both, in a folder and on ports that nobody else has; stop the cloud and forget everything at the end.

    Raises PulumiError, CloudError or BundleError.
    """
    with tempfile.TemporaryDirectory(prefix="omnix-bench-") as home:
        workspace = Workspace(STACK, Path(home).resolve())
        try:
            with workspace.alone():
                say("environment: the platform")
                session = _opened(workspace)
                deploy(session, _silent(), quiet=True)
                summary = summarise(session, _silent())
                say("environment: the twin")
                url = _deploy_twin(session, summary)
            yield Bench(
                api_url=summary["api_url"].rstrip("/"),
                twin_url=url.rstrip("/"),
                endpoint_url=summary["aws_endpoint_url"],
                region=summary["region"],
                tables=summary["outputs"]["tables"],
            )
        finally:
            clouds.stop(workspace)


def _opened(workspace: Workspace) -> Session:
    bundler.build(ROOT, "local")
    session = open_session(workspace, _silent(), ports=(free_port(), free_port()))
    config: dict[str, Any] = yaml.safe_load(workspace.config.read_text(encoding="utf-8"))
    config["config"][f"{NAMESPACE}:throttle"] = _THROTTLE
    write_atomically(workspace.config, yaml.safe_dump(config))
    # `make up` has the policy pack judge; here only what was deployed is measured
    project = overlays.local_project((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"), ROOT)
    write_atomically(workspace.project / "Pulumi.yaml", project)
    return replace(session, engine=replace(session.engine, pack=None))


def _deploy_twin(session: Session, summary: Mapping[str, Any]) -> str:
    """The twin by a program of its own, on the same engine and cloud; its stage's URL."""
    workspace = Workspace(STACK, session.workspace.home / "twin")
    project = {"name": "omnix-ai", "runtime": "python", "main": str(_TWIN)}
    write_atomically(workspace.project / "Pulumi.yaml", yaml.safe_dump(project))
    config = {f"{NAMESPACE}:twin": _twin_settings(summary)}
    write_atomically(workspace.config, yaml.safe_dump({"config": config}))
    engine = Engine(session.engine.folder, workspace, session.cloud.provider_port)
    engine.ensure_stack()
    if engine.run("up", "--yes", "--skip-preview", "--suppress-outputs", quiet=True):
        raise PulumiError("the twin could not be deployed; the engine's message is above")
    return str(engine.outputs()["url"])


def _twin_settings(summary: Mapping[str, Any]) -> dict[str, Any]:
    """What the twin shares with `api`: settings, tables, bucket, authorizer."""
    outputs = summary["outputs"]
    place = (summary["aws_endpoint_url"], summary["region"])
    api = client("lambda", *place).get_function_configuration(FunctionName=outputs["functions"]["api"]["name"])
    peer = twin_function()
    content = bundle(ROOT, target("local"), peer).archive.read_bytes()
    key = "bench/twin.zip"
    stored = client("s3", *place).put_object(Bucket=outputs["artefact_bucket"], Key=key, Body=content)
    return {
        "account_id": summary["account_id"],
        "region": summary["region"],
        "tables": dict(outputs["tables"]),
        "key_arn": api["KMSKeyArn"],
        "memory_mb": api["MemorySize"],
        "timeout_seconds": api["Timeout"],
        "authorizer_arn": outputs["functions"]["authorizer"]["alias_arn"],
        "handler": peer.handler,
        "bucket": outputs["artefact_bucket"],
        "key": key,
        "object_version": stored["VersionId"],
        "sha256": b64encode(hashlib.sha256(content).digest()).decode(),
    }


def client(service: str, endpoint_url: str, region: str) -> Any:
    """The administrator's boto3 client on a local cloud, or on DynamoDB Local."""
    make: Any = boto3.client  # its overloads want the service as a literal
    return make(
        service,
        endpoint_url=endpoint_url,
        region_name=region,
        aws_access_key_id="bench",
        aws_secret_access_key="bench",  # noqa: S106 - it opens nothing; DynamoDB Local takes letters and digits only
    )


def _silent() -> Progress:
    return Progress()


def free_port() -> int:
    """A port that nothing listens on now."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
