#!/bin/bash
# Many logins at once, and a machine without memory, disk space or descriptors.
# The run takes some minutes and needs root.
# usage: tests/load.sh BUILD [PART ...]
#   parts: ssh logins replace kill full clock; with a resident verifier: crowd row
#   chaos
# The numbers of the parts: SSH=200 LOGINS=10000 REPLACE=100 KILLS=200 CROWD=1000
# ROW=10000 CHAOS=100
# Prints a line per part; exit status 1 if one of them failed.
set -u
cd "$(dirname "$0")/.." || exit 2
export CERTAUTH_BUILD=$1
case $CERTAUTH_BUILD in /*) ;; *) CERTAUTH_BUILD=$PWD/$CERTAUTH_BUILD ;; esac
shift
# shellcheck source=tests/lib/common.bash
. tests/lib/common.bash
# shellcheck source=tests/lib/sshd.bash
. tests/lib/sshd.bash
[ "$(id -u)" -eq 0 ] || { echo 'load.sh needs root'; exit 77; }
[ $# -gt 0 ] || set -- ssh logins replace kill full clock crowd row chaos

failed=0
fail() {
	echo "FAILED: $*"
	failed=1
}

trap 'sshd_stop; place_remove' EXIT
place_make || exit 2
cp "$CERTAUTH_BUILD/tests/lib/pamdrive" "$CERTAUTH_BUILD/tests/load/crowd" \
	"$CERTAUTH_BUILD/certauth-fetch" "$S/bin/"
chmod -R a+rX "$S/etc/certauth"
mkdir "$S/keys"
cp "$PKI"/{alice,revoked,bob}{-chain.pem,.key} "$S/keys/"
chmod 600 "$S"/keys/*.key

users_all() {
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")" \
		"alice sha256:$(pki_sha256 "$PKI/revoked.pem")" \
		"bob sha256:$(pki_sha256 "$PKI/bob.pem")"
}
users_all

signer() { # NAME [USER]: a client's command for pamdrive
	echo "$CERTAUTH sign --pieces --any-host --yes --user ${2:-alice}" \
		"--cert $S/keys/$1-chain.pem --key $S/keys/$1.key"
}

rss() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status" 2>/dev/null; }

outcomes() { # OUTCOME: how many lines of it since log_mark
	log_lines | grep -c "pam_certauth.*outcome=$1 "
}

# ---- many at once over ssh ----

part_ssh() {
	local n=${SSH:-200} i ok=0 fds
	conf default 'host_names = web1.example web1'
	sshd_start 'MaxStartups 1000' 'LoginGraceTime 300' || return
	client_make alice
	log_mark
	fds=$(find "/proc/$SSHD_PID/fd" | wc -l)
	local pids=()
	for ((i = 0; i < n; i++)); do
		# shellcheck disable=SC2016 # for the shell over there
		client "$CERTAUTH" ssh web1 'echo $(id -un)-is-in' \
			>"$S/ssh.$i" 2>&1 </dev/null &
		pids+=($!)
	done
	wait "${pids[@]}"
	for ((i = 0; i < n; i++)); do
		grep -q alice-is-in "$S/ssh.$i" && ok=$((ok + 1))
	done
	[ "$ok" -eq "$n" ] || { fail "$ok of $n ssh logins"; cat "$S/ssh.0"; }
	[ "$(outcomes granted)" -eq "$n" ] || fail 'the log has another number'
	[ "$(find "/proc/$SSHD_PID/fd" | wc -l)" -eq "$fds" ] ||
		fail 'sshd holds more descriptors than before'
	[ -z "$(find "$S/home/carol/run" -type f)" ] ||
		fail 'a response was left behind'
	sshd_stop
	conf_reset
	echo "ssh: $ok of $n concurrent logins granted"
}

# ---- one process, many logins ----

part_logins() {
	local n=${LOGINS:-10000} pid first last i
	log_mark
	EXEC="exec" in_place "$S/bin/pamdrive" -q -x -u alice -C "$(signer alice)" \
		-t 4 -n $((n / 4)) >"$S/seen" 2>&1 &
	pid=$!
	# what was started is the program itself in the end
	for ((i = 0; i < 3000; i++)); do
		[ "$(grep -c 'outcome=granted' "$S/log")" -ge $((n / 20)) ] &&
			break
		sleep 0.1
	done
	first=$(rss "$pid")
	last=$first
	while kill -0 "$pid" 2>/dev/null; do
		last=$(rss "$pid")
		[ -n "$last" ] || break
		final=$last
		sleep 0.2
	done
	wait "$pid"
	grep -q "^failed 0 of $((n / 4 * 4))\$" "$S/seen" ||
		{ fail 'logins'; cat "$S/seen"; }
	grep -q '^opened 0$' "$S/seen" || fail 'descriptors'
	grep -q '^children none$' "$S/seen" || fail 'children'
	[ "$(outcomes granted)" -eq $((n / 4 * 4)) ] ||
		fail 'the log has another number'
	# malloc's arenas come and go; a leak of 100 bytes a login would show
	[ $((${final:-0} - first)) -lt $((512 + n / 10)) ] ||
		fail "memory grew from $first to $final KiB"
	echo "logins: $n by pamdrive, 4 threads;" \
		"resident memory $first KiB after $((n / 20))," \
		"${final:-?} KiB at the end"
}

# ---- files that are replaced during logins ----

replacing() { # until $S/stop exists
	local i=0 e=$S/etc/certauth
	mkdir "$S/new"
	while [ ! -e "$S/stop" ]; do
		i=$((i + 1))
		# the CRL that revokes, in PEM and DER by turns, and its index
		if [ $((i % 2)) -eq 0 ]; then
			cp "$PKI/inter.crl" "$S/new/crl"
		else
			openssl crl -in "$PKI/inter.crl" -outform DER \
				-out "$S/new/crl"
		fi
		mv "$S/new/crl" "$e/crl/inter.crl"
		if [ $((i % 3)) -eq 0 ]; then
			"$CERTAUTH" crl compile --config "$e/certauth.conf" \
				--ca-dir "$PKI/ca-all" --crl-dir "$e/crl" \
				>/dev/null 2>&1
		fi
		# a CA directory whose files are replaced, others come and go
		cp "$PKI/root.pem" "$S/new/ca"
		mv "$S/new/ca" "$e/ca/root.pem"
		cp "$PKI/short.pem" "$e/ca/other$((i % 5)).pem"
		rm -f "$e/ca/other$(((i + 2) % 5)).pem"
		# a users file that grows and shrinks
		{
			cat "$S/users.base"
			seq $((i % 50)) | sed "s/.*/nobody& cn:nobody&/"
		} >"$S/new/users"
		mv "$S/new/users" "$e/users"
		echo "$i" >>"$S/replaced"
	done
}

