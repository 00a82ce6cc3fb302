"""How much of each product a tenant has, where, and what of it is promised to orders."""
