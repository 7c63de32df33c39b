"""Alembic's environment: runs on the connection that ``sql.migrate`` hands over, in its transaction."""

from alembic import context

from sql.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