part_replace() {
	local n=${REPLACE:-100} i pid granted denied
	users_all
	cp "$S/etc/certauth/users" "$S/users.base"
	rm -f "$S/stop"
	replacing &
	pid=$!
	log_mark
	for ((i = 0; i < 2; i++)); do
		in_place "$S/bin/pamdrive" -q -u alice -C "$(signer alice)" \
			-n $((n / 2)) >"$S/good.$i" 2>&1 &
		local good$i=$!
	done
	in_place "$S/bin/pamdrive" -q -u alice -C "$(signer revoked)" \
		-n "$n" >"$S/bad" 2>&1
	# shellcheck disable=SC2154 # good0 and good1 are set above
	wait "$good0" "$good1"
	# at least as many replacements as logins
	while [ "$(wc -l <"$S/replaced")" -lt "$n" ]; do sleep 0.1; done
	: >"$S/stop"
	wait "$pid"
	for ((i = 0; i < 2; i++)); do
		grep -q "^failed 0 of $((n / 2))\$" "$S/good.$i" ||
			{ fail 'a good login was denied'; cat "$S/good.$i"; }
	done
	grep -q "^failed $n of $n\$" "$S/bad" || fail 'GRANTED a revoked one'
	granted=$(outcomes granted)
	denied=$(log_lines | grep -c 'outcome=denied reason=revoked ')
	if [ "$granted" -ne $((n / 2 * 2)) ] || [ "$denied" -ne "$n" ]; then
		fail "$granted granted, $denied denied as revoked"
		log_lines | grep outcome=denied | grep -v reason=revoked | head
	fi
	ca_dir root.pem
	crl_dir crl
	users_all
	echo "replace: $granted logins granted, $denied of a revoked" \
		"certificate denied, during $(wc -l <"$S/replaced") replacements"
}

# ---- programs that are killed at any moment ----

