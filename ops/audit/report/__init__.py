"""The audit for people: one page that needs nothing else, and tables for the terminal."""
