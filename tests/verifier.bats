# certauth-verifier as a service, and how the module chooses it: what others do to its
# socket and its processes costs at most the login that they do it to.
# shellcheck disable=SC2030,SC2031 # each test has its RESIDENT and CERTAUTH_VERIFIER
load lib/common

setup_file() {
	place_make
	cp "$HERE/tests/lib/peers.py" "$S/bin/"
	mkdir -m 1777 "$S/ready"
	cp "$MODULE" "$S/module"
	resident_start
}

teardown_file() { place_remove; }

not() { ! "$@"; }

setup() {
	need_root
	# another test may have started it
	RESIDENT=$(cat "$S/resident.pid" 2>/dev/null) || RESIDENT=
	export CERTAUTH_VERIFIER=verifier=resident
	service test
}

teardown() {
	peers_end
	resident_alive || { resident_stop; resident_start; }
}

# the parent runs, and the socket is its own
resident_alive() {
	RESIDENT=$(cat "$S/resident.pid" 2>/dev/null) &&
		kill -0 "$RESIDENT" 2>/dev/null &&
		[ "$(in_place stat -c %u%F /run/certauth/verifier.1.sock)" = 0socket ]
}

# way WORD: verifier=WORD
way() {
	CERTAUTH_VERIFIER=verifier=$1 service test
}

# peers [USER] ARG ...: peers.py in the background, when it is ready.  USER setuid: a
# process of root that the user with uid 2003 started, as su is one
peers() {
	local i how=in_place
	case $1 in
	alice | bob) how="as_user $1"; shift ;;
	# a python3 that is a script of bash gives root's rights up
	setuid)
		how='in_place setpriv --ruid 2003 --keep-groups env PATH=/usr/bin:/bin'
		shift
		;;
	esac
	rm -f "$S/ready/peers"
	EXEC='exec' $how python3 "$S/bin/peers.py" "$@" "$S/ready/peers" \
		>"$S/peers.log" 2>&1 </dev/null 3>&- 4>&- &
	PEERS="${PEERS:-} $!"
	for ((i = 0; i < 1500; i++)); do
		[ -e "$S/ready/peers" ] && return
		sleep 0.02
	done
	cat "$S/peers.log"
	return 1
}

peers_end() {
	local pid
	for pid in ${PEERS:-}; do
		kill "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
	PEERS=
}

# children of the parent
hands() {
	pgrep -P "$RESIDENT" || :
}

# are there N children?
are_hands() {
	[ "$(hands | wc -l)" -eq "$1" ]
}

more_hands() {
	[ "$(hands | wc -l)" -gt "$1" ]
}

# the parent runs the program that stands at its path
is_current() {
	login_ok && not grep -q deleted <<<"$(readlink "/proc/$RESIDENT/exe")"
}

# own_login USER: a login of that user as an application of that user does it
own_login() {
	local user=$1
	shift
	cp "$PKI/$user-chain.pem" "$PKI/$user.key" "$S/home/$user/"
	chown -R "$(id_of "$user")" "$S/home/$user"
	log_mark
	as_user "$user" python3 "$S/bin/login.py" --cert "$S/home/$user/$user-chain.pem" \
		--key "$S/home/$user/$user.key" -- pamtester test "$user" authenticate \
		>"$S/seen" 2>&1 </dev/null
}

id_of() {
	awk -F: -v u="$1" '$1 == u { print $3 ":" $4 }' "$S/etc/passwd"
}

@test "resident, spawned and auto: granted and refused alike" {
	local w
	for w in resident spawn auto; do
		way "$w"
		login_ok
		login_denied other-user --cert bob --key bob
	done
}

@test "the parent is _certauth, has no capability, and its spares have no other descriptor" {
	login_ok
	# shellcheck disable=SC2016 # of awk
	[ "$(awk '/^Uid:/ { print $2, $3, $4 }' "/proc/$RESIDENT/status")" = \
		"$(id_of _certauth | awk -F: '{ print $1, $1, $1 }')" ]
	grep -q '^CapPrm:.0*$' "/proc/$RESIDENT/status"
	grep -q '^Groups:[[:space:]]*$' "/proc/$RESIDENT/status"
	until_true are_hands 4
	local pid
	for pid in $(hands); do
		[ "$(find "/proc/$pid/fd" -type l -printf '%f\n' | sort | tr '\n' ' ')" = '0 1 2 3 ' ]
	done
}