verdicts() { # what the CRLs at hand say, by our own tool
	"$CERTAUTH" verify --config "$S/kill.conf" "$PKI/alice-chain.pem" \
		>"$S/v.good" 2>&1 ||
		{ fail "after kill $1: a good one is refused"; cat "$S/v.good"; }
	if "$CERTAUTH" verify --config "$S/kill.conf" \
		"$PKI/revoked-chain.pem" >"$S/v.bad" 2>&1; then
		fail "after kill $1: a revoked one passes"
	fi
	grep -qi revoked "$S/v.bad" || { fail 'why'; cat "$S/v.bad"; }
}

part_kill() {
	local n=${KILLS:-200} i pid left
	mkdir -p "$S/kill/crl" "$S/kill/www"
	for i in root inter; do
		cp "$PKI/$i.crl" "$S/kill/crl/"
		cp "$PKI/$i.crl" "$S/kill/www/"
	done
	cat >"$S/kill.conf" <<-END
		[default]
		ca_dir = $PKI/ca-all
		crl_dir = $S/kill/crl
		crl_url = file://$S/kill/www/root.crl, file://$S/kill/www/inter.crl
	END
	"$CERTAUTH" crl update --config "$S/kill.conf" >"$S/kill.out" 2>&1 ||
		{ fail 'crl update'; cat "$S/kill.out"; return; }
	for ((i = 0; i < n; i++)); do
		if [ $((i % 4)) -eq 0 ]; then
			pki_crl inter --out "$S/kill/www/inter.crl"
		fi
		if [ $((i % 2)) -eq 0 ]; then
			"$CERTAUTH" crl update --config "$S/kill.conf" \
				>/dev/null 2>&1 &
		else
			rm -f "$S/kill/crl/.idx"* "$S/kill/crl/"*.idx
			"$CERTAUTH" crl compile --config "$S/kill.conf" \
				>/dev/null 2>&1 &
		fi
		pid=$!
		sleep "0.0$((RANDOM % 60 + 10))"
		kill -9 "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
		verdicts "$i"
	done
	# the next one puts everything right, and clears away
	"$CERTAUTH" crl update --config "$S/kill.conf" >"$S/kill.out" 2>&1 ||
		{ fail 'crl update afterwards'; cat "$S/kill.out"; }
	verdicts end
	left=$(find "$S/kill/crl" -type f | wc -l)
	find "$S/kill/crl" >"$S/kill.left"
	[ "$left" -le 12 ] ||
		{ fail "$left files are left in crl_dir"; head -n 40 "$S/kill.left"; }
	echo "kill: $n times, verdicts right, $left files in crl_dir"
}

# ---- no disk space, a read-only file system, no descriptors ----

part_full() {
	local n
	mkdir "$S/small"
	in_place mount -t tmpfs -o size=64k,mode=755 tmpfs "$S/small"
	in_place sh -c "cp $PKI/root.crl $PKI/inter.crl $S/small/ &&
		dd if=/dev/zero of=$S/small/fill bs=1k count=60 2>/dev/null; :"
	cat >"$S/full.conf" <<-END
		[default]
		ca_dir = $PKI/ca-all
		crl_dir = $S/small
		crl_url = file://$S/newer.crl
	END
	pki_crl inter --out "$S/newer.crl"
	if in_place "$CERTAUTH" crl update --config "$S/full.conf" \
		>"$S/full.out" 2>&1; then
		fail 'crl update succeeds on a full disk'
		cat "$S/full.out"
	fi
	grep -qi 'space' "$S/full.out" ||
		{ fail 'crl update does not say that there is no space'
			cat "$S/full.out"; }
	in_place cmp -s "$PKI/inter.crl" "$S/small/inter.crl" ||
		fail 'the CRL is not what it was'
	conf default "crl_dir = $S/small"
	login_ok --cert alice || fail 'a login on a full disk'
	login_denied revoked --cert revoked || fail 'revoked on a full disk'
	in_place rm "$S/small/fill"
	in_place mount -o remount,ro "$S/small"
	if in_place "$CERTAUTH" crl update --config "$S/full.conf" \
		>"$S/full.out" 2>&1; then
		fail 'crl update succeeds on a read-only file system'
	fi
	grep -qi 'read-only' "$S/full.out" ||
		{ fail 'it does not say read-only'; cat "$S/full.out"; }
	login_ok --cert alice || fail 'a login on a read-only file system'
	login_denied revoked --cert revoked || fail 'revoked, read-only'
	conf_reset
	# descriptors: from none to plenty, never a wrong verdict
	local given=0 refused=0
	for ((n = 3; n < 24; n++)); do
		log_mark
		in_place bash -c "ulimit -n $n; exec $S/bin/pamdrive -q -u alice \
			-m foreign" >"$S/seen" 2>&1
		grep -q PAM_SUCCESS "$S/seen" && fail "granted a word, ulimit $n"
		in_place bash -c "exec 20<>/dev/null; ulimit -n $((n + 4));
			exec $S/bin/pamdrive -q -u alice -C '$(signer revoked)'" \
			>"$S/seen" 2>&1
		grep -q PAM_SUCCESS "$S/seen" &&
			fail "granted a revoked one with ulimit -n $n"
		in_place bash -c "ulimit -n $((n + 4));
			exec $S/bin/pamdrive -q -u alice -C '$(signer alice)'" \
			>"$S/seen" 2>&1
		if grep -q PAM_SUCCESS "$S/seen"; then
			given=$((given + 1))
		else
			refused=$((refused + 1))
		fi
	done
	if [ "$given" -eq 0 ] || [ "$refused" -eq 0 ]; then
		fail "EMFILE: $given granted, $refused refused: no border"
	fi
	echo "full: no space, read-only, and 21 limits of descriptors" \
		"($refused too low for a login)"
}

