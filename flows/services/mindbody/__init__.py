"""Mindbody: its client and tokens, its messages, its gateway, how what is in doubt there is settled."""
