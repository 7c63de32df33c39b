"""What the same event means: keys, digests, the number among equal rows."""
