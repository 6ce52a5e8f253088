#!/usr/bin/env python3
"""Certificates that are made to cost much before anything is known of their
sender, as large as a response can hold.

usage: hostile.py DIR SLOW.der P384.spki
       hostile.py --rsa BITS    one with such a key and the exponent 65,537

Writes DIR/NAME.pem for each.  The name of one with an RSA key begins with
rsaBITS-; with the P-384 key, p384-; with a P-256 key, p256-; with a compressed
point, compressed-.
"""
import base64
import os
import random
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '../key'))
from der import integer, octets, oid, seq, tlv  # noqa: E402

FULL = 23500  # bytes that fit into a response beside the rest
CN = oid('2.5.4.3')
ECDSA = seq(oid('1.2.840.10045.4.3.2'))
VALIDITY = seq(tlv(0x17, b'250101000000Z'), tlv(0x17, b'350101000000Z'))
random.seed(1)


def bits(data):
    return tlv(3, b'\0' + data)


def junk(n, values=range(256)):
    return bytes(random.choice(values) for _ in range(n))


def name(*attributes, many=False):
    """each in an RDN of its own, or all in one"""
    entries = [seq(t, v) for t, v in attributes]
    if many:
        return seq(tlv(0x31, *entries))
    return seq(*[tlv(0x31, e) for e in entries])


SIMPLE = name((CN, tlv(12, b'x')))


def extensions(n, size):
    return tlv(0xa3, seq(*[seq(oid('2.5.29.17'), octets(junk(size)))
                           for _ in range(n)]))


def cert(spki, subject=SIMPLE, issuer=SIMPLE, exts=b'', serial=integer(7),
         sigalg=ECDSA):
    tbs = seq(tlv(0xa0, integer(2)), serial, sigalg, issuer, VALIDITY, subject,
              spki, exts)
    return seq(tbs, sigalg, bits(bytes.fromhex('3006020101020101')))


def ec(curve, form='uncompressed'):
    key = subprocess.run(
        ['openssl', 'genpkey', '-algorithm', 'EC', '-pkeyopt',
         'ec_paramgen_curve:' + curve, '-pkeyopt',
         'ec_param_enc:named_curve'], check=True, capture_output=True).stdout
    return subprocess.run(
        ['openssl', 'pkey', '-pubout', '-outform', 'DER', '-ec_conv_form',
         form], input=key, check=True, capture_output=True).stdout


def rsa(size, e):
    n = random.getrandbits(size) | 1 | 1 << (size - 1)
    return seq(seq(oid('1.2.840.113549.1.1.1'), tlv(5)),
               bits(seq(integer(n), integer(e))))


def worst(spki, signature=130):
    """all that the bounds allow: names, then extensions up to the brim"""
    ctrl = name(*[(CN, tlv(12, b'\1' * 20))] * 64)
    t61 = name(*[(CN, tlv(0x14, b'\xff' * 20))] * 64)
    room = FULL - len(spki) - len(ctrl) - len(t61) - signature - 200
    return cert(spki, subject=ctrl, issuer=t61,
                exts=extensions(64, room // 64 - 16))


def pem(der):
    return ('-----BEGIN CERTIFICATE-----\n%s-----END CERTIFICATE-----\n' %
            base64.encodebytes(der).decode())


def main(out, slow, p384):
    p256 = ec('prime256v1')
    unknown = oid('1.2.3.4.5')
    certs = {
        'slow': open(slow, 'rb').read(),
        'rsa3072-exponent-3072': cert(rsa(3072, (1 << 3071) + 1)),
        'rsa16384-exponent-64': cert(rsa(16384, (1 << 63) + 1)),
        'rsa16384-dense': cert(rsa(16384, 131071)),
        'rsa16384-worst': worst(rsa(16384, 65537), 2048),
        'rsa8192-worst': worst(rsa(8192, (1 << 63) + 1), 1024),
        'p384-worst': worst(open(p384, 'rb').read()),
        'p256-worst': worst(p256),
        'compressed-refused': worst(ec('c2pnb368w1', 'compressed')),
        'compressed-b571': worst(ec('sect571r1', 'compressed')),
        'compressed-p224': worst(ec('secp224r1', 'compressed')),
        'p256-names': cert(p256, subject=name(*[(CN, tlv(12))] * 1700)),
        'p256-one-rdn': cert(p256, subject=name(
            *[(CN, tlv(12, b'%04d' % i)) for i in range(1500)], many=True)),
        'p256-control': cert(p256, subject=name((CN, tlv(12, b'\1' * 22000)))),
        'p256-oids': cert(p256, subject=name(
            *[(tlv(6, b'\x2a' + b'\xff' * 100 + b'\x7f'), tlv(12, b'x'))]
            * 190)),
        'p256-extensions': cert(p256, exts=tlv(0xa3, seq(
            *[seq(oid('2.5.29.17'), octets(seq()))] * 1800))),
        'p256-serial': cert(p256, serial=tlv(2, b'\x7f' + junk(22000))),
        'p256-algorithm': cert(p256, sigalg=seq(
            tlv(6, b'\x2a' + junk(11000, range(129, 256)) + b'\x7f'))),
        'unknown': cert(seq(seq(unknown), bits(junk(22000)))),
        'dsa': cert(seq(
            seq(oid('1.2.840.10040.4.1'),
                seq(*[integer(random.getrandbits(40000) | 1)] * 3)),
            bits(integer(random.getrandbits(40000) | 1)))),
        'rsa-long': cert(rsa(176000, 3)),
    }
    for title, der in certs.items():
        with open('%s/%s.pem' % (out, title), 'w') as f:
            f.write(pem(der))


if sys.argv[1] == '--rsa':
    random.seed()
    print(pem(cert(rsa(int(sys.argv[2]), 65537))), end='')
else:
    main(*sys.argv[1:])
