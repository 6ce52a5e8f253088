#!/usr/bin/env python3
"""An ssh-agent that misbehaves: it stands between a client and a real one.

usage: agent.py MODE SOCKET [REAL-SOCKET]

  hang       take a connection and say nothing
  mute       let ssh bind the connection to its session, and say no more
  close      take a connection and close it
  huge       name a length of 4 GiB
  zero       a message of no bytes
  junk       random bytes
  many       a list that claims 2^31 keys
  tail       the real list and a byte more
  unknown    the real list behind a key of a kind that nobody knows
  sk         each key in the real list as a FIDO key
  refuse     lists, and refuses to sign
  other      has the real agent sign something else
  sha1       calls the signature ssh-rsa
  slow-list  the real list, a byte at a time, and never all of it
"""
import os
import socket
import struct
import sys
import threading
import time

mode, path = sys.argv[1:3]
real = sys.argv[3] if len(sys.argv) > 3 else None


def string(data):
    return struct.pack('>I', len(data)) + data


def exact(s, n):
    out = b''
    while len(out) < n:
        part = s.recv(n - len(out))
        if not part:
            raise EOFError
        out += part
    return out


def receive(s):
    return exact(s, struct.unpack('>I', exact(s, 4))[0])


def ask_real(message):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(real)
        s.sendall(string(message))
        return receive(s)


def take(data):
    n = struct.unpack('>I', data[:4])[0]
    return data[4:4 + n], data[4 + n:]


def as_sk(blob):
    name, rest = take(blob)
    new = {b'ssh-ed25519': b'sk-ssh-ed25519@openssh.com',
           b'ecdsa-sha2-nistp256': b'sk-ecdsa-sha2-nistp256@openssh.com'}
    return string(new[name]) + rest + string(b'ssh:') if name in new else blob


def listing(reply):
    count, rest = struct.unpack('>I', reply[1:5])[0], reply[5:]
    if mode == 'unknown':
        alien = string(string(b'ssh-marsian@example.com') + b'\0' * 40)
        return (reply[:1] + struct.pack('>I', count + 1) + alien +
                string(b'from Mars') + rest)
    if mode == 'sk':
        out = reply[:5]
        for _ in range(count):
            blob, rest = take(rest)
            comment, rest = take(rest)
            out += string(as_sk(blob)) + string(comment)
        return out
    if mode == 'many':
        return reply[:1] + b'\x80\0\0\0' + rest
    return reply + (b'x' if mode == 'tail' else b'')


def answer(message):
    if message[0] == 11:
        return listing(ask_real(message))
    if mode == 'refuse':
        return b'\5'
    if mode == 'other':
        blob, rest = take(message[1:])
        data, rest = take(rest)
        return ask_real(message[:1] + string(blob) + string(data + b'!') +
                        rest)
    reply = ask_real(message)
    if mode == 'sha1':
        name, rest = take(take(reply[1:])[0])
        return reply[:1] + string(string(b'ssh-rsa') + rest)
    return reply


def mute(s):
    with s:
        while receive(s)[0] == 27:  # SSH_AGENTC_EXTENSION
            s.sendall(string(b'\5'))
        time.sleep(600)


def serve(s):
    if mode == 'hang':
        time.sleep(600)
    if mode == 'close':
        return
    message = receive(s)
    if mode == 'huge':
        s.sendall(b'\xff\xff\xff\xff' + b'x' * 1000)
    elif mode == 'zero':
        s.sendall(b'\0\0\0\0')
    elif mode == 'junk':
        s.sendall(string(bytes([12]) + os.urandom(200)))
    elif mode == 'slow-list':
        for byte in string(answer(message))[:-1]:
            s.sendall(bytes([byte]))
            time.sleep(0.5)
    else:
        s.sendall(string(answer(message)))


listener = socket.socket(socket.AF_UNIX)
listener.bind(path + '.new')
os.chmod(path + '.new', 0o777)
listener.listen(5)
os.rename(path + '.new', path)
while True:
    connection, _ = listener.accept()
    if mode == 'mute':
        threading.Thread(target=mute, args=(connection,), daemon=True).start()
        continue
    try:
        with connection:
            serve(connection)
    except (EOFError, OSError):
        pass
