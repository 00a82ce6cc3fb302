"""Permissions granted, used and never used: what a role could do without.

`record` reads and sums what local clouds counted, `last_accessed` what IAM remembers of real AWS; both become
`model`'s report, which `show` prints.
"""
