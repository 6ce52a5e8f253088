"""A RADIUS client: radclient may end with status 0 before the reply has come.

usage: radius.py HOST SECRET LOGIN PASSWORD [TIMES]
TIMES: send the request so often, byte for byte, as a client does that has lost the reply.
Exit status 0: each reply is Access-Accept; 1: one is Access-Reject, 3: none came.
"""
import hashlib, hmac, os, socket, struct, sys

host, secret, login, password, *times = sys.argv[1:]
times = int(times[0]) if times else 1
secret = secret.encode()
request = os.urandom(16)


def attribute(number, value):
    return bytes([number, len(value) + 2]) + value


def hidden(text):
    """User-Password: RFC 2865, section 5.2"""
    text += b'\0' * (-len(text) % 16)
    out, last = b'', request
    for i in range(0, len(text), 16):
        pad = hashlib.md5(secret + last).digest()
        last = bytes(a ^ b for a, b in zip(text[i:i + 16], pad))
        out += last
    return out


def packet(authenticator):
    """Message-Authenticator: RFC 2869, section 5.14"""
    body = attribute(80, authenticator) + attribute(1, login.encode()) + \
        attribute(2, hidden(password.encode()))
    return struct.pack('!BBH', 1, 7, 20 + len(body)) + request + body


sent = packet(hmac.new(secret, packet(b'\0' * 16), 'md5').digest())
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(3)
s.connect((host, 1812))
codes = []
# a datagram can be lost on a busy machine: each client of RADIUS repeats it
for i in range(20):
    s.send(sent)
    try:
        reply = s.recv(4096)
    except TimeoutError:
        continue
    codes.append({2: 'Access-Accept', 3: 'Access-Reject'}[reply[0]])
    if len(codes) == times:
        break
print(*codes)
if len(codes) < times:
    sys.exit(3)
sys.exit(codes != ['Access-Accept'] * times)