@test "nobody answers: auto starts its own, resident denies and says why" {
	resident_stop
	way auto
	login_ok
	way resident
	login_denied internal
	logged 'cannot be reached at /run/certauth/verifier.1.sock: .*systemctl enable'
	in_place rm -f /run/certauth/verifier.1.sock
	login_denied internal
	logged 'verifier.1.sock, or a directory above it, does not exist'
	way auto
	login_ok
}

@test "a socket that another than root can replace is not used" {
	in_place chown alice /run/certauth/verifier.1.sock
	login_denied internal
	logged "is not root's"
	way auto
	login_ok
	in_place chown root /run/certauth/verifier.1.sock
	in_place chmod 775 /run/certauth
	way resident
	login_denied internal
	logged 'is writable by others'
	in_place chmod 755 /run/certauth
	login_ok
	in_place mv /run/certauth /run/other
	in_place ln -s /run/other /run/certauth
	login_denied internal
	logged 'is not a directory'
	in_place rm /run/certauth
	in_place mv /run/other /run/certauth
	login_ok
}

@test "verifiers that do not answer, or answer wrongly: denied, or another is started" {
	local mode
	resident_stop
	# chosen anew by auto: no byte was sent to it
	for mode in mute newer; do
		peers serve "$mode"
		way auto
		login_ok
		way resident
		login_denied internal
		logged 'does not answer'
		peers_end
	done
	# never chosen anew
	way auto
	for mode in closes silent half long foreign before junk; do
		peers serve "$mode"
		login_denied internal
		logged 'certauth-verifier \(resident\): .*run: certauth doctor'
		peers_end
	done
}

@test "64 silent connections of root, and 64 that sent half of a message, do not stop logins" {
	peers hold 64 0
	[ "$(cat "$S/ready/peers")" -eq 64 ]
	login_ok
	peers hold 40 3
	login_ok
}

@test "a login waits for its turn longer than for a verdict, while the parent lives" {
	# all workers are at work
	peers hold 64 3
	[ "$(cat "$S/ready/peers")" -eq 64 ]
	(
		sleep 8
		peers_end
	) &
	local end=$!
	login_ok
	wait $end
	PEERS=
	# a worker that has it, and says nothing, gets no such time: the test of
	# workers that are stopped
}

@test "500 connections of one local user do not stop root's logins, nor another user's" {
	peers alice hold 500 3
	# those at work, and those that wait
	[ "$(cat "$S/ready/peers")" -ge 100 ]
	[ "$(cat "$S/ready/peers")" -le 200 ]
	grep -q 'user id 2001, .* too many connections' "$S/resident.log"
	login_ok
	login_ok
	own_login bob
	[ "$(hands | wc -l)" -le 8 ]
	# who has used up his own starts one
	way auto
	own_login alice
}

@test "processes of root that a user started count as that user's" {
	peers setuid hold 500 3
	[ "$(cat "$S/ready/peers")" -ge 100 ]
	[ "$(cat "$S/ready/peers")" -le 200 ]
	login_ok
	login_ok
	own_login bob
	[ "$(hands | wc -l)" -le 8 ]
	# also those that wait when the parent is replaced, which leaves its 4 at work
	kill -HUP "$RESIDENT"
	login_ok
	[ "$(hands | wc -l)" -le 12 ]
}

@test "a process that is stopped when it is asked for a file holds a worker for a short time" {
	login_ok
	# one whose times are those of the program that is installed
	program_is "$CERTAUTH_BUILD/certauth-verifier"
	resident_stop
	resident_start
	in_place chmod 600 /etc/certauth/certauth.conf
	peers ask 8
	until_true are_hands 4
	in_place chmod 644 /etc/certauth/certauth.conf
	program_is "$S/bin/certauth-verifier"
	resident_stop
	resident_start
	login_ok
}

