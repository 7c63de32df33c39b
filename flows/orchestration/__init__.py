"""What is Prefect's: the schedule that it keeps, the server that it needs, and the errors that its services log."""
