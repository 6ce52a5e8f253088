#!/usr/bin/env python3
"""Peers of certauth-verifier that do not behave, and verifiers that do not.

usage: peers.py hold N BYTES READY      N connections, each sends so many bytes, and
                                        are held until this program is killed; how
                                        many were greeted is written to READY
       peers.py ask N READY             N connections that begin a login, and do not reply
                                        to the file that they are asked for
       peers.py begin OP READY         ARGS of one operation; what is sent up to READY,
                                        or to the end, is written to READY
       peers.py linger N READY         N connections, each sends a TCP connection whose
                                        close(2) waits for 300 s, and is closed
       peers.py serve MODE READY        listen where the module looks
       peers.py lock N [FIRST] READY    hold N of the locks of started verifiers

MODE: mute       connections are accepted and not greeted
      newer      another version is greeted with
      closes     the connection is closed after the greeting
      silent     nothing comes after the greeting
      half       half of a message comes
      long       a message that is longer than any
      foreign    READY and ANSWER (a grant) with another identifier
      before     an ANSWER that grants comes before READY
      junk       random bytes
"""
import fcntl
import os
import select
import socket
import struct
import sys
import time

PATH = "/run/certauth/verifier.1.sock"
ARGS, READY, LOG, OPEN, ANSWER = 1, 4, 5, 6, 10


def field(tag, value):
    return bytes([tag]) + struct.pack(">I", len(value))[1:] + value


def message(kind, content):
    return bytes([kind, 0]) + struct.pack(">I", len(content))[1:] + content


def tell(path, text):
    with open(path + ".new", "w", encoding="ascii") as f:
        f.write(f"{text}\n")
    os.rename(path + ".new", path)


def hold(n, count, ready):
    held, greeted = [], 0
    for _ in range(n):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(5)
        try:
            s.connect(PATH)
            if s.recv(1) == b"\1":
                greeted += 1
            s.send(b"\1" * count)
        except OSError:
            pass
        held.append(s)
    tell(ready, greeted)
    while True:
        select.select([], [], [])


def ask(n, ready):
    args = message(ARGS, field(1, struct.pack(">Q", 1)) + field(2, b"x" * 16) +
                   field(3, b"test\0"))
    held = []
    for _ in range(n):
        s = socket.socket(socket.AF_UNIX)
        s.connect(PATH)
        s.send(args)
        if s.recv(2, socket.MSG_WAITALL) != bytes([1, OPEN]):
            sys.exit("the verifier needs no file")
        held.append(s)
    tell(ready, n)
    while True:
        select.select([], [], [])


def begin(op, ready):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(20)
    s.connect(PATH)
    s.send(message(ARGS, field(1, struct.pack(">Q", op)) + field(2, b"x" * 16) +
                   field(3, b"test\0")))
    came = s.makefile("rb")
    text = "greeted" if came.read(1) == b"\1" else "not greeted"
    while len(head := came.read(5)) == 5:
        content = came.read(int.from_bytes(head[2:], "big"))
        if head[0] == LOG:
            text += " LOG " + content.decode("utf-8", "replace")
        else:
            text += f" {head[0]}"
        if head[0] == READY:
            break
    tell(ready, repr(text))


def send_lingering(address):
    tcp = socket.create_connection(address)
    tcp.setblocking(False)
    try:
        while True:
            tcp.send(b"x" * 65536)
    except BlockingIOError:
        pass
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 300))
    while True:
        s = socket.socket(socket.AF_UNIX)
        try:
            s.connect(PATH)
            socket.send_fds(s, [b"\1"], [tcp.fileno()])
            os._exit(0)  # which does not wait, as close would
        except OSError:  # this user has too many connections for now
            s.close()
            time.sleep(0.05)


def linger(n, ready):
    server = socket.create_server(("127.0.0.1", 0))
    others = []
    for _ in range(n):
        pid = os.fork()
        if pid == 0:
            send_lingering(server.getsockname())
        others.append(server.accept()[0])  # which reads nothing
        os.waitpid(pid, 0)
    tell(ready, n)
    while True:
        select.select([], [], [])


def grant(identifier):
    return message(ANSWER, field(1, identifier) +
                   field(2, struct.pack(">Q", 1)) + field(25, b"alice\0"))


ANSWERS = {
    "newer": b"\2",
    "closes": b"\1",
    "silent": b"\1",
    "half": b"\1" + message(READY, field(1, b"x" * 16))[:9],
    "long": b"\1" + bytes([READY, 0, 255, 255, 255]) + b"x" * 1000,
    "foreign": b"\1" + message(READY, field(1, b"x" * 16)) + grant(b"x" * 16),
    "before": b"\1" + grant(b"x" * 16),
    "junk": b"\1" + os.urandom(4096),
}


def serve(mode, ready):
    os.makedirs(os.path.dirname(PATH), exist_ok=True)
    if os.path.exists(PATH):
        os.unlink(PATH)
    s = socket.socket(socket.AF_UNIX)
    s.bind(PATH)
    os.chmod(PATH, 0o666)
    s.listen(64)
    tell(ready, "ready")
    held = []
    while True:
        c, _ = s.accept()
        held.append(c)
        if mode == "mute":
            continue
        try:
            c.sendall(ANSWERS[mode])
        except OSError:
            pass
        if mode == "closes":
            c.close()


def lock(n, first, ready):
    fd = os.open("/run/certauth/spawned.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.lockf(fd, fcntl.LOCK_EX, n, first)
    tell(ready, "ready")
    while True:
        select.select([], [], [])


def main():
    what, arg = sys.argv[1:3]
    if what == "hold":
        hold(int(arg), int(sys.argv[3]), sys.argv[4])
    elif what == "ask":
        ask(int(arg), sys.argv[3])
    elif what == "begin":
        begin(int(arg), sys.argv[3])
    elif what == "linger":
        linger(int(arg), sys.argv[3])
    elif what == "serve":
        serve(arg, sys.argv[3])
    elif what == "lock":
        lock(int(arg), int((sys.argv[3:-1] or [0])[0]), sys.argv[-1])


main()
