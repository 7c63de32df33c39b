"""Tell the whole life of one event, difference or client in sentences: where it came from, what happened, what to do.

The cell, the checks, what makes it the same event again, each try, each answer with all that it brought, what reading
back showed, and what people decided; ids stand at the end, for copying.
"""
