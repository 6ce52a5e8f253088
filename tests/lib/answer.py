#!/usr/bin/env python3
"""Run a command on a terminal of its own, and answer its first question.

usage: answer.py ANSWER COMMAND [ARG ...]
Prints what the terminal shows and what the command writes.  Exit status: that of the
command.
"""
import os
import pty
import select
import sys
import time

answer = sys.argv[1].encode() + b"\n"
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
shown = b""
asked = False
end = time.monotonic() + 60
while time.monotonic() < end:
    if not select.select([fd], [], [], 0.2)[0]:
        if shown.strip() and not asked:
            asked = True
            os.write(fd, answer)
        continue
    try:
        data = os.read(fd, 4096)
    except OSError:
        break
    if not data:
        break
    shown += data
sys.stdout.write(shown.replace(b"\r\n", b"\n").decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
