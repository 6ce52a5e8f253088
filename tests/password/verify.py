"""Verify a signed password, by another hand than src/auth: the signature alone.

usage: verify.py CERT HOST SERVICE LOGIN <TEXT

CERT is the signer's certificate in PEM.  Prints the scheme and the number of
certificates inside; the exit status is 1 if anything is wrong.
"""
import base64
import hashlib
import os
import re
import subprocess
import sys
import tempfile

cert, host, service, login = sys.argv[1:]
text = sys.stdin.read()
body = re.fullmatch(r'ca1\.([A-Za-z0-9_-]+)\.\n', text).group(1)
body = base64.urlsafe_b64decode(body + '=' * (-len(body) % 4))
head, host_id, rest = body[:22], body[22:24], body[24:]
n = int.from_bytes(rest[:2], 'big')
sig, entries = rest[2:2 + n], rest[2 + n:]
assert len(sig) == n
scheme = int.from_bytes(head[:2], 'big')


def openssl(*args, data=None):
    return subprocess.run(['openssl', *args], input=data, check=True,
                          stdout=subprocess.PIPE).stdout


pem = openssl('x509', '-in', cert, '-noout', '-pubkey')
spki = openssl('pkey', '-pubin', '-outform', 'DER', data=pem)
assert head[14:] == hashlib.sha256(spki).digest()[:8]
assert host_id == hashlib.sha256(host.encode()).digest()[:2]
content = b'\0\1' + head
for name in (host, service, login):
    content += bytes([len(name.encode())]) + name.encode()
tbs = (b' ' * 64 + b'certauth/1, client password\0' +
       hashlib.sha384(content + entries).digest())
certs = 0
while entries:
    size = int.from_bytes(entries[:3], 'big')
    if certs == 0:
        assert entries[3:3 + size] == openssl('x509', '-in', cert, '-outform', 'DER')
    assert 0 < size <= len(entries) - 3
    entries = entries[3 + size:]
    certs += 1


def integer(data):
    data = data.lstrip(b'\0')
    data = b'\0' + data if not data or data[0] & 0x80 else data
    return b'\2' + bytes([len(data)]) + data


digest, size, options = {
    0x0403: ('-sha256', 32, []), 0x0503: ('-sha384', 48, []), 0x0603: ('-sha512', 66, []),
    0x0401: ('-sha256', 0, []), 0x0501: ('-sha384', 0, []), 0x0601: ('-sha512', 0, []),
    0x0804: ('-sha256', 0, ['pss']), 0x0805: ('-sha384', 0, ['pss']),
    0x0806: ('-sha512', 0, ['pss']), 0x0807: (None, 0, []), 0x0808: (None, 0, [])}[scheme]
if size:
    assert len(sig) == 2 * size
    numbers = integer(sig[:size]) + integer(sig[size:])
    long = [0x81] if len(numbers) > 127 else []
    sig = bytes([0x30, *long, len(numbers)]) + numbers
with tempfile.TemporaryDirectory() as folder:
    file = {n: os.path.join(folder, n) for n in ('pub', 'sig', 'tbs')}
    for name, data in ('pub', pem), ('sig', sig), ('tbs', tbs):
        with open(file[name], 'wb') as f:
            f.write(data)
    if digest:
        if options:
            options = ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:digest']
        openssl('dgst', digest, *options, '-verify', file['pub'], '-signature',
                file['sig'], file['tbs'])
    else:
        openssl('pkeyutl', '-verify', '-rawin', '-pubin', '-inkey', file['pub'],
                '-sigfile', file['sig'], '-in', file['tbs'])
print(f'{scheme:04x} {certs}')
