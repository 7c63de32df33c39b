"""The ledger: open it, the runs that it knows, and how a run ended."""
