#!/usr/bin/env python3
"""Check what msgfmt does not: conversions in their order, blanks, and widths.

usage: po.py FILE.po
"""
import re
import sys

CONVERSION = re.compile(r"%[-#0 +'0-9.*$]*(?:hh|h|ll|l|z)?[a-zA-Z%]")
wrong = 0


def strings(block):
    """The strings of an entry by their words: msgid, msgid_plural, msgstr, msgstr[0]."""
    found, word = {}, None
    for line in block.split("\n"):
        m = re.match(r'(msgid_plural|msgid|msgstr(?:\[\d\])?) (".*")$', line)
        if m:
            word, line = m.group(1), m.group(2)
            found[word] = ""
        if word and line.startswith('"'):
            found[word] += line[1:-1].replace("\\n", "\n").replace('\\"', '"')
    return found


def edges(text):
    # a no-break space belongs to the language
    return re.match(r"[ \n]*", text).group(0), re.search(r"[ \n]*$", text).group(0)


def judge(text, translation):
    global wrong
    reasons = []
    if CONVERSION.findall(text) != CONVERSION.findall(translation):
        reasons.append("other conversions, or another order of them")
    if edges(text) != edges(translation):
        reasons.append("other blanks or line ends at its edges")
    if text.startswith("usage: ") and max(map(len, translation.split("\n"))) > 80:
        reasons.append("a line of a help text with more than 80 characters")
    for reason in reasons:
        wrong += 1
        print("%s: %s: %r" % (sys.argv[1], reason, translation[:70]), file=sys.stderr)


for block in open(sys.argv[1], encoding="utf-8").read().split("\n\n")[1:]:
    if block.startswith("#~"):
        continue
    have = strings(block)
    for word, translation in have.items():
        if word.startswith("msgstr"):
            judge(
                have["msgid"] if word in ("msgstr", "msgstr[0]") else have["msgid_plural"],
                translation,
            )
sys.exit(wrong > 0)
