"""Collect what a report is made of, from the ledger and from what was read back; what must tie is tied elsewhere."""
