"""The services: how a request ends, what that proves, and one folder a vendor."""
