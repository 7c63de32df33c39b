"""Totals that must tie: what was read, accepted, posted and read back."""
