"""The products that a tenant sells."""
