"""Who is told what, and when: the end of a run, a night that did not run, and good nights to a monitor outside."""
