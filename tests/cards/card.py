"""What the emulated cards share: the line to vpcd, the log, the control, TLV.

A card is connected to vpcd, the driver of pcscd for virtual readers, as its card
in the slot.  Its folder has

  control    a FIFO for commands, one on a line:
                 pull             the card leaves the reader
                 insert           the card is in the reader again
                 set NAME=VALUE   change an option
                 sync WORD        write WORD to the file done
  inside     is there while the card is in the reader
  done       the last WORD: all commands before it were obeyed
  log        a line for each command of the host: its name, the command and the
             status in hexadecimal, the bytes of the answer
  tries      the tries that are left, for each PIN; a pulled card keeps them

Options of all cards, also by "set":

  tries=N    tries of each PIN, at the start if the file tries is not there
  slow=S     seconds before each answer
  die=STEP   at the next command of this kind the card leaves the reader without an
             answer, once: select, read, status (VERIFY without a PIN: how many
             tries are left), verify, sign
  cut=STEP   the same after the answer
"""
import os
import select
import socket
import struct
import sys
import time

NAMES = {0xa4: 'select', 0xca: 'read', 0xcb: 'read', 0x47: 'read', 0x20: 'verify',
         0x87: 'sign', 0x88: 'sign', 0x2a: 'sign', 0xc0: 'more'}
MORE = 0x6100
OK = 0x9000


def tlv(tag, value):
    """One object of BER: tag is hexadecimal."""
    size = len(value)
    if size < 128:
        length = bytes([size])
    elif size < 256:
        length = bytes([0x81, size])
    else:
        length = b'\x82' + struct.pack('>H', size)
    return bytes.fromhex(tag) + length + value


def untlv(data):
    """The objects of data, by their tags in hexadecimal."""
    found = {}
    at = 0
    while at < len(data):
        end = at + (2 if data[at] & 0x1f == 0x1f else 1)
        tag = data[at:end].hex()
        size, at = data[end], end + 1
        if size > 0x80:
            count = size & 0x7f
            size = int.from_bytes(data[at:at + count], 'big')
            at += count
        found[tag] = data[at:at + size]
        at += size
    return found


class Gone(Exception):
    """The card has left the reader."""


class Card:
    """A card in its slot.  A kind of card has atr, reset() and command()."""

    atr = b''

    def __init__(self, port, folder, options):
        self.port = int(port)
        self.folder = folder
        self.options = dict(o.split('=', 1) for o in options)
        self.line = None
        self.rest = b''
        self.chain = b''
        path = self.path('control')
        if not os.path.exists(path):
            os.mkfifo(path)
        # also for writing: it never ends
        self.control = os.open(path, os.O_RDWR)
        self.log = open(self.path('log'), 'a', encoding='ascii')

    # ---- for a kind of card ----

    def reset(self):
        """Forget what was selected and which PIN was given."""

    def command(self, ins, p1, p2, data):
        """The answer to one whole command: bytes and the status."""
        raise NotImplementedError

    def path(self, name):
        """A file of the card's folder."""
        return os.path.join(self.folder, name)

    def option(self, name, default):
        """An option, in the type of its default."""
        return type(default)(self.options.get(name, default))

    def tries(self, pin, left=None):
        """The tries that pin has; or write them."""
        path = self.path('tries')
        try:
            with open(path, encoding='ascii') as lines:
                table = dict(line.split() for line in lines)
        except FileNotFoundError:
            table = {}
        if left is not None:
            table[pin] = left
            with open(path + '.new', 'w', encoding='ascii') as out:
                out.writelines(f'{p} {n}\n' for p, n in table.items())
            os.replace(path + '.new', path)
        return int(table.get(pin, self.option('tries', 3)))

    # ---- the reader ----

    def insert(self):
        """Connect, if the card is not in the reader; vpcd may not listen yet."""
        while self.line is None:
            self.forget()
            try:
                self.line = socket.create_connection(('127.0.0.1', self.port))
            except ConnectionRefusedError:
                time.sleep(0.05)
        with open(self.path('inside'), 'w', encoding='ascii'):
            pass

    def pull(self):
        """Leave the reader."""
        if self.line is not None:
            os.unlink(self.path('inside'))
            self.line.close()
            self.line = None
        self.forget()

    def forget(self):
        """What ends with the power."""
        self.rest = self.chain = b''
        self.reset()

    def read(self, size):
        """Exactly size bytes of the reader."""
        data = b''
        while len(data) < size:
            # vpcd sends the length and the data apart, and waits for our answer
            # to the first before the second
            self.line.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            part = self.line.recv(size - len(data))
            if not part:
                raise Gone
            data += part
        return data

    def send(self, data):
        """One message to the reader."""
        self.line.sendall(struct.pack('>H', len(data)) + data)

    def message(self):
        """Obey one message of the reader."""
        data = self.read(struct.unpack('>H', self.read(2))[0])
        if len(data) == 1:
            if data[0] in (0, 2):  # power off, reset
                self.forget()
            elif data[0] == 4:
                self.send(self.atr)
            return
        time.sleep(self.option('slow', 0.0))
        name = NAMES.get(data[1], f'ins-{data[1]:02x}')
        if name == 'verify' and len(data) < 6:
            name = 'status'
        if self.options.get('die') == name:
            del self.options['die']
            self.note(name, data, 0, b'')
            raise Gone
        answer, status = self.apdu(data)
        self.note(name, data, status, answer)
        self.send(answer + struct.pack('>H', status))
        if self.options.get('cut') == name:
            del self.options['cut']
            raise Gone

    def note(self, name, data, status, answer):
        """A line of the log."""
        self.log.write(f'{name} {data.hex()} {status:04x} {len(answer)}\n')
        self.log.flush()

    def apdu(self, apdu):
        """The answer to one command as it came: chained, long, or a piece."""
        data = b''
        extended = len(apdu) > 7 and apdu[4] == 0
        if extended:
            data = apdu[7:7 + struct.unpack('>H', apdu[5:7])[0]]
        elif len(apdu) > 5:
            data = apdu[5:5 + apdu[4]]
        if apdu[1] == 0xc0:
            answer, status = self.rest, OK
        elif apdu[0] & 0x10:
            self.chain += data
            return b'', OK
        else:
            data, self.chain = self.chain + data, b''
            answer, status = self.command(*apdu[1:4], data)
        self.rest = b''
        if len(answer) > 256 and not extended:
            answer, self.rest = answer[:256], answer[256:]
            status = MORE | (len(self.rest) if len(self.rest) < 256 else 0)
        return answer, status

    # ---- the control ----

    def obey(self, line):
        """One command of the control."""
        word, _, rest = line.partition(' ')
        if word == 'pull':
            self.pull()
        elif word == 'insert':
            self.insert()
        elif word == 'set':
            name, _, value = rest.partition('=')
            self.options[name] = value
            if name == 'tries' and os.path.exists(self.path('tries')):
                os.unlink(self.path('tries'))
        elif word == 'sync':
            with open(self.path('done.new'), 'w', encoding='ascii') as out:
                out.write(rest + '\n')
            os.replace(self.path('done.new'), self.path('done'))
        else:
            print(f'not a command: {line}', file=sys.stderr)

    def run(self):
        """Be a card until the process is killed."""
        pending = b''
        self.insert()
        while True:
            ready, _, _ = select.select(
                [self.control] + ([self.line] if self.line else []), [], [])
            if self.control in ready:
                pending += os.read(self.control, 4096)
                *lines, pending = pending.split(b'\n')
                for line in lines:
                    self.obey(line.decode())
                continue
            try:
                self.message()
            except (Gone, ConnectionError):
                self.pull()
