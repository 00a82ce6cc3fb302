"""What a model or an outside agent can ask of a shop, as typed calls of the domain's own services."""
