"""How functions run."""

from collections.abc import Iterator

from policy import types
from policy.model import DEV, PROD, Finding, Level, Resource, Rule, Violation, resource_rule

# The packager compiles for one interpreter, and skips the check of timestamps: another one would compile at each start.
RUNTIME = "python3.13"


def runtime(function: Resource) -> Iterator[Finding]:
    """Judge a zip function's runtime."""
    found = function.get("runtime")
    if function.get("packageType") != "Image" and found != RUNTIME:
        yield Violation(f"runtime is {found}, not {RUNTIME}")


def architecture(function: Resource) -> Iterator[Finding]:
    """Judge the processor; Lambda's own default is x86_64."""
    found = function.get("architectures.0")
    if found != "arm64":
        yield Violation(f"architectures is {found}, not arm64")


def never_invoked(function: Resource) -> Iterator[Finding]:
    """Judge a reservation of nothing, which blocks every invocation."""
    if function.get("reservedConcurrentExecutions") == 0:
        yield Violation("reservedConcurrentExecutions is 0: the function cannot be invoked")


def reserved(function: Resource) -> Iterator[Finding]:
    """Judge reserved concurrency; -1 is the provider's "none"."""
    found = function.get("reservedConcurrentExecutions")
    if found is not None and found > 0:
        yield Violation(f"reservedConcurrentExecutions is {found:g}, taken from what every other function may use")


RULES: tuple[Rule, ...] = (
    resource_rule(
        "function-runtime",
        runtime,
        types=(types.FUNCTION,),
        reason="runtimes end, and bytecode compiled for another one makes every cold start slow",
        fix=f"set runtime {RUNTIME}",
        failing=DEV(types.FUNCTION, runtime="python3.11"),
        passing=DEV(types.FUNCTION, runtime=RUNTIME),
        refs=("C2", "P1"),
    ),
    resource_rule(
        "function-arm64",
        architecture,
        types=(types.FUNCTION,),
        reason="the zips hold arm64 libraries: on x86_64 the first import fails",
        fix="set architectures [arm64]",
        failing=DEV(types.FUNCTION),
        passing=DEV(types.FUNCTION, architectures=["arm64"]),
        refs=("P1",),
    ),
    resource_rule(
        "function-invocable",
        never_invoked,
        types=(types.FUNCTION,),
        reason="a reservation of 0 refuses every request",
        fix="leave reservedConcurrency out of the config",
        failing=PROD(types.FUNCTION, reservedConcurrentExecutions=0),
        passing=PROD(types.FUNCTION),
        refs=("A3",),
    ),
    resource_rule(
        "no-reserved-concurrency",
        reserved,
        types=(types.FUNCTION,),
        level=Level.ADVISORY,
        reason="ReservedConcurrentExecutions blocked a deployment: AWS keeps 100 unreserved, and a new account has 10",
        fix="leave functions.*.reservedConcurrency out of the config unless the account's limit was raised",
        failing=PROD(types.FUNCTION, reservedConcurrentExecutions=5),
        passing=PROD(types.FUNCTION, reservedConcurrentExecutions=-1),
        refs=("A3",),
    ),
)
