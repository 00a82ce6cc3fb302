"""Makes each function's Lambda zip: reproducible, only what it imports, for AWS (arm64) or this machine."""

from bundler.build import build
from bundler.errors import BundleError
from bundler.manifest import BuiltFunction, Manifest

__all__ = ["BuiltFunction", "BundleError", "Manifest", "build"]
