"""Judge rows: every cell against the documented rules, what fails and in which words, what a file brought."""
