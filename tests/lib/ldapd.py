#!/usr/bin/env python3
"""A server of LDAP that does what no good one does.

usage: ldapd.py PORT HOW [N]

It listens on 127.0.0.1, accepts each bind, and answers searches by HOW:

  good       two pages of two accounts, as the others begin
  cut        the connection ends in the second page
  silent     the second page never ends
  drip       a byte of the second page each 50 ms; the output says so
  nopages    success, without the control of pages
  cookie     the same cookie for ever, with an empty page
  limit      sizeLimitExceeded after the first page
  referral   the result is a referral to another server
  reference  a reference to another server between the entries
  huge       a message of 300 MiB is announced
  garbage    bytes that are no message
  hostile    values and logins that must be refused, beside good ones
  bigentry   an entry with 25 MiB of values, after alice
  twice      two accounts with one login
  notls      StartTLS is refused
  mute       nothing is ever sent
  impostor CERT KEY  StartTLS with this certificate; the output has the operations
             that come after it
  bounce CERT KEY    the same, but from the second connection on the answer to
             StartTLS is a referral to another server
  flood CERT KEY     the same, but from the second connection on the answer to
             StartTLS is announced with 300 MiB; the output says how much was taken
  result N   the first search ends with the result N of RFC 4511
  bind N     each bind does
"""
import itertools
import os
import socketserver
import ssl
import sys
import time

CONNECTIONS = itertools.count(1)
TELLS = ("impostor", "bounce", "flood")
PAGED = b"1.2.840.113556.1.4.319"


