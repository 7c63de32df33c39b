"""Match source, ledger and services, and tell what does not: breaks, their details, balances."""
