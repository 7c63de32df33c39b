"""Turns the frames of a finished run into what a person opens: workbook, page, JSON, artifacts and lines on a terminal.

`report` says what goes in, `sheets` and `summary` what is shown and in which words; `workbook`, `page`, `record`,
`artifacts` and `terminal` each write it in one form. Nothing here counts or matches: the numbers come with the frames.
"""
