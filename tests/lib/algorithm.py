#!/usr/bin/env python3
"""Write a certificate or CRL with another signature algorithm.

usage: algorithm.py FILE HEX >PEM

FILE is PEM.  HEX is the AlgorithmIdentifier's content, in both places; the
signature stays what it is, and is wrong.
"""
import base64
import re
import sys


def element(tag, content):
    n = len(content)
    size = b'' if n < 128 else n.to_bytes((n.bit_length() + 7) // 8, 'big')
    return bytes([tag, 128 + len(size) if size else n]) + size + content


def elements(data):
    at = 0
    while at < len(data):
        tag, n, at = data[at], data[at + 1], at + 2
        if n > 128:
            size, at = n - 128, at + n - 128
            n = int.from_bytes(data[at - size:at], 'big')
        yield tag, data[at:at + n]
        at += n


def main(path, text):
    with open(path, encoding='ascii') as file:
        kind, body = re.search(r'-----BEGIN (.*)-----\n([^-]*)',
                               file.read()).groups()
    algorithm = bytes.fromhex(text)
    (_, whole), = elements(base64.b64decode(body))
    parts = list(elements(whole))
    inner = list(elements(parts[0][1]))
    # the first SEQUENCE of tbsCertificate and of tbsCertList
    where = next(i for i, (tag, _) in enumerate(inner) if tag == 0x30)
    inner[where] = 0x30, algorithm
    parts[0] = 0x30, b''.join(element(*e) for e in inner)
    parts[1] = 0x30, algorithm
    der = element(0x30, b''.join(element(*e) for e in parts))
    print(f'-----BEGIN {kind}-----')
    print(base64.encodebytes(der).decode(), end='')
    print(f'-----END {kind}-----')


main(*sys.argv[1:])
