"""Take files in: find them in the inbox, check them, look up what they name, register each whole, archive it."""
