"""Decide what is in doubt, from what reading back showed."""
