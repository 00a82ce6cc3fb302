"""What a tenant sees first: counts and values that are kept, never computed by reading everything."""
