#!/usr/bin/env python3
"""A PIV card (NIST SP 800-73-4) for vpcd.

usage: piv.py PORT FOLDER [OPTION=VALUE ...]

FOLDER has SLOT.key and SLOT.pem (9a, 9c, 9d, 9e, 82, 83): RSA 2048, or EC P-256 or
P-384.  The key in 9c signs only directly after the PIN was given, the one in 9e
without a PIN.  card.py has the folder's other files, and the options of all cards.

  serial=N   of the card
  pin=PIN    123456 if it is not named
  yubi=1     the card is a YubiKey 5.4.3
  atr=HEX    3b80800101 is of a card with which OpenSC uses RSA keys only
"""
import os
import struct
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils
from cryptography.hazmat.primitives.serialization import (Encoding,
                                                          load_pem_private_key)

import card
from card import OK, tlv, untlv

AID = bytes.fromhex('a000000308000010000100')
OBJECTS = {'9a': '5fc105', '9c': '5fc10a', '9d': '5fc10b', '9e': '5fc101',
           '82': '5fc10d', '83': '5fc10e'}
CHUID = '5fc102'
FASCN = bytes.fromhex('d4e739da739ced39ce739d836858210842108421c84210c3eb')
DISCOVERY = bytes.fromhex('7e124f0ba0000003080000100001005f2f024000')
HASHES = {h.digest_size: h for h in (hashes.SHA1, hashes.SHA224, hashes.SHA256,
                                     hashes.SHA384, hashes.SHA512)}
# the ID-One card: OpenSC does what the standard says, EC included
PLAIN_ATR = '3bdb9600801f030031c064b0f3100007900080'
YUBI_ATR = '3bf81300008131fe15597562696b657934d4'
NOT_FOUND, NOT_DATA, LOCKED, NO_PIN, UNKNOWN = 0x6a82, 0x6a88, 0x6983, 0x6982, 0x6d00
PIN_REF = 0x80


def sign(key, challenge):
    """The bare operation: RSA of a padded block, ECDSA of a hash."""
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.private_numbers()
        if len(challenge) != key.key_size // 8:
            return b'', 0x6a80
        signed = pow(int.from_bytes(challenge, 'big'), numbers.d,
                     numbers.public_numbers.n)
        return signed.to_bytes(key.key_size // 8, 'big'), OK
    kind = HASHES.get(len(challenge))
    if kind is None:
        return b'', 0x6a80
    return key.sign(challenge, ec.ECDSA(utils.Prehashed(kind()))), OK


def metadata(key, ref):
    """What a YubiKey says of a key: algorithm, policies, origin, public key."""
    numbers = key.public_key().public_numbers()
    if isinstance(key, rsa.RSAPrivateKey):
        algorithm = 0x07
        public = (tlv('81', numbers.n.to_bytes(key.key_size // 8, 'big')) +
                  tlv('82', numbers.e.to_bytes(3, 'big')))
    else:
        size = key.key_size // 8
        algorithm = 0x11 if size == 32 else 0x14
        public = tlv('86', b'\4' + numbers.x.to_bytes(size, 'big') +
                     numbers.y.to_bytes(size, 'big'))
    pin = {0x9c: 3, 0x9e: 1}.get(ref, 2)  # always, never, once
    return (tlv('01', bytes([algorithm])) + tlv('02', bytes([pin, 1])) +
            tlv('03', b'\2') + tlv('04', public))


class Piv(card.Card):
    """The applet, which is the card."""

    def __init__(self, port, folder, options):
        self.selected = self.pin = self.fresh = False
        super().__init__(port, folder, options)
        self.yubi = 'yubi' in self.options
        self.atr = bytes.fromhex(
            self.option('atr', YUBI_ATR if self.yubi else PLAIN_ATR))
        self.serial = self.option('serial', 1)
        self.keys, self.data = {}, {}
        for slot, number in OBJECTS.items():
            if not os.path.exists(self.path(slot + '.key')):
                continue
            with open(self.path(slot + '.key'), 'rb') as f:
                self.keys[int(slot, 16)] = load_pem_private_key(f.read(), None)
            with open(self.path(slot + '.pem'), 'rb') as f:
                der = x509.load_pem_x509_certificate(f.read()).public_bytes(
                    Encoding.DER)
            self.data[number] = tlv('70', der) + b'\x71\x01\x00\xfe\x00'
        self.data[CHUID] = (tlv('30', FASCN) +
                            tlv('34', self.serial.to_bytes(16, 'big')) +
                            tlv('35', b'20300101') + b'\x3e\x00\xfe\x00')

    def reset(self):
        self.selected = self.pin = self.fresh = False

    def command(self, ins, p1, p2, data):
        fresh, self.fresh = self.fresh, False
        if ins == 0xa4:
            return self.select(data)
        if not self.selected:
            return b'', UNKNOWN
        if ins == 0xcb:
            return self.get(data[2:].hex())
        if ins == 0x20:
            return self.verify(p2, data)
        if ins == 0x87:
            return self.authenticate(p2, data, fresh)
        if self.yubi:
            return self.of_yubi(ins, p2)
        return b'', UNKNOWN

    def select(self, aid):
        """SELECT, by the whole AID or its beginning."""
        if not (AID.startswith(aid) and aid.startswith(AID[:5])):
            return b'', NOT_FOUND
        self.selected = True
        return tlv('61', tlv('4f', AID[5:]) + tlv('79', tlv('4f', AID[:5]))), OK

    def get(self, number):
        """GET DATA."""
        if number == '7e':
            return DISCOVERY, OK
        if number not in self.data:
            return b'', NOT_FOUND
        return tlv('53', self.data[number]), OK

    def verify(self, ref, pin):
        """VERIFY; without a PIN, how many tries are left."""
        if ref != PIN_REF:
            return b'', NOT_DATA
        left = self.tries('pin')
        if not pin:
            if self.pin:
                return b'', OK
            return b'', 0x63c0 | left if left else LOCKED
        if left == 0:
            return b'', LOCKED
        if pin == self.option('pin', '123456').encode().ljust(8, b'\xff'):
            self.tries('pin', self.option('tries', 3))
            self.pin = self.fresh = True
            return b'', OK
        self.tries('pin', left - 1)
        self.pin = False
        return b'', 0x63c0 | left - 1 if left > 1 else LOCKED

    def authenticate(self, ref, data, fresh):
        """GENERAL AUTHENTICATE, of which only the signature."""
        template = untlv(untlv(data).get('7c', b''))
        if ref not in self.keys:
            return b'', NOT_DATA
        if not (ref == 0x9e or fresh or (self.pin and ref != 0x9c)):
            return b'', NO_PIN
        if '81' not in template:
            return b'', 0x6a80
        signed, status = sign(self.keys[ref], template['81'])
        return tlv('7c', tlv('82', signed)) if signed else b'', status

    def of_yubi(self, ins, ref):
        """Version, serial number, metadata of a key."""
        if ins == 0xfd:
            return bytes([5, 4, 3]), OK
        if ins == 0xf8:
            return struct.pack('>I', 1000 + self.serial), OK
        if ins != 0xf7:
            return b'', UNKNOWN
        if ref not in self.keys:
            return b'', NOT_DATA
        return metadata(self.keys[ref], ref), OK


if __name__ == '__main__':
    Piv(sys.argv[1], sys.argv[2], sys.argv[3:]).run()
