#!/usr/bin/env python3
"""Play the host: make a request, and check a response to it.

usage: host.py request [OPTION ...] >REQUEST
       host.py prompt REQUEST NEXT MAX
       host.py check REQUEST RESPONSE CERT   (exit 0: a good signature by CERT)
       host.py proof REQUEST CERT     (exit 0: a good proof of the host by CERT)
       host.py staples RESPONSE DIR   (write the OCSP response of certificate N,
                       from 0, into DIR/N.ocsp, and print each N)
       host.py join MAX COMMAND ...          (ask COMMAND, by prompts as its
                       last argument, for the response to standard input's
                       request, and print the joined text)

  --host NAME          more than once; default web1.example.com, web1
  --user NAME          default alice
  --service NAME       default sshd
  --rhost TEXT         default 192.0.2.7
  --age SECONDS        how old the request is; negative: of the future
  --lifetime SECONDS   default 120
  --schemes HEX,...    default: all
  --authority FILE     a certificate whose subject goes into the list
  --host-cert FILE --host-key FILE     a proof of the host; P-256
  --break WHAT         signature, context or nonce of the proof is wrong
  --ocsp yes           ask for OCSP responses

Shares nothing with the project's own code: only the openssl command signs and
verifies.
"""
import base64
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import time

ALL = '0403,0503,0603,0807,0808,0804,0805,0806,0401,0501,0601'


def u(n, value):
    return value.to_bytes(n, 'big')


def vec(n, data):
    return u(n, len(data)) + data


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=').decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))


def openssl(*args, data=None):
    return subprocess.run(('openssl',) + args, input=data, check=True,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE).stdout


def certs(path):
    return [base64.b64decode(''.join(m.split())) for m in re.findall(
        '-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----',
        open(path).read(), re.S)]


def der_item(data, at):
    """(start of content, end) of the DER item at"""
    size = data[at + 1]
    start = at + 2
    if size & 0x80:
        n = size & 0x7f
        size = int.from_bytes(data[start:start + n], 'big')
        start += n
    return start, start + size


def subject(der):
    at = der_item(der, der_item(der, 0)[0])[0]
    if der[at] == 0xa0:
        at = der_item(der, at)[1]
    for _ in range(4):  # serial, algorithm, issuer, validity
        at = der_item(der, at)[1]
    return der[at:der_item(der, at)[1]]


def to_sign(who, transcript):
    return b'\x20' * 64 + b'certauth/1, ' + who + b' CertificateVerify\0' + \
        hashlib.sha384(transcript).digest()


def message(kind, body):
    return u(1, kind) + vec(3, body)


def request(argv):
    o = {'user': 'alice', 'service': 'sshd', 'rhost': '192.0.2.7', 'age': '0', 'lifetime': '120',
         'schemes': ALL, 'host-cert': None, 'host-key': None, 'break': '',
         'ocsp': None}
    hosts, authorities = [], []
    while argv:
        name = argv.pop(0)[2:]
        if name == 'host':
            hosts.append(argv.pop(0))
        elif name == 'authority':
            authorities.append(subject(certs(argv.pop(0))[0]))
        else:
            assert name in o, name
            o[name] = argv.pop(0)
    hosts = hosts or ['web1.example.com', 'web1']
    nonce = os.urandom(32)
    ext = u(2, 13) + vec(2, vec(2, bytes.fromhex(
        o['schemes'].replace(',', ''))))
    if authorities:
        ext += u(2, 47) + vec(2, vec(2, b''.join(
            vec(2, a) for a in authorities)))
    if o['ocsp']:
        ext += u(2, 5) + vec(2, b'')
    login = u(2, 1) + u(8, int(time.time()) - int(o['age'])) + \
        u(2, int(o['lifetime'])) + \
        vec(2, b''.join(vec(1, h.encode()) for h in hosts)) + \
        vec(1, o['service'].encode()) + vec(1, o['user'].encode()) + \
        vec(1, o['rhost'].encode())
    ext += u(2, 0xffca) + vec(2, login)
    raw = message(13, vec(1, nonce) + vec(2, ext))
    if o['host-cert']:
        context = nonce if o['break'] != 'nonce' else os.urandom(32)
        cert = message(11, vec(1, context) + vec(3, b''.join(
            vec(3, c) + vec(2, b'') for c in certs(o['host-cert']))))
        who = b'client' if o['break'] == 'context' else b'host'
        sig = openssl('dgst', '-sha256', '-sign', o['host-key'],
                      data=to_sign(who, raw + cert))
        if o['break'] == 'signature':
            sig = sig[:-1] + bytes([sig[-1] ^ 1])
        raw += cert + message(15, u(2, 0x0403) + vec(2, sig))
    print(b64(raw))


def entries(certificate):
    """(certificate, extensions) of each CertificateEntry"""
    found, at = [], 40
    while at < len(certificate):
        both = []
        for n in 3, 2:
            size = int.from_bytes(certificate[at:at + n], 'big')
            both.append(certificate[at + n:at + n + size])
            at += n + size
        found.append(both)
    return found


