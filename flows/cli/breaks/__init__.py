"""``tieout breaks``: what does not match, what people said about it, and what they decided."""
