"""Ask the system whether anybody has a file open for writing."""

import fcntl
import os
from errno import EAGAIN
from pathlib import Path


def is_open_for_writing(path: Path) -> bool:
    """Return whether a process of this machine may still write into the file; False where the system cannot tell.

    It cannot on shares and on systems without leases; there, only a file's size and hash tell, and its quiet time.
    """
    if not hasattr(fcntl, "F_SETLEASE"):
        return False
    handle = os.open(path, os.O_RDONLY)
    try:
        # A lease for reading is granted only while nobody has the file open for writing; it ends with the handle.
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return error.errno == EAGAIN
    finally:
        os.close(handle)
    return False
