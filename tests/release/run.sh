#!/bin/bash
# make demo, make check and the packages in a root of another Debian release.
#
# usage: tests/release/run.sh BUILD RELEASE     (make check-release RELEASE=...)
#
# The root is made by debootstrap from the archive that this machine's apt is
# configured with (tests/lib/archive.sh), gets what tests/lib/deps.sh names, and
# is kept in BUILD/release/RELEASE.  A later run brings it up to date.  Tests run
# on an overlay over it, or on a copy, so that the root stays as it was made; with
# mounts, processes, host name, IPC and network of their own (loopback alone); on
# what git tracks in the working tree.
#
# WHAT     some of: demo check packages (default: all)
# T        only these tests, as with make check; WHAT is then check
# MINUTES  no file of tests begins after so many minutes; what did not run is
#          counted as skipped
#
# The last line is `N passed, N failed, N skipped`.  Where no root can be made,
# one line says why, and that is one skip.
set -u
cd "$(dirname "$0")/../.." || exit 2
mkdir -p "$1" || exit 2
B=$(cd "$1" && pwd)
release=${2:-}
what=${WHAT:-}
minutes=${MINUTES:-0}
[ -n "$what" ] || { [ -n "${T:-}" ] && what=check; } || what='demo check packages'
for w in $what; do
	case $w in
	demo | check | packages) ;;
	*) echo "WHAT: $w is none of: demo check packages" >&2; exit 2 ;;
	esac
done
case $release in
'' | *[!a-z0-9-]*)
	echo 'usage: make check-release RELEASE=bookworm|trixie|sid' >&2
	exit 2
	;;
esac
# shellcheck source=tests/lib/archive.sh
. tests/lib/archive.sh

say() { printf '%s  %s\n' "$(date +%H:%M:%S)" "$*"; }
skip() {
	echo "check-release $release: skipped: $*"
	echo '0 passed, 0 failed, 1 skipped'
	exit 0
}
# seconds that are left, or 0 for no limit
left() {
	[ "$minutes" -gt 0 ] || { echo 0; return; }
	local s=$((minutes * 60 - SECONDS))
	echo $((s > 1 ? s : 1))
}

# ---- can it be done here? ----

[ "$(id -u)" -eq 0 ] || skip 'A root of another release can only be made by root.'
command -v apt-get >/dev/null || skip 'This machine has no apt.'
unshare -muipn --fork --propagation private true 2>/dev/null ||
	skip 'This machine allows no namespaces (unshare, CAP_SYS_ADMIN).'
probe=$(mktemp -d)
unshare -m --propagation private mount --bind "$probe" "$probe" 2>/dev/null
able=$?
rmdir "$probe"
[ $able -eq 0 ] || skip 'This machine allows no mounts (CAP_SYS_ADMIN).'
tests/lib/deps.sh release ||
	skip 'debootstrap is not installed and cannot be installed.'

dir=$B/release/$release
# a root has setuid programs, which may be old when its next run is far away
mkdir -p "$dir" && chmod 700 "$dir" || exit 2
exec 9>"$dir/lock"
flock -n 9 || { say 'Another run uses this root; waiting for its end.'; flock 9; }
# as much as a root, its packages and a build take, in megabytes
need=5000
[ ! -e "$dir/ready" ] || need=2500
free=$(df --output=avail -m "$dir" | tail -n 1)
[ "$free" -ge "$need" ] ||
	skip "$dir has $free MB of free space, and $need MB are needed."

# ---- the tree to test: what git tracks, with a commit that make dist packs ----

