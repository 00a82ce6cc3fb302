"""The daemon's body: builds the parts in order, serves until told to stop, and saves the state."""

import asyncio
import datetime
import logging
import os
import signal
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud import credentials
from localcloud.cloud import Cloud
from localcloud.registry import Registry
from localcloud.state_directory import StateDirectory

_LOG = logging.getLogger("localcloud")


@dataclass(frozen=True)
class Settings:
    """What `serve` is told. Port 0 means any."""

    state_dir: Path
    account_id: str
    region: str
    port: int = 0
    gateway_port: int = 0
    permissions: bool = True

    @property
    def permissions_state(self) -> str:
        """As `cloud.json` and the health page say it."""
        return "enforced" if self.permissions else "off"


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises `StateError`."""
    directory = StateDirectory(settings.state_dir)
    directory.create()
    _prepare_process(settings)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with directory.owned():
        directory.info_file.unlink(missing_ok=True)
        service = Service(settings, directory)
        try:
            directory.write_info(service.start())
            _LOG.info("serving %s at %s", settings.account_id, service.cloud.endpoint_url)
            _LOG.info("permissions are %s", settings.permissions_state)
            service.snapshots.keep(stop)
        finally:
            service.stop()


def _prepare_process(settings: Settings) -> None:
    """Before moto is imported: it reads these once."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # botocore's chatter, and one line per request, are not worth the disk
    for name in ("botocore", "werkzeug", "waitress.queue", "aiohttp.access"):
        logging.getLogger(name).setLevel(logging.WARNING)
    credentials.use_fake(os.environ)
    os.environ["MOTO_ACCOUNT_ID"] = settings.account_id
    os.environ["AWS_DEFAULT_REGION"] = os.environ["AWS_REGION"] = settings.region
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    # several busy threads share one interpreter: do not let one keep it for 5 ms while a request waits
    sys.setswitchinterval(0.0005)


