"""Mindbody: client and tokens, messages, gateway, look-ups of SourceIds, and how doubt there is read back."""