def tlv(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    if n < 128:
        return bytes([tag, n]) + body
    size = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


def number(n, tag=2):
    return tlv(tag, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def text(s):
    return tlv(4, s.encode() if isinstance(s, str) else s)


def entry(dn, **attributes):
    return tlv(0x64, text(dn), tlv(0x30, *(
        tlv(0x30, text(name), tlv(0x31, *(text(v) for v in values)))
        for name, values in attributes.items())))


def account(login, n):
    ski = "%040x" % n
    return entry("uid=%s,dc=example,dc=com" % login, uid=[login],
                 altSecurityIdentities=["X509:<SKI>" + ski])


def result(tag, code=0, said="", more=b""):
    return tlv(tag, number(code, 10), text(""), text(said), more)


def page(cookie):
    value = tlv(0x30, number(0), text(cookie))
    return tlv(0xA0, tlv(0x30, text(PAGED), text(value)))


def hostile():
    good = "X509:<SKI>" + "aa" * 20
    for login in ("../alice", "-rf", "a b", "a\nb", "a" * 256, "123", "", "a\0b",
                  "root:x", "a/b", "*"):
        yield entry("cn=bad login", uid=[login], altSecurityIdentities=[good])
    yield entry("cn=two logins", uid=["x1", "x2"], altSecurityIdentities=[good])
    yield entry("cn=nobody", altSecurityIdentities=[good])
    yield entry("uid=alice", uid=["alice"],
        userCertificate=[b"", b"x" * (10 << 20), b"not DER"],
        altSecurityIdentities=[
        "X509:<SKI>" + "bb" * 20, "", "X509:", "X509:<SKI>zz", "X509:<SKI>a\nb",
        "X509:<SKI>" + "c" * 5000, "X509:<SHA1-PUKEY>aa", "X509:<I>CN=a<SR>zz",
        "X509:<I>nonsense<SR>00", "X509:<I>CN=a<I>CN=b", "X509:<SKI>" + "bb" * 65,
        "X509:\0<SKI>aa", "Kerberos:alice@EXAMPLE.COM", "X509:<I>CN=a<SID>no"],
        objectSid=[b"", b"\1\1", b"\1\0" + b"0" * 6, b"\1\4" + b"\0" * 23])
    yield entry("uid=many", uid=["many"], altSecurityIdentities=[
        "X509:<SKI>%04x" % i for i in range(65)])
    yield tlv(0x64, text("uid=range"), tlv(0x30, *(
        tlv(0x30, text(n), tlv(0x31, text(v))) for n, v in (
            ("uid", "range"), ("altSecurityIdentities;range=0-1499", good)))))


class Handler(socketserver.StreamRequestHandler):
    def send(self, ident, op, controls=b""):
        self.request.sendall(tlv(0x30, number(ident), op, controls))

    def message(self):
        head = self.rfile.read(2)
        if len(head) < 2:
            return None
        n = head[1]
        if n & 0x80:
            n = int.from_bytes(self.rfile.read(n & 0x7F), "big")
        body = self.rfile.read(n)
        size = body[1]
        return int.from_bytes(body[2:2 + size], "big"), body[2 + size:]

    def tell(self, what):
        if sys.argv[2] in TELLS:
            print(what, flush=True)

    def handle(self):
        pages = 0
        connection = next(CONNECTIONS)
        self.tell("connection %d" % connection)
        if sys.argv[2] == "mute":
            time.sleep(600)
        while True:
            try:
                message = self.message()
            except OSError: # of TLS, too
                message = None
            if message is None:
                return
            ident, op = message
            self.tell("operation %02x" % op[0])
            if op[0] == 0x77 and sys.argv[2] in TELLS:
                if not self.start_tls(ident, connection):
                    return
            elif op[0] == 0x60:
                code = int(sys.argv[3]) if sys.argv[2] == "bind" else 0
                self.send(ident, result(0x61, code, "so it is" if code else ""))
            elif op[0] == 0x77:
                self.send(ident, result(0x78, 52, "no TLS here"))
            elif op[0] == 0x63:
                pages += 1
                if self.search(ident, pages) is False:
                    return
            else:
                return

    def start_tls(self, ident, connection):
        if connection > 1 and sys.argv[2] == "bounce":
            self.send(ident, result(0x78, 10, "", tlv(
                0xA3, text("ldap://127.0.0.1:%d/" % (int(sys.argv[1]) + 1)))))
            return True
        if connection > 1 and sys.argv[2] == "flood":
            return self.flood()
        self.send(ident, result(0x78))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[3], sys.argv[4])
        try:
            self.request = context.wrap_socket(self.request, server_side=True)
        except (ssl.SSLError, OSError):
            return False
        self.rfile = self.request.makefile("rb")
        print("TLS", flush=True)
        return True

    def flood(self):
        sent = 0
        try:
            self.request.sendall(b"\x30\x84" + (300 << 20).to_bytes(4, "big"))
            for sent in range(300):
                self.request.sendall(b"\0" * (1 << 20))
        except OSError:
            pass
        print("taken: %s" % ("all" if sent == 299 else "a part"), flush=True)
        return False

    def search(self, ident, pages):
        how = sys.argv[2]
        if pages == 1:
            self.first(ident, how)
        elif how == "cut":
            self.send(ident, account("carol", 3))
            return False
        elif how == "silent":
            time.sleep(600)
        elif how == "drip":
            print("drips", flush=True)
            for byte in tlv(0x30, number(ident), account("carol", 3)):
                self.request.sendall(bytes([byte]))
                time.sleep(0.05)
            time.sleep(600)
        elif how == "cookie":
            self.send(ident, result(0x65), page(b"again"))
        elif how == "limit":
            self.send(ident, result(0x65, 4, "500 entries"))
        else:
            self.send(ident, account("carol", 3))
            self.send(ident, account("dave", 4))
            self.send(ident, result(0x65), page(b""))
        return True

    def first(self, ident, how):
        if how == "hostile":
            for e in hostile():
                self.send(ident, e)
            self.send(ident, result(0x65), page(b""))
            return
        if how == "bigentry":
            self.send(ident, account("alice", 1))
            self.send(ident, entry("uid=mallory", uid=["mallory"], userCertificate=[
                b"\x30" + b"x" * 60000 for _ in range(440)]))
            return
        if how == "twice":
            self.send(ident, account("Alice", 7))
        if how == "result":
            self.send(ident, result(0x65, int(sys.argv[3]), "so it is"))
            return
        self.send(ident, account("alice", 1))
        self.send(ident, account("bob", 2))
        if how == "huge":
            self.request.sendall(b"\x30\x84" + (300 << 20).to_bytes(4, "big"))
            for _ in range(300):
                self.request.sendall(b"\0" * (1 << 20))
        elif how == "garbage":
            self.request.sendall(os.urandom(4096))
        elif how == "nopages":
            self.send(ident, result(0x65))
        elif how == "referral":
            self.send(ident, result(0x65, 10, "", tlv(
                0xA3, text("ldap://127.0.0.1:%d/" % (int(sys.argv[1]) + 1)))))
        else:
            if how == "reference":
                self.send(ident, tlv(0x73, text("ldap://127.0.0.1:%d/"
                                                % (int(sys.argv[1]) + 1))))
            self.send(ident, result(0x65), page(b"more"))


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


with Server(("127.0.0.1", int(sys.argv[1])), Handler) as server:
    server.serve_forever()
