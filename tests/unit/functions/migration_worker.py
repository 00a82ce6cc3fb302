"""A migration at work in a process of its own, to be killed: snapshot, then the streams, until nothing comes."""

from pathlib import Path

import boto3

from ops.migrate import running
from ops.migrate.account import Account
from ops.migrate.engine import Speed
from ops.migrate.folder import Folder
from ops.migrate.following import Following

ACCOUNT, REGION = "000000000000", "eu-central-1"


def account(endpoint):
    session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name=REGION)
    return Account(ACCOUNT, REGION, endpoint, session)


def work(endpoint, folder, idle_seconds, write_units, said):
    """As `omnix migrate resume` and `follow`; says through a pipe how far it is."""
    place, own = Folder(Path(folder)), account(endpoint)
    with place.alone():
        engine = running.opened(place, own, own, Speed(threads=3, write_units=write_units))
        said.send("at work")
        if engine.run.finished is None:
            running.snapshot(engine, lambda *_: None, again=False, follow=True)
        said.send("following")
        wire, control = own.wire("dynamodbstreams"), own.client("dynamodbstreams")
        Following(engine, control, wire, lambda _: None).run(idle_seconds=idle_seconds)
    said.send("done")
