#!/usr/bin/env python3
"""p12join.py OUT KEY ... -- CERT ...: an unencrypted PKCS#12 file without a
check value from PEM files: openssl pkcs12 puts in one key only."""
import base64
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from der import DATA, octets, oid, pfx, seq, tlv  # noqa: E402


def pem(path):
    lines = open(path).read().split('-----BEGIN ')[1].split('\n')[1:]
    text = ''.join(lines).split('-----')[0]
    return base64.b64decode(text)


at = sys.argv.index('--')
bags = [seq(oid('1.2.840.113549.1.12.10.1.1'), tlv(0xa0, pem(p)))
        for p in sys.argv[2:at]]
bags += [seq(oid('1.2.840.113549.1.12.10.1.3'),
             tlv(0xa0, seq(oid('1.2.840.113549.1.9.22.1'),
                           tlv(0xa0, octets(pem(p))))))
         for p in sys.argv[at + 1:]]
safe = seq(DATA, tlv(0xa0, octets(seq(*bags))))
open(sys.argv[1], 'wb').write(pfx(seq(safe)))