def staples(resp, where):
    resp = unb64(resp)
    end = 4 + int.from_bytes(resp[1:4], 'big')
    for n, (_, ext) in enumerate(entries(resp[:end])):
        if not ext:
            continue
        # status_request alone: a CertificateStatus of type ocsp
        assert ext[:2] == u(2, 5) and ext[4] == 1, ext[:5]
        assert int.from_bytes(ext[2:4], 'big') == len(ext) - 4
        assert int.from_bytes(ext[5:8], 'big') == len(ext) - 8
        with open(os.path.join(where, '%d.ocsp' % n), 'wb') as f:
            f.write(ext[8:])
        print(n)


def check(req, resp, cert):
    req, resp = unb64(req), unb64(resp)
    assert resp[0] == 11
    end = 4 + int.from_bytes(resp[1:4], 'big')
    certificate, verify = resp[:end], resp[end:]
    assert verify[0] == 15
    assert int.from_bytes(verify[1:4], 'big') == len(verify) - 4
    assert certificate[5:37] == req[5:37], 'another nonce'
    scheme = int.from_bytes(verify[4:6], 'big')
    sig = verify[8:]
    sent = [cert for cert, _ in entries(certificate)]
    want = certs(cert)
    if sent:
        assert sent[0] == want[0], 'another certificate'
    verified(cert, scheme, sig, to_sign(b'client', req + certificate))
    print('%04x %d' % (scheme, len(sent)))


def verified(cert, scheme, sig, tbs):
    """by the openssl command; an exception if it is not"""
    with tempfile.TemporaryDirectory() as d:
        def put(name, data):
            with open(os.path.join(d, name), 'wb') as f:
                f.write(data)
            return os.path.join(d, name)
        pub = put('pub', openssl('x509', '-in', cert, '-noout', '-pubkey'))
        s, t = put('sig', sig), put('tbs', tbs)
        if scheme in (0x0807, 0x0808, 0x0904, 0x0905, 0x0906):
            openssl('pkeyutl', '-verify', '-pubin', '-inkey', pub, '-rawin',
                    '-in', t, '-sigfile', s)
        else:
            md = {3: 'sha256', 4: 'sha256', 5: 'sha384', 6: 'sha512'}
            bits = {0x04: 'sha256', 0x05: 'sha384', 0x06: 'sha512'}
            if scheme >> 8 == 8:
                opts = ['-' + md[scheme & 0xff],
                        '-sigopt', 'rsa_padding_mode:pss',
                        '-sigopt', 'rsa_pss_saltlen:digest']
            else:
                opts = ['-' + bits[scheme >> 8]]
            openssl('dgst', *opts, '-verify', pub, '-signature', s, t)


def proof(req, cert):
    raw = unb64(req)
    ends = [0]
    while ends[-1] < len(raw):
        ends.append(ends[-1] + 4 +
                    int.from_bytes(raw[ends[-1] + 1:ends[-1] + 4], 'big'))
    assert ends[-1] == len(raw) and len(ends) == 4, 'no proof'
    certificate, verify = raw[ends[1]:ends[2]], raw[ends[2]:]
    assert certificate[0] == 11 and verify[0] == 15
    assert certificate[5:37] == raw[5:37], 'another nonce'
    sent, at = 0, 40
    while at < len(certificate):
        size = int.from_bytes(certificate[at:at + 3], 'big')
        if sent == 0:
            assert certificate[at + 3:at + 3 + size] == certs(cert)[0]
        sent += 1
        at += 3 + size + 2
    scheme = int.from_bytes(verify[4:6], 'big')
    verified(cert, scheme, verify[8:], to_sign(b'host', raw[:ends[2]]))
    print('%04x %d' % (scheme, sent))


def join(limit, command):
    req = sys.stdin.read().strip()
    text = ''
    while True:
        prompt = 'certauth1 %s next=%d max=%d: ' % (req, len(text), limit)
        run = subprocess.run(command + [prompt], stdout=subprocess.PIPE)
        if run.returncode != 0:
            sys.exit(run.returncode)
        piece = run.stdout.decode().rstrip('\n')
        assert piece[-1] in '+.', piece
        assert len(piece) <= limit
        text += piece[:-1]
        if piece[-1] == '.':
            print(text)
            return


def main(argv):
    what = argv.pop(0)
    if what == 'request':
        request(argv)
    elif what == 'prompt':
        print('certauth1 %s next=%s max=%s: ' % tuple(argv))
    elif what == 'check':
        check(*argv)
    elif what == 'proof':
        proof(*argv)
    elif what == 'staples':
        staples(*argv)
    elif what == 'join':
        join(int(argv[0]), argv[1:])
    else:
        sys.exit('host.py: ' + what + '?')


main(sys.argv[1:])
