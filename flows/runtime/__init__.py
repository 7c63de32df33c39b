"""What everything stands on: the errors and their exit codes, the clock, stopping in order, saying what goes on."""
