"""Pure work on other cores, or on other machines: what is handed out comes back the same from wherever."""
