#!/bin/bash
# A fresh Debian 12, our packages, the README: does it lead to a login?
#
# usage: tests/install/clean-room.sh FOLDER-WITH-DEBS     (make check-install)
#
# A minimal Debian is made by debootstrap in a scratch folder; only the .deb
# files are installed in it, with what they depend on and an sshd; then the
# code blocks of README.md that are marked `setup: ...` are run as they stand,
# all but `build`, which the packages stand for.  alice logs in by `certauth
# ssh` with a certificate, is refused once it is revoked, and the packages are
# removed again.  Needs root and a Debian mirror; takes minutes.
# DEBIAN_MIRROR: another one than deb.debian.org.
set -eu
cd "$(dirname "$0")/../.."
debs=$(cd "$1" && pwd)
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
[ "$(id -u)" -eq 0 ] || { echo 'clean-room.sh: root is needed' >&2; exit 1; }

base=$(mktemp -d "${TMPDIR:-/tmp}/certauth-clean.XXXXXX")
trap 'rm -rf --one-file-system "$base"' EXIT
echo "A minimal Debian 12 is made in $base ..."
debootstrap --variant=minbase bookworm "$base/root" "$mirror" \
	>"$base/debootstrap.log" 2>&1 ||
	{ tail "$base/debootstrap.log"; exit 1; }
cp /etc/resolv.conf "$base/root/etc/resolv.conf"
printf 'exit 101\n' >"$base/root/usr/sbin/policy-rc.d"
chmod 755 "$base/root/usr/sbin/policy-rc.d"
mkdir "$base/root/debs"
cp "$debs"/*.deb "$base/root/debs/"
rm -f "$base"/root/debs/*-dbgsym_*
cp README.md tests/install/extract.awk "$base/root/root/"
cp tests/install/inside.sh "$base/root/root/"
echo 'The packages and what they depend on are installed ...'
# shellcheck disable=SC2016 # for the inner shell
unshare -mup --fork --propagation private --kill-child bash -c '
	# a root that is a mount point, as certauth-tests needs and hosts have
	mount --bind "$1" "$1"
	mount -t proc proc "$1/proc"
	mount -t sysfs -o ro sysfs "$1/sys" 2>/dev/null || :
	mount --rbind /dev "$1/dev"
	chroot "$1" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		HOME=/root LC_ALL=C.UTF-8 bash /root/inside.sh packages
' - "$base/root"
# mounts, processes, host name and network of its own: sshd's port is not the
# host's
# shellcheck disable=SC2016
unshare -mupn --fork --propagation private --kill-child bash -c '
	ip link set lo up 2>/dev/null || :
	# a root that is a mount point, as certauth-tests needs and hosts have
	mount --bind "$1" "$1"
	mount -t proc proc "$1/proc"
	mount --rbind /dev "$1/dev"
	chroot "$1" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		HOME=/root LC_ALL=C.UTF-8 bash /root/inside.sh login
' - "$base/root"
