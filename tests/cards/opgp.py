#!/usr/bin/env python3
"""An OpenPGP card 2.0 (RSA 2048) for vpcd.

usage: opgp.py PORT FOLDER [OPTION=VALUE ...]

FOLDER has sig.key, dec.key, aut.key and aut.pem, the certificate of the key for
authentication.  card.py has the folder's other files, and the options of all cards.

  serial=N       of the card
  pin=PIN        123456 if it is not named
  wrong=STATUS   of a wrong PIN: 6982 if it is not named, as the specification has
                 it (OpenSC makes CKR_USER_NOT_LOGGED_IN of it), or 63cx: tries
"""
import struct
import sys

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (Encoding,
                                                          load_pem_private_key)

import card
from card import OK, tlv

AID = bytes.fromhex('d27600012401020000050000')  # then the serial number, and 2 bytes
HISTORICAL = bytes.fromhex('0031c573c00140059000')
ALGORITHM = bytes.fromhex('010800002000')  # RSA, 2048 bits, 32 bits of exponent
CAPABILITIES = bytes.fromhex('7c000800080008000800')
ATR = bytes.fromhex('3bda18ff81b1fe751f030031c573c001400090000c')
NAME = tlv('5b', b'Card<<Alice') + tlv('5f2d', b'en') + tlv('5f35', b'9')
# the user's PIN has two references: for signatures, and for all else
PW1_SIGN, PW1, PW3 = 0x81, 0x82, 0x83
KEYS = {0xb6: 'sig', 0xb8: 'dec', 0xa4: 'aut'}
NOT_FOUND, NOT_DATA, LOCKED, NO_PIN, UNKNOWN = 0x6a82, 0x6a88, 0x6983, 0x6982, 0x6d00


def sign(key, info):
    """RSA of a DigestInfo, padded as in PKCS #1."""
    numbers = key.private_numbers()
    size = key.key_size // 8
    block = b'\x00\x01' + b'\xff' * (size - len(info) - 3) + b'\x00' + info
    return pow(int.from_bytes(block, 'big'), numbers.d,
               numbers.public_numbers.n).to_bytes(size, 'big')


class Opgp(card.Card):
    """The application, which is the card."""

    atr = ATR

    def __init__(self, port, folder, options):
        self.given = set()
        super().__init__(port, folder, options)
        self.aid = AID[:10] + struct.pack('>I', self.option('serial', 1)) + b'\0\0'
        self.keys = {}
        for name in KEYS.values():
            with open(self.path(name + '.key'), 'rb') as f:
                self.keys[name] = load_pem_private_key(f.read(), None)
        with open(self.path('aut.pem'), 'rb') as f:
            self.cert = x509.load_pem_x509_certificate(f.read()).public_bytes(
                Encoding.DER)

    def reset(self):
        self.given = set()

    def command(self, ins, p1, p2, data):
        if ins == 0xa4:
            fits = p1 == 4 and self.aid.startswith(data) and data[:5] == AID[:5]
            return b'', OK if fits else NOT_FOUND
        if ins == 0xca:
            return self.get(p1 << 8 | p2)
        if ins == 0x47:
            return self.public(p1, data)
        if ins == 0x20:
            return self.verify(p2, data)
        if ins == 0x88:
            if PW1 not in self.given:
                return b'', NO_PIN
            return sign(self.keys['aut'], data), OK
        if ins == 0x2a and (p1, p2) == (0x9e, 0x9a):
            if PW1_SIGN not in self.given:
                return b'', NO_PIN
            self.given.discard(PW1_SIGN)
            return sign(self.keys['sig'], data), OK
        return b'', UNKNOWN

    def status(self):
        """PW status bytes: the PIN for signatures is good for several."""
        return bytes([0, 32, 32, 32, self.left(PW1), 0, self.left(PW3)])

    def application(self):
        """Application related data."""
        parts = [('c0', CAPABILITIES), ('c1', ALGORITHM), ('c2', ALGORITHM),
                 ('c3', ALGORITHM), ('c4', self.status()), ('c5', b'\x11' * 60),
                 ('c6', bytes(60)), ('cd', b'\x60\x00\x00\x00' * 3)]
        return (tlv('4f', self.aid) + tlv('5f52', HISTORICAL) +
                tlv('73', b''.join(tlv(tag, value) for tag, value in parts)))

    def get(self, tag):
        """GET DATA."""
        if 0x101 <= tag <= 0x104:
            return b'', OK
        value = {0x4f: self.aid, 0x5f52: HISTORICAL, 0xc4: self.status(),
                 0x6e: tlv('6e', self.application()), 0x65: tlv('65', NAME),
                 0x7a: tlv('7a', tlv('93', b'\0\0\1')), 0x7f21: self.cert,
                 0x5e: b'alice', 0x5f50: b'', 0x73: b''}.get(tag)
        return (b'', NOT_DATA) if value is None else (value, OK)

    def public(self, p1, data):
        """GENERATE ASYMMETRIC KEY PAIR, of which only the reading."""
        if p1 not in (0x80, 0x81):
            return b'', 0x6a86
        name = KEYS.get(data[0] if data else 0)
        if not name:
            return b'', NOT_DATA
        key = self.keys[name].public_key().public_numbers()
        return tlv('7f49', tlv('81', key.n.to_bytes(256, 'big')) +
                   tlv('82', key.e.to_bytes(3, 'big'))), OK

    def left(self, ref, count=None):
        """The tries of a PIN, whatever its reference; or write them."""
        return self.tries('pw3' if ref == PW3 else 'pw1', count)

    def verify(self, ref, pin):
        """VERIFY; without a PIN, how many tries are left."""
        if not pin:
            return b'', OK if ref in self.given else 0x63c0 | self.left(ref)
        left = self.left(ref)
        if left == 0:
            return b'', LOCKED
        right = self.option('pin', '123456') if ref != PW3 else '12345678'
        if pin == right.encode():
            self.left(ref, self.option('tries', 3))
            self.given.add(ref)
            return b'', OK
        self.left(ref, left - 1)
        self.given.discard(ref)
        wrong = self.option('wrong', '6982')
        return b'', 0x63c0 | left - 1 if wrong == '63cx' else int(wrong, 16)


if __name__ == '__main__':
    Opgp(sys.argv[1], sys.argv[2], sys.argv[3:]).run()
