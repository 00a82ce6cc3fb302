import json
import logging
import subprocess
import sys
from pathlib import Path

FUNCTIONS = Path(__file__).resolve().parents[3] / "functions"


def test_debug_logs_hold_no_request_and_no_answer_of_aws() -> None:
    """Lambda sets the root logger to the function's log level; botocore at DEBUG writes secrets' values."""
    code = (
        "import logging; logging.basicConfig(level=logging.DEBUG)\n"
        "import json, omnix.aws\n"
        "names = ('botocore', 'botocore.endpoint', 'botocore.parsers', 'urllib3.connectionpool')\n"
        "print(json.dumps([logging.getLogger(name).getEffectiveLevel() for name in names]))"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=FUNCTIONS, capture_output=True, text=True, check=True)
    assert set(json.loads(result.stdout)) == {logging.INFO}
