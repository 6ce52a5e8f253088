#!/usr/bin/env python3
"""The rooms of src and what each may include, as SVG, from docs/architecture.md.

usage: house.py ARCHITECTURE.md >FILE.svg
"""
import re
import sys

from svg import picture, text

W, H, GAP, LEFT, TOP = 128, 40, 44, 24, 76


def rooms(page):
    table = page[page.index('| room |'):]
    found = {}
    for line in table.split('\n\n')[0].splitlines()[2:]:
        name, _, uses = (c.strip() for c in line.strip('|').split('|'))
        name = name.strip('`').replace('src/', '')
        found[name] = [u for u in uses.split(', ') if u != 'libc']
    return found


def levels(found):
    level = {}
    for name, uses in found.items():  # a room uses rooms above it in the table
        level[name] = 1 + max((level[u] for u in uses), default=-1)
    return level


def main(path):
    found = rooms(open(path, encoding='utf-8').read())
    level = levels(found)
    rows = {}
    for name in found:
        rows.setdefault(level[name], []).append(name)
    top = max(rows)
    width = 980
    at = {}
    for n, names in rows.items():
        step = (width - 2 * LEFT) / len(names)
        for i, name in enumerate(names):
            at[name] = (LEFT + step * (i + 0.5), TOP + (top - n) * (H + GAP))
    # an arrow that another path of arrows implies is not drawn
    below = {}
    for name, uses in found.items():
        below[name] = set(uses).union(*(below[u] for u in uses)) if uses else set()
    body = [text(LEFT, 34, 'The rooms of src: each includes rooms below it',
                 more='font-weight="bold" font-size="16"'),
            text(LEFT, 56, 'An arrow that follows from others is left out; '
                 'docs/architecture.md has them all.', 'dim')]
    for name, uses in found.items():
        for u in uses:
            if any(u in below[v] for v in uses if v != u):
                continue
            (x1, y1), (x2, y2) = at[name], at[u]
            body.append('  <path class="line" opacity="0.55" d="M%.0f %.0fC%.0f '
                        '%.0f %.0f %.0f %.0f %.0f"/>' % (
                            x1, y1 + H, x1, y1 + H + GAP * .8, x2, y2 - GAP * .8,
                            x2, y2 - 5))
            body.append('  <path class="f0" d="M%.0f %.0fl-4 -7h8z"/>' % (x2, y2))
    for name, (x, y) in at.items():
        body.append('  <rect class="box" x="%.0f" y="%.0f" width="%d" height="%d" '
                    'rx="6"/>' % (x - W / 2, y, W, H))
        body.append(text(x, y + 25, name, anchor='middle'))
    desc = ' '.join('%s includes %s.' % (n, ', '.join(u)) for n, u in found.items()
                    if u)
    sys.stdout.write(picture(width, TOP + (top + 1) * (H + GAP) - GAP + 24,
                             'The rooms of src', desc, body))


main(sys.argv[1])
