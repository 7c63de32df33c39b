"""Everything that touches the world: files, services, clock, database engine, Prefect, terminal."""
