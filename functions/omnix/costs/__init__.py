"""The cost guard: what model calls may cost, what they did cost, and who spent it."""
