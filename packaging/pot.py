#!/usr/bin/env python3
"""Leave out the entries of a .pot that have no word: "%s", "%s: %-s" and the like."""
import re
import sys

CONVERSION = re.compile(r"%[-#0 +']*[0-9.*]*(?:hh|h|ll|l|z)?[a-zA-Z%]")


# French has a blank before it.
WORDLESS = ["?"]


def is_text(entry):
    text = "".join(
        line[line.index('"') + 1 : -1]
        for line in entry.split("\n")
        if line.startswith(("msgid", '"'))
    )
    return text in WORDLESS or re.search(r"[A-Za-z]", CONVERSION.sub("", text))


entries = sys.stdin.read().rstrip("\n").split("\n\n")
print("\n\n".join([entries[0]] + [e for e in entries[1:] if is_text(e)]))
