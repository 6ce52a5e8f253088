#!/usr/bin/env python3
"""The cost of a login against the number of revoked certificates, as SVG.

usage: cost.py BENCHMARKS.md >FILE.svg     the tables that `make bench` prints
"""
import math
import re
import sys

from svg import picture, text

SERIES = (
    ('pam_pkcs11, with a token', r'pam_pkcs11, the same token'),
    ('openssl verify (no login)', r'\(no login\) `openssl verify`, CRL in DER'),
    ('pam_certauth, CRL streamed', r'pam_certauth, streamed CRL'),
    ('pam_certauth, CRL indexed', r'pam_certauth, indexed CRL'),
)
COLOURS = (2, 3, 1, 0)
SIZES = (0, 1000, 10000, 100000, 1000000)
LEFT, RIGHT, TOP, BOTTOM = 80, 640, 60, 400


def points(name, page):
    found = {}
    for size, ms in re.findall(
            r'^\| %s, (no|[\d,]+) entries \| ([\d,.]+) \|' % name, page, re.M):
        size = 0 if size == 'no' else int(size.replace(',', ''))
        found[size] = float(ms.replace(',', ''))
    return found


def x(size):
    return LEFT + (RIGHT - LEFT) * SIZES.index(size) / (len(SIZES) - 1)


def y(ms):
    return BOTTOM - (BOTTOM - TOP) * math.log10(ms) / 4


def main(path):
    page = open(path, encoding='utf-8').read()
    when = re.search(r'^\d{4}-\d\d-\d\d; .*$', page, re.M).group(0)
    body = [text(LEFT - 60, 28, 'Time of one login by the number of revoked '
                 'certificates in the CRL', more='font-weight="bold"')]
    for ms in (1, 10, 100, 1000, 10000):
        body.append('  <path class="grid" d="M%d %.1fH%d"/>' % (LEFT, y(ms), RIGHT))
        body.append(text(LEFT - 8, y(ms) + 4, '{:,} ms'.format(ms), 'dim', 'end'))
    for size in SIZES:
        body.append(text(x(size), BOTTOM + 22, '{:,}'.format(size), 'dim', 'middle'))
    desc = []
    for (label, name), colour in zip(SERIES, COLOURS):
        row = points(name, page)
        if len(row) != len(SIZES):
            sys.exit('%s: rows of "%s" are missing' % (path, label))
        body.append('  <path class="line c%d" stroke-width="2.5" d="M%s"/>' % (
            colour, 'L'.join('%.1f %.1f' % (x(s), y(row[s])) for s in SIZES)))
        body += ['  <circle class="f%d" cx="%.1f" cy="%.1f" r="4"/>' % (
            colour, x(s), y(row[s])) for s in SIZES]
        last = row[SIZES[-1]]
        shift = {0: 14, 2: -4, 3: 10}.get(colour, 4)
        body.append(text(RIGHT + 12, y(last) + shift, '%s: %s ms' % (
            label, '{:,.1f}'.format(last)), 'f%d' % colour))
        desc.append('%s: %s.' % (label, ', '.join(
            '{:,} entries {:,.1f} ms'.format(s, row[s]) for s in SIZES)))
    body.append(text(LEFT - 60, BOTTOM + 50, when.split('  ')[0] + ' Both scales '
                     'are logarithmic, but for the 0.', 'dim', more='font-size="12"'))
    sys.stdout.write(picture(960, BOTTOM + 66, 'Cost of a login', ' '.join(desc),
                             body))


main(sys.argv[1])
