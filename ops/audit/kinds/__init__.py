"""How each kind of resource is listed and described."""
