"""The domain library of the OMNIX AI functions: one package per bounded context, cross-cutting modules beside."""

VERSION = "0.1.0"
