"""What may not be sent without a person: limits, and whether something is over one."""
