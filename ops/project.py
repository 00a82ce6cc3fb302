"""Where the project is: the folder with Pulumi.yaml, from here upwards, else the one this package is in."""

from pathlib import Path


def root(start: Path | None = None) -> Path:
    """The project's folder; the command works from any folder inside it."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "Pulumi.yaml").is_file():
            return folder
    return Path(__file__).resolve().parent.parent
