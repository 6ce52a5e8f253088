"""Change a record in /run/certauth/sessions.

usage: sessionrecord.py FILE NAME=VALUE ...   NAME: at uptime uid opened pid start ns_dev
                                               ns_ino rhost boot
"""
import struct, sys

MAGIC = b'certauth session 1\n'
NUMBERS = ['at', 'uptime', 'uid', 'opened', 'pid', 'start', 'ns_dev', 'ns_ino']
TEXTS = {'rhost': 6, 'boot': 9}
path, *changes = sys.argv[1:]
data = open(path, 'rb').read()
assert data.startswith(MAGIC)
at, texts = len(MAGIC), []
for _ in range(10):
    n = int.from_bytes(data[at:at + 3], 'big')
    texts.append(data[at + 3:at + 3 + n])
    at += 3 + n
numbers = list(struct.unpack('>8Q', data[at:at + 64]))
rest = data[at + 64:]
for change in changes:
    name, value = change.split('=', 1)
    if name in TEXTS:
        texts[TEXTS[name]] = value.encode() + b'\0'
    else:
        numbers[NUMBERS.index(name)] = int(value)
with open(path, 'wb') as f:
    f.write(MAGIC + b''.join(len(t).to_bytes(3, 'big') + t for t in texts)
            + struct.pack('>8Q', *numbers) + rest)