@test "a descriptor that takes long to close, sent by a local user, does not stop others" {
	peers alice linger 20
	login_ok
	login_ok
	resident_alive
}

@test "a user's own process asks with the usual files, and starts its own for others" {
	own_login alice
	# a file that not everybody may read, though the verifier may
	in_place chgrp _certauth /etc/certauth/users
	in_place chmod 640 /etc/certauth/users
	not own_login alice
	login_ok
	in_place chmod 644 /etc/certauth/users
	# files of her own: never read by another user's process
	cp -a "$S/etc/certauth" "$S/home/alice/conf"
	chown -R 2001:2001 "$S/home/alice/conf"
	sed -i "\$a ca_dir = $S/home/alice/conf/ca\ncrl_dir = $S/home/alice/conf/crl\nusers = $S/home/alice/conf/users" \
		"$S/home/alice/conf/certauth.conf"
	CERTAUTH_VERIFIER=verifier=resident \
		service test "config=$S/home/alice/conf/certauth.conf"
	not own_login alice
	# not even what everybody may read: this would show the verifier's memory
	CERTAUTH_VERIFIER=verifier=resident \
		service test config=/proc/self/numa_maps
	not own_login alice
	logged 'numa_maps" names a file, which the resident verifier'
	not_logged 'numa_maps:[0-9]'
	CERTAUTH_VERIFIER=verifier=resident service test directory=ldap \
		directory_index=/proc/self/maps
	not own_login alice
	logged 'proc/self/maps" names a file, which the resident verifier'
	CERTAUTH_VERIFIER=verifier=resident service test revocation=any \
		ocsp_dir=/proc/self/task
	not own_login alice
	logged 'proc/self/task" names a file, which the resident verifier'
	# nor a longer memory of signed passwords, which is that of everybody
	CERTAUTH_VERIFIER=verifier=resident service test password_lifetime=3600
	not own_login alice
	logged 'argument "?password_lifetime.*for root.s processes only'
	login_ok
	CERTAUTH_VERIFIER=verifier=auto \
		service test "config=$S/home/alice/conf/certauth.conf"
	own_login alice
}

@test "open sessions are judged for processes of root alone" {
	local op
	for op in 2 5; do
		peers begin "$op"
		cat "$S/ready/peers"
		[ "$(cat "$S/ready/peers")" = "'greeted 4'" ]
	done
	peers alice begin 2
	[ "$(cat "$S/ready/peers")" = "'greeted 4'" ]
	peers alice begin 5
	cat "$S/ready/peers"
	grep -q "judges open sessions for root's processes only" "$S/ready/peers"
	not grep -q ' 4' "$S/ready/peers"
	# an operation that there is not
	peers begin 6
	[ "$(cat "$S/ready/peers")" = "'greeted'" ]
}

# not_for_alice FILE: root's processes use it as the users file, alice's do not
not_for_alice() {
	conf default "users = $1"
	login || :
	not_logged "$1: Permission denied"
	not own_login alice
	logged "$1: Permission denied"
	not_logged "$1:[0-9]"
}

@test "a user's process has nothing of a directory that not everybody may search" {
	local etc=$S/etc/certauth
	in_place mkdir -m 750 /etc/certauth/staff
	in_place chgrp _certauth /etc/certauth/staff
	cp "$etc/users" "$etc/staff/users"
	ln -s staff/users "$etc/linked"
	not_for_alice /etc/certauth/staff/users
	not_for_alice /etc/certauth/linked
	in_place chmod 755 /etc/certauth/staff
	own_login alice
	conf_reset
	rm -r "$etc/staff" "$etc/linked"
}

@test "a user's process has nothing of a file that the kernel makes" {
	local file
	for file in /proc/self/limits /proc/version /sys/kernel/uevent_seqnum; do
		not_for_alice "$file"
		ln -sf "$file" "$S/etc/certauth/linked"
		not_for_alice /etc/certauth/linked
	done
	rm "$S/etc/certauth/linked"
	conf_reset
	own_login alice
}

