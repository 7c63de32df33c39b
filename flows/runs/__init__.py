"""The runs themselves: what a run is called, how it shows that it lives, and whose turn it is."""