# ---- a clock that jumps ----

part_clock() {
	# time(2) says 1970 or 2100 at any one of its calls, or fails
	local out rc
	out=$(tests/fault/run.sh "$CERTAUTH_BUILD" 1 clock clock-revoked)
	rc=$?
	[ "$rc" -eq 0 ] || { fail clock; echo "$out"; }
	echo "clock: $(echo "$out" | tail -n 1)"
}

# ---- a resident verifier ----

# crowd NAME OPTION ...: logins of tests/load/crowd.c with that certificate, in the
# background; the result is in $S/crowd.NAME.  LIMIT: what no login exceeds, the
# times of a resident verifier that stands still, and of a spawned one after it.
LIMIT=30
crowd() {
	local name=$1
	shift
	in_place "$S/bin/crowd" -l $LIMIT "$@" "$S/keys/${name%.*}-chain.pem" \
		"$S/keys/${name%.*}.key" >"$S/crowd.$name" 2>&1 &
	crowds+=($!)
}

# crowds_end: sets granted and denied of good ones, and lost; nobody is let in by a
# revoked certificate, none hangs, and a good one is refused for no reason but that
# the verifier gave no verdict
crowds_end() {
	local f words other
	wait "${crowds[@]}" || { fail 'a process of crowd'; cat "$S"/crowd.*; }
	crowds=() granted=0 lost=0 refused=0 slowest=0
	for f in "$S"/crowd.*; do
		read -ra words <"$f"
		[ "${words[5]}" -eq 0 ] ||
			fail "${words[5]} logins took longer than $LIMIT s"
		[ "${words[7]}" -le "$slowest" ] || slowest=${words[7]}
		case $f in
		*/crowd.alice*)
			granted=$((granted + words[1]))
			lost=$((lost + words[3]))
			;;
		*)
			[ "${words[1]}" -eq 0 ] || fail 'GRANTED a revoked one'
			refused=$((refused + words[3]))
			;;
		esac
	done
	rm -f "$S"/crowd.*
	[ "$(outcomes granted)" -eq "$granted" ] ||
		fail "$(outcomes granted) are logged as granted, not $granted"
	other=$(log_lines | grep 'outcome=denied' |
		grep -vE 'reason=(revoked|internal) ' | head -n 3)
	[ -z "$other" ] || fail "denied for another reason: $other"
	other=$(log_lines | grep -c 'outcome=denied reason=internal')
	[ "$other" -le $((lost + refused)) ] || fail 'more are logged as lost'
}

# descriptors, and children when it is quiet
hold() {
	local i
	for ((i = 0; i < 500; i++)); do
		[ "$(pgrep -c -P "$RESIDENT")" -ne 4 ] || break
		sleep 0.02
	done
	echo "$(find "/proc/$RESIDENT/fd" -type l | wc -l) descriptors," \
		"$(pgrep -c -P "$RESIDENT") children"
}

