#!/usr/bin/env python3
"""p12mac.py null|empty|slow IN OUT: the PKCS#12 file IN, which must be
unencrypted, with a check value over no password: as no bytes (null), as an
empty string with its end (empty), or one that claims 2^31 - 1 rounds (slow).
The derivation is that of RFC 7292 appendix B.
p12mac.py pbmac1|pbmac1-slow|pbmac1-unknown IN OUT: with one of RFC 9579 over
the password `secret': PBKDF2 with HMAC-SHA-512, then HMAC-SHA-256; with 2^31 - 1
rounds; with a derivation that nobody knows."""
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


def pbmac1(content, form):
    """RFC 9579 section 4: MacData whose salt and rounds mean nothing."""
    salt = bytes(range(16))
    rounds = 2**31 - 1 if form == 'pbmac1-slow' else 2048
    key = hashlib.pbkdf2_hmac('sha512', b'secret', salt, 2048, 32)
    value = hmac.new(key, content, hashlib.sha256).digest()
    kdf = seq(oid('1.2.840.113549.1.5.12'),
              seq(octets(salt), integer(rounds), integer(32),
                  seq(oid('1.2.840.113549.2.11'), tlv(5))))
    if form == 'pbmac1-unknown':
        kdf = seq(oid('1.2.3.4'), tlv(5))
    alg = seq(oid('1.2.840.113549.1.5.14'),
              seq(kdf, seq(oid('1.2.840.113549.2.9'), tlv(5))))
    return seq(seq(alg, octets(value)), octets(b'NOT USED'), integer(1))


form, src, dst = sys.argv[1:]
version, auth, *_ = split(split(open(src, 'rb').read())[0][1])
content = split(split(split(auth[1])[1][1])[0][1 + 1])[0][1]
if form.startswith('pbmac1'):
    open(dst, 'wb').write(pfx(content, pbmac1(content, form)))
    sys.exit()
salt, rounds = bytes(range(8)), 3
key = derive({'null': b'', 'empty': b'\0\0', 'slow': b''}[form], salt, rounds)
value = hmac.new(key, content, hashlib.sha256).digest()
sha256 = seq(oid('2.16.840.1.101.3.4.2.1'), tlv(5))
mac = seq(seq(sha256, octets(value)), octets(salt),
          integer(2**31 - 1 if form == 'slow' else rounds))
open(dst, 'wb').write(pfx(content, mac))
