"""A whole table under a new name, ready to be used in the live one's place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from components.data.tables import TABLES
from ops.backup.partial import restore_whole
from ops.backup.settings import Clients, Reapplication, Settings, read

if TYPE_CHECKING:
    from ops.backup.estate import Estate, Vault
    from ops.backup.partial import Source
    from ops.backup.tables import Protected
    from ops.backup.waiting import Patience


@dataclass(frozen=True)
class Whole:
    """A table that is back under another name."""

    logical: str
    live: str
    name: str
    region: str
    reapplied: list[str]

    def next_steps(self) -> str:
        """How to go on from here."""
        return (
            f"The live table {self.live} was not touched. Compare the two, then let the functions use the new one: "
            f"`omnix cutover switch --table {self.logical}={self.name}`. Or copy items back: "
            f"`omnix backup restore --table {self.logical}` with --tenant or --item, and --apply. "
            "The new table has a stream of its own, which the worker follows only after a switch. "
            "Delete the table when it is of no more use; its deletion protection is set as the live one's."
        )


def restore_and_set_up(estate: Estate, table: Protected, source: Source, target: str, patience: Patience) -> Whole:
    """Restore the table as `target` and set again what a restore loses, its alarms with their actions."""
    logical, physical, vault = table.logical, table.physical, source.vault(estate)
    settings = settings_of(_clients(estate, estate.home), logical, physical, patience)
    arn = restore_whole(estate, physical, source, target, patience)
    at_home = vault.region == estate.home.region
    again = Reapplication(_clients(estate, vault), physical, settings, target, arn, patience, alarm_actions=at_home)
    again.before_use()
    again.after_reading()
    return Whole(logical, physical, target, vault.region, again.done)


def settings_of(clients: Clients, logical: str, physical: str, patience: Patience) -> Settings:
    """The live table's settings; of one that is lost, what its definition says: the next `up` sets tags and scaling."""
    try:
        return read(clients, physical, patience)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
    definition = TABLES[logical]
    stream = "NEW_AND_OLD_IMAGES" if definition.stream else None
    return Settings(recovery_days=35, ttl=definition.ttl, tags={}, stream=stream, protected=True)


def _clients(estate: Estate, vault: Vault) -> Clients:
    return Clients.of(lambda service: estate.client(service, vault))
