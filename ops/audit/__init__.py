"""What is in an account, who owns it, when it was last used, and what should become of it. Read-only."""
