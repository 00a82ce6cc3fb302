"""The cut-over: one parameter moves the platform from tables under their old names to the standard ones, and back."""
