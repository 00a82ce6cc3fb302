"""Protect, retain and adopt: the options of every stateful leaf (tables, keys, buckets, vaults, secrets)."""

from collections.abc import Sequence

import pulumi


def stateful(
    parent: pulumi.Resource,
    *,
    protect: bool,
    adopt: str | None = None,
    depends_on: Sequence[pulumi.Resource] = (),
    ignore_changes: Sequence[str] = (),
) -> pulumi.ResourceOptions:
    """Options of a resource whose loss loses data.

    `protect` refuses its deletion until an explicit unprotect and keeps the real thing when state forgets
    it. `adopt` is the provider's import id of one that already exists (a retained table, a legacy one with
    the standard name): it is imported, never recreated. `ignore_changes`: what another service moves.
    Nothing of the component's caller is merged in: a caller's parent, aliases or import would leak into
    every child.
    """
    return pulumi.ResourceOptions(
        parent=parent,
        protect=protect,
        retain_on_delete=protect,
        import_=adopt,
        depends_on=list(depends_on),
        ignore_changes=list(ignore_changes),
    )
