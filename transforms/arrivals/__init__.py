"""Files as they come, night after night: which belong together, and what is not as it was."""
