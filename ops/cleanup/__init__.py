"""`omnix cleanup`: removes what an approved plan names, after proving that it can be brought back.

`planning` makes a plan from an audit, `consent` approves and admits it, `run` secures everything and then removes it,
`ledger` remembers every step, `undo` brings back. What each kind of resource needs is in `kinds`.
"""
