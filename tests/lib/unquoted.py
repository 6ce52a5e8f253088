"""What stands outside of quotes in lines of pam_certauth, read from stdin.

Prints each line with `""' in place of its quoted texts.  Exit status 1 if the
quotes of a line do not pair, or a control byte is in it.
"""
import re
import sys

QUOTED = re.compile(rb'"(?:[^"\\]|\\.)*"')

bad = 0
for line in sys.stdin.buffer.read().split(b'\n'):
    at = line.find(b'pam_certauth(')
    if at < 0:
        continue
    rest = QUOTED.sub(b'""', line[at:])
    if rest.count(b'"') % 2 or re.search(rb'[\0-\x1f\x7f]', line):
        print('not well formed:', line)
        bad = 1
    sys.stdout.buffer.write(rest + b'\n')
sys.exit(bad)
