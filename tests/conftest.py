"""What every test relies on: Hypothesis judges what a test finds, never how long a busy machine took for an example."""

from hypothesis import settings

settings.register_profile("timeless", deadline=None)
settings.load_profile("timeless")
