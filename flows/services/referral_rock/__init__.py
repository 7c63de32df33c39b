"""Referral Rock: its client, its messages, its gateway, how what is in doubt there is settled."""
