"""Read files: a module per format, told apart by content, and what they share (limits, extents, damage, values).

Every reader gives the same `Sheet`, with what a person sees in each cell. Intake and reference data both read with
them.
"""
