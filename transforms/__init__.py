"""Pure functions from frame to frame: parse, check, identify, split, match, totals.

No clock, file, network, environment, logger or database: "now" and zones come in as arguments.
"""
