"""`omnix demo load`: something to look at."""

from typing import Annotated

import typer
from rich.progress import track

from ops.commands.options import CloudOption, JsonOption, OutputsOption, StackOption, choose
from ops.errors import Refused, WrongUse
from ops.stack import Cloud, Stack

app = typer.Typer(help="Demo data: a sign-in and a shop to look at.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `load` a word of its own while it is the only command."""


@app.command("load")
def load(
    context: typer.Context,
    email: Annotated[str | None, typer.Option(help="Demo sign-in (default: the local environment's).")] = None,
    password: Annotated[
        str | None, typer.Option(envvar="OMNIX_DEMO_PASSWORD", help="Its password, at least 12 characters.")
    ] = None,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    cloud: CloudOption = None,
    json_target: JsonOption = None,
) -> None:
    """Make a demo sign-in with products, stock and orders through the API; again adds only what is missing."""
    from ops import demo

    choice = choose(context, stack, outputs, cloud, json_target)
    found = choice.stack()
    address, secret = _sign_in(found, email, password)
    progress = choice.output.progress
    with demo.Shop(found.api_url) as shop:
        products = track(
            demo.PRODUCTS, "Loading demo products", console=progress, transient=True, disable=not progress.is_terminal
        )
        done = demo.load(shop, address, secret, products)
    choice.output.document(
        {
            "stack": found.name,
            "api_url": found.api_url,
            "email": done.email,
            "password": secret,
            "registered": done.registered,
            "added": done.added,
            "present": done.present,
            "customers": done.traded.customers,
            "orders": done.traded.orders,
        }
    )
    if not choice.output.json_only:
        people = choice.output.people
        people.print(f"{len(done.added)} products added, {len(done.present)} were there already")
        people.print(f"{done.traded.customers} customers and {done.traded.orders} orders made")
        people.print(f"sign in at {found.outputs.site_url or found.api_url}", markup=False)
        people.print(f"  e-mail    {done.email}", markup=False)
        people.print(f"  password  {secret}", markup=False)


def _sign_in(stack: Stack, email: str | None, password: str | None) -> tuple[str, str]:
    if stack.name == "prod" and stack.place.cloud is Cloud.AWS:
        raise Refused("prod on AWS is for real shops", "load demo data into dev or staging, or into a local prod")
    if bool(email) != bool(password):
        raise WrongUse("an e-mail address and a password belong together", "give --email and --password, or neither")
    if email and password:
        return email, password
    if stack.demo is None:
        raise WrongUse(
            f"{stack.name} has no demo sign-in of its own",
            "give --email and --password (or OMNIX_DEMO_PASSWORD)",
        )
    return stack.demo.email, stack.demo.password
