"""A whole table under a new name, ready to be used in the live one's place."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
    """A table that is back under another name. `lost`: what it was is gone, so that its settings are a definition's.

    `of_old`: it was one under an old name.
    """

    logical: str
    live: str
    name: str
    region: str
    reapplied: list[str]
    lost: bool = False
    of_old: bool = False

    def next_steps(self) -> str:
        """How to go on from here."""
        if self.lost:
            return self._next_steps_of_lost()
        return (
            f"The live table {self.live} was not touched. Compare the two, then let the functions use the new one: "
            f"`omnix cutover switch --table {self.logical}={self.name}`. Or copy items back: "
            f"`omnix backup restore --table {self.logical}` with --tenant or --item, and --apply. "
            "The new table has a stream of its own, which the worker follows only after a switch. "
            "Delete the table when it is of no more use; its deletion protection is set as the live one's."
        )

    def _next_steps_of_lost(self) -> str:
        steps = f"The table {self.live} is gone: the new one is set up as the definition of {self.logical} says"
        if self.of_old:
            steps += (
                ", but without TTL, since nobody can say whether items of the old one expired, and by which attribute. "
                f"If they did: `aws dynamodb update-time-to-live --region {self.region} --table-name {self.name} "
                "--time-to-live-specification Enabled=true,AttributeName=…`"
            )
        if self.name == self.live and self.of_old:
            return f"{steps}. It bears the old name; its new stream belongs into `legacyTables`, then `pulumi up`."
        if self.name == self.live:
            return f"{steps}. It bears the old name: `pulumi refresh`, then `pulumi up`."
        return f"{steps}. Let the functions use it: `omnix cutover switch --table {self.logical}={self.name}`."


def restore_and_set_up(estate: Estate, table: Protected, source: Source, target: str, patience: Patience) -> Whole:
    """Restore the table as `target` and set again what a restore loses, its alarms with their actions."""
    physical, vault = table.physical, source.vault(estate)
    live = live_settings(_clients(estate, estate.home), physical, patience)
    settings = live or settings_of_lost(table)
    arn = restore_whole(estate, physical, source, target, patience)
    at_home = vault.region == estate.home.region
    again = Reapplication(_clients(estate, vault), physical, settings, target, arn, patience, alarm_actions=at_home)
    again.before_use()
    again.after_reading()
    lost, of_old = live is None, table.label != table.logical
    return Whole(table.logical, physical, target, vault.region, again.done, lost=lost, of_old=of_old)


def live_settings(clients: Clients, physical: str, patience: Patience) -> Settings | None:
    """The live table's settings; None of one that is lost."""
    try:
        return read(clients, physical, patience)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return None


def settings_of_lost(table: Protected) -> Settings:
    """What the definition of a lost table says: the next `up` sets tags and scaling.

    One under an old name was made by somebody else: to turn a TTL on that it may not have had would delete its items.
    """
    definition = TABLES[table.logical]
    stream = "NEW_AND_OLD_IMAGES" if definition.stream else None
    found = Settings(recovery_days=35, ttl=definition.ttl, tags={}, stream=stream, protected=True)
    return found if table.label == table.logical else replace(found, ttl=None)


def _clients(estate: Estate, vault: Vault) -> Clients:
    return Clients.of(lambda service: estate.client(service, vault))
