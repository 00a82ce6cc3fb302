"""`omnix preview report`: what a change does, for the person who reviews it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops.commands.options import JsonOption, StackOption, choose
from ops.console import write_text
from ops.errors import WrongUse
from ops.preview.limits import COMMENT_LIMIT

if TYPE_CHECKING:
    from ops.console import Output
    from ops.preview.contract.diff import ContractDifference
    from ops.preview.model import Environment, PolicyResult
    from ops.preview.report import Report

app = typer.Typer(no_args_is_help=True, help="What a change would do, before it is deployed.")

# GitHub shows no comment in Markdown; the workflow finds the one comment to update by this first line.
MARKER = "<!-- omnix-preview-report -->"
_NAMED = re.compile(r"^([a-z][a-z0-9-]*)=(.+)$", re.DOTALL)


@app.callback()
def _group() -> None:
    """A group, so that more commands can follow."""


PreviewsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[ENV=]FILE...",
        help="`pulumi preview --json` of each environment, or this command's own --json of earlier.",
    ),
]
PolicyOption = Annotated[
    list[str] | None,
    typer.Option(metavar="[ENV=]FILE|run|none", help="Result of the policy pack, or run it (default, if it is there)."),
]
ExitCodeOption = Annotated[list[str] | None, typer.Option(metavar="[ENV=]N", help="What `pulumi preview` ended with.")]
ExpectOption = Annotated[
    list[str] | None, typer.Option(metavar="ENV", help="An environment of which a preview must be among the files.")
]
BaseOption = Annotated[Path | None, typer.Option(help="openapi.json before the change.")]
HeadOption = Annotated[Path | None, typer.Option(help="openapi.json after it.")]
OverridesOption = Annotated[
    Path | None, typer.Option(help="Permissions for stateful losses (default overrides/stateful.yaml).")
]
PricesOption = Annotated[Path | None, typer.Option(help="A price table instead of the committed one.")]
UsageOption = Annotated[Path | None, typer.Option(help="Assumptions of use, over the committed ones.")]
MarkdownOption = Annotated[Path | None, typer.Option(help="Write the Markdown here.")]
HtmlOption = Annotated[Path | None, typer.Option(help="Write a page here.")]
TerminalOption = Annotated[bool, typer.Option("--terminal", help="Show it in colour instead of printing Markdown.")]
LimitOption = Annotated[int, typer.Option(min=1000, help="Longest Markdown, in bytes; a comment's by default.")]
WholeOption = Annotated[str, typer.Option(metavar="TEXT", help="Where the whole report is, for one that was cut.")]
WholeUrlOption = Annotated[str | None, typer.Option(metavar="URL", help="A link to it.")]


@app.command("report")
def report(
    context: typer.Context,
    *,
    previews: PreviewsArgument = None,
    policy: PolicyOption = None,
    exit_code: ExitCodeOption = None,
    expect: ExpectOption = None,
    contract_base: BaseOption = None,
    contract_head: HeadOption = None,
    overrides: OverridesOption = None,
    prices: PricesOption = None,
    usage: UsageOption = None,
    markdown: MarkdownOption = None,
    html: HtmlOption = None,
    terminal: TerminalOption = False,
    limit: LimitOption = COMMENT_LIMIT,
    whole: WholeOption = "the page that --html writes",
    whole_url: WholeUrlOption = None,
    stack: StackOption = None,
    json_target: JsonOption = None,
) -> None:
    """Show what previews would do, and refuse (exit 1) a loss without an override, a mandatory policy or a failure."""
    choice = choose(context, stack, None, None, json_target)
    only = choice.selection.stack
    if whole_url and not re.fullmatch(r"https://[^\s<>()]+", whole_url):
        raise WrongUse("--whole-url is no https address", "give the workflow run's address")
    environments = _environments(previews or [], policy or [], exit_code or [], expect or [], only)
    found = _report(environments, _contract(contract_base, contract_head), overrides, prices, usage)
    place = Place(limit, whole, whole_url)
    _deliver(found, choice.output, place, markdown, html, terminal=terminal)
    if not found.gate.open:
        raise typer.Exit(1)


@dataclass(frozen=True)
class Place:
    """How long the Markdown may be, and where the whole report is when that is not enough."""

    limit: int
    whole: str
    url: str | None


def _deliver(
    found: "Report", output: "Output", place: Place, markdown: Path | None, page: Path | None, *, terminal: bool
) -> None:
    """Write what was asked for; Markdown goes to stdout unless it has a file, or a terminal is wanted."""
    from ops.preview.document import document
    from ops.preview.fitting import Fitting
    from ops.preview.render.html import html
    from ops.preview.render.markdown import section_text
    from ops.preview.render.terminal import show
    from ops.preview.report import sections
    from ops.preview.sections.verdict import headline, summary_of

    parts = sections(found)
    text = Fitting(section_text, place.limit, place.whole, place.url, f"{MARKER}\n").fitted(parts)
    if markdown:
        write_text(markdown, text)
    if page:
        write_text(page, html(headline(found), parts))
    output.document(document(found))
    if terminal:
        show(parts, output.people)
    elif not (markdown or output.json_only):
        output.people.file.write(text)
    output.progress.print(summary_of(found), markup=False)


def _named(values: Sequence[str], only: str | None) -> list[tuple[str | None, str]]:
    """`ENV=VALUE` as a pair; without a name it is `only`'s."""
    found = []
    for value in values:
        match = _NAMED.match(value)
        # a path may hold "=": it is a name only where no such file exists
        if match and not Path(value).exists():
            found.append((match[1], match[2]))
        else:
            found.append((only, value))
    return found


