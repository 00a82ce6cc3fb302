"""Resource types by AWS service."""
