"""The ledger: tables, constraints, migrations, named queries, and functions that take a Connection.

Never commits and never opens an engine; ``flows.ledger.connection`` does both.
"""
