"""What models cost, for whom, against which limits, and whether Bedrock's own record says the same.

Ledger, limits and calls are read with the platform's own code (`omnix.costs`), so that an operator and a tenant's page
are shown the same figures.
"""
