"""What each sheet of the report shows: its columns, headings, order of rows and the sentence above it."""
