"""Send one RADIUS request twice, byte for byte, as a client does that has lost the reply.

usage: radius_twice.py HOST SECRET LOGIN PASSWORD
Exit status 0: both replies are Access-Accept.
"""
import hashlib, hmac, os, socket, struct, sys

host, secret, login, password = sys.argv[1:]
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
        codes.append(s.recv(4096)[0])
    except TimeoutError:
        continue
    if len(codes) == 2:
        break
print(codes)
sys.exit(codes != [2, 2])
