"""Just enough DER to take a PKCS#12 file apart and make one."""


def tlv(tag, *parts):
    body = b''.join(parts)
    n = len(body)
    if n < 128:
        head = bytes([n])
    else:
        size = n.to_bytes((n.bit_length() + 7) // 8, 'big')
        head = bytes([0x80 | len(size)]) + size
    return bytes([tag]) + head + body


def split(data):
    """One level: a list of (tag, body, whole)."""
    out = []
    while data:
        tag, n, at = data[0], data[1], 2
        if n & 0x80:
            count = n & 0x7f
            n = int.from_bytes(data[2:2 + count], 'big')
            at += count
        out.append((tag, data[at:at + n], data[:at + n]))
        data = data[at + n:]
    return out


def seq(*parts):
    return tlv(0x30, *parts)


def integer(n):
    return tlv(2, n.to_bytes(n.bit_length() // 8 + 1, 'big'))


def octets(data):
    return tlv(4, data)


def oid(text):
    arc = [int(x) for x in text.split('.')]
    body = b''
    for v in [arc[0] * 40 + arc[1]] + arc[2:]:
        part = bytes([v & 0x7f])
        while v > 0x7f:
            v >>= 7
            part = bytes([0x80 | v & 0x7f]) + part
        body += part
    return tlv(6, body)


DATA = oid('1.2.840.113549.1.7.1')


def pfx(content, mac=b''):
    """A PFX around the AuthenticatedSafe's bytes."""
    return seq(integer(3), seq(DATA, tlv(0xa0, octets(content))), mac)
