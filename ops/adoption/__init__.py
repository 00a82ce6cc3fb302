"""Adoption: what a protected environment's destroy kept, as imports for its next `up`."""