@test "the parent is killed between request and verdict: that login is denied, the next is not" {
	local script='kill -9 '"$RESIDENT"'; exec '"$CERTAUTH"' sign --cert '"$PKI"'/alice-chain.pem --key '"$PKI"'/alice.key'
	log_mark
	not in_place "$CERTAUTH_BUILD/tests/lib/pamdrive" -u alice -C "$script" \
		>"$S/seen" 2>&1
	wait "$RESIDENT" || :
	logged 'outcome=denied reason=internal'
	[ "$(log_lines | grep -c outcome=)" -eq 1 ]
	way auto
	login_ok
	resident_start
	way resident
	login_ok
}

@test "workers that are stopped or killed: denied in time, and the next login is granted" {
	local pid
	login_ok
	until_true are_hands 4
	for pid in $(hands); do kill -STOP "$pid"; done
	login_denied internal
	logged 'gave no verdict in time; .*run: certauth crl compile; run: certauth doctor'
	# those that are stopped and have nobody to answer to are killed
	until_true grep -q 'did not end, and is killed' "$S/resident.log"
	for pid in $(hands); do kill -KILL "$pid"; done
	login_ok
	# while it works: its spare was replaced then
	until_true are_hands 4
	local stopped
	mapfile -t stopped < <(hands)
	kill -STOP "${stopped[@]}"
	(
		until_true more_hands 4
		kill -KILL "${stopped[@]}"
	) &
	login_denied internal
	wait $!
	logged 'ended without a verdict; .*run: certauth crl compile; run: certauth doctor'
	login_ok
}

@test "a worker that used up its CPU time: the parent's log says what to do" {
	login_ok
	until_true are_hands 4
	kill -XCPU "$(hands | head -1)"
	until_true grep -q 'used up its 2 s of CPU time; .*run: certauth crl compile' \
		"$S/resident.log"
	login_ok
}

@test "SIGHUP while logins are made: none is lost, and the process stays" {
	local i n=0
	login_ok
	(
		while [ ! -e "$S/enough" ]; do
			kill -HUP "$RESIDENT"
			sleep 0.1
		done
	) &
	local hup=$!
	for ((i = 0; i < 8; i++)); do
		login_ok || break
		n=$((n + 1))
	done
	: >"$S/enough"
	wait $hup
	rm "$S/enough"
	[ $n -eq 8 ]
	kill -0 "$RESIDENT"
	# one that waits is kept
	peers hold 1 0
	kill -HUP "$RESIDENT"
	login_ok
}

@test "a program that was replaced is executed again, with the same socket" {
	login_ok
	in_place cp /run/certauth-test/certauth-verifier /run/certauth-test/new
	in_place touch -d '-1 hour' /run/certauth-test/new
	in_place mv /run/certauth-test/new /run/certauth-test/certauth-verifier
	readlink "/proc/$RESIDENT/exe" | grep -q deleted
	sleep 3
	login_ok
	until_true is_current
}

# held COMMAND ...: a locker, which has authenticated alice and keeps its module while
# COMMAND replaces things, then authenticates her once more and checks the account
held() {
	local sign="$CERTAUTH sign --pieces --any-host --user alice --cert $PKI/alice-chain.pem --key $PKI/alice.key" i
	: >"$S/hold"
	log_mark
	EXEC='exec' in_place "$CERTAUTH_BUILD/tests/lib/pamdrive" -u alice -a -A script \
		-w "$S/hold" -C "$sign; exec $sign" >"$S/seen" 2>&1 3>&- 4>&- </dev/null &
	local locker=$!
	PEERS="${PEERS:-} $locker" # if this test fails
	until_true grep -q '^waiting' "$S/seen"
	"$@"
	rm "$S/hold"
	i=0
	wait $locker || i=$?
	PEERS=
	cat "$S/seen"
	[ $i -eq 0 ] && grep -qx 'again PAM_SUCCESS' "$S/seen" &&
		grep -qx 'account PAM_SUCCESS' "$S/seen" &&
		logged 'outcome=granted'
}

