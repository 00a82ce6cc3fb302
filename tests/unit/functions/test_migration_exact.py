"""Whatever happens, in whatever order, killed wherever: nothing lost, doubled, or overwritten that is newer.

The model: sources that change while a snapshot goes over them, a stream of those changes, users who write to the
target, and a kill before or after any single call of the store. At the end everything is finished, and looked at.
"""

import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from omnix.migration.deciding import Fate
from omnix.migration.mapping import read
from omnix.migration.moving import Mover
from omnix.migration.placing import Placer
from omnix.migration.record import STAMP, Stamp, content, item_of, source_key, source_name, untouched
from omnix.migration.store import UnwritableError
from omnix.migration.times import milliseconds
from ops.migrate.following import Following
from ops.migrate.journal import Journal
from ops.migrate.snapshot import again, moved

_SINGLE = """
version: 1
name: single
sources:
  - table: old-one
    key: [id]
    newer: at
    leave_out: [{when: [{attribute: note, equals: hidden}], because: hidden}]
    quarantine: [{when: [{attribute: note, equals: bad}], because: bad}]
    records:
      - name: thing
        duplicates: newest
        items:
          - table: workspaces
            key: {pk: "T", sk: "SKU#{sku}"}
            fields: {note: note, updated_at: {from: at, as: time}}
  - table: old-two
    key: [id]
    newer: at
    records:
      - name: thing
        duplicates: newest
        items:
          - table: workspaces
            key: {pk: "T", sk: "SKU#{sku}"}
            fields: {note: note, updated_at: {from: at, as: time}}
"""
_SEVERAL = """
version: 1
name: several
sources:
  - table: old-one
    key: [id]
    newer: at
    leave_out: [{when: [{attribute: note, equals: hidden}], because: hidden}]
    quarantine: [{when: [{attribute: note, equals: bad}], because: bad}]
    records:
      - name: thing
        items:
          - table: workspaces
            key: {pk: "T", sk: "THING#{id}"}
            fields: {note: note, updated_at: {from: at, as: time}}
          - table: workspaces
            key: {pk: "T", sk: "SKU#{sku}"}
            fields: {of: id}
  - table: old-two
    key: [id]
    newer: at
    records:
      - name: thing
        items:
          - table: workspaces
            key: {pk: "T", sk: "THING#two-{id}"}
            fields: {note: note, updated_at: {from: at, as: time}}
          - table: workspaces
            key: {pk: "T", sk: "SKU#{sku}"}
            fields: {of: id}
"""
TABLES = ("old-one", "old-two")


class KilledError(BaseException):
    """As SIGKILL: nobody handles it."""


class Tables:
    """The target and the sources in memory, and a kill at a chosen call."""

    def __init__(self):
        self.target: dict[Any, Any] = {}
        self.sources: dict[str, dict[str, Any]] = {table: {} for table in TABLES}
        self.kill_in: int | None = None
        self.after = False

    def _call(self, effect):
        if self.kill_in is not None:
            self.kill_in -= 1
            if self.kill_in <= 0:
                self.kill_in = None
                if self.after:
                    effect()
                raise KilledError
        return effect()

    def read(self, keys):
        return self._call(lambda: {key: self.target.get(key) for key in keys})

    def put(self, targets):
        if any("too-big" in str(target.item) for target in targets):
            raise UnwritableError("Item size has exceeded the maximum allowed size")
        self._call(lambda: self.target.update({target.key: target.item for target in targets}))

    def change(self, writes, seen):
        if any(target and "too-big" in str(target.item) for target in writes.values()):
            raise UnwritableError("Item size has exceeded the maximum allowed size")

        def effect():
            if any(self.target.get(key) != seen.get(key) for key in writes):
                return False
            for key, target in writes.items():
                if target is None:
                    self.target.pop(key, None)
                else:
                    self.target[key] = target.item
            return True

        return self._call(effect)

    def get(self, wanted):
        found = {source_name(*one): one for one in wanted}
        return {
            name: self.sources[table][key["id"]["S"]]
            for name, (table, key) in found.items()
            if key["id"]["S"] in self.sources[table]
        }

    def members(self, table, partition, sort):
        raise NotImplementedError


