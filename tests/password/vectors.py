"""The test vectors of signed passwords, by another hand than src/wire.

usage: python3 tests/password/vectors.py >tests/data/vectors/password.txt

Signs with the keys of tests/data/vectors and the openssl command.  Each run makes
other signatures, so the file is kept.
"""
import base64
import hashlib
import os
import re
import struct
import subprocess
import tempfile

DIR = 'tests/data/vectors/'
SALT = bytes(range(8))
PSS = ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:digest']
# key, scheme, its name, the bytes of one number, options of `openssl dgst`
SIGNERS = [
    ('p256', 0x0403, 'ecdsa_secp256r1_sha256', 32, ['-sha256']),
    ('p384', 0x0503, 'ecdsa_secp384r1_sha384', 48, ['-sha384']),
    ('p521', 0x0603, 'ecdsa_secp521r1_sha512', 66, ['-sha512']),
    ('ed25519', 0x0807, 'ed25519', 0, None),
    ('ed448', 0x0808, 'ed448', 0, None),
    ('rsa2048', 0x0804, 'rsa_pss_rsae_sha256', 0, ['-sha256', *PSS]),
    ('rsa2048', 0x0805, 'rsa_pss_rsae_sha384', 0, ['-sha384', *PSS]),
    ('rsa2048', 0x0401, 'rsa_pkcs1_sha256', 0, ['-sha256']),
    ('rsa4096', 0x0806, 'rsa_pss_rsae_sha512', 0, ['-sha512', *PSS]),
]
LONG = '.'.join(['h' * 63] * 3) + '.' + 'h' * 61


def openssl(*args, data=None):
    return subprocess.run(['openssl', *args], input=data, check=True,
                          stdout=subprocess.PIPE).stdout


def der(name):
    with open(DIR + name) as f:
        return base64.b64decode(re.search(
            'BEGIN CERTIFICATE-----(.*?)-----END', f.read(), re.S).group(1))


def numbers(sig, size):
    """r || s of the DER form."""
    at = 3 if sig[1] & 0x80 else 2
    out = b''
    for _ in range(2):
        assert sig[at] == 2
        n = sig[at + 1]
        out += sig[at + 2:at + 2 + n].lstrip(b'\0').rjust(size, b'\0')
        at += 2 + n
    assert at == len(sig)
    return out


def sign(key, options, size, data):
    if options is not None:
        sig = openssl('dgst', *options, '-sign', DIR + key + '.key', data=data)
        return numbers(sig, size) if size else sig
    with tempfile.NamedTemporaryFile() as f:
        f.write(data)
        f.flush()
        return openssl('pkeyutl', '-sign', '-rawin', '-inkey',
                       DIR + key + '.key', '-in', f.name)


def text(body):
    return 'ca1.' + base64.urlsafe_b64encode(body).decode().rstrip('=') + '.'


def vector(data, size):
    return len(data).to_bytes(size, 'big') + data


def stanza(name, outcome, **fields):
    print(f'name = {name}\noutcome = {outcome}')
    for key, value in fields.items():
        print(f'{key} = {value}')
    print()


def good(signer, label, host, service, user, certs):
    key, scheme, scheme_name, size, options = signer
    spki = openssl('pkey', '-in', DIR + key + '.key', '-pubout', '-outform', 'DER')
    key_id = hashlib.sha256(spki).digest()[:8]
    host_id = hashlib.sha256(host.encode()).digest()[:2]
    head = struct.pack('!HI', scheme, 1795000000) + SALT + key_id
    entries = b''.join(vector(der(c), 3) for c in certs)
    content = b'\0\1' + head
    for n in (host, service, user):
        content += vector(n.encode(), 1)
    content += entries
    signed = (b' ' * 64 + b'certauth/1, client password\0' +
              hashlib.sha384(content).digest())
    body = head + host_id + vector(sign(key, options, size, signed), 2) + entries
    stanza(label, 'valid', leaf=key + '.pem',
           scheme=f'{scheme:04x} {scheme_name}', issued_at=1795000000,
           salt=SALT.hex(), key_id=key_id.hex(), host_id=host_id.hex(),
           host=host, service=service, user=user,
           certificates=' '.join(certs), signed_content=signed.hex(),
           text=text(body))
    return body


