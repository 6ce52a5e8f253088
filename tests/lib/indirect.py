#!/usr/bin/env python3
"""Put entries into a CRL without entries, and sign it: what openssl ca cannot.

usage: indirect.py CRL.der KEY.pem CERT.der OUT.der [--no-next-update]
           [--this|--next TAG:TEXT] [--scope HEX] ENTRY ...

--this and --next replace thisUpdate and nextUpdate by an element of that tag (in
hex) and content; --scope adds an issuingDistributionPoint with that value.

An ENTRY is SERIAL or SERIAL@CERT.der, the serial number in hex; the second form
adds a certificateIssuer (RFC 5280 section 5.3.3) naming that certificate's
issuer.  SERIAL may be "cert": that of CERT.der.
"""
import subprocess
import sys


def read(b, at=0):
    """Tag, start of the content and end of the element at a place."""
    n, start = b[at + 1], at + 2
    if n >= 0x80:
        k = n & 0x7f
        n, start = int.from_bytes(b[start:start + k], 'big'), start + k
    return b[at], start, start + n


def parts(b):
    """The elements within a SEQUENCE."""
    _, at, end = read(b)
    out = []
    while at < end:
        nxt = read(b, at)[2]
        out.append(b[at:nxt])
        at = nxt
    return out


def put(tag, *content):
    b = b''.join(content)
    n = len(b)
    if n < 0x80:
        return bytes([tag, n]) + b
    k = (n.bit_length() + 7) // 8
    return bytes([tag, 0x80 | k]) + n.to_bytes(k, 'big') + b


def cert_fields(path):
    tbs = parts(parts(open(path, 'rb').read())[0])
    return tbs[1], tbs[3]  # serialNumber, issuer


def entry(text, cert):
    serial, _, issuer = text.partition('@')
    if serial == 'cert':
        number = cert_fields(cert)[0]
    else:
        number = put(0x02, bytes.fromhex(serial))
    fields = [number, put(0x17, b'250101000000Z')]
    if issuer:
        names = put(0x30, put(0xa4, cert_fields(issuer)[1]))
        fields.append(put(0x30, put(0x30, bytes.fromhex('0603551d1d'),
                                    bytes.fromhex('0101ff'),
                                    put(0x04, names))))
    return put(0x30, *fields)


def main():
    crl, key, cert, out = sys.argv[1:5]
    tbs, alg, _ = parts(open(crl, 'rb').read())
    fields = parts(tbs)
    wanted = sys.argv[5:]
    if wanted[:1] == ['--no-next-update']:
        assert fields[4][0] in (0x17, 0x18)
        del fields[4], wanted[0]
    while wanted[:1] and wanted[0] in ('--this', '--next', '--scope'):
        option, text = wanted[0], wanted[1]
        del wanted[:2]
        if option == '--scope':
            exts = parts(fields[-1][read(fields[-1])[1]:])
            exts.append(put(0x30, bytes.fromhex('0603551d1c'),
                            bytes.fromhex('0101ff'),
                            put(0x04, bytes.fromhex(text))))
            fields[-1] = put(0xa0, put(0x30, *exts))
        else:
            tag, _, content = text.partition(':')
            fields[3 if option == '--this' else 4] = put(
                int(tag, 16), content.encode())
    assert fields[-1][0] == 0xa0
    if wanted:
        fields.insert(-1, put(0x30, *[entry(e, cert) for e in wanted]))
    tbs = put(0x30, *fields)
    sig = subprocess.run(['openssl', 'dgst', '-sha256', '-sign', key],
                         input=tbs, stdout=subprocess.PIPE, check=True).stdout
    with open(out, 'wb') as f:
        f.write(put(0x30, tbs, alg, put(0x03, b'\0', sig)))


main()
