"""People of the desk: accounts, what each may do, and how they sign in. Pages and command line both ask here."""
