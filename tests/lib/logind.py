"""A systemd-logind on the bus of the place: the sessions of a file.

usage: logind.py FILE CALLS
FILE has a line ID UID LOGIN LEADER for each session, and is read for each question.
One whose LOGIN is `gone' is listed, and has ended before anything else is asked of it.
TerminateSession sends SIGTERM to the leader, as logind does to the scope of a session;
each order is a line of CALLS.
"""
import os, signal, sys
import dbus, dbus.service, dbus.mainloop.glib
from gi.repository import GLib

NAME, TOP = 'org.freedesktop.login1', '/org/freedesktop/login1'
MANAGER, SESSION = NAME + '.Manager', NAME + '.Session'
state, calls = sys.argv[1:]


def sessions():
    with open(state) as f:
        return [line.split() for line in f if line.strip()]


def find(name):
    for one in sessions():
        if one[0] == name and one[2] != 'gone':
            return one
    raise dbus.exceptions.DBusException(
        "No session '%s' known" % name, name=NAME + '.NoSuchSession')


def path(name):
    return dbus.ObjectPath('%s/session/s%s' % (TOP, name))


def note(text):
    with open(calls, 'a') as f:
        f.write(text + '\n')


class Session(dbus.service.FallbackObject):
    @dbus.service.method('org.freedesktop.DBus.Properties', 's', 'a{sv}',
                         path_keyword='at')
    def GetAll(self, interface, at=None):
        name, uid, login, leader = find(at.rsplit('/s', 1)[1])
        user = dbus.Struct((dbus.UInt32(int(uid)), dbus.ObjectPath(TOP + '/user/_' + uid)))
        return dbus.Dictionary({
            'Id': name, 'User': user, 'Name': login, 'Leader': dbus.UInt32(int(leader)),
            'Class': 'user', 'Type': 'tty', 'State': 'active', 'Active': True, 'Remote': True,
            'TTY': '', 'Seat': dbus.Struct(('', dbus.ObjectPath('/'))),
            'IdleHint': False, 'IdleSinceHintMonotonic': dbus.UInt64(0)}, signature='sv')

    @dbus.service.method('org.freedesktop.DBus.Properties', 'ss', 'v', path_keyword='at')
    def Get(self, interface, key, at=None):
        return self.GetAll(interface, at=at)[key]


class Manager(dbus.service.Object):
    @dbus.service.method(MANAGER, '', 'a(susso)')
    def ListSessions(self):
        return [(n, dbus.UInt32(int(u)), login, '', path(n)) for n, u, login, _ in sessions()]

    @dbus.service.method(MANAGER, '', 'a(sussussbto)')
    def ListSessionsEx(self):
        return [(n, dbus.UInt32(int(u)), login, '', dbus.UInt32(int(p)), 'user', '', False,
                 dbus.UInt64(0), path(n)) for n, u, login, p in sessions()]

    @dbus.service.method(MANAGER, 's', 'o')
    def GetSession(self, name):
        return path(find(name)[0])

    @dbus.service.method(MANAGER, 's', '')
    def LockSession(self, name):
        note('lock ' + find(name)[0])

    @dbus.service.method(MANAGER, 's', '')
    def TerminateSession(self, name):
        one = find(name)
        note('terminate ' + one[0])
        os.kill(int(one[3]), signal.SIGTERM)


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.SystemBus()
held = dbus.service.BusName(NAME, bus, do_not_queue=True)
Manager(bus, TOP)
Session(bus, TOP + '/session')
print('ready', flush=True)
GLib.MainLoop().run()