def bad(name, outcome, value):
    stanza(name, outcome, text=value)


def main():
    os.environ['LC_ALL'] = 'C'
    print('''# Signed passwords (docs/protocol.md, section 8), made by tests/password/vectors.py.
# outcome: valid, or what is wrong: truncated (the end is missing), format, limit.
# Fields of a valid text stand beside it; certificates are those in it.
''')
    names = 'mail.example.com', 'dovecot', 'alice'
    bodies = {}
    for s in SIGNERS:
        bodies[s[2]] = good(s, f'{s[0]} {s[2]}', *names, [])
    for s in SIGNERS:
        if s[2] in ('ecdsa_secp256r1_sha256', 'ed25519', 'rsa_pss_rsae_sha256'):
            good(s, f'{s[0]} {s[2]} with its certificates', *names,
                 [s[0] + '.pem', 'intermediate.pem'])
    for s in SIGNERS[0], SIGNERS[3]:
        good(s, f'{s[0]} for the longest names', LONG + 'hh', 's' * 255, 'u' * 255, [])
    good(SIGNERS[0], 'an A-label, and a login in UTF-8',
         'xn--mller-kva.example', 'nginx', 'm\u00fcller', [])

    body = bodies['ecdsa_secp256r1_sha256']
    ok = text(body)
    assert len(ok) == 125
    fixed, sig = body[:24], body[26:]
    head = fixed + vector(sig, 2)
    for n in (124, 100, 64, 5, 4):
        bad(f'the first {n} characters', 'truncated', ok[:n])
    bad('the prefix without its dot', 'format', ok[:3])
    bad('no body', 'format', 'ca1..')
    bad('another version', 'format', 'ca2.' + ok[4:])
    bad('an upper-case prefix', 'format', 'CA1.' + ok[4:])
    bad('a character before it', 'format', 'x' + ok)
    bad('a dot more', 'format', ok + '.')
    bad('a character behind it', 'format', ok + 'A')
    bad('a dot in the middle', 'format', ok[:60] + '.' + ok[60:])
    bad('white space in the middle', 'format', ok[:60] + ' ' + ok[60:])
    bad('padding', 'format', text(bodies['ed448'])[:-1] + '=.')
    bad('a plus of the other base64', 'format', ok[:60] + '+' + ok[61:])
    bad('a slash of the other base64', 'format', ok[:60] + '/' + ok[61:])
    bad('UTF-8', 'format', ok[:60] + '\u00e9' + ok[61:])
    one_over = head + b'\0\0\1' + b'c'
    value = text(one_over)
    assert len(one_over) % 3 == 1 and value[-2] in 'AQgw'
    bad('a bit that is not used is set', 'format', value[:-2] +
        chr(ord(value[-2]) + 1) + '.')
    for n in (1, 2, 6, 14, 22, 24, 25):
        bad(f'a body of {n} bytes', 'format', text(body[:n]))
    bad('a signature longer than the body', 'format',
        text(fixed + struct.pack('!H', len(sig) + 1) + sig))
    bad('a byte behind the signature', 'format', text(head + b'\0'))
    bad('two bytes behind the signature', 'format', text(head + b'\0\0'))
    bad('an empty certificate', 'format', text(head + bytes(3)))
    bad('a certificate longer than the body', 'format',
        text(head + b'\0\0\5' + b'cert'))
    bad('a byte behind a certificate', 'format',
        text(head + vector(b'cert', 3) + b'\0'))
    bad('17 certificates', 'limit', text(head + vector(b'c', 3) * 17))
    bad('a byte more than 24,576', 'limit',
        text(head + vector(bytes(24576 + 1 - len(head) - 3), 3)))


main()
