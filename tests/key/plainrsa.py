#!/usr/bin/env python3
"""The key of a PKCS#8 file, id-RSASSA-PSS, as one of rsaEncryption: a token
knows no other.  usage: plainrsa.py KEY.pem"""
import base64
import sys

from der import oid, seq, split, tlv

text = open(sys.argv[1]).read().split('-----')[2]
version, _, key = split(split(base64.b64decode(text))[0][1])[:3]
der = seq(version[2], seq(oid('1.2.840.113549.1.1.1'), tlv(5)), key[2])
print('-----BEGIN PRIVATE KEY-----\n%s-----END PRIVATE KEY-----' %
      base64.encodebytes(der).decode())
