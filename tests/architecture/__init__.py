"""The house as its imports build it: which room stands on which floor, and a picture of it."""