# module_gone: whoever loads the module from now on gets none
module_gone() {
	: >"$S/bin/new"
	mv "$S/bin/new" "$MODULE"
	not login
}

module_back() {
	cp "$S/module" "$S/bin/new"
	mv "$S/bin/new" "$MODULE"
}

# program_is FILE: the program is replaced as packages do it
program_is() {
	in_place install -m 755 "$1" /run/certauth-test/new
	in_place mv /run/certauth-test/new /run/certauth-test/certauth-verifier
}

update_program() {
	module_gone
	program_is "$S/bin/certauth-verifier"
	sleep 3
}

update_and_restart() {
	module_gone
	program_is "$S/bin/certauth-verifier"
	resident_stop
	resident_start
}

# a program of the next version, which makes its sockets
update_version() {
	module_gone
	program_is "$CERTAUTH_BUILD/tests/later/certauth-verifier"
	resident_stop
	in_place rm -f /run/certauth/verifier.1.sock
	EXEC='exec' in_place /run/certauth-test/certauth-verifier --listen \
		>>"$S/resident.log" 2>&1 3>&- 4>&- </dev/null &
	RESIDENT=$!
	echo "$RESIDENT" >"$S/resident.pid"
	until_true in_place test -S /run/certauth/verifier.1.sock
}

@test "a locker held over an update: its old module unlocks, by each way" {
	local w how
	for how in update_program update_and_restart; do
		for w in resident auto spawn; do
			way "$w"
			held "$how"
			module_back
		done
	done
	login_ok
}

@test "a locker held over an update to the next version: served at its own socket" {
	local w
	for w in resident auto spawn; do
		way "$w"
		held update_version
		module_back
		# each socket greets with its version
		in_place python3 -c '
import socket
for version in (1, 2):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(20)
    s.connect("/run/certauth/verifier.%d.sock" % version)
    assert s.recv(1) == bytes([version])'
		resident_stop
		in_place rm -f /run/certauth/verifier.2.sock
		verifier_reset
		resident_start
	done
	login_ok
}

@test "a socket of another version is refused: no greeting, and it is said" {
	resident_stop
	in_place rm -f /run/certauth/verifier.1.sock
	command -v systemd-socket-activate >/dev/null || skip 'no systemd-socket-activate here'
	EXEC='exec' in_place systemd-socket-activate -l /run/certauth/verifier.0.sock \
		-l /run/certauth/verifier.1.sock setpriv --reuid "$(id_of _certauth | cut -d: -f1)" \
		--clear-groups --inh-caps=-all --regid "$(id_of _certauth | cut -d: -f2)" \
		/run/certauth-test/certauth-verifier --listen >>"$S/resident.log" 2>&1 3>&- 4>&- &
	RESIDENT=$!
	echo "$RESIDENT" >"$S/resident.pid"
	until_true in_place test -S /run/certauth/verifier.1.sock
	login_ok
	grep -q 'verifier.0.sock.*connections to it are closed' "$S/resident.log"
	in_place python3 -c '
import socket
s = socket.socket(socket.AF_UNIX)
s.settimeout(20)
s.connect("/run/certauth/verifier.0.sock")
assert s.recv(1) == b""'
	login_ok
	resident_stop
	in_place rm /run/certauth/verifier.0.sock
}

