#!/usr/bin/env python3
"""The tables of `make bench`, in Markdown, and whether each target is met.

usage: table.py TIMES COMPILE INSTRUCTIONS
"""
import os
import platform
import subprocess
import sys
import time

SIZES = (0, 1000, 10000, 100000, 1000000)
MARGIN = 1.05


def read(path):
    rows = {}
    for line in open(path):
        name, *values = line.rstrip('\n').split('\t')
        rows[name] = [float(v) for v in values if v]
    return rows


class Bench:
    def __init__(self, times, compiling, instructions):
        self.times = read(times)
        self.times.update(read(compiling))
        self.counts = {k: v[0] for k, v in read(instructions).items() if v}

    def wall(self, name):
        return self.times[name][1] / 1e3 if name in self.times else None

    def cpu(self, name):
        return self.times[name][2] / 1e3 if name in self.times else None

    def peak(self, name):
        return self.times[name][3] / 1024 if name in self.times else None

    def count(self, name):
        return self.counts[name] / 1e6 if name in self.counts else None


def number(value, digits):
    return '' if value is None else '{:,.{}f}'.format(value, digits)


def table(bench, rows):
    print('| login | wall, ms | CPU, ms | peak, MiB | instructions, M |')
    print('|---|--:|--:|--:|--:|')
    for name, what in rows:
        if name not in bench.times:
            continue
        print('| %s | %s | %s | %s | %s |' % (
            what, number(bench.wall(name), 1), number(bench.cpu(name), 1),
            number(bench.peak(name), 1), number(bench.count(name), 2)))
    print()


def target(what, value, limit, unit, least=False):
    if value is None:
        print('| %s | not measured here | | |' % what)
        return
    met = value >= limit if least else value <= limit
    print('| %s | %s%s | %s %s%s | %s |' % (
        what, number(value, 2), unit, 'at least' if least else 'at most',
        number(limit, 2), unit, 'met' if met else '**missed**'))


def ratio(a, b):
    return None if a is None or b is None else a / b


def above(of, name):
    """What the row takes more than pam_permit's."""
    value, least = of(name), of('permit')
    return None if value is None or least is None else value - least


def limbo(b):
    return sorted(name for name in b.times if name.startswith('limbo-'))


def targets(b):
    print('| target | here | wanted | |')
    print('|---|--:|--:|---|')
    target('indexed, 1,000,000 entries to none: instructions',
           ratio(b.count('indexed-1000000'), b.count('indexed-0')), MARGIN, '')
    target('indexed, 1,000,000 entries: peak', b.peak('indexed-1000000'), 9,
           ' MiB')
    target('`openssl verify` to a streaming login, 1,000,000 entries: wall',
           ratio(b.wall('openssl-1000000'), b.wall('streamed-1000000')), 40,
           '', least=True)
    target('streaming, 1,000,000 entries: peak', b.peak('streamed-1000000'),
           9, ' MiB')
    target('1,000 CAs to one: instructions',
           ratio(b.count('ca-1000'), b.count('indexed-0')), MARGIN, '')
    target('compiling 1,000,000 entries to `openssl crl -noout`: CPU',
           ratio(b.cpu('compile'), b.cpu('parse')), 1, '')
    target('a login to one by pam_ssh_agent_auth: wall',
           ratio(b.wall('indexed-0'), b.wall('agent')), 1, '')
    target('a login to one by pam_ssh_agent_auth: CPU',
           ratio(b.cpu('indexed-0'), b.cpu('agent')), 1, '')
    target('a login by the resident verifier to one by pam_ssh_agent_auth: wall',
           ratio(b.wall('resident'), b.wall('agent')), 0.65, '')
    target('the same, both above pam_permit',
           ratio(above(b.wall, 'resident'), above(b.wall, 'agent')), 0.45, '')
    target('the application of a login by the resident verifier, above '
           'pam_permit: instructions',
           above(b.count, 'resident'), 0.3, ' M')
    target('the same: peak', above(b.peak, 'resident'), 0.3, ' MiB')
    target('1,000,000 lines of users to 10: instructions',
           ratio(b.count('users-1000000'), b.count('indexed-0')), MARGIN, '')
    target('a login by token to one by pam_pkcs11: wall',
           ratio(b.wall('token'), b.wall('pkcs11-0')), 1, '')
    target('the dearest of the pathological chains of x509-limbo: wall',
           max((b.wall(name) for name in limbo(b)), default=None), 50, ' ms')
    print()


def system():
    try:
        for line in open('/etc/os-release'):
            if line.startswith('PRETTY_NAME='):
                return line.split('=', 1)[1].strip().strip('"')
    except OSError:
        pass
    return platform.system()


def main():
    b = Bench(*sys.argv[1:4])
    openssl = subprocess.run(['openssl', 'version'], stdout=subprocess.PIPE,
                             check=True).stdout.decode().split()[1]
    print('%s; %s, OpenSSL %s, %d cores of %s.  A run of all rows in turn, '
          'medians.' % (time.strftime('%Y-%m-%d'), system(), openssl,
                        os.cpu_count(), platform.machine()))
    print()
    size = {n: '{:,}'.format(n) if n else 'no' for n in SIZES}
    table(b, [('permit', '`pamtester` with pam_permit'),
              ('resident', 'pam_certauth by the resident verifier'),
              ('agent', 'pam_ssh_agent_auth, P-256')] +
          [('indexed-%d' % n, 'pam_certauth, indexed CRL, %s entries'
            % size[n]) for n in SIZES] +
          [('streamed-%d' % n, 'pam_certauth, streamed CRL, %s entries'
            % size[n]) for n in SIZES] +
          [('openssl-%d' % n, '(no login) `openssl verify`, CRL in DER, '
            '%s entries' % size[n]) for n in SIZES])
    table(b, [('indexed-0', '1 CA')] +
          [('ca-%d' % n, '{:,} CAs, hashed'.format(n))
           for n in (10, 100, 1000)] +
          [('indexed-0', '10 lines of users'),
           ('users-1000000', '1,000,000 lines, indexed'),
           ('users-scanned', '1,000,000 lines, without an index')])
    table(b, [('token', 'pam_certauth, token, CRL with no entries')] +
          [('pkcs11-%d' % n, 'pam_pkcs11, the same token, %s entries'
            % size[n]) for n in SIZES])
    table(b, [('compile', '(no login) `certauth crl compile`, 1,000,000 '
               'entries'),
              ('parse', '(no login) `openssl crl -noout`, the same')])
    table(b, [(name, '(no login) `certauth verify`, x509-limbo, %s'
               % name[len('limbo-'):]) for name in limbo(b)])
    targets(b)


main()
