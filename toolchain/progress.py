"""What a person sees while long work runs, and how long each part took."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from rich.console import Console


@dataclass
class Progress:
    """Announces phases on stderr and keeps their seconds, so that stdout stays free for results."""

    console: Console = field(default_factory=lambda: Console(stderr=True, highlight=False))
    seconds: dict[str, float] = field(default_factory=dict)

    def say(self, message: str) -> None:
        """Print one line of news."""
        self.console.print(f"  {message}", markup=False, soft_wrap=True)

    @contextlib.contextmanager
    def phase(self, name: str, what: str) -> Iterator[None]:
        """Announce `what`, run the block, record its seconds under `name`, and print them."""
        self.console.print(f"[bold cyan]▶[/] {what}")
        started = time.monotonic()
        try:
            yield
        except BaseException:
            self.console.print(f"[bold red]✗[/] {what} [dim]({time.monotonic() - started:.1f} s)[/]")
            raise
        self.seconds[name] = round(time.monotonic() - started, 2)
        self.console.print(f"[bold green]✓[/] {what} [dim]({self.seconds[name]:.1f} s)[/]")