class Migration(RuleBasedStateMachine):
    mapping = ""
    idle = False

    def __init__(self):
        super().__init__()
        # every step is synced to a disk, and this one is none
        self.scratch = tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
        self.tables = Tables()
        self.file = read(self.mapping)
        self.stream: list[tuple[str, dict[str, Any]]] = []
        self.followed = 0
        self.scanned: dict[str, list[str]] = {}
        self.snapshot_over = False
        self.now = 1_700_000_000
        self.written_by_users: dict[Any, int] = {}
        self.newest: dict[str, int] = {}
        self._start()

    def teardown(self):
        self.finish()
        self.journal.close()
        self.scratch.cleanup()

    def _start(self):
        """A process begins: all that it knows is in the journal."""
        self.journal = Journal(Path(self.scratch.name) / "journal.sqlite")
        newer_by = {"workspaces": "updated_at"}
        placer = Placer(
            self.tables,
            newer_by,
            idle=self.idle,
            turn=self.journal.turns(),
            announce=self.journal.announce,
            retract=self.journal.retract,
        )
        self.mover = Mover(self.file, self.tables, placer)
        engine: Any = SimpleNamespace(mover=self.mover, legacy=self.tables, journal=self.journal)
        self.following = Following(engine, None, None, lambda _: None)  # type: ignore[arg-type]

    def _lived(self, work):
        """Whether the work came to its end; else a new process."""
        try:
            work()
        except KilledError:
            self.journal.close()
            self._start()
            return False
        finally:
            self.tables.kill_in = None
        return True

    @initialize()
    def begin(self):
        """The first pass's segments: what a scan meets, it meets in this order."""
        self.journal.begin_pass(1, "old-one", 1)
        self.journal.begin_pass(1, "old-two", 1)

    @rule(
        table=st.sampled_from(TABLES),
        id_=st.sampled_from("abcd"),
        sku=st.sampled_from("xyz"),
        note=st.sampled_from(["n1", "n2", "n3", "bad", "hidden", "too-big"]),
        older=st.integers(0, 3),
    )
    def source_written(self, table, id_, sku, note, older):
        self.now += 1
        item = {"id": {"S": id_}, "sku": {"S": sku}, "note": {"S": note}, "at": {"N": str(self.now - older)}}
        self._changed(table, id_, item)

    @rule(table=st.sampled_from(TABLES), id_=st.sampled_from("abcd"))
    def source_deleted(self, table, id_):
        self._changed(table, id_, None)

    def _changed(self, table, id_, item):
        old = self.tables.sources[table].pop(id_, None)
        if item is not None:
            self.tables.sources[table][id_] = item
            for place in (f"SKU#{item['sku']['S']}", f"THING#{id_}", f"THING#two-{id_}"):
                self.newest[place] = max(self.newest.get(place, 0), int(item["at"]["N"]) * 1000)
        if old == item:
            return
        data = {
            "Keys": {"id": {"S": id_}},
            **({"OldImage": old} if old else {}),
            **({"NewImage": item} if item else {}),
        }
        self.stream.append((table, {"dynamodb": data}))

    @precondition(lambda self: not self.idle)
    @rule(data=st.data(), older=st.integers(0, 4))
    def user_changes_an_item_of_the_target(self, data, older):
        if not self.tables.target:
            return
        key = data.draw(st.sampled_from(sorted(self.tables.target)))
        if key.sk.startswith("SKU#") and self.file.name == "several":
            return  # the domain writes a claim with its head only
        self.now += 1
        at = self.now - older
        item = {**self.tables.target[key], "note": {"S": f"user {self.now}"}, "updated_at": {"N": str(at)}}
        if older % 2:
            item.pop(STAMP, None)  # a whole new item, as the domain puts it
        self.tables.target[key] = item
        self.written_by_users[key] = at * 1000

    @rule(size=st.integers(1, 3), kill=st.integers(0, 9), after=st.booleans())
    def snapshot_page(self, size, kill, after):
        table = next((one for one in TABLES if len(self.scanned.get(one, [])) < 4), None)
        if table is None:
            self.snapshot_over = True
            return
        seen = self.scanned.get(table, [])
        ids = [id_ for id_ in "abcd" if id_ not in seen][:size]
        self.tables.kill_in, self.tables.after = kill or None, after

        def work():
            items = [self.tables.sources[table][id_] for id_ in ids if id_ in self.tables.sources[table]]
            results, images = moved(self.mover, self.tables, self.journal, table, items)  # type: ignore[arg-type]
            self.journal.acknowledge(1, table, 0, {"id": {"S": ids[-1]}}, results, images)
            self.scanned[table] = seen + ids

        self._lived(work)

    @precondition(lambda self: self.snapshot_over)
    @rule(size=st.integers(1, 4), kill=st.integers(0, 12), after=st.booleans())
    def follow_page(self, size, kill, after):
        if self.followed >= len(self.stream):
            return
        table = self.stream[self.followed][0]
        records = []
        for one, record in self.stream[self.followed : self.followed + size]:
            if one != table:
                break
            records.append(record)
        self.tables.kill_in, self.tables.after = kill or None, after

        def work():
            results, images = self.following._moved(table, records)
            self.journal.followed(table, "shard", str(self.followed), results, images, done=False)
            self.followed += len(records)

        self._lived(work)

    def finish(self):
        while not self.snapshot_over:
            self.snapshot_page(4, 0, after=False)
        while self.followed < len(self.stream):
            self.follow_page(4, 0, after=False)
        again(self.mover, self.tables, self.journal)  # type: ignore[arg-type]
        self._look()

    def _look(self):
        target, exceptions = self.tables.target, {one.record: one for one in self.journal.every_exception()}
        expected: dict[str, Any] = {}
        for table in TABLES:
            for name, found in self.mover.transformed(table, list(self.tables.sources[table].values())).items():
                if found.refused:
                    assert exceptions[name].fate == Fate.QUARANTINED
                for record in found.records:
                    expected[record.source] = record
                    self._accounted(record, exceptions)
        for key, item in target.items():
            stamp = Stamp.read(item)
            if stamp and untouched(item, stamp):
                self._rightly_there(key, stamp, expected.get(stamp.source), exceptions)
        for key, at in self.written_by_users.items():
            self._user_kept(key, at)
        for one in exceptions.values():
            assert one.item in self.tables.get([source_key(one.item)]), f"{one} is not in the source any more"

    def _rightly_there(self, key, stamp, record, exceptions):
        """It is of a source that is, at a key that it wants; or as it was before its source had to be refused."""
        name = item_of(stamp.source)
        assert all(one in self.tables.target for one in stamp.group), f"{key} without the rest of its record"
        if any(one in self.written_by_users for one in stamp.group):
            return  # a record that users have changed stays whole
        assert name in self.tables.get([source_key(name)]), f"{key} is left of {name}, which is gone"
        if record is None:
            assert exceptions[name].fate == Fate.QUARANTINED, f"{key} of {name}, which becomes nothing"
        elif key not in record.keys:
            assert stamp.source in exceptions, f"{key} is an earlier place of {name}"

    def _accounted(self, record, exceptions):
        """Written exactly, or an exception whose reason holds."""
        target = self.tables.target
        held = [target.get(one.key) for one in record.targets]
        if all(
            item is not None and content(item) == content(one.item) and _source(item) == record.source
            for item, one in zip(held, record.targets, strict=True)
        ):
            assert record.source not in exceptions, f"written, and {exceptions[record.source]}"
            return
        if any(self._users_and_newer(record, item) for item in held):
            return
        if record.source not in exceptions and any(key in self.written_by_users for key in record.keys):
            # it gave way to users, whose item then gave way to a newer one
            assert any(self._has_a_right(record, item) for item in held), f"{record.source} is lost: {held}"
            return
        assert record.source in exceptions, f"{record.source} is lost: {held}"
        said = exceptions[record.source].reason
        if "too-big" in str(record.targets) or "changed in the target" in said or "users changed" in said:
            return
        assert any(self._has_a_right(record, item) for item in held), (
            f"{record.source} did not have to give way: {exceptions[record.source]}: {held}"
        )

    @staticmethod
    def _users_and_newer(record, item):
        stamp = Stamp.read(item or {})
        users = item is not None and (stamp is None or not untouched(item, stamp))
        return users and (milliseconds(item.get("updated_at")) or 0) >= record.changed

    @staticmethod
    def _has_a_right(record, item):
        """Users' own, whatever their clocks say, or another source's with a greater claim."""
        if item is None:
            return False
        stamp = Stamp.read(item)
        if stamp is None or not untouched(item, stamp):
            return True
        return stamp.source != record.source and stamp.claim > record.claim

    def _user_kept(self, key, at):
        item = self.tables.target.get(key)
        if item is None:
            assert self.newest[key.sk] > at, f"{key}, which a user wrote, is gone"
            return
        stamp = Stamp.read(item)
        if stamp is not None and untouched(item, stamp):
            # or a newer one took the user's place, and left it to this one
            newer = (milliseconds(item["updated_at"]) or 0) > at or self.newest[key.sk] > at
            assert newer, f"{key}: older than what a user wrote"


def _source(item):
    stamp = Stamp.read(item)
    return stamp.source if stamp else None


@pytest.mark.parametrize("idle", [False, True], ids=["live target", "idle target"])
@pytest.mark.parametrize("mapping", [_SINGLE, _SEVERAL], ids=["one item, duplicates by rule", "several items, unique"])
def test_nothing_is_lost_doubled_or_overwritten_that_is_newer(mapping, idle):
    machine = type("Machine", (Migration,), {"mapping": mapping, "idle": idle})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=60,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.explicit, Phase.reuse, Phase.generate),
        ),
    )
