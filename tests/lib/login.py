#!/usr/bin/env python3
"""Play the person at the other end of a PAM conversation.

usage: login.py [OPTION ...] -- COMMAND [ARG ...]

Runs COMMAND, waits for certauth1 prompts in what it prints, and answers them,
rightly or wrongly.  An implementation of the client side of docs/protocol.md
that shares nothing with the project's own: only the openssl command signs.
Exit status: that of COMMAND; 125 if something is wrong with the test itself.

  --cert FILE          certificates to send, leaf first; - for an empty list
  --ocsp FILE,FILE     OCSP responses for the certificates, in their order; "" for
                       none
  --key FILE           the key that signs
  --scheme NAME        instead of the first that fits key and request
  --junk-bytes N       a signature of N bytes that mean nothing
  --client COMMAND     run COMMAND with the prompt as its last argument and
                       answer with what it prints
  --pty                give COMMAND a terminal, its controlling one
  --first TEXT         answer TEXT to the first prompt, before it is shown
  --delay SECONDS      wait before the first answer
  --save-request FILE  keep the request's text
  --save-answer FILE   keep the whole response's text
  --replay FILE        answer with a text kept before
  --for FILE           answer the request in FILE, not the one asked
  --nonce-of-asked     with --for: but put the nonce that was asked
  --text TEXT          answer TEXT each time
  --how HOW            honest, or one of:
       empty           an empty line
       eof             end of file
       cut             leave the last character (the mark) off
       cut-half        leave the second half off
       plain           a password, not a response
       endless         always another full piece
       repeat          the first piece again and again
       junk            1 MiB of random base64url at once
       flip-signature flip-cert flip-nonce   a bit of it is different
       trailing        a byte more than there should be
       two             two messages more
       context         sign with the host's context string
       whole           one long answer, longer than max
"""
import base64
import fcntl
import hashlib
import os
import pty
import re
import select
import subprocess
import sys
import tempfile
import termios
import time

PROMPT = re.compile(rb'certauth1 ([A-Za-z0-9_-]+) next=([0-9]+) max=([0-9]+): ')
SCHEMES = {
    'ecdsa_secp256r1_sha256': (0x0403, 'sha256', 'P-256'),
    'ecdsa_secp384r1_sha384': (0x0503, 'sha384', 'P-384'),
    'ecdsa_secp521r1_sha512': (0x0603, 'sha512', 'P-521'),
    'ed25519': (0x0807, None, 'ED25519'),
    'ed448': (0x0808, None, 'ED448'),
    'mldsa44': (0x0904, None, 'ML-DSA-44'),
    'mldsa65': (0x0905, None, 'ML-DSA-65'),
    'mldsa87': (0x0906, None, 'ML-DSA-87'),
    'rsa_pss_rsae_sha256': (0x0804, 'sha256', 'RSA'),
    'rsa_pss_rsae_sha384': (0x0805, 'sha384', 'RSA'),
    'rsa_pss_rsae_sha512': (0x0806, 'sha512', 'RSA'),
    'rsa_pss_pss_sha256': (0x0809, 'sha256', 'PSS'),
    'rsa_pss_pss_sha384': (0x080a, 'sha384', 'PSS'),
    'rsa_pss_pss_sha512': (0x080b, 'sha512', 'PSS'),
    'rsa_pkcs1_sha256': (0x0401, 'sha256', 'RSA'),
    'rsa_pkcs1_sha384': (0x0501, 'sha384', 'RSA'),
    'rsa_pkcs1_sha512': (0x0601, 'sha512', 'RSA'),
    'rsa_pkcs1_sha1': (0x0201, 'sha1', 'RSA'),
}


class TestError(Exception):
    pass


def u(n, value):
    return value.to_bytes(n, 'big')


def vec(n, data):
    return u(n, len(data)) + data


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=')


def unb64(text):
    return base64.urlsafe_b64decode(text + b'=' * (-len(text) % 4))


