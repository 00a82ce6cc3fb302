"""What is measured: the project's functions and their named peers, bundled by the same bundler."""

from dataclasses import dataclass
from pathlib import Path

from bundler.bundle import Bundle, bundle, closure_of, site_of
from bundler.project import FunctionSource, discover
from bundler.target import Target

HELLO = "hello-world"
TWIN = "FastAPI+Mangum twin"

# Peers take their dependencies from `api`'s lock and from the group `bench`: the same versions throughout.
_PEERS = {
    HELLO: FunctionSource("hello", "omnix-fn-api", "hello.handler.handler", source_root="bench"),
    TWIN: FunctionSource(
        "twin",
        "omnix-fn-api",
        "twin.handler.handler",
        aws_services=("dynamodb",),
        source_root="bench",
        groups=("bench",),
    ),
}


@dataclass(frozen=True)
class Subject:
    """`sources` is path in the zip → source of every module that the zip ships."""

    name: str
    function: FunctionSource
    bundle: Bundle
    sources: dict[str, bytes]


def twin_function() -> FunctionSource:
    """The peer that is deployed and called, not only imported."""
    return _PEERS[TWIN]


def subjects(root: Path, wanted: Target) -> list[Subject]:
    """The peers first, then the project's functions by name; raises BundleError where one cannot be built."""
    functions = {**_PEERS, **{f.name: f for f in discover(root)}}
    return [_subject(root, wanted, name, function) for name, function in functions.items()]


def _subject(root: Path, wanted: Target, name: str, function: FunctionSource) -> Subject:
    made = bundle(root, wanted, function)
    site = site_of(root, wanted, function)
    closure, _ = closure_of(root, site, wanted, function)
    bases = {True: root / function.source_root, False: site}
    sources = {
        m.path.relative_to(bases[m.own]).as_posix(): m.path.read_bytes()
        for m in closure.modules.values()
        if not m.is_extension
    }
    return Subject(name, function, made, sources)
