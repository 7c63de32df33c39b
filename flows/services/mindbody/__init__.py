"""Mindbody: client and tokens, messages, gateway, look-ups of SourceIds, and how what is in doubt there is read back."""