run=$(mktemp -d "$dir/run.XXXXXX") || exit 2
child=
finish() {
	if [ -n "$child" ]; then
		kill "$child" 2>/dev/null
		wait "$child"
	fi
	rm -rf --one-file-system "$run"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP
chmod 755 "$run"
mkdir "$run/src" "$run/up" "$run/work" "$run/root"
mkdir -m 1777 "$run/tmp"
git=(git -c "safe.directory=$PWD")
if "${git[@]}" ls-files -z >"$run/files" 2>/dev/null && [ -s "$run/files" ]; then
	commit=$("${git[@]}" describe --always --dirty)
	xargs -0 -a "$run/files" sh -c 'for f; do
		[ ! -e "$f" ] && [ ! -L "$f" ] || printf "%s\0" "$f"
		done' - >"$run/there"
else
	commit='no git checkout'
	find . -name build\* -prune -o -name dist -prune -o \
		-name .git -prune -o ! -type d -print0 >"$run/there"
fi
tar --null -T "$run/there" -cf - | tar --no-same-owner -xf - -C "$run/src" ||
	exit 2

# in_root ROOT NETWORK SECONDS COMMAND ...: run there, with /src and /tmp.  NETWORK is
# net: the machine's; none: a network with nothing but loopback.  At the end of
# SECONDS (0: never), and with this script, all that it started is killed.
in_root() {
	local root=$1 net=--net seconds=$3
	[ "$2" = none ] || net=
	shift 3
	# unshare leaves TERM to its child; the second signal is KILL
	# shellcheck disable=SC2016 # for the inner shell
	ROOT=$root RUN=$run BASE=$dir/root SHARED=$PWD/../shared \
		timeout -s KILL -k 1 "$seconds" unshare -muip $net --fork --propagation private --kill-child \
		bash -c '
		set -e
		if [ "$ROOT" != "$BASE" ]; then
			# a folder that is not on an overlay itself, or a copy
			mount -t overlay overlay -o \
				"lowerdir=$BASE,upperdir=$RUN/up,workdir=$RUN/work" \
				"$ROOT" 2>/dev/null ||
				{ cp -a "$BASE/." "$ROOT/"; mount --bind "$ROOT" "$ROOT"; }
		else
			mount --bind "$ROOT" "$ROOT"
		fi
		mkdir -p "$ROOT/src"
		mount --bind "$RUN/src" "$ROOT/src"
		mount --bind "$RUN/tmp" "$ROOT/tmp"
		if [ -d "$SHARED" ]; then
			mkdir -p "$ROOT/shared"
			mount --bind "$SHARED" "$ROOT/shared"
			mount -o remount,bind,ro "$ROOT/shared"
		fi
		mount -t proc proc "$ROOT/proc"
		mount -t sysfs -o ro sysfs "$ROOT/sys" 2>/dev/null || :
		mount --rbind /dev "$ROOT/dev"
		hostname release 2>/dev/null || :
		cd "$ROOT/src"
		exec chroot "$ROOT" /bin/sh -c "cd /src; exec \"\$@\"" - \
			env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
			HOME=/root LC_ALL=C.UTF-8 TERM=dumb RUNLEVEL=1 \
			DEBIAN_FRONTEND=noninteractive "$@"
	' - "$@" </dev/null 9>&- &
	child=$!
	wait "$child"
	local rc=$?
	child=
	return $rc
}

# ---- the root ----

# prepare: why it returned 1 is in $run/why
prepare() {
	local v proxies=()
	if [ ! -e "$dir/ready" ]; then
		say "Making a root of $release by debootstrap in $dir/root."
		rm -rf --one-file-system "$dir/root"
		mkdir -p "$dir/root"
		ARCHIVE_SECONDS=$(left) \
			archive_root "$release" "$dir/root" >"$run/why" || return
	fi
	rm -f "$dir/ready"
	say 'Installing or bringing up to date what the tests need.'
	for v in http_proxy https_proxy no_proxy; do
		[ -z "${!v:-}" ] || proxies+=("$v=${!v}")
	done
	if ! in_root "$dir/root" net "$(left)" "${proxies[@]}" \
		sh /src/tests/release/prepare.sh >"$dir/prepare.log" 2>&1; then
		echo "The packages of $release cannot be installed:" \
			"$(grep -E '^(E:|dpkg: error)' "$dir/prepare.log" | head -n 1)" \
			"(all of it: $dir/prepare.log)" >"$run/why"
		return 1
	fi
	grep -E '^The archive has no ' "$dir/prepare.log"
	: >"$dir/ready"
}

if ! why=$(archive_find && archive_has "$release"); then
	[ -e "$dir/ready" ] || skip "$why"
	say "$why The root is used as it was left on $(date -r "$dir/ready" +%F)."
else
	archive_find
	prepare || skip "$(cat "$run/why")"
fi

# ---- the tests ----

say "The tests run now: $what."
limit=$(left)
# a file of tests that has begun may end
in_root "$run/root" none $((limit > 0 ? limit + 240 : 0)) \
	CI="${CI-1}" ${JOBS:+JOBS="$JOBS"} T="${T:-}" \
	UNTIL=$((limit > 0 ? $(date +%s) + limit : 0)) COMMIT="$commit" RELEASE="$release" \
	bash /src/tests/release/inside.sh $what
rc=$?
rm -rf "$dir/check"
[ ! -d "$run/src/build/check" ] || cp -a "$run/src/build/check" "$dir/check"
counts=$run/src/.release-counts

# of_check: what the files of tests that ended have counted, when time ran out
of_check() {
	local passed=0 failed=0 skipped=0 path tap
	while read -r path; do
		path=$(basename "$path" .bats)
		tap=$dir/check/$path.tap
		failed=$((failed + $(cat "$tap" 2>/dev/null | grep -c '^not ok')))
		if [ -e "$dir/check/$path.done" ]; then
			passed=$((passed + $(grep -E '^ok' "$tap" | grep -viEc '# *skip')))
			skipped=$((skipped + $(grep -iEc '^ok.*# *skip' "$tap")))
		else
			echo "$path did not end in time" >&2
			skipped=$((skipped + 1))
		fi
	done <"$dir/check/files"
	echo "check $passed $failed $skipped"
}

# a step that has not counted has not ended
for w in $what; do
	grep -q "^$w " "$counts" 2>/dev/null && continue
	if [ "$limit" -eq 0 ] || [ "$rc" -ne 137 ]; then
		echo "$w did not end (status $rc)"
		echo "$w 0 1 0" >>"$counts"
	elif [ "$w" = check ] && [ -e "$dir/check/files" ]; then
		of_check >>"$counts"
	else
		echo "$w did not end in $minutes minutes"
		echo "$w 0 0 1" >>"$counts"
	fi
done
cat "$run/src/.release-versions" 2>/dev/null
awk '{ p += $2; f += $3; s += $4 }
	END { print p " passed, " f " failed, " s " skipped"; exit f > 0 }' "$counts"