def _environments(
    previews: Sequence[str], policy: Sequence[str], codes: Sequence[str], expected: Sequence[str], stack: str | None
) -> "list[Environment]":
    from ops.preview.reading import Source, ended, missing, read

    if not previews and not expected:
        raise WrongUse("which previews?", "give files of `pulumi preview --json`, or --expect ENV")
    codes_by_name = {name: _code(value) for name, value in _named(codes, stack)}
    environments: dict[str, Environment] = {}
    for name, value in _named(previews, stack):
        source = Source(Path(value), name)
        reading = read(source)
        for environment in reading.environments:
            if environment.name in environments:
                raise WrongUse(f"two previews of {environment.name}", "give one file an environment")
            judged = _judged(environment, source.path, policy, stack) if reading.first_hand else environment
            code = codes_by_name.get(environment.name, codes_by_name.get(None))
            environments[environment.name] = ended(judged, code)
    for name in expected:
        environments.setdefault(name, missing(name))
    order = {name: index for index, name in enumerate(("dev", "staging", "prod"))}
    return sorted(environments.values(), key=lambda e: (order.get(e.name, len(order)), e.name))


def _code(value: str) -> int:
    if not value.isdigit():
        raise WrongUse(f"{value!r} is no exit code", "give a number, as in --exit-code dev=1")
    return int(value)


def _judged(environment: "Environment", preview: Path, policy: Sequence[str], stack: str | None) -> "Environment":
    from ops.preview import policy_result

    given = dict(_named(policy, stack))
    wanted = given.get(environment.name, given.get(None))
    result: PolicyResult | None = None
    if wanted == "run" or (wanted is None and policy_result.available()):
        # of a preview that failed or cannot be read the pack would see half
        result = policy_result.run(preview) if not environment.failure else None
    elif wanted is not None and wanted != "none":
        result = policy_result.from_file(Path(wanted))
    return environment.model_copy(update={"policy": result})


def _contract(base: Path | None, head: Path | None) -> "ContractDifference | None":
    if base is None and head is None:
        return None
    if base is None or head is None:
        raise WrongUse("a contract is compared with another", "give both --contract-base and --contract-head")
    from ops.preview.contract.diff import compare_files

    return compare_files(base, head)


def _report(
    environments: "Sequence[Environment]",
    contract: "ContractDifference | None",
    overrides: Path | None,
    prices: Path | None,
    usage: Path | None,
) -> "Report":
    from ops import project
    from ops.preview import overrides as permissions
    from ops.preview.gate import judge
    from ops.preview.price_table import read_prices, read_usage
    from ops.preview.pricing import cost
    from ops.preview.report import Report

    path = overrides or project.root() / "overrides" / "stateful.yaml"
    allowed = permissions.read(path, _today(), given=overrides is not None)
    table, assumed = read_prices(prices), read_usage(usage)
    costs = {environment.name: cost(environment, table, assumed) for environment in environments}
    return Report(environments, judge(environments, allowed, contract), contract, costs, table, assumed)


def _today() -> date:
    return datetime.now(UTC).date()
