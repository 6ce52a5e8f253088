#!/usr/bin/env python3
"""Print a catalog in a language that nobody speaks: each line in << >>.

usage: pseudo.py FILE.pot [--broken] >xx.po
So a test sees which texts are looked up, and which are not.  --broken: each translation
has conversions that its text does not have.
"""
import re
import sys

text = open(sys.argv[1], encoding="utf-8").read()
broken = "--broken" in sys.argv


def string(block, word):
    found = re.search(r'^%s ((?:".*"\n?)+)' % re.escape(word), block, re.M)
    if found is None:
        return None
    return "".join(line.strip()[1:-1] for line in found.group(1).strip().split("\n"))


def mark(line):
    return "<<%s>>" % line if line.strip() else line


def translate(msgid):
    head = "%s%n " if broken and not msgid.startswith("\\n") else ""
    return head + "\\n".join(mark(line) for line in msgid.split("\\n"))


print(
    'msgid ""\nmsgstr ""\n"Language: de\\n"\n'
    '"Content-Type: text/plain; charset=UTF-8\\n"\n'
    '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n'
)
for block in text.rstrip("\n").split("\n\n")[1:]:
    one, many = string(block, "msgid"), string(block, "msgid_plural")
    if one in ("yes", "y"):
        print('msgid "%s"\nmsgstr "%s"\n' % (one, {"yes": "jawohl", "y": "jw"}[one]))
    elif many is None:
        print('msgid "%s"\nmsgstr "%s"\n' % (one, translate(one)))
    else:
        print(
            'msgid "%s"\nmsgid_plural "%s"\nmsgstr[0] "%s"\nmsgstr[1] "%s"\n'
            % (one, many, translate(one), translate(many))
        )
