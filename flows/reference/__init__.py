"""Reference data for the cross checks: extracts beside the inbox, and what the service is asked for."""
