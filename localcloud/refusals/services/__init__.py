"""Rules that no model states, by service: wrong combinations, sizes, forms, references. One `RULES` a module."""
