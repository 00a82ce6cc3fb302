"""Who buys at a tenant's shop, and what they are worth to it."""
