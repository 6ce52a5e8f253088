#!/bin/bash
# A place where PAM, sshd, sudo and su can be set up at will, and the machine
# does not notice: a private mount namespace.
#
# usage: unshare -m --propagation private tests/lib/ns.sh DIR DEVLOG
#
# In it /etc is DIR/etc, a copy of the machine's made beforehand; /dev/log is a
# socket of our own whose lines go to DIR/log; /dev, /run, /var/log and what
# sudo remembers are empty ones.  All of it is gone with the last process in
# it; this one stays, as the logger, until it is killed.
set -eu
dir=$1
devlog=$2

mount --bind "$dir/etc" /etc

# /dev anew, since /dev/log may be there already, and may be the machine's.
# The devices are bound, because a container may not make any.
mkdir -p "$dir/dev"
mount -t tmpfs -o mode=755 tmpfs "$dir/dev"
for node in null zero full random urandom tty; do
	: >"$dir/dev/$node"
	mount --bind "/dev/$node" "$dir/dev/$node"
done
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
