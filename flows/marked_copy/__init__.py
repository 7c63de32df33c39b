"""A person's own workbook back: what became of every row, and the bad cells marked."""