class Service:
    """All parts of one environment's cloud."""

    def __init__(self, settings: Settings, directory: StateDirectory) -> None:
        self._settings = settings
        self._directory = directory
        self._loop = asyncio.new_event_loop()
        self._closers: list[Any] = []

    def start(self) -> dict[str, Any]:
        """Restore the state, open every port, and return what `cloud.json` says."""
        from localcloud.backup import apis
        from localcloud.endpoint import server
        from localcloud.endpoint.application import Application
        from localcloud.functions import downloads, state_machines
        from localcloud.gateway.server import Gateway

        settings = self._settings
        self._assemble()
        endpoint_socket = server.listen(settings.port)
        gateway_socket = server.listen(settings.gateway_port)
        endpoint_url = f"http://127.0.0.1:{endpoint_socket.getsockname()[1]}"
        gateway_url = f"http://127.0.0.1:{gateway_socket.getsockname()[1]}"
        self.runtime.endpoint_url = endpoint_url
        state_machines.install(self._sessions, endpoint_url)
        downloads.install(endpoint_url)
        self.cloud = Cloud(settings.account_id, settings.region, endpoint_url, gateway_url, self._registry)

        threading.Thread(target=self._loop.run_forever, name="loop", daemon=True).start()
        self._wait(self.runtime.open())
        self._gateway = Gateway(self.cloud, self.runtime, self.logs, self._acting)
        self._wait(self._gateway.open(gateway_socket))
        application = Application(
            self.runtime, self._lock, self.snapshots.changed, self._routes(), self._acting, self._backup, self._models
        )
        self._closers.append(self._backup.close)
        self._closers.append(self._replicator.close)
        self._closers.append(server.EndpointServer(application, endpoint_socket).close)
        apis.resume(self._backup)
        provider_port = self._start_provider()
        self._streams.start()
        self._closers.append(self._streams.stop)
        return {
            "pid": os.getpid(),
            "account_id": settings.account_id,
            "region": settings.region,
            "permissions": settings.permissions_state,
            "endpoint_url": endpoint_url,
            "gateway_url": gateway_url,
            "provider_port": provider_port,
            "started_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        }

    def _assemble(self) -> None:
        """Everything behind the ports, with the state that was saved."""
        from localcloud.backup import apis
        from localcloud.bedrock import runtime as bedrock
        from localcloud.bedrock.invocation_log import InvocationLog
        from localcloud.endpoint import queries, tables, transactions, values
        from localcloud.enforcement import delivery, usage
        from localcloud.enforcement.account import Account
        from localcloud.enforcement.acting import Acting
        from localcloud.enforcement.gate import Gate
        from localcloud.functions import calls
        from localcloud.functions.execution import Execution
        from localcloud.functions.logs import LogWriter
        from localcloud.functions.role import RoleSessions
        from localcloud.functions.rotation import Rotation
        from localcloud.functions.runtime import FunctionRuntime
        from localcloud.functions.streams import Streams
        from localcloud.persistence.lock import StateLock
        from localcloud.persistence.snapshot import Snapshots
        from localcloud.replication.replicator import Replicator

        account, directory = self._settings.account_id, self._directory
        lock = self._lock = StateLock()
        registry = self._registry = Registry()
        self.snapshots = Snapshots(directory.state, account, registry, lock)
        registry.load(self.snapshots.restore())
        changed = self.snapshots.changed
        gate = Gate(Account(account, registry), usage.Usage(), enforced=self._settings.permissions)
        gate.usage.load(registry.get(usage.KIND, "roles") or {})
        self._acting = Acting(gate, lock)
        self.logs = LogWriter(account, lock, changed, directory.functions_log)
        self._models = bedrock.Runtime(account, registry, InvocationLog(self._acting, lock, self.logs))
        self._sessions = RoleSessions(account, lock)
        execution = Execution(self._sessions, self._acting)
        region = self._settings.region
        self.runtime = FunctionRuntime(account, region, directory.functions, lock, self.logs, execution)
        calls.route(self.runtime)
        queries.install()
        tables.install()
        transactions.install()
        values.install()
        self._backup = apis.opened(self._acting, lock, changed, registry)
        delivery.watch(self._acting)
        self._replicator = Replicator(self._acting, lock, changed)
        self._replicator.start()
        Rotation(self.runtime, self._acting, lock, changed).attach()
        self._streams = Streams(account, region, self.runtime, self._acting, lock, registry)

    def _routes(self) -> dict[tuple[str, str], Any]:
        """The cloud's own pages: `/_localcloud/…`."""
        from localcloud.backup import restore_tests
        from localcloud.endpoint.inventory import inventory, resource_counts

        settings = self._settings
        health = {
            "status": "ok",
            "account_id": settings.account_id,
            "region": settings.region,
            "permissions": settings.permissions_state,
        }
        return {
            ("GET", "health"): lambda: health,
            ("GET", "resources"): lambda: resource_counts(self._registry),
            ("GET", "inventory"): lambda: inventory(settings.account_id, self._registry, self._lock),
            ("GET", "iam/usage"): self._acting.usage_document,
            ("POST", "functions/restart"): self.runtime.restart,
            ("POST", "restore-tests"): lambda: restore_tests.run(self._backup, self._registry),
            ("POST", "snapshot"): lambda: {"saved": self._save()},
        }

    def _start_provider(self) -> int:
        """The engine's side; its port."""
        from localcloud.provider import server as provider

        grpc_server, port = provider.serve(self.cloud)
        self._closers.append(lambda: grpc_server.stop(grace=5).wait())
        return port

    def _save(self, *, only_if_changed: bool = False) -> bool:
        """Save the state, and with it what was used of the roles' permissions."""
        from localcloud.enforcement import usage

        usage.save(self._acting.usage_document(), self._registry, self._settings.account_id)
        return self.snapshots.save(only_if_changed=only_if_changed)

    def _wait(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    def stop(self) -> None:
        """Close the doors, end the functions, write the logs, save."""
        for close in reversed(self._closers):
            close()
        if hasattr(self, "_gateway"):
            self._wait(self._gateway.close())
            self._wait(self.runtime.close())
            self.logs.flush()
            self._save(only_if_changed=True)
            _LOG.info("stopped, state saved")
