"""The settings: their sections, how they are read, secrets that Prefect keeps, the layouts of a site's own files."""
