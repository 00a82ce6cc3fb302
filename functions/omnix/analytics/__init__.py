"""What happened in a shop, counted as it happens."""
