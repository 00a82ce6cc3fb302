"""What sells together, counted from orders; no model is needed."""
