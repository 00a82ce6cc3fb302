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


def serving(
    parent: pulumi.Resource, *depends_on: pulumi.Resource, locked: bool, ignore_changes: Sequence[str] = ()
) -> pulumi.ResourceOptions:
    """Options of what requests pass through or are answered from: locked, and never retained.

    The engine finds out about a lock only when it comes to delete the resource: a destroy without preview deletes
    everything that no locked resource needs, and would leave the data behind an API that no longer answers. With these
    locked too, it takes only what the next `up` makes again: alarms and their topic (whose e-mail subscribers are then
    asked to confirm once more), budgets, the backup plan, rotation schedules. None of the locked is replaced by an
    ordinary update: their names are fixed, and code, settings and values change in place. What an update does replace
    or drop stays unlocked: deployments, permissions, policies, backup selections. `ignore_changes`: what something else
    moves.
    """
    return pulumi.ResourceOptions(
        parent=parent, protect=locked, depends_on=list(depends_on), ignore_changes=list(ignore_changes)
    )


def kept_with(parent: pulumi.Resource, *depends_on: pulumi.Resource, retain: bool) -> pulumi.ResourceOptions:
    """Options of a setting or content of a retained resource, which stays as safe as it was when the stack goes.

    Deleting a bucket's setting resets it: versioning off, public access no longer blocked. Each is a `Put` in AWS, so
    the next `up` makes it again without finding it taken.
    """
    return pulumi.ResourceOptions(parent=parent, retain_on_delete=retain, depends_on=list(depends_on))


def stateful(
    parent: pulumi.Resource,
    *,
    protection: Protection,
    adopt: str | None = None,
    depends_on: Sequence[pulumi.Resource] = (),
    ignore_changes: Sequence[str] = (),
    aliases: Sequence[pulumi.Alias] = (),
) -> pulumi.ResourceOptions:
    """Options of a resource whose loss loses data.

    `adopt` is the provider's import id of one that already exists (a retained table, a legacy one with the standard
    name): it is imported, never recreated. `ignore_changes`: what another service moves. `aliases`: what the resource
    was before its logical name or its component changed; without them the engine deletes the old one and makes a new.
    (A component that is only renamed needs one alias, in its caller's options: the engine derives its children's.)
    Nothing of the component's caller is merged in: a caller's parent, aliases or import would leak into every child.
    """
    return pulumi.ResourceOptions(
        parent=parent,
        protect=protection.locked,
        retain_on_delete=protection.retain,
        import_=adopt,
        depends_on=list(depends_on),
        ignore_changes=list(ignore_changes),
        aliases=list(aliases),
    )
