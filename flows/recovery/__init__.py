"""Make out what a lost or older ledger no longer knows: from the archive, the snapshots and the services.

Nothing is ever sent from here. What is not proved to have been sent waits for a person.
"""
