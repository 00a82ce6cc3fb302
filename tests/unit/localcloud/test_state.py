"""Registry, lock, pickling, directory and credentials: the parts without a daemon."""

import threading
import time
import weakref
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from moto.iam.models import iam_backends
from moto.s3.models import FakeKey

from localcloud import credentials
from localcloud.functions.package import PackageCache
from localcloud.persistence import pickling
from localcloud.persistence.lock import StateLock
from localcloud.registry import Registry
from localcloud.state_directory import AlreadyRunningError, StateDirectory


def test_a_document_is_a_copy_on_its_way_in_and_out() -> None:
    registry = Registry()
    document = {"list": [1]}
    registry.put("kind", "id", document)
    document["list"].append(2)
    found = registry.get("kind", "id")
    assert found == {"list": [1]}
    found["list"].append(3)
    assert registry.get("kind", "id") == {"list": [1]}


def test_what_json_cannot_hold_is_refused_and_changes_nothing() -> None:
    registry = Registry()
    registry.put("kind", "id", {"a": 1})
    with pytest.raises(TypeError):
        registry.put("kind", "id", {"a": object()})
    assert registry.get("kind", "id") == {"a": 1}


def test_deleting_tells_whether_there_was_something_and_an_empty_kind_is_gone() -> None:
    registry = Registry()
    registry.put("kind", "id", {})
    assert (registry.delete("kind", "id"), registry.delete("kind", "id")) == (True, False)
    assert registry.kinds() == []


def test_a_revision_grows_with_its_kind_only() -> None:
    registry = Registry()
    registry.put("one", "id", {})
    before = registry.revision("one"), registry.revision()
    registry.put("two", "id", {})
    assert registry.revision("one") == before[0]
    assert registry.revision() > before[1]
    registry.delete("one", "id")
    assert registry.revision("one") > before[0]


def test_a_dump_loads_into_an_equal_registry() -> None:
    registry = Registry()
    registry.put("b", "2", {"x": [1, None]})
    registry.put("a", "1", {})
    other = Registry()
    other.load(registry.dump())
    assert [(kind, other.all(kind)) for kind in other.kinds()] == [("a", {"1": {}}), ("b", {"2": {"x": [1, None]}})]


def test_only_one_thread_holds_the_state() -> None:
    lock = StateLock()
    total = [0]

    def add() -> None:
        for _ in range(200):
            with lock.hold(), lock.hold():
                seen = total[0]
                time.sleep(0)
                total[0] = seen + 1

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert total == [800]


def test_a_released_lock_lets_others_in_and_is_held_again_after() -> None:
    lock = StateLock()
    order: list[str] = []

    def other() -> None:
        with lock.hold():
            order.append("other")

    with lock.hold(), lock.hold():
        thread = threading.Thread(target=other)
        thread.start()
        time.sleep(0.05)
        assert order == []
        with lock.released():
            thread.join(5)
        order.append("me")
        late = threading.Thread(target=other)
        late.start()
        time.sleep(0.05)
        assert order == ["other", "me"]
    late.join(5)
    assert order == ["other", "me", "other"]


def _roundtrip(state: Any, directory: Path) -> Any:
    blobs = pickling.BlobStore(directory)
    return pickling.loads(pickling.dumps(state, blobs), pickling.BlobStore(directory))


def test_what_pickle_refuses_survives(tmp_path: Path) -> None:
    local: defaultdict[str, Any] = defaultdict(lambda: {"new": True})
    local["old"] = {"new": False}
    kept = threading.Condition()
    key = ec.generate_private_key(ec.SECP256R1())
    held = Registry.__new__(Registry)
    weak: Any = weakref.WeakValueDictionary({"a": held})
    state = {"default": local, "lock": threading.RLock(), "condition": kept, "key": key}
    back = _roundtrip({**state, "strong": held, "weak": weak}, tmp_path)
    assert back["default"]["old"] == {"new": False}
    assert back["default"]["absent"] == {"new": True}
    assert back["weak"]["a"] is back["strong"]
    assert back["key"].private_numbers() == key.private_numbers()
    with back["lock"], back["condition"]:
        pass


def test_large_contents_are_stored_once_by_hash_and_swept_when_unused(tmp_path: Path) -> None:
    blobs = pickling.BlobStore(tmp_path)
    content = b"z" * pickling.BLOB_BYTES
    keys = [FakeKey(name, content, "1", "eu-central-1") for name in ("a", "b")]
    first = pickling.dumps(keys, blobs)
    assert len(first) < pickling.BLOB_BYTES
    assert len(list(tmp_path.iterdir())) == 1
    assert [key.value for key in pickling.loads(first, blobs)] == [content, content]
    pickling.dumps([], blobs)
    blobs.sweep()
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_blob_is_an_error(tmp_path: Path) -> None:
    blobs = pickling.BlobStore(tmp_path)
    name = blobs.write(b"content")
    (tmp_path / name).write_bytes(b"other")
    with pytest.raises(ValueError, match="damaged"):
        blobs.read(name)


def test_awss_managed_policies_are_kept_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
    backend: Any = iam_backends["100000000006"]["aws"]
    blobs = pickling.BlobStore(tmp_path)
    content = pickling.dumps(backend, blobs)
    assert len(content) < 1_000_000
    back = pickling.loads(content, blobs)
    assert {arn: policy.versions[0].document for arn, policy in back.managed_policies.items()} == {
        arn: policy.versions[0].document for arn, policy in backend.managed_policies.items()
    }


def test_a_directory_has_one_owner_at_a_time(tmp_path: Path) -> None:
    directory = StateDirectory(tmp_path)
    assert directory.owner() is None
    with directory.owned():
        assert directory.owner() is not None
        with pytest.raises(AlreadyRunningError), StateDirectory(tmp_path).owned():
            pass
    assert directory.owner() is None


def test_a_broken_info_file_counts_as_none(tmp_path: Path) -> None:
    directory = StateDirectory(tmp_path)
    directory.info_file.write_text("{")
    assert directory.read_info() == {}


@pytest.mark.parametrize(
    ("environ", "names"),
    [
        ({"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"}, ["AWS_ACCESS_KEY_ID"]),
        ({"AWS_ACCESS_KEY_ID": "ASIAIOSFODNN7EXAMPLE"}, ["AWS_ACCESS_KEY_ID"]),
        ({"AWS_PROFILE": "x", "AWS_ROLE_ARN": "y"}, ["AWS_PROFILE", "AWS_ROLE_ARN"]),
        ({"AWS_ACCESS_KEY_ID": "test", "AWS_REGION": "eu-central-1"}, []),
        ({}, []),
    ],
)
def test_credentials_are_told_real_from_invented(environ: dict[str, str], names: list[str]) -> None:
    assert credentials.real_looking(environ) == names


def test_the_daemon_keeps_no_way_to_a_real_account() -> None:
    environ = {"AWS_PROFILE": "x", "AWS_SESSION_TOKEN": "t", "AWS_ENDPOINT_URL": "https://elsewhere"}
    credentials.use_fake(environ)
    assert credentials.real_looking(environ) == []
    assert "AWS_SESSION_TOKEN" not in environ
    assert "AWS_ENDPOINT_URL" not in environ


def test_old_packages_are_swept_but_not_those_in_use(tmp_path: Path) -> None:
    cache = PackageCache(tmp_path)
    for number in range(30):
        (tmp_path / f"{number:02}").mkdir()
    cache.sweep({tmp_path / "00", tmp_path / "01"})
    left = {path.name for path in tmp_path.iterdir()}
    assert {"00", "01"} <= left
    assert 24 <= len(left) <= 26
