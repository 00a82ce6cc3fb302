"""Writes, checks or records the API reference; see the package."""

import difflib
import json
import sys
import tempfile
from pathlib import Path

from toolchain.reference import running, story
from toolchain.reference.contract import Contract
from toolchain.reference.document import INTRODUCTION, PAGE, Answers, page

ANSWERS = Path(__file__).parent / "answers.json"
_DIFFERENCE_LINES = 40
_USAGE = "usage: python -m toolchain.reference [--check | --record API_URL]\n"


def made(answers: Answers | None = None) -> str:
    """The page as contract, examples and kept answers say it."""
    contract = Contract.of()
    kept = json.loads(ANSWERS.read_text(encoding="utf-8")) if answers is None else answers
    return page(contract, story.chapters(contract, story.read()), kept, INTRODUCTION.read_text(encoding="utf-8"))


def difference() -> list[str]:
    """The lines in which the page is not what it is made from; empty when they agree."""
    stored = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
    return list(difflib.unified_diff(stored.splitlines(), made().splitlines(), PAGE.name, "contract", lineterm=""))


def record(api_url: str) -> None:
    """Run the page's commands against `api_url` and keep what they answered."""
    routes = {f"{one.method} {one.path}": one.id for one in Contract.of().operations.values()}
    with tempfile.TemporaryDirectory() as folder:
        answers = running.run(made({}), api_url, Path(folder))
    kept = {routes[route]: answers[route].kept() for route in sorted(answers)}
    contract = kept["readContract"]
    contract["body"] = {key: contract["body"][key] for key in ("info", "openapi")}
    ANSWERS.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main(arguments: list[str]) -> int:
    """The exit status: 0 done, 1 stale or failed, 2 wrong use."""
    match arguments:
        case ["--check"]:
            lines = difference()
            sys.stderr.write("\n".join(lines[:_DIFFERENCE_LINES]) + "\n" if lines else "")
            return 1 if lines else 0
        case ["--record", api_url]:
            try:
                record(api_url)
            except running.RunError as error:
                sys.stderr.write(f"{error}\n")
                return 1
        case []:
            pass
        case _:
            sys.stderr.write(_USAGE)
            return 2
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(made(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
