"""Where downloads and builds live: outside the working tree, so that they happen once per machine."""

import os
from pathlib import Path


def cache_dir() -> Path:
    """Return `$OMNIX_CACHE`, else `$XDG_CACHE_HOME/omnix`, else `~/.cache/omnix` (the XDG base directory rule)."""
    explicit = os.environ.get("OMNIX_CACHE")
    if explicit:
        return Path(explicit)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "omnix"
