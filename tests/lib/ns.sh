#!/bin/bash
# A private mount namespace in which tests set up PAM, sshd, sudo and su without
# any change to the machine.
#
# usage: unshare -m --propagation private tests/lib/ns.sh DIR DEVLOG
#
# In the namespace, /etc is DIR/etc, a copy of the machine's /etc; /dev/log is a
# socket whose lines are written to DIR/log; /dev, /run, /var/log and sudo's
# timestamps are empty.  The kernel removes the namespace with its last process.
# This script runs as the logger until it is killed.
set -eu
dir=$1
devlog=$2

mount --bind "$dir/etc" /etc

# Mount a new /dev, because /dev/log may exist and belong to the machine.
# The devices are bind mounts, because a container cannot create devices.
mkdir -p "$dir/dev"
mount -t tmpfs -o mode=755 tmpfs "$dir/dev"
for node in null zero full random urandom tty; do
	: >"$dir/dev/$node"
	mount --bind "/dev/$node" "$dir/dev/$node"
done
# openvpn, in a network of its own
if [ -c /dev/net/tun ]; then
	mkdir "$dir/dev/net"
	: >"$dir/dev/net/tun"
	mount --bind /dev/net/tun "$dir/dev/net/tun"
fi
mkdir "$dir/dev/pts"
if ! mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts \
	"$dir/dev/pts" 2>/dev/null; then
	mount --bind /dev/pts "$dir/dev/pts"
fi
ln -s pts/ptmx "$dir/dev/ptmx"
ln -s /proc/self/fd "$dir/dev/fd"
ln -s fd/0 "$dir/dev/stdin"
ln -s fd/1 "$dir/dev/stdout"
ln -s fd/2 "$dir/dev/stderr"
mkdir -m 1777 "$dir/dev/shm"
mount --rbind "$dir/dev" /dev

mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/sshd /run/sudo /run/user
mount -t tmpfs -o mode=755 tmpfs /var/log
if [ -d /var/lib/sudo ]; then
	mount -t tmpfs -o mode=700 tmpfs /var/lib/sudo
fi

exec "$devlog" /dev/log "$dir/log"
