"""One module per step of the ledger, numbered in order."""
