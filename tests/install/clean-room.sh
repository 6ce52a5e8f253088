#!/bin/bash
# A fresh Debian, our packages, the README: does it lead to a login?
#
# usage: tests/install/clean-room.sh RELEASE     (make check-install RELEASE=...)
#
# A minimal Debian of that release is made by debootstrap in a scratch folder, from
# the archive that this machine's apt is configured with, and copied.  In the one
# copy, the committed tree is cloned and `make deb` builds the packages, with what
# it installs itself.  In the other copy only these .deb files are installed, with
# what they depend on and an sshd; then the code blocks of README.md that are
# marked `setup: ...` are run as they stand, all but `build`, which the packages
# stand for.  alice logs in by `certauth ssh` with a certificate, is refused once
# it is revoked, and the packages are removed again.  Needs root; takes minutes.
# DEBS=FOLDER   packages that are there already: none are built
set -eu
cd "$(dirname "$0")/../.."
release=$1
case $release in
'' | *[!a-z0-9-]*)
	echo 'usage: make check-install RELEASE=bookworm|trixie|sid' >&2
	exit 2
	;;
esac
[ "$(id -u)" -eq 0 ] || { echo 'clean-room.sh: root is needed' >&2; exit 1; }
# shellcheck source=tests/lib/archive.sh
. tests/lib/archive.sh

base=$(mktemp -d "${TMPDIR:-/tmp}/certauth-clean.XXXXXX")
trap 'rm -rf --one-file-system "$base"' EXIT
archive_find
archive_has "$release"
echo "A minimal Debian, $release, is made in $base ..."
mkdir "$base/clean"
archive_root "$release" "$base/clean"
mkdir "$base/clean/debs"

# in_room FLAGS ROOT COMMAND ...: mounts, processes and what else FLAGS say of its own
in_room() {
	local flags=$1
	shift
	# shellcheck disable=SC2016 # for the inner shell
	unshare "$flags" --fork --propagation private --kill-child bash -c '
		set -e
		root=$1
		shift
		ip link set lo up 2>/dev/null || :
		# a root that is a mount point, as certauth-tests needs and hosts have
		mount --bind "$root" "$root"
		mount -t proc proc "$root/proc"
		mount -t sysfs -o ro sysfs "$root/sys" 2>/dev/null || :
		mount --rbind /dev "$root/dev"
		exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
			HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
			"$@"
	' - "$@"
}

if [ -n "${DEBS:-}" ]; then
	cp "$DEBS"/*.deb "$base/clean/debs/"
else
	echo 'The packages are built in a copy of it ...'
	cp -a "$base/clean" "$base/build"
	git clone -q "file://$PWD" "$base/build/src"
	in_room -mup "$base/build" sh -ec 'cd /src
		apt-get update -qq
		apt-get install -y -qq make >/dev/null
		make deb' >"$base/build.log" 2>&1 ||
		{ tail -n 40 "$base/build.log"; exit 1; }
	grep -E '^[EW]: |\.deb$' "$base/build.log" | tail -n 12
	cp "$base"/build/src/dist/deb/*.deb "$base/clean/debs/"
	rm -rf --one-file-system "$base/build"
fi
rm -f "$base"/clean/debs/*-dbgsym_*
cp README.md tests/install/extract.awk tests/install/inside.sh \
	tests/install/debs.sh "$base/clean/root/"
echo 'The packages and what they depend on are installed ...'
in_room -mup "$base/clean" bash /root/inside.sh packages
# a network and a host name of its own: sshd's port is not the host's
in_room -mupn "$base/clean" bash /root/inside.sh login
