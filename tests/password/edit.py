"""Another text than a client makes.

usage: edit.py HOW <TEXT

HOW: cut, no-end, two-ends, pad, sign, letter, empty, blank, trailing, short, long-signature,
zeros, half, other-s (the other signature for the same content: r and n - s), host (bytes of
another host), salt, time, key, scheme, bits (the unused bits of the last character).
"""
import base64
import sys

ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551


def body(text):
    b64 = text[4:-1]
    return bytearray(base64.urlsafe_b64decode(b64 + '=' * (-len(b64) % 4)))


def write(b):
    return 'ca1.' + base64.urlsafe_b64encode(bytes(b)).decode().rstrip('=') + '.'


how = sys.argv[1]
text = sys.stdin.read().strip()
b = body(text)
if how == 'cut':
    text = text[:100]
elif how == 'no-end':
    text = text[:-1]
elif how == 'two-ends':
    text += '.'
elif how == 'pad':
    text = text[:-1] + '=.'
elif how == 'sign':
    text = text[:20] + '+' + text[21:]
elif how == 'letter':
    text = text[:-1] + 'A.'
elif how == 'empty':
    text = 'ca1..'
elif how == 'blank':
    text = text[:20] + ' ' + text[20:]
elif how == 'trailing':
    text = write(b + b'\0')
elif how == 'short':
    text = write(b[:-1])
elif how == 'long-signature':
    b[24:26] = b'\xff\xff'
    text = write(b)
elif how == 'zeros':
    text = write(b[:26] + bytes(64))
elif how == 'half':
    b[24:26] = b'\0\x20'
    text = write(b[:58])
elif how == 'other-s':
    s = int.from_bytes(b[58:90], 'big')
    text = write(b[:58] + (ORDER - s).to_bytes(32, 'big') + b[90:])
elif how == 'bits':
    # a body of 91 bytes has 2 characters for the last byte, of which 4 bits are unused
    text = write(b + b'\0')[:-2] + 'B.'
elif how == 'time':
    # a second later would be the future
    b[2:6] = (int.from_bytes(b[2:6], 'big') - 1).to_bytes(4, 'big')
    text = write(b)
else:
    at = {'scheme': 1, 'salt': 6, 'key': 14, 'host': 22}[how]
    b[at] ^= 1
    text = write(b)
print(text)
