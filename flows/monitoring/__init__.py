"""What a run tells whoever watches from outside: a line of figures, and a file for Prometheus."""
