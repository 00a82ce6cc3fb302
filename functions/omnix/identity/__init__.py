"""Tenants, users, passwords and sessions."""