@test "without a supervisor: root's socket, then _certauth; a directory of others is refused" {
	resident_stop
	in_place rm -rf /run/certauth
	# the run script of docs/operations.md
	sed -n '/^    #!\/bin\/sh$/,/^$/s/^    //p' "$HERE/docs/operations.md" |
		sed 's|/usr/libexec/certauth/|/run/certauth-test/|' >"$S/bin/run-script"
	chmod 755 "$S/bin/run-script"
	[ "$(grep -c . "$S/bin/run-script")" -eq 4 ]
	EXEC='exec' in_place "$S/bin/run-script" >>"$S/resident.log" 3>&- 4>&- </dev/null &
	RESIDENT=$!
	echo "$RESIDENT" >"$S/resident.pid"
	until_true in_place test -S /run/certauth/verifier.1.sock
	login_ok
	own_login alice
	[ "$(awk '/^Uid:/ { print $2 }' "/proc/$RESIDENT/status")" = "$(id_of _certauth | cut -d: -f1)" ]
	# a second one leaves the first alone
	run in_place /run/certauth-test/certauth-verifier --listen
	[ "$status" -eq 1 ]
	grep -q 'another process listens' <<<"$output"
	kill -TERM "$RESIDENT"
	wait "$RESIDENT"
	rm "$S/resident.pid"
	in_place chmod 777 /run/certauth
	run in_place /run/certauth-test/certauth-verifier --listen
	[ "$status" -eq 1 ]
	grep -q 'root owns and nobody else can write' <<<"$output"
	in_place chmod 755 /run/certauth
	run as_user alice /run/certauth-test/certauth-verifier --listen
	[ "$status" -eq 1 ]
	grep -q 'no socket was passed' <<<"$output"
}

@test "at most 16 verifiers that root's processes started are at work" {
	way spawn
	peers lock 15
	login_ok
	peers_end
	peers lock 16
	login_denied internal
	logged '16 verifiers that processes of real user ID 0 started are at work'
	# nor is one of root's processes that a user started
	su_login 2001
	# a user's own is not counted
	own_login alice
	peers_end
	# nobody else can hold the locks
	[ "$(in_place stat -c %u:%a /run/certauth/spawned.lock)" = 0:600 ]
	in_place chmod 666 /run/certauth/spawned.lock
	login_ok
	in_place rm /run/certauth/spawned.lock
}

# su_login UID: a login by a process of root that this user started, as su is one
su_login() {
	log_mark
	in_place python3 "$S/bin/login.py" --cert "$PKI/alice-chain.pem" \
		--key "$PKI/alice.key" -- setpriv --ruid "$1" --keep-groups \
		pamtester test alice authenticate >"$S/seen" 2>&1 </dev/null
}

@test "processes of root that a user started and stopped leave root, and other users, theirs" {
	way spawn
	# 4 locks of the user with uid 2001, as its stopped su hold them
	peers lock 4 "$((16 + 4 * 2001))"
	status=0
	su_login 2001 || status=$?
	[ "$status" -ne 0 ]
	logged '4 verifiers that processes of real user ID 2001 started are at work'
	su_login 2002
	login_ok
	peers_end
	su_login 2001
	in_place rm /run/certauth/spawned.lock
}

@test "the units of the verifier are valid, and leave few rights" {
	local u=$HERE/packaging/systemd
	command -v systemd-analyze >/dev/null || skip 'no systemd-analyze here'
	mkdir -p "$S/units"
	sed "s|/usr/libexec/certauth|$S/bin|" "$u/certauth-verifier.service" \
		>"$S/units/certauth-verifier.service"
	cp "$u/certauth-verifier.socket" "$S/units/"
	run systemd-analyze verify --man=no "$S/units/certauth-verifier.service" \
		"$S/units/certauth-verifier.socket"
	# messages about the machine's own units do not matter
	not grep certauth <<<"$output"
	run systemd-analyze security --offline=true --threshold=15 \
		"$S/units/certauth-verifier.service"
	echo "$output" | tail -3
	[ "$status" -eq 0 ]
	# the parent sees who started a process
	not grep '^ProtectProc=' "$u/certauth-verifier.service"
}

@test "the unit's filter of system calls allows what parent and workers call" {
	command -v systemd-analyze >/dev/null || skip 'no systemd-analyze here'
	command -v strace >/dev/null || skip 'no strace here'
	login_ok
	strace -f -p "$RESIDENT" -o "$S/calls" 2>"$S/strace.log" 3>&- 4>&- &
	PEERS=$!
	until_true grep -q attached "$S/strace.log"
	# from its start on
	kill -HUP "$RESIDENT"
	until_true grep -q capset "$S/calls"
	way auto
	login_ok
	peers_end
	python3 "$HERE/tests/lib/unitcalls.py" \
		"$HERE/packaging/systemd/certauth-verifier.service" "$S/calls"
}
