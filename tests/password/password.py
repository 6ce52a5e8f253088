"""A signed password, by another hand than src/wire (docs/protocol.md, section 8).

usage: password.py --key KEY --cert PEM --host NAME --service NAME --user LOGIN
                   [--ago SECONDS] [--send]

KEY is a P-256 key and PEM its certificate, which others may follow.  --ago: issued
so long before now (negative: in the future).  --send: the text has the certificates.
"""
import argparse, base64, hashlib, os, re, struct, subprocess, time

p = argparse.ArgumentParser()
for name in ('key', 'cert', 'host', 'service', 'user'):
    p.add_argument('--' + name, required=True)
p.add_argument('--ago', type=int, default=0)
p.add_argument('--send', action='store_true')
o = p.parse_args()


def openssl(*args, data=None):
    return subprocess.run(['openssl', *args], input=data, check=True,
                          stdout=subprocess.PIPE).stdout


def name(text):
    return bytes([len(text)]) + text.encode()


def integer(der, at):
    assert der[at] == 2
    n = der[at + 1]
    return der[at + 2:at + 2 + n].lstrip(b'\0').rjust(32, b'\0'), at + 2 + n


der = [base64.b64decode(b) for b in re.findall(
    '-----BEGIN CERTIFICATE-----(.*?)-----END', open(o.cert).read(), re.S)]
spki = openssl('pkey', '-in', o.key, '-pubout', '-outform', 'DER')
head = struct.pack('!HI', 0x0403, int(time.time()) - o.ago)
head += os.urandom(8) + hashlib.sha256(spki).digest()[:8]
entries = b''.join(len(d).to_bytes(3, 'big') + d for d in der) if o.send else b''
content = b'\0\1' + head + name(o.host) + name(o.service) + name(o.user) + entries
tbs = b' ' * 64 + b'certauth/1, client password\0' + hashlib.sha384(content).digest()
sig = openssl('dgst', '-sha256', '-sign', o.key, data=tbs)
at = 2
r, at = integer(sig, at)
s, at = integer(sig, at)
body = head + hashlib.sha256(o.host.encode()).digest()[:2]
body += struct.pack('!H', 64) + r + s + entries
print('ca1.' + base64.urlsafe_b64encode(body).decode().rstrip('=') + '.')
