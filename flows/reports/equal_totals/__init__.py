"""Totals that must be equal: for each total of a table the one of another table that counts the same, and both figures.

A reader who stops at a total follows it to the one that it must equal. What differs is an equation that does not tie
(`flows.reports.collect.of_run`), so that no table can lose a line without the headline saying so.
"""
