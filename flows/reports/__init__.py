"""Reports: collect what a run came to, close it, keep a snapshot, word it, and write it.

`collect` asks the ledger and has everything tied; from there on nothing counts or matches, the numbers come with the
frames of `report`. `sheets` lays them out, for the workbook, the page, JSON and artifacts alike.
"""
