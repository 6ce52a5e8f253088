#!/usr/bin/env python3
"""openssh_ed25519.py KEY.pem >KEY: an Ed25519 key in PKCS#8 PEM as OpenSSH
wants it; OpenSSH before 9.6 reads no other form of these."""
import base64
import struct
import subprocess
import sys


def string(data):
    return struct.pack('>I', len(data)) + data


def der(*option):
    return subprocess.run(['openssl', 'pkey', '-in', sys.argv[1], '-outform',
                           'DER', *option], check=True,
                          stdout=subprocess.PIPE).stdout


seed, public = der()[-32:], der('-pubout')[-32:]
blob = string(string(b'ssh-ed25519') + string(public))
private = (b'\1\2\3\4' * 2 + string(b'ssh-ed25519') + string(public) +
           string(seed + public) + string(b'test'))
private += bytes(range(1, 9))[:-len(private) % 8]
whole = (b'openssh-key-v1\0' + string(b'none') + string(b'none') +
         string(b'') + struct.pack('>I', 1) + blob + string(private))
text = base64.b64encode(whole).decode()
print('-----BEGIN OPENSSH PRIVATE KEY-----')
for i in range(0, len(text), 70):
    print(text[i:i + 70])
print('-----END OPENSSH PRIVATE KEY-----')
