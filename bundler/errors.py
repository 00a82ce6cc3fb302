class BundleError(Exception):
    """A bundle cannot be made, or must not be shipped; the message says what to do next."""


class ProjectError(BundleError):
    """The project's layout or a function's `[tool.omnix]` table is wrong."""


class DependencyError(BundleError):
    """The lock cannot be exported or its wheels cannot be installed for the target."""


class MissingModuleError(BundleError):
    """An own module imports what neither the function's dependencies nor the standard library hold."""


class OversizeError(BundleError):
    """A zip passes one of Lambda's deployment-package limits."""
