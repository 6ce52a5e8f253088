#!/usr/bin/env python3
"""The tables of `make bench`, in Markdown, and whether each target is met.

usage: table.py TIMES BOTH CAS COMPILE FACTS

FACTS has lines of NAME and NUMBER; of a name that stands there several times, the
median counts.
"""
import os
import platform
import statistics
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
    def __init__(self, times, both, cas, compiling, facts):
        self.times = read(times)
        for path in (cas, compiling):
            self.times.update(read(path))
        # these have more rounds
        self.both = read(both)
        self.times.update(self.both)
        found = {}
        for line in open(facts):
            name, value = line.split('\t')
            found.setdefault(name, []).append(float(value))
        self.facts = {k: statistics.median(v) for k, v in found.items()}

    def wall(self, name):
        return self.times[name][1] / 1e3 if name in self.times else None

    def cpu(self, name):
        return self.times[name][2] / 1e3 if name in self.times else None

    def peak(self, name):
        return self.times[name][3] / 1024 if name in self.times else None

    def mean(self, name):
        return self.both[name][4] / 1e3 if name in self.both else None

    def fact(self, name, unit=1):
        return self.facts[name] / unit if name in self.facts else None

    def app(self, name):
        return self.fact('app-' + name, 1e6)

    def verifier(self, name):
        return self.fact('verifier-' + name, 1e6)

    def sides(self, name, other):
        """CPU time of a login and of the process OTHER that it asks."""
        return plus(self.mean(name), self.fact(other + '-cpu', 1e3))


def plus(a, b):
    return None if a is None or b is None else a + b


def number(value, digits):
    return '' if value is None else '{:,.{}f}'.format(value, digits)


def table(bench, rows):
    print('| login | wall, ms | CPU, ms | peak, MiB |')
    print('|---|--:|--:|--:|')
    for name, what in rows:
        if name not in bench.times:
            continue
        print('| %s | %s | %s | %s |' % (
            what, number(bench.wall(name), 1), number(bench.cpu(name), 1),
            number(bench.peak(name), 1)))
    print()


def both_sides(b):
    print('| 300 logins, each | wall, ms | CPU of the application, ms | '
          'CPU of the other side, ms | both, ms |')
    print('|---|--:|--:|--:|--:|')
    for name, other, what in (
            ('permit', None, '`pamtester` with pam_permit'),
            ('agent', 'agent', 'pam_ssh_agent_auth, P-256, and ssh-agent'),
            ('resident', 'verifier', 'pam_certauth, and the resident verifier'),
            ('spawned', None, 'pam_certauth, spawned verifier (without what it '
             'does not wait for)'),
            ('old', None, 'an earlier version, in the application')):
        if name not in b.both:
            continue
        print('| %s | %s | %s | %s | %s |' % (
            what, number(b.wall(name), 2), number(b.mean(name), 2),
            number(b.fact('%s-cpu' % other, 1e3), 2),
            number(b.sides(name, other) if other else b.mean(name)
                   if name != 'spawned' else None, 2)))
    print()


def instructions(b):
    print('| instructions of a login, M | application | verifier, warm |')
    print('|---|--:|--:|')
    for name, what in (
            ('permit', '`pamtester` with pam_permit'),
            ('agent', 'pam_ssh_agent_auth, P-256'),
            ('old', 'an earlier version, in the application'),
            ('resident', 'pam_certauth: no revoked certificate, 1 CA, 10 lines '
             'of users'),
            ('indexed-1000000', 'the same, 1,000,000 revoked'),
            ('users-1000000', 'the same, 1,000,000 lines of users'),
            ('ca-1000', 'the same, 1,000 CAs')):
        if b.app(name) is not None or b.verifier(name) is not None:
            print('| %s | %s | %s |' % (what, number(b.app(name), 2),
                                        number(b.verifier(name), 2)))
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
    target('a login to one by pam_ssh_agent_auth: wall',
           ratio(b.wall('resident'), b.wall('agent')), 0.65, '')
    target('the same, both above pam_permit: wall',
           ratio(above(b.wall, 'resident'), above(b.wall, 'agent')), 0.45, '')
    target('the same: CPU of application and verifier to that of the other '
           'application', ratio(b.sides('resident', 'verifier'),
                                b.mean('agent')), 0.85, '')
    target('the same: CPU, with its ssh-agent',
           ratio(b.sides('resident', 'verifier'), b.sides('agent', 'agent')),
           0.85, '')
    target('the application, above pam_permit: instructions',
           above(b.app, 'resident'), 0.3, ' M')
    target('the application, above pam_permit: peak',
           above(b.peak, 'resident'), 0.3, ' MiB')
    target('the verifier, both operations, warm: instructions',
           b.verifier('resident'), 4, ' M')
    target('a spawned login to one of an earlier version, in the application: '
           'wall', ratio(b.wall('spawned'), b.wall('old')), 1.3, '')
    target('judgements in a second of a core, a fresh worker each',
           b.fact('judged-cpu'), 450, '', least=True)
    target('200 logins at once, %d cores: wall' % os.cpu_count(),
           b.fact('crowd'), 250, ' ms')
    for name, what in (('indexed-1000000', '1,000,000 revoked to none'),
                       ('ca-1000', '1,000 CAs to one'),
                       ('users-1000000', '1,000,000 lines of users to 10')):
        target(what + ': instructions of the verifier',
               ratio(b.verifier(name), b.verifier('resident')), MARGIN, '')
    target('a login by token to one by pam_pkcs11: wall',
           ratio(b.wall('token'), b.wall('pkcs11-0')), 0.9, '')
    target('`openssl verify` to a streaming login, 1,000,000 entries: wall',
           ratio(b.wall('openssl-1000000'), b.wall('streamed-1000000')), 40,
           '', least=True)
    target('compiling 1,000,000 entries to `openssl crl -noout`: CPU',
           ratio(b.cpu('compile'), b.cpu('parse')), 1, '')
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
    b = Bench(*sys.argv[1:6])
    openssl = subprocess.run(['openssl', 'version'], stdout=subprocess.PIPE,
                             check=True).stdout.decode().split()[1]
    print('%s; %s, OpenSSL %s, %d cores of %s.  A run of all rows in turn, '
          'medians.' % (time.strftime('%Y-%m-%d'), system(), openssl,
                        os.cpu_count(), platform.machine()))
    print()
    size = {n: '{:,}'.format(n) if n else 'no' for n in SIZES}
    both_sides(b)
    instructions(b)
    table(b, [('indexed-%d' % n, 'pam_certauth, indexed CRL, %s entries'
               % size[n]) for n in SIZES] +
          [('streamed-%d' % n, 'pam_certauth, streamed CRL, %s entries'
            % size[n]) for n in SIZES] +
          [('openssl-%d' % n, '(no login) `openssl verify`, CRL in DER, '
            '%s entries' % size[n]) for n in SIZES])
    table(b, [('ca-1', '1 CA')] +
          [('ca-%d' % n, '{:,} CAs, hashed'.format(n))
           for n in (10, 100, 1000)] +
          [('indexed-0', '10 lines of users'),
           ('users-1000000', '1,000,000 lines, indexed'),
           ('users-scanned', '1,000,000 lines, without an index')])
    print('| many logins | here |')
    print('|---|--:|')
    for name, what in (
            ('judged-cpu', 'judgements in a second of CPU time of the verifier'),
            ('judged-wall', 'judgements in a second, for each core, with what '
             'the askers take'),
            ('crowd', '200 logins at once, ms')):
        print('| %s | %s |' % (what, number(b.fact(name), 0)))
    print()
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
