"""Match source, ledger and services, and tell what does not: breaks, details, balances, and why people decided so."""
