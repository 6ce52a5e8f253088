#!/usr/bin/env python3
"""Print the system calls of a trace of strace that the SystemCallFilter= of a unit
does not allow; exit 1 if there are any, or if the trace is empty.

usage: unitcalls.py UNIT TRACE
"""
import re
import subprocess
import sys


def group(name):
    out = subprocess.run(["systemd-analyze", "syscall-filter", name], check=True,
                         capture_output=True, text=True).stdout
    calls = set()
    for line in out.splitlines()[1:]:
        word = line.split("#")[0].strip()
        if word.startswith("@"):
            calls |= group(word)
        elif word:
            calls.add(word)
    return calls


def allowed(unit):
    calls = set()
    with open(unit, encoding="utf-8") as f:
        rows = [line.split("=", 1)[1].strip() for line in f
                if line.startswith("SystemCallFilter=")]
    for row in rows:
        named = set()
        for word in row.lstrip("~").split():
            named |= group(word) if word.startswith("@") else {word}
        calls = calls - named if row.startswith("~") else calls | named
    return calls


def main():
    with open(sys.argv[2], encoding="utf-8", errors="replace") as f:
        used = set(re.findall(r"^\d+ +(?:<\.\.\. )?([a-z_0-9]+)[ (]", f.read(), re.M))
    refused = sorted(used - allowed(sys.argv[1]))
    print(f"{len(used)} calls, refused: {refused}")
    sys.exit(1 if refused or len(used) < 20 else 0)


main()
