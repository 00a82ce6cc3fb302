"""Copies what is written into a replicated bucket, a moment later and with the replication role, as S3 does.

New versions, their metadata, tags and later tags; delete markers where the rule says so; never a version's deletion,
never a replica. The replica has the version id of its source. `x-amz-replication-status` tells of each.
"""

import functools
import logging
import queue
import threading
from collections.abc import Callable, Iterable
from typing import Any

from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey, S3Backend

from localcloud.enforcement.acting import Acting
from localcloud.enforcement.need import Need
from localcloud.persistence.lock import StateLock
from localcloud.replication import configuration
from localcloud.replication.configuration import Rule
from localcloud.replication.permissions import ENCRYPTED, copying, hiding

_LOG = logging.getLogger(__name__)
_SERVICE, _SESSION = "s3.amazonaws.com", "s3-replication"
_STATUS = "replication_status"  # on a version, where the snapshot keeps it

type Written = tuple[str, str, Any]  # bucket, key, moto's version or delete marker


class Replicator:
    """One thread; `close` lets it finish what was written before."""

    def __init__(self, acting: Acting, lock: StateLock, changed: Callable[[], None]) -> None:
        self._acting, self._lock, self._changed = acting, lock, changed
        self._written: queue.Queue[Written | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="replication", daemon=True)

    def start(self) -> None:
        """Watch moto's S3; done once, when the endpoint starts."""
        configuration.install()
        for name in ("put_object", "_set_delete_marker", "put_object_tagging"):
            setattr(S3Backend, name, self._watched(getattr(S3Backend, name)))
        patched: Any = FakeKey
        patched.response_dict = _told(FakeKey.response_dict)
        self._thread.start()

    def drain(self) -> None:
        """Return when everything that was written before is copied."""
        self._written.join()

    def close(self) -> None:
        """Copy what was written, then end."""
        self._written.put(None)
        self._thread.join(timeout=10)

    def _watched(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def write(backend: Any, *arguments: Any, **named: Any) -> Any:
            made = original(backend, *arguments, **named)
            if threading.current_thread() is not self._thread:
                self._note(backend, made, *arguments, **named)
            return made

        return write

    def _note(self, backend: Any, made: Any, *arguments: Any, **named: Any) -> None:
        marker = isinstance(made, FakeDeleteMarker)
        bucket = (named.get("bucket_name") or arguments[0]) if marker else made.bucket_name
        name = (named.get("key_name") or arguments[1]) if marker else made.name
        if getattr(backend.get_bucket(bucket), "replication", None):
            if not marker:
                vars(made).setdefault(_STATUS, "PENDING")
            self._written.put((bucket, name, made))

    def _run(self) -> None:
        while (written := self._written.get()) is not None:
            try:
                with self._lock.hold():
                    self._replicate(*written)
                self._changed()
            except Exception:  # noqa: BLE001 - this thread has nobody to raise to
                _LOG.exception("%s/%s: not replicated", written[0], written[1])
            finally:
                self._written.task_done()

    def _replicate(self, bucket: str, name: str, made: Any) -> None:
        backend = self._acting.gate.account.backend("s3", "aws")
        source = backend.buckets.get(bucket)
        found = getattr(source, "replication", None)
        if not found or vars(made).get(_STATUS) == "REPLICA" or made not in source.keys.getlist(name, []):
            return
        tags = {} if isinstance(made, FakeDeleteMarker) else backend.tagger.get_tag_dict_for_resource(made.arn)
        chosen = [rule for rule in configuration.rules(found) if rule.selects(name, tags) and _takes(rule, made)]
        first = {rule.destination: rule for rule in reversed(chosen)}
        done = [self._to(backend, found["Role"], rule, source, name, made) for rule in first.values()]
        if isinstance(made, FakeKey):
            vars(made)[_STATUS] = None if not done else "COMPLETED" if all(done) else "FAILED"

    def _to(self, backend: S3Backend, role: str, rule: Rule, source: FakeBucket, name: str, made: Any) -> bool:
        target: Any = backend.buckets.get(rule.destination)
        if target is None or not target.is_versioned:
            _LOG.warning("%s/%s: not replicated: no versioned bucket %s", source.name, name, rule.destination)
            return False
        account = self._acting.gate.account
        if isinstance(made, FakeDeleteMarker):
            if not self._may(role, hiding(name, source, target)) or name not in target.keys:
                return False
            marker = backend._set_delete_marker(target.name, name)
            marker._version_id = made.version_id
            return True
        tags = backend.tagger.get_tag_dict_for_resource(made.arn)
        if not self._usable(made, rule, source, target) or not self._may(
            role, copying(rule, made, tags, source, target, account)
        ):
            return False
        _copy(backend, rule, made, target)
        return True

    def _may(self, role: str, needs: Iterable[Need]) -> bool:
        decision = self._acting.with_role(_SERVICE, role, _SESSION, list(needs))
        if not decision.allowed:
            _LOG.warning("not replicated with %s: %s", role, decision.message)
        return decision.allowed

    def _usable(self, made: Any, rule: Rule, source: Any, target: Any) -> bool:
        if made.encryption != ENCRYPTED:
            return True
        account = self._acting.gate.account
        keys = (
            account.key(made.kms_key_id, source.region_name),
            account.key(rule.replica_key, target.region_name),
        )
        return all(key is None or key.key_state == "Enabled" for key in keys)


def _takes(rule: Rule, made: Any) -> bool:
    if isinstance(made, FakeDeleteMarker):
        return rule.delete_markers
    return rule.encrypted or made.encryption != ENCRYPTED


def _copy(backend: S3Backend, rule: Rule, made: Any, target: Any) -> None:
    """The version, or where its replica is there already, its tags alone."""
    replica = next((one for one in target.keys.getlist(made.name, []) if one.version_id == made.version_id), None)
    if replica is None:
        encrypted = made.encryption == ENCRYPTED
        replica = backend.put_object(
            target.name,
            made.name,
            made.value,
            storage=rule.storage_class or made.storage_class,
            multipart=made.multipart,
            encryption=ENCRYPTED if encrypted else None,
            kms_key_id=rule.replica_key if encrypted else None,
            disable_notification=True,
        )
        replica.set_metadata(made.metadata)
        replica._version_id = made.version_id
        vars(replica)[_STATUS] = "REPLICA"
    backend.tagger.delete_all_tags_for_resource(replica.arn)
    backend.tagger.copy_tags(made.arn, replica.arn)


def _told(original: Any) -> property:
    def response_dict(key: FakeKey) -> dict[str, Any]:
        status = vars(key).get(_STATUS)
        return {**original.fget(key), **({"x-amz-replication-status": status} if status else {})}

    return property(response_dict)
