"""Decide what is in doubt, from a client's history as it was read back; its days and lines serve matching too."""
