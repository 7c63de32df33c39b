"""The four runs as plain lists of steps, whoever runs them, and whose turn it is."""
