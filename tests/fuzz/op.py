"""Messages between the module and certauth-verifier (src/op), for seeds."""
ARGS, BODY, REPLY, READY, LOG, OPEN, ACCOUNT, HOME, SIGN, ANSWER = range(1, 11)
ID = b'I' * 16


def text(s):
    return s.encode() + b'\0'


def number(n):
    return n.to_bytes(8, 'big')


def message(kind, *fields):
    """fields: (tag, bytes) in their order"""
    body = b''.join(bytes([tag]) + len(v).to_bytes(3, 'big') + v
                    for tag, v in fields)
    return bytes([kind, 0]) + len(body).to_bytes(3, 'big') + body


def put(name, data):
    with open(name, 'wb') as f:
        f.write(data)
