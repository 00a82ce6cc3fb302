"""The first code in a function's process, started as `python -I -S -B bootstrap.py HANDLER PARENT`.

Isolated and without `site`, so that no package of the project's environment is on the path: only the zip,
AWS's runtime client and the standard library are, in the order of Lambda's image.
"""

import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def _die_with(parent: int) -> None:
    """A daemon that was killed cannot stop its functions: the kernel does (Linux; elsewhere a process ends
    when its Runtime API is gone, which an endless loop never notices).
    """
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the cloud that started this function is gone")


def main() -> None:
    """Hand over to `awslambdaric`."""
    handler, parent = sys.argv[1:3]
    _die_with(int(parent))
    sys.path[:0] = [os.environ["LAMBDA_TASK_ROOT"], os.environ["LAMBDA_RUNTIME_DIR"]]
    sys.argv = ["awslambdaric", handler]
    from awslambdaric.__main__ import main as run

    run(sys.argv)


if __name__ == "__main__":
    main()
