"""Post events to the services, each exactly once, and settle what is in doubt by reading back."""
