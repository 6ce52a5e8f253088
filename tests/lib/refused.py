#!/usr/bin/env python3
"""Write certificates that a login refuses to use, each for another reason.

usage: refused.py GOOD.pem DIR       writes DIR/KIND.pem for each kind

Most are GOOD.pem with another key, extensions or name.  Their signatures are
wrong, which nobody looks at before the rest.
"""
import base64
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '../key'))
from der import integer, octets, oid, seq, split, tlv  # noqa: E402


def openssl(*words, given=b''):
    return subprocess.run(('openssl',) + words, input=given, check=True,
                          capture_output=True).stdout


def public(*words):
    """The SubjectPublicKeyInfo of a new key."""
    return openssl('pkey', '-pubout', '-outform', 'DER',
                   given=openssl('genpkey', *words))


def ec(curve, form='named_curve'):
    return public('-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:' + curve,
                  '-pkeyopt', 'ec_param_enc:' + form)


def dsa():
    """One with 1,024 bits; the numbers are no DSA key, which nobody checks."""
    return seq(seq(oid('1.2.840.10040.4.1'),
                   seq(*[integer((1 << n) + 1) for n in (1023, 159, 1022)])),
               tlv(3, b'\0', integer((1 << 1022) + 3)))


def rsa(bits, exponent):
    return seq(seq(oid('1.2.840.113549.1.1.1'), tlv(5)),
               tlv(3, b'\0', seq(integer((1 << bits - 1) + 1),
                                 integer(exponent))))


def key_of(name, size):
    """A key of a type that is only a number."""
    return seq(seq(oid(name)), tlv(3, b'\0', b'k' * size))


def kinds(good):
    (_, whole, _), = split(good)
    tbs, algorithm, signature = (part for _, _, part in split(whole))
    fields = [part for _, _, part in split(split(tbs)[0][1])]

    def cert(**changes):
        new = list(fields)
        for name, value in changes.items():
            new[{'subject': 5, 'key': 6, 'extensions': 7}[name]] = value
        return seq(seq(*new), algorithm, signature)

    yield 'x25519', cert(key=public('-algorithm', 'X25519'))
    yield 'x448', cert(key=public('-algorithm', 'X448'))
    yield 'dsa', cert(key=dsa())
    yield 'explicit', cert(key=ec('P-256', 'explicit'))
    yield 'rsa-slow', cert(key=rsa(3072, (1 << 3071) + 1))
    yield 'slhdsa', cert(key=key_of('2.16.840.1.101.3.4.3.20', 32))
    yield 'hss', cert(key=key_of('1.2.840.113549.1.9.16.3.17', 60))
    yield 'unknown', cert(key=key_of('1.2.3.4', 32))
    # within the response, and over a bound of the gate
    many = [seq(oid('1.2.3.%d' % i), octets(b'\5\0')) for i in range(65)]
    yield 'extensions', cert(extensions=tlv(0xa3, seq(*many)))
    cn = tlv(12, b'x' * 2100)
    yield 'name', cert(subject=seq(tlv(0x31, seq(oid('2.5.4.3'), cn))))
    # malformed
    yield 'cut', good[:-1]
    yield 'trailing', good + b'\0'
    yield 'empty', seq()
    yield 'no-certificate', seq(integer(1), integer(2), integer(3))
    yield 'indefinite', b'\x30\x80' + whole + b'\0\0'
    yield 'no-key', cert(key=seq())
    # decoded, and no key that could sign
    yield 'secp256k1', cert(key=ec('secp256k1'))
    p256 = ec('P-256')
    yield 'off-curve', cert(key=p256[:-1] + bytes([p256[-1] ^ 1]))
    yield 'rsa1024', cert(key=rsa(1024, 65537))


def main(path, out):
    with open(path, encoding='ascii') as file:
        body = re.search('-----BEGIN CERTIFICATE-----([^-]*)', file.read())
    for kind, der in kinds(base64.b64decode(body.group(1))):
        with open(f'{out}/{kind}.pem', 'w', encoding='ascii') as file:
            file.write('-----BEGIN CERTIFICATE-----\n%s'
                       '-----END CERTIFICATE-----\n' %
                       base64.encodebytes(der).decode())


main(*sys.argv[1:])
