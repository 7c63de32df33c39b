"""Read what people really have: workbooks, delimited text, HTML that calls itself .xls, JSON and XML.

Every reader gives the same `transforms.sheets.sheet.Sheet`; what the rows mean is decided in `transforms`.
"""
