#!/usr/bin/env python3
"""mangle.py N FILE PREFIX: N damaged copies of FILE, always the same ones."""
import random
import sys

n, path, prefix = int(sys.argv[1]), sys.argv[2], sys.argv[3]
whole = open(path, 'rb').read()
for i in range(n):
    r = random.Random(i)
    data = bytearray(whole)
    how = i % 4
    if how == 0:
        data = data[:r.randrange(len(data))]
    elif how == 1:
        at = r.randrange(len(data))
        data[at] ^= 1 << r.randrange(8)
    elif how == 2:
        for _ in range(16):
            data[r.randrange(len(data))] = r.randrange(256)
    else:
        at = r.randrange(len(data))
        data[at:at] = bytes(r.randrange(256) for _ in range(r.randrange(64)))
    open(f'{prefix}.{i:03}', 'wb').write(data)
