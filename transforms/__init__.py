"""Pure functions from frames and values to frames and values: what is judged, identified, matched, settled and tied.

No clock, file, network, environment, logger or database: "now" and zones come in as arguments.
"""
