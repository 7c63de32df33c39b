"""What the balance after each answer proves about a client, and whom to read all the same; never what is unknown."""
