"""Keep house: find what the settings would have removed, say what stays and why, remove the rest."""
