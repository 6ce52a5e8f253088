#!/bin/bash
# In a root of the release: each of the steps, and what it counted.
# usage: inside.sh demo|check|packages ...
set -u
cd /src || exit 2
ip link set lo up || exit 2
counts=.release-counts
log=$(mktemp)

# a scratch repository, for what packs the committed tree
git init -q . && git add -A -f . && git -c user.name=check -c user.email=check@localhost \
	commit -q -m 'The tree that is tested' || exit 2
printf '%s\n' "/$counts" /.release-versions >>.git/info/exclude

version() { dpkg-query -W -f '${Version}' "$1" 2>/dev/null | sed 's/^[0-9]*://; s/-[^-]*$//'; }
echo "$RELEASE on $(date +%F), $COMMIT:" \
	"libcrypto $(pkg-config --modversion libcrypto)," \
	"$(ssh -V 2>&1 | sed 's/^\(OpenSSH\)_\([^ ,]*\).*/\1 \2/')," \
	"PAM $(version libpam0g)," \
	"gcc $(gcc -dumpfullversion)," \
	"cmocka $(version libcmocka-dev)" | tee .release-versions

# each step says what it is and ends with one line in $counts
one() {
	local name=$1
	shift
	echo "--- $name"
	if "$@"; then
		echo "$name 1 0 0" >>$counts
	else
		echo "not ok: $name"
		echo "$name 0 1 0" >>$counts
	fi
}

check() {
	echo '--- check'
	make check T="$T" 2>&1 | tee "$log"
	local last
	# make may add a line after that of a failure
	last=$(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\1 \2 \3/p' \
		"$log" | tail -n 1)
	echo "check ${last:-0 1 0}" >>$counts
}

for step; do
	case $step in
	demo) one demo make demo ;;
	check) check ;;
	packages) one packages tests/release/packages.sh ;;
	esac
done
