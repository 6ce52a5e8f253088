#!/usr/bin/env python3
"""A recording of a program's output as SVG: each line appears when it was printed.

usage: PROGRAM | recording.py COMMAND >FILE.svg     COMMAND: what was typed
A viewer without animations shows the last state, and so does a reader who asked
the system for less motion.
"""
import sys
import time

from svg import MONO, picture, text

LEADING, CHAR, LEFT, TOP = 18, 7.85, 16, 46


def kind(line):
    if 'ACCEPTED' in line or 'outcome=granted' in line:
        return 'good'
    if 'REFUSED' in line or 'outcome=denied' in line or 'fail, revoked' in line:
        return 'bad'
    return '' if line[:3].strip() else 'dim'


def main(command):
    start = time.monotonic()
    lines = [(0, '# ' + command, '')]
    for line in sys.stdin:
        line = line.rstrip('\n')
        lines.append((time.monotonic() - start + 1, line, kind(line)))
    columns = max(len(line) for _, line, _ in lines)
    width = LEFT * 2 + CHAR * max(columns, 80)
    height = TOP + LEADING * len(lines)
    body = ['  <g fill="#9aa3af">' + ''.join(
        '<circle cx="%d" cy="18" r="5"/>' % (20 + 18 * i) for i in range(3)) +
        '</g>']
    for n, (at, line, cls) in enumerate(lines):
        body.append(text(LEFT, TOP + LEADING * n, line, ('at ' + cls).strip(),
                         more='xml:space="preserve" style="animation-delay:'
                         '%.2fs"' % at))
    sys.stdout.write(picture(
        width, height, command, 'What `%s` prints, recorded.' % command, body,
        MONO, 13, '    .at { animation: show 1ms backwards; white-space: pre; }\n'
        '    @keyframes show { from { opacity: 0; } to { opacity: 1; } }\n'
        '    @media (prefers-reduced-motion: reduce) '
        '{ .at { animation: none; } }\n'))


main(sys.argv[1])
