"""The desk: pages for people without a terminal.

They call what the command line calls, so that no rule stands twice.
"""
