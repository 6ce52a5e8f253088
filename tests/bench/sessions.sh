#!/bin/bash
# `certauth sessions check' of many open sessions: the CPU time of the program and of the
# verifier's workers, as ratios in one run.
# usage: [SESSIONS=N] tests/bench/sessions.sh [BUILD]
# It needs root.
set -eu
cd "$(dirname "$0")/../.."
B=${1:-build}
case $B in /*) ;; *) B=$PWD/$B ;; esac
export CERTAUTH_BUILD=$B
SESSIONS=${SESSIONS:-1000}
# shellcheck source=tests/lib/common.bash
. tests/lib/common.bash
# shellcheck source=tests/lib/sessions.bash
. tests/lib/sessions.bash

say() { echo "sessions: $*" >&2; }
sleeper=
finish() {
	[ -z "$sleeper" ] || kill "$sleeper" || :
	resident_stop
	place_remove
}
[ "$(id -u)" -eq 0 ] || { say 'this needs root'; exit 1; }
trap finish EXIT
trap 'exit 1' INT TERM
place_make
conf default 'sessions = yes' 'on_revoked = log'
resident_start
export CERTAUTH_VERIFIER=verifier=resident
sessions_service test

# a login of alice, whose session a process of this script has
login_ok
id=$(in_place ls /run/certauth/logins)
in_place pamtester -E "CERTAUTH_LOGIN_ID=$id" test alice open_session >/dev/null
id=$(in_place ls /run/certauth/sessions)
sleep 1000000 &
sleeper=$!
record=/run/certauth/sessions/$id
in_place python3 tests/lib/sessionrecord.py "$record" "pid=$sleeper" \
	"start=$(awk '{ print $22 }' "/proc/$sleeper/stat")"
in_place cp "$record" "$S/record"

# make N FIRST: N sessions; from number FIRST on, each is a question of its own
make_sessions() {
	in_place python3 - "$S/record" "$1" "$2" <<-'END'
		import os, subprocess, sys
		path, n, first = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
		where = '/run/certauth/sessions/'
		for f in os.listdir(where):
		    os.unlink(where + f)
		data = open(path, 'rb').read()
		at = len(b'certauth session 1\n')
		for _ in range(6):
		    at += 3 + int.from_bytes(data[at:at + 3], 'big')
		size = int.from_bytes(data[at:at + 3], 'big')
		for i in range(n):
		    host = (b'192.0.2.%d' % i if i >= first else b'192.0.2.1') + b'\0'
		    fd = os.open(where + '%032x' % i, os.O_WRONLY | os.O_CREAT, 0o600)
		    os.write(fd, data[:at] + len(host).to_bytes(3, 'big') + host
		             + data[at + 3 + size:])
		    os.close(fd)
	END
}

# ticks of CPU time that the verifier's workers have had
workers() { awk '{ print $16 + $17 }' "/proc/$RESIDENT/stat"; }

# check NAME: milliseconds of both
check() {
	local before own
	before=$(workers)
	own=$(in_place bash -c 'TIMEFORMAT="%U %S"; { time "$@" >/dev/null; } 2>&1 | tail -n 1' \
		- "$CERTAUTH" sessions check | awk '{ print ($1 + $2) * 1000 }')
	echo "$own $((($(workers) - before) * 1000 / $(getconf CLK_TCK)))" >"$S/time.$1"
	say "$1: certauth $(cut -d' ' -f1 "$S/time.$1") ms, workers $(cut -d' ' -f2 "$S/time.$1") ms"
}

make_sessions 1 1
check warm
check one
make_sessions "$SESSIONS" "$SESSIONS"
check same
make_sessions "$SESSIONS" $((SESSIONS * 9 / 10))
check tenth
make_sessions "$SESSIONS" 0
check all
sum() { awk '{ print int($1 + $2) }' "$S/time.$1"; }
echo "| $SESSIONS sessions | CPU time of program and workers, of the last row's |"
echo '|---|---|'
for what in same tenth all; do
	case $what in
	same) text='of one certificate' ;;
	tenth) text='a tenth of them of certificates of their own' ;;
	all) text='each of a certificate of its own' ;;
	esac
	echo "| $text | $(($(sum "$what") * 100 / $(sum all))) % |"
done
