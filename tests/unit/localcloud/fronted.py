"""moto's server with AWS Backup and point-in-time recovery in front of it, as the endpoint has them."""

import uuid
from collections.abc import Callable, Iterable
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.server import ThreadedMotoServer
from werkzeug.serving import make_server

from localcloud.backup import apis
from localcloud.backup.service import Backup
from localcloud.endpoint import transactions
from localcloud.endpoint.call import UnknownCall, read_call
from localcloud.enforcement import answer
from localcloud.enforcement.account import Account
from localcloud.enforcement.acting import Acting
from localcloud.enforcement.gate import Gate
from localcloud.enforcement.usage import Usage
from localcloud.limits import Refusal
from localcloud.persistence.lock import StateLock
from localcloud.registry import Registry


class FrontedServer(ThreadedMotoServer):
    """Permissions are off; `backup` is the service that answers."""

    backup: Backup

    def __init__(self) -> None:
        super().__init__(ip_address="127.0.0.1", port=0, verbose=False)
        self.registry = Registry()

    def _server_entry(self) -> None:
        transactions.install()
        lock = StateLock()
        gate = Gate(Account(DEFAULT_ACCOUNT_ID), Usage(), enforced=False)
        self.backup = apis.opened(Acting(gate, lock), lock, lambda: None, self.registry)
        moto = DomainDispatcherApplication(create_backend_app)

        def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            environ["RAW_URI"] = environ.get("REQUEST_URI", environ["PATH_INFO"])
            own = _answered(self.backup, lock, environ)
            if own is None:
                with lock.hold():
                    return list(moto(environ, start_response))
            start_response(own[0], own[1])
            return [own[2]]

        self._server = make_server(self._ip_address, self._port, serve, True, request_handler=MotoRequestHandler)
        self._server_ready_event.set()
        self._server.serve_forever()


def _answered(backup: Backup, lock: StateLock, environ: dict[str, Any]) -> Any:
    content_type = environ.get("CONTENT_TYPE", "")
    try:
        call = read_call(environ)
    except UnknownCall:
        return None
    with lock.hold():
        own = backup.answer(call, content_type)
    if isinstance(own, Refusal):
        return answer.render(call, own, content_type, str(uuid.uuid4()))
    return own
