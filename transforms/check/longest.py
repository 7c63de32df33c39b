"""How long the texts of a row may be: whatever the check lets through, both databases and both services must take.

The documents name no length. An id is part of several indexes, and PostgreSQL refuses what is longer than 2,704 bytes
in one: 255 signs are 1,020 bytes at most, and more than any id of either service has. A description is never longer
than what a cell of a spreadsheet can hold.

In signs. A module of its own, since the settings need it, and no command should wait for pandas to read its settings.
"""

LONGEST_ID = 255
LONGEST_SITE_ID = 50
LONGEST_DESCRIPTION = 32_767
