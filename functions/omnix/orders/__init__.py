"""What a tenant sells to whom, and the stock that it holds for it."""
