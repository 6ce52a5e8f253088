#!/usr/bin/env python3
"""The exchange of one login, message by message, as SVG.

usage: exchange.py >FILE.svg
"""
import sys

from svg import picture, text

LEFT, RIGHT, TOP, STEP = 130, 690, 110, 58
ROWS = (
    (0, 'a prompt with CertificateRequest',
     'nonce, time, host names, service, login, schemes'),
    (None, 'the client checks: is it the host (1) and the login (2) that I meant,',
     'is it recent (3), and is the host\'s proof, if there is one, correct (4)?'),
    (1, 'piece 1 of Certificate and CertificateVerify',
     'the certificate and intermediates; a signature of all that was said'),
    (0, 'the same prompt again', 'next=499: the host has 499 characters'),
    (1, 'the last piece', 'ends in "." instead of "+"'),
    (None, 'the host checks: form, nonce, scheme, signature; then path, validity,',
     'purpose, revocation of the whole path, mapping to this login'),
    (0, 'a session, or a refusal', 'the reason is in the log of the host only'),
)


def main():
    body = [text(24, 34, 'One login', more='font-weight="bold" font-size="16"')]
    end = TOP + STEP * len(ROWS)
    for x, name, more in ((LEFT, 'certauth', 'the user\'s computer'),
                          (RIGHT, 'pam_certauth.so', 'the host')):
        body.append('  <rect class="box" x="%d" y="50" width="190" height="42" '
                    'rx="6"/>' % (x - 95))
        body.append(text(x, 68, name, anchor='middle', more='font-weight="bold"'))
        body.append(text(x, 84, more, 'dim', 'middle', 'font-size="11"'))
        body.append('  <path class="grid" stroke-width="2" d="M%d 92V%d"/>' % (x, end))
    for n, (to, words, more) in enumerate(ROWS):
        y = TOP + STEP * n + 26
        middle = (LEFT + RIGHT) / 2
        body.append(text(middle, y - 8, words, anchor='middle'))
        body.append(text(middle, y + (18 if to is not None else 8), more,
                         'dim' if to is not None else '', 'middle',
                         'font-size="%d"' % (11 if to is not None else 13)))
        if to is None:
            continue
        x, d = ((LEFT, 8), (RIGHT, -8))[to]
        body.append('  <path class="line c%d" stroke-width="2" d="M%d %dH%d"/>' % (
            to, LEFT + 4, y, RIGHT - 4))
        body.append('  <path class="f%d" d="M%d %dl%d -5v10z"/>' % (to, x, y, d))
    sys.stdout.write(picture(
        820, end + 16, 'The exchange of one login',
        ' '.join('%s: %s.' % row[1:] for row in ROWS), body))


main()
