"""The Model Context Protocol at `POST /mcp`: the tools and records of a shop for outside agents.

Stateless and without sessions: each message is one request of its own, in the current revision (2026-07-28) and in the
earlier ones that the SDK speaks. Who calls, and with which scopes, the authorizer has said before.
"""
