"""The tests, and the programs beside them that prove and measure.

The files of their nights are whole as they are written, so no night waits to see whether they grow; whoever tests the
time says so by the same variable.
"""

import os

os.environ.setdefault("TIEOUT_INBOX__QUIET_SECONDS", "0")
