"""Read back and match: which windows to read, the three sides, their balances and books, what to propose."""