def openssl(*args, data=None):
    run = subprocess.run(('openssl',) + args, input=data,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if run.returncode != 0:
        raise TestError('openssl %s: %s' % (' '.join(args), run.stderr))
    return run.stdout


def pem_certs(path):
    text = open(path).read()
    return [base64.b64decode(''.join(m.split())) for m in re.findall(
        '-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----', text,
        re.S)]


def key_type(path):
    text = openssl('pkey', '-in', path, '-noout', '-text').decode()
    for name in ('P-256', 'P-384', 'P-521', 'ED25519', 'ED448', 'ML-DSA-44',
                 'ML-DSA-65', 'ML-DSA-87', 'PSS'):
        if name in text:
            return name
    return 'RSA'


def parse_request(raw):
    """(nonce, schemes) of a CertificateRequest"""
    if raw[0] != 13 or raw[4] != 32:
        raise TestError('not a CertificateRequest')
    nonce = raw[5:37]
    end = 4 + int.from_bytes(raw[1:4], 'big')
    at = 39
    schemes = []
    while at < end:
        kind = int.from_bytes(raw[at:at + 2], 'big')
        size = int.from_bytes(raw[at + 2:at + 4], 'big')
        body = raw[at + 4:at + 4 + size]
        if kind == 13:
            schemes = [int.from_bytes(body[i:i + 2], 'big')
                       for i in range(2, len(body), 2)]
        at += 4 + size
    return nonce, schemes


def sign(key, digest, pss, data):
    if digest is None:
        with tempfile.NamedTemporaryFile() as f:
            f.write(data)
            f.flush()
            return openssl('pkeyutl', '-sign', '-rawin', '-inkey', key,
                           '-in', f.name)
    opts = ()
    if pss:
        opts = ('-sigopt', 'rsa_padding_mode:pss',
                '-sigopt', 'rsa_pss_saltlen:digest')
    return openssl('dgst', '-' + digest, *opts, '-sign', key, data=data)


def flip(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


def status_request(path):
    """the extension of a CertificateEntry with the response in that file"""
    if not path:
        return b''
    return u(2, 5) + vec(2, u(1, 1) + vec(3, open(path, 'rb').read()))


def make_response(request, o):
    nonce, offered = parse_request(request)
    how = o['how']
    kind = key_type(o['key'])
    if o['scheme']:
        name = o['scheme']
    else:
        fits = {code: n for n, (code, _, k) in SCHEMES.items() if k == kind}
        name = next((fits[c] for c in offered if c in fits), None)
        if name is None:
            raise TestError('the request offers no scheme for ' + kind)
    code, digest, _ = SCHEMES[name]
    certs = [] if o['cert'] == '-' else pem_certs(o['cert'])
    if how == 'flip-cert':
        certs[0] = flip(certs[0], len(certs[0]) - 8)
    context = nonce
    if o['nonce-of-asked']:
        context = parse_request(o['asked'])[0]
    if how == 'flip-nonce':
        context = flip(nonce, 31)
    staples = [status_request(f) for f in (o['ocsp'] or '').split(',')]
    staples += [b''] * len(certs)
    entries = b''.join(vec(3, c) + vec(2, s) for c, s in zip(certs, staples))
    certificate = vec(1, context) + vec(3, entries)
    certificate = u(1, 11) + vec(3, certificate)
    who = b'host' if how == 'context' else b'client'
    tbs = b'\x20' * 64 + b'certauth/1, ' + who + b' CertificateVerify\0' + \
        hashlib.sha384(request + certificate).digest()
    if o['junk-bytes']:
        signature = bytes([0x55]) + os.urandom(int(o['junk-bytes']) - 1)
    else:
        signature = sign(o['key'], digest, 'pss' in name, tbs)
    if how == 'flip-signature':
        # not in the DER around the numbers
        signature = flip(signature, len(signature) - 3)
    verify = u(1, 15) + vec(3, u(2, code) + vec(2, signature))
    if how == 'trailing':
        verify += b'\0'
    if how == 'two':
        verify += certificate + verify
    return certificate + verify


def answer(prompt, request, start, limit, state, o):
    """the answer to one prompt, or None for end of file"""
    how = o['how']
    if o['client']:
        run = subprocess.run(o['client'].split() + [prompt.decode()],
                             stdout=subprocess.PIPE)
        return run.stdout.rstrip(b'\n')
    if o['text'] is not None:
        return o['text'].encode()
    if how == 'empty':
        return b''
    if how == 'eof':
        return None
    if how == 'plain':
        return b'correct horse battery staple'
    if how == 'junk':
        return b64(os.urandom(786432)) + b'.'
    if how == 'endless':
        return b64(os.urandom(limit))[:limit - 1] + b'+'
    if 'text' not in state:
        if o['replay']:
            state['text'] = open(o['replay'], 'rb').read().strip()
        else:
            o['asked'] = unb64(request)
            asked = request
            if o['for']:
                asked = open(o['for'], 'rb').read().strip()
            state['text'] = b64(make_response(unb64(asked), o))
        if o['save-answer']:
            open(o['save-answer'], 'wb').write(state['text'])
    text = state['text']
    if how == 'repeat':
        return text[:limit - 1] + b'+'
    if how == 'whole':
        return text + b'.'
    piece = text[start:start + limit - 1]
    if how == 'cut-half':
        return piece[:len(piece) // 2]
    piece += b'.' if start + len(piece) == len(text) else b'+'
    return piece[:-1] if how == 'cut' else piece


def converse(child, reads, write, o):
    seen = b''
    state = {}
    used = 0
    first = True
    if o['first']:
        os.write(write, o['first'].encode() + b'\n')
    while reads:
        for fd in select.select(reads, [], [])[0]:
            try:
                data = os.read(fd, 65536)
            except OSError:  # a terminal whose last user has gone
                data = b''
            if not data:
                reads.remove(fd)
                continue
            os.write(1, data)
            seen += data
        m = PROMPT.search(seen, used)
        if not m or write is None:
            continue
        used = m.end()
        if first and o['save-request']:
            open(o['save-request'], 'wb').write(m.group(1))
        if first and o['delay']:
            time.sleep(float(o['delay']))
        first = False
        reply = answer(m.group(0), m.group(1), int(m.group(2)),
                       int(m.group(3)), state, o)
        try:
            if reply is None and o['pty']:
                reply = b'\x04'
            elif reply is None:
                os.close(write)
                write = None
                continue
            else:
                reply += b'\n'
            while reply:
                reply = reply[os.write(write, reply):]
        except OSError:  # it did not want to hear all of it
            pass
    return child.wait()


def main(argv):
    o = {k: None for k in ('cert', 'ocsp', 'key', 'scheme', 'client', 'delay',
                           'save-request', 'save-answer', 'replay', 'for',
                           'text', 'asked', 'junk-bytes', 'first')}
    o.update({'how': 'honest', 'pty': False, 'nonce-of-asked': False})
    while argv and argv[0] != '--':
        name = argv.pop(0)[2:]
        if name not in o:
            raise TestError('no option --' + name)
        o[name] = True if o[name] is False else argv.pop(0)
    if o['pty']:
        master, slave = pty.openpty()
        child = subprocess.Popen(argv[1:], stdin=slave, stdout=slave,
                                 stderr=slave, start_new_session=True,
                                 preexec_fn=lambda: fcntl.ioctl(
                                     0, termios.TIOCSCTTY, 0))
        os.close(slave)
        return converse(child, [master], master, o)
    child = subprocess.Popen(argv[1:], stdin=subprocess.PIPE, bufsize=0,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return converse(child, [child.stdout.fileno()],
                    child.stdin.fileno(), o)


if __name__ == '__main__':
    try:
        sys.exit(main(sys.argv[1:]))
    except TestError as e:
        print('login.py: %s' % e, file=sys.stderr)
        sys.exit(125)
