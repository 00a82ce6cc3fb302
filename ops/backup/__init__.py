"""Backups that are proven by restoring them: recovery points, restores, what is brought back into a live table."""
