"""What a `pulumi preview --json` would do, told to a reviewer without a single raw state."""
