"""A credential that is not accepted."""


class RefusedError(Exception):
    """The credential is not accepted; `reason` is for the log, never for the caller."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
