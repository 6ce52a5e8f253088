#!/bin/sh
# Which release of a distribution this machine runs, for the version of its package.
# usage: packaging/debrelease.sh suffix|suite [OS-RELEASE]
#
# suffix  ~deb12u1 on Debian 12, ~deb13u1 on Debian 13, ~ubuntu24.04 on that
#         Ubuntu; nothing on testing and sid, which have no number
# suite   bookworm, trixie ...; sid where there is no number
# In dpkg's order, "~" is before the end of the version: a later release has the
# later version.
set -eu
ID='' VERSION_ID='' VERSION_CODENAME=''
file=${2:-/etc/os-release}
# shellcheck disable=SC1090 # that is its format: assignments of the shell
. "$file"

# plain: only what a version may consist of
plain() { printf '%s' "$1" | LC_ALL=C tr -cd 'A-Za-z0-9.+'; }

case $1 in
suffix)
	number=$(plain "$VERSION_ID")
	case $ID in
	debian) [ -z "$number" ] || echo "~deb${number}u1" ;;
	'') echo "debrelease.sh: $file has no ID" >&2; exit 1 ;;
	*) echo "~$(plain "$ID")$number" ;;
	esac
	;;
suite)
	if [ -n "$VERSION_ID" ] && [ -n "$VERSION_CODENAME" ]; then
		echo "$VERSION_CODENAME"
	else
		echo sid
	fi
	;;
*) echo 'usage: debrelease.sh suffix|suite [OS-RELEASE]' >&2; exit 2 ;;
esac
