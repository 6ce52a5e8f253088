#!/usr/bin/env python3
"""Run a file of tests; report, and end, what it leaves running or mounted.

usage: leaves.py NAME COMMAND ...              (tests/check.sh)

Each thing that is left is a line of TAP, `not ok - NAME left running: ...`.
The exit status is COMMAND's.

Only what COMMAND started is counted.  This process is a subreaper: a descendant
whose parent has ended becomes its child, whatever its session, user or
environment.  As root it has a private mount namespace, so that it sees no mount
of others, and others see none of its own.
"""
import ctypes
import os
import signal
import sys
import time

PR_SET_CHILD_SUBREAPER = 36
CLONE_NEWNS = 0x20000
MS_PRIVATE_REC = (1 << 18) | (1 << 14)
GRACE = 10  # seconds for what is ending when COMMAND ends


def mounts():
    """By number: root, target, type and source of each mount.

    A mount that was there may go: its folder was removed by others."""
    found = {}
    with open('/proc/self/mountinfo', encoding='utf-8',
              errors='surrogateescape') as lines:
        for line in lines:
            place, kind = line.rstrip('\n').split(' - ')
            number, _, _, *where = place.split()
            found[number] = ' '.join(where[:2] + kind.split()[:2])
    return found


def descendants():
    """The numbers of all processes below this one."""
    parents = {}
    for name in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{name}/stat', 'rb') as stat:
                parents[int(name)] = int(
                    stat.read().rpartition(b')')[2].split()[1])
        except (OSError, IndexError):
            pass
    below, new = [], [os.getpid()]
    while new:
        new = [p for p, parent in parents.items() if parent in new]
        below += new
    return below


def reap(main=None, until=None):
    """Wait for main, or for every child; None if time is over before that."""
    while until is None or time.monotonic() < until:
        try:
            pid, status = os.waitpid(-1, 0 if until is None else os.WNOHANG)
        except ChildProcessError:
            return 0
        if pid and pid == main:
            return os.waitstatus_to_exitcode(status)
        if not pid:
            time.sleep(0.02)
    return None


def command_line(pid):
    try:
        with open(f'/proc/{pid}/cmdline', 'rb') as line:
            words = line.read().rstrip(b'\0').replace(b'\0', b' ')
    except OSError:
        words = b''
    return words.decode(errors='backslashreplace').replace('\n', ' ')[:200]


def end_all(name):
    """Report and end the processes that are left."""
    for pid in descendants():
        print(f'not ok - {name} left running: {pid} {command_line(pid)}')
    for sign in signal.SIGTERM, signal.SIGKILL:
        for pid in descendants():
            try:
                os.kill(pid, sign)
            except (ProcessLookupError, PermissionError):
                pass
        if reap(until=time.monotonic() + 2) is not None:
            return


def run(name, command):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        sys.exit(f'leaves.py: prctl: {os.strerror(ctypes.get_errno())}')
    own = (os.geteuid() == 0 and libc.unshare(CLONE_NEWNS) == 0 and
           libc.mount(b'none', b'/', None, MS_PRIVATE_REC, None) == 0)
    before = mounts()
    child = os.posix_spawnp(command[0], command, os.environ)
    status = reap(main=child)
    if reap(until=time.monotonic() + GRACE) is None:
        end_all(name)
    if own:
        for number, mount in mounts().items():
            if number not in before:
                print(f'not ok - {name} left mounted: {mount}')
    return status if status >= 0 else 128 - status


if __name__ == '__main__':
    try:
        sys.exit(run(sys.argv[1], sys.argv[2:]))
    except KeyboardInterrupt:
        sys.exit(130)
