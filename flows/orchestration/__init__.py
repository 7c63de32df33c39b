"""What is Prefect's: tasks and the end of a flow, artifacts, the server that it needs, the schedule that it keeps.

The errors that its services log are heard here, and what a killed process left there is cleared.
"""
