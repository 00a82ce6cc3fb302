"""Rotation of the platform's secrets by Secrets Manager's four steps."""
