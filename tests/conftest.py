"""What every test relies on: Hypothesis judges what a test finds, never how long a busy machine took for an example."""

import os

from hypothesis import settings

settings.register_profile("timeless", deadline=None)
# CI's: a change is judged by the same examples as the one before it. A developer's run looks for new ones.
settings.register_profile("repeatable", settings.get_profile("timeless"), derandomize=True)
settings.load_profile("repeatable" if os.environ.get("OMNIX_REPEATABLE_EXAMPLES") else "timeless")
