"""Checks of the data layer over streams of items, within a table and across tables. Pure; nothing is read here.

What must agree is kept as in double-entry bookkeeping: each item says what it stands for (`said`), and what is said
about one account must come to nothing. A product says minus one for each of its copies, the copy says plus one; an open
order says how much it reserves, a level says that it is reserved. Sums are kept in buckets of the accounts' hashes, so
the first pass holds the same memory for a thousand items and for a billion (`omnix.integrity.balance`); a second pass
over the same items names the accounts of the buckets that are not empty, and holds only those.
"""
