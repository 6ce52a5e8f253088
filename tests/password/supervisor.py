"""What systemd does for certauth-verifier.socket: listens, starts the program as a user
without rights, keeps the descriptors that it stores (FDSTORE=1), and passes them to the
next one.

usage: supervisor.py SOCKET ORDERS NOTIFY UID PROGRAM [ARG ...]

ORDERS is a FIFO, which is read a line at a time: restart (SIGTERM and a new one), crash
(SIGKILL and a new one), forget (the store is emptied), damage (a stored memory is cut),
end.  After each, and at the start, `done PID STORED' is printed.
"""
import array
import os
import signal
import socket
import sys
import time

path, orders, notify, uid = sys.argv[1:5]
program = sys.argv[5:]
store = []


def listen():
    s = socket.socket(socket.AF_UNIX)
    s.bind(path)
    os.chmod(path, 0o666)
    s.listen(64)
    return s


def start():
    pid = os.fork()
    if pid:
        return pid
    # sockets first, then what was stored
    first = 3
    fds = [os.dup(fd) for fd in [server.fileno()] + store]
    fds = [os.dup2(fd, 100 + i) for i, fd in enumerate(fds)]
    for i, fd in enumerate(fds):
        os.dup2(fd, first + i)
        os.set_inheritable(first + i, True)
    os.closerange(first + len(fds), 256)
    os.setgroups([])
    os.setgid(int(uid))
    os.setuid(int(uid))
    env = {'LISTEN_FDS': str(len(fds)), 'LISTEN_PID': str(os.getpid()),
           'LISTEN_FDNAMES': ':'.join(['verifier.socket'] + ['claims'] * len(store)),
           'NOTIFY_SOCKET': notify}
    os.execve(program[0], program, env)


def collect(seconds):
    """Take what the program sends in that time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        messages.settimeout(max(0.01, end - time.monotonic()))
        try:
            text, ancillary, _, _ = messages.recvmsg(4096, 4096)
        except (socket.timeout, BlockingIOError):
            continue
        for level, kind, data in ancillary:
            if (level, kind) != (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                continue
            fds = array.array('i')
            fds.frombytes(data)
            if b'FDSTORE=1' in text.split(b'\n') and b'FDNAME=claims' in text.split(b'\n'):
                store.extend(fds)
                return


def end_of(pid, sig):
    os.kill(pid, sig)
    os.waitpid(pid, 0)


server = listen()
messages = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
messages.bind(notify)
os.chmod(notify, 0o666)
child = start()
collect(3)
print('done', child, len(store), flush=True)
while True:
    for order in open(orders).read().split():
        if order == 'end':
            end_of(child, signal.SIGTERM)
            sys.exit(0)
        if order in ('restart', 'crash'):
            end_of(child, signal.SIGTERM if order == 'restart' else signal.SIGKILL)
            child = start()
            # a store that has one is not sent another
            collect(0.5 if store else 3)
        if order == 'forget':
            for fd in store:
                os.close(fd)
            store.clear()
        if order == 'damage':
            os.ftruncate(store[0], 4096)
        print('done', child, len(store), flush=True)
