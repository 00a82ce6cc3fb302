"""Health, readiness, version and the contract itself."""
