"""Who is let in: what API Gateway's authorizer decides. Light on purpose, for it stands before every request."""
