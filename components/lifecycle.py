"""Protect, retain and adopt: the options of every stateful leaf (tables, keys, buckets, vaults, secrets)."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi


@dataclass(frozen=True)
class Protection:
    """What stands between stateful resources and a mistake.

    `retain`: a destroy, a rename or a lost state leaves the real thing in the account. `locked`: the engine refuses to
    delete it at all, until a deployment with `omnix-ai:unprotect`. That deployment changes nothing but the lock:
    deletion protection of a table stays on, so that a later `up` finds what it expects when it adopts the table.
    """

    retain: bool
    locked: bool


def stateful(
    parent: pulumi.Resource,
    *,
    protection: Protection,
    adopt: str | None = None,
    depends_on: Sequence[pulumi.Resource] = (),
    ignore_changes: Sequence[str] = (),
) -> pulumi.ResourceOptions:
    """Options of a resource whose loss loses data.

    `adopt` is the provider's import id of one that already exists (a retained table, a legacy one with the standard
    name): it is imported, never recreated. `ignore_changes`: what another service moves. Nothing of the component's
    caller is merged in: a caller's parent, aliases or import would leak into every child.
    """
    return pulumi.ResourceOptions(
        parent=parent,
        protect=protection.locked,
        retain_on_delete=protection.retain,
        import_=adopt,
        depends_on=list(depends_on),
        ignore_changes=list(ignore_changes),
    )
