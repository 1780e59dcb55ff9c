"""Become another program that ends when its starter ends, however that one ends.

Run as a script: ``python leash.py STARTER_PID SIGNAL UID GID PROGRAM ARGUMENTS…``. It needs the standard
library only, so that it starts fast and whatever the starter's own environment is.

Linux only: the kernel sends SIGNAL when the starter's thread dies (prctl PR_SET_PDEATHSIG; it is dropped when the user
changes, therefore it comes after that). Elsewhere the program is simply run, and the next start ends what was left.

UID and GID are -1, or the user to become. A program that becomes another user keeps the one right to pass closed
folders (CAP_DAC_OVERRIDE, as an ambient capability), because the way to its files may be closed to that user, as root's
home is. access(2), which PostgreSQL asks about its own programs, counts that right only where the secure bit
NO_SETUID_FIXUP is set; see capabilities(7).
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_SET_SECUREBITS = 28
SECBIT_NO_SETUID_FIXUP = 1 << 2
SECBIT_KEEP_CAPS = 1 << 4
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE = 1


def become(uid: int, gid: int) -> None:
    """Change to ``uid`` and ``gid``, without other groups, keeping CAP_DAC_OVERRIDE where the kernel lets us."""
    libc = _libc()
    if libc is not None:
        libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
        libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP | SECBIT_KEEP_CAPS, 0, 0, 0)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    if libc is not None:
        right = 1 << CAP_DAC_OVERRIDE
        header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
        sets = (ctypes.c_uint32 * 6)(
            right, right, right, 0, 0, 0
        )  # effective, permitted, inheritable; then the high bits
        if libc.capset(header, sets) == 0:
            libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


def end_with(starter: int, number: int) -> None:
    """Get signal ``number`` when the thread that started us ends; exit now if the starter has ended already."""
    libc = _libc()
    if libc is not None:
        libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != starter:
        sys.exit(f"process {starter}, which was to be served, has ended")


def main(arguments: list[str]) -> None:
    """Do what the module's text says; never returns."""
    starter, number, uid, gid = (int(argument) for argument in arguments[:4])
    if uid != -1:
        become(uid, gid)
    end_with(starter, number)
    os.execv(arguments[4], arguments[4:])


def _libc() -> "ctypes.CDLL | None":
    return ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


if __name__ == "__main__":
    main(sys.argv[1:])