part_crowd() {
	local n=${CROWD:-1000} before
	CERTAUTH_VERIFIER=verifier=resident service test
	resident_start
	crowd alice -n 5
	crowds_end
	before=$(hold)
	log_mark
	crowd alice -p "$n"
	crowd revoked -p $((n / 10))
	crowds_end
	[ "$granted" -eq "$n" ] || {
		fail "$granted of $n logins at once granted"
		log_lines | sed -n 's/.*pam_certauth([^)]*): \(certauth-verifier .*\)/\1/p' |
			sort | uniq -c
	}
	[ "$(hold)" = "$before" ] || fail "the parent had $before, and has $(hold)"
	resident_stop
	service test
	echo "crowd: $granted of $n logins at once granted, $refused with a revoked" \
		"certificate denied, the slowest after $slowest ms; $before"
}

part_row() {
	local n=${ROW:-10000} before first last i
	CERTAUTH_VERIFIER=verifier=resident service test
	resident_start
	log_mark
	crowd alice -n $((n / 40)) -p 2
	crowds_end
	before=$(hold)
	first=$(rss "$RESIDENT")
	log_mark
	for i in 1 2; do
		crowd alice.$i -n $((n / 2 - n / 40))
	done
	crowds_end
	last=$(rss "$RESIDENT")
	[ "$lost" -eq 0 ] || fail "$lost of $n logins in a row denied"
	[ "$(hold)" = "$before" ] || fail "the parent had $before, and has $(hold)"
	[ $((last - first)) -lt 256 ] ||
		fail "the parent's memory grew from $first to $last KiB"
	resident_stop
	service test
	echo "row: $n logins granted, the slowest after $slowest ms; the parent:" \
		"$first KiB after $((n / 20)), $last KiB at the end, $before"
}

# one thing that happens to the resident verifier; false: it may cost logins
happens() {
	case $1 in
	kill) # and systemd starts it anew
		kill -KILL "$RESIDENT"
		wait "$RESIDENT" 2>/dev/null
		sleep "0.$((RANDOM % 5))"
		resident_start
		return 1
		;;
	stop) # for less than the 5 s that a login waits for its verdict
		kill -STOP "$RESIDENT"
		sleep "$((RANDOM % 3)).$((RANDOM % 10))"
		kill -CONT "$RESIDENT"
		;;
	hup) kill -HUP "$RESIDENT" ;;
	replace)
		in_place cp /run/certauth-test/certauth-verifier /run/certauth-test/new
		in_place mv /run/certauth-test/new /run/certauth-test/certauth-verifier
		;;
	remove) # the socket; then it is restarted
		in_place rm -f /run/certauth/verifier.1.sock
		sleep "0.$((RANDOM % 10))"
		resident_start
		return 1
		;;
	term)
		resident_stop
		sleep "0.$((RANDOM % 5))"
		resident_start
		return 1
		;;
	esac
}

# chaos N P: P processes log in while N things happen.  Each loses at most one login
# by each thing that ends the verifier which it has chosen, and none by those that do
# not end it.  With one process, no thing costs more than one login.
chaos() {
	local n=$1 p=$2 things=(kill stop hup replace remove term) i costly=0
	log_mark
	rm -f "$S/stop"
	crowd alice -p "$p" -n 1000000 -d 50 -f "$S/stop"
	crowd revoked -p 1 -n 1000000 -d 50 -f "$S/stop"
	for ((i = 0; i < n; i++)); do
		sleep "0.$((RANDOM % 10))"
		happens "${things[RANDOM % ${#things[@]}]}" || costly=$((costly + 1))
	done
	: >"$S/stop"
	crowds_end
	[ "$lost" -le $((p * costly)) ] ||
		fail "$lost logins lost by $costly ends of the verifier, $p at once"
	echo "chaos: $n things happened, of which $costly ended the verifier;" \
		"$lost of $((granted + lost)) logins lost, $p at once; $refused of a" \
		"revoked certificate denied; the slowest after $slowest ms"
}

part_chaos() {
	local n=${CHAOS:-100}
	CERTAUTH_VERIFIER=verifier=auto service test
	resident_start
	chaos "$n" 4
	chaos "$n" 1
	# and all is well
	log_mark
	crowd alice -n 20
	crowds_end
	[ "$granted" -eq 20 ] || fail 'logins afterwards'
	resident_stop
	service test
}

for part; do
	case $part in
	ssh) part_ssh ;;
	logins) part_logins ;;
	replace) part_replace ;;
	kill) part_kill ;;
	full) part_full ;;
	clock) part_clock ;;
	crowd) part_crowd ;;
	row) part_row ;;
	chaos) part_chaos ;;
	*) echo "no part $part"; exit 2 ;;
	esac
done
exit $failed
