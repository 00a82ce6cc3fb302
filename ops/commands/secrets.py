"""`omnix secrets rotate`: new values, now."""

from dataclasses import asdict
from typing import Annotated

import typer

from ops.commands.options import CloudOption, JsonOption, OutputsOption, StackOption, aws_of, choose
from ops.errors import Refused, WrongUse
from ops.stack import Stack

app = typer.Typer(help="Secrets: rotate them now.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `rotate` a word of its own while it is the only command."""


@app.command("rotate")
def rotate(
    context: typer.Context,
    secret: Annotated[list[str] | None, typer.Option(help="Which one; repeat for more (default: all).")] = None,
    force: Annotated[bool, typer.Option("--force", help="Even when it was rotated a moment ago.")] = False,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds to wait for each.")] = 300,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """Rotate secrets and wait until each is done. The value before stays accepted until the next rotation."""
    from ops import rotation

    choice = choose(context, stack, outputs, cloud, json_target)
    found = choice.stack()
    names = _names(found, secret)
    client = aws_of(found).client("secretsmanager")
    done: list[rotation.Rotated] = []
    try:
        for name in names:
            with choice.output.progress.status(f"rotating {name}"):
                rotated = rotation.rotate(client, name, found.outputs.secrets[name], timeout=timeout, force=force)
            done.append(rotated)
            if not choice.output.json_only:
                choice.output.people.print(
                    f"{name}: version {rotated.from_version} → {rotated.to_version} in {rotated.seconds:.1f} s"
                )
    except Refused as refused:
        left = names[len(done) + 1 :]
        untouched = f"; not started: {', '.join(left)}" if left else ""
        raise Refused(refused.message + untouched, refused.remedy) from refused
    choice.output.document({"stack": found.name, "rotated": [asdict(rotated) for rotated in done]})


def _names(stack: Stack, asked: list[str] | None) -> list[str]:
    known = sorted(stack.outputs.secrets)
    unknown = [name for name in asked or () if name not in known]
    if unknown:
        raise WrongUse(f"{stack.name} has no secret {', '.join(unknown)}", f"name one of {', '.join(known)}")
    return list(dict.fromkeys(asked or known))
