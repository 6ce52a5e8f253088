#!/usr/bin/env python3
"""p12mac.py null|empty|slow IN OUT: the PKCS#12 file IN, which must be
unencrypted, with a check value over no password: as no bytes (null), as an
empty string with its end (empty), or one that claims 2^31 - 1 rounds (slow).
The derivation is that of RFC 7292 appendix B."""
import hashlib
import hmac
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from der import integer, octets, oid, pfx, seq, split, tlv  # noqa: E402


def derive(password, salt, rounds):
    """SHA-256: v = 64, u = 32; ID 3 is for integrity."""
    def fill(x):
        n = -(-len(x) // 64) * 64
        return (x * (n // len(x) + 1))[:n] if x else b''

    a = b'\x03' * 64 + fill(salt) + fill(password)
    for _ in range(rounds):
        a = hashlib.sha256(a).digest()
    return a


form, src, dst = sys.argv[1:]
version, auth, *_ = split(split(open(src, 'rb').read())[0][1])
content = split(split(split(auth[1])[1][1])[0][1 + 1])[0][1]
salt, rounds = bytes(range(8)), 3
key = derive({'null': b'', 'empty': b'\0\0', 'slow': b''}[form], salt, rounds)
value = hmac.new(key, content, hashlib.sha256).digest()
sha256 = seq(oid('2.16.840.1.101.3.4.2.1'), tlv(5))
mac = seq(seq(sha256, octets(value)), octets(salt),
          integer(2**31 - 1 if form == 'slow' else rounds))
open(dst, 'wb').write(pfx(content, mac))
