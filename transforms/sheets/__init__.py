"""From cells to rows: headings, layouts, texts, times."""
