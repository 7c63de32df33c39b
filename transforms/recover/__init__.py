"""Make out what was sent, where the ledger that knew it is lost: by counting entries, and by what a reward has now."""
