# shellcheck shell=bash
# Every bats file loads this file: it makes a private place to log in to.
#
#   setup_file() { place_make; ... }
#   teardown_file() { place_remove; }
#
# gives
#   S            a scratch folder, removed at the end
#   MODULE CERTAUTH HELPER   the module, the tool and the helper, copied to where
#                     all may run them
#   PKI          a copy of the shared PKI of pki.sh
#   $S/etc       /etc inside the place: pam.d, passwd, certauth/, ...
#   $S/log       what was sent to syslog inside it
#   alice (2001), bob (2002), carol (2003, no certificate) with homes in $S/home
#
#   in_place COMMAND ...         run there as root
#   as_user LOGIN COMMAND ...    run there as that user, in his home
#   service NAME [ARG ...]       /etc/pam.d/NAME with the module and its ARGs
#   conf SECTION 'KEY = VALUE' ...   add to /etc/certauth/certauth.conf; in
#                                section default a later value replaces
#   conf_reset                   the basic configuration again
#   users LINE ...               /etc/certauth/users
#   verifier_is COMMAND ...      run that for the verifier, with its arguments;
#                                $S/bin/unconfined is one for valgrind
#   verifier_reset               the verifier again
#   spawn_only                   the test is about a verifier that the module starts
#   ca_dir FILE ..., crl_dir FILE ...   fill /etc/certauth/ca and crl from PKI
#   login [OPTION ...] [-- PAMTESTER-OPTION ...]
#                                one login by pamtester; options of login.py.
#                                Default: --cert alice --key alice
#   login_ok [...], login_denied REASON [...]
#                                the same, and look at exit status and log
#   logged REGEX, not_logged REGEX   about the lines since the last login began
#
# shellcheck disable=SC2034 # used by the files that load this one

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CERTAUTH_BUILD=${CERTAUTH_BUILD:-$HERE/build}
export HERE CERTAUTH_BUILD
# shellcheck source=tests/lib/pki.sh
. "$HERE/tests/lib/pki.sh"

# place_make: to be called in setup_file
place_make() {
	place_dir test && pki_shared "$S/pki" && place_enter || return
	conf_reset
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")" \
		"bob sha256:$(pki_sha256 "$PKI/bob.pem")"
	ca_dir root.pem
	crl_dir crl
	service test
	log_mark
}

# place_dir NAME: the scratch folder
place_dir() {
	local user
	umask 022
	S=$(mktemp -d "${TMPDIR:-/tmp}/certauth-$1.XXXXXX") || return
	export S
	chmod 755 "$S"
	mkdir "$S/bin" "$S/home" || return
	cp "$CERTAUTH_BUILD/tests/verifier/pam_certauth.so" \
		"$CERTAUTH_BUILD/tests/verifier/certauth-verifier" \
		"$CERTAUTH_BUILD/tests/verifier/unconfined" \
		"$CERTAUTH_BUILD/tests/verifier/certauth" \
		"$CERTAUTH_BUILD"/certauth-{confine,sign} \
		"$HERE/tests/lib/login.py" "$HERE/tests/lib/paste.exp" \
		"$S/bin/" || return
	if sanitized; then
		cp "$S/bin/unconfined" "$S/bin/certauth-verifier" || return
	fi
	ln -s certauth "$S/bin/certauth-askpass"
	ln -s certauth "$S/bin/certauth-ssh"
	export MODULE=$S/bin/pam_certauth.so CERTAUTH=$S/bin/certauth
	export HELPER=$S/bin/certauth-sign

	# unreadable files remain if we are not root; nothing reads them
	cp -a /etc "$S/etc" 2>/dev/null || [ "$(id -u)" -ne 0 ] || return
	rm -rf "$S/etc/pam.d" "$S/etc/certauth" "$S/etc/sudoers.d"
	mkdir -p "$S/etc/pam.d" "$S/etc/certauth"
	printf 'passwd: files\ngroup: files\nshadow: files\nhosts: files\n' \
		>"$S/etc/nsswitch.conf"
	for user in alice:2001 bob:2002 carol:2003; do
		mkdir -p "$S/home/${user%:*}" || return
		echo "${user%:*}:x:${user#*:}:${user#*:}::$S/home/${user%:*}:/bin/bash" \
			>>"$S/etc/passwd"
		# a password that nothing matches, in an account that is valid
		echo "${user%:*}:*:19000:0:99999:7:::" >>"$S/etc/shadow"
		echo "${user%:*}:x:${user#*:}:" >>"$S/etc/group"
		[ "$(id -u)" -ne 0 ] ||
			chown "${user#*:}:${user#*:}" "$S/home/${user%:*}"
	done
	if ! grep -q '^_certauth:' "$S/etc/passwd"; then
		echo '_certauth:x:2990:2990::/nonexistent:/usr/sbin/nologin' \
			>>"$S/etc/passwd"
		echo '_certauth:x:2990:' >>"$S/etc/group"
	fi
	printf '127.0.0.1 localhost %s\n' "$(hostname)" >"$S/etc/hosts"
	printf 'auth required pam_deny.so\naccount required pam_deny.so\n' \
		>"$S/etc/pam.d/other"
}

# sanitized: is this a build for a sanitizer?  It needs what a worker gives up.
sanitized() {
	nm "$CERTAUTH_BUILD/certauth" | grep -qE '__(asan|tsan)_init'
}

# place_enter: the namespace over it
place_enter() {
	local how=-m i
	[ "$(id -u)" -eq 0 ] || how=-rm
	unshare $how --propagation private "$HERE/tests/lib/ns.sh" "$S" \
		"$CERTAUTH_BUILD/tests/lib/devlog" \
		>"$S/ns.out" 2>&1 </dev/null 3>&- 4>&- &
	export PLACE_PID=$!
	for ((i = 0; i < 500; i++)); do
		[ -e "$S/log" ] && break
		kill -0 "$PLACE_PID" 2>/dev/null || break
		sleep 0.02
	done
	if [ ! -e "$S/log" ]; then
		echo 'A private mount namespace cannot be had here (root, or' \
			'user namespaces, or CAP_SYS_ADMIN are needed):' >&2
		cat "$S/ns.out" >&2
		return 1
	fi
	verifier_reset
	# CERTAUTH_VERIFIER=verifier=resident: the whole suite by the socket
	case ${CERTAUTH_VERIFIER:-} in *resident*) resident_start ;; esac
}

# resident_start: certauth-verifier --listen in the place, at the socket where the
# module looks, as systemd starts it; RESIDENT is its number.  It needs root.
resident_start() {
	local how=() i id
	resident_stop
	id=$(awk -F: '$1 == "_certauth" { print $3 ":" $4 }' "$S/etc/passwd")
	in_place mkdir -p /run/certauth
	in_place rm -f /run/certauth/verifier.1.sock
	if command -v systemd-socket-activate >/dev/null; then
		how=(systemd-socket-activate -l /run/certauth/verifier.1.sock)
		# its socket belongs to root, as that of a unit does; the parent
		# does not
		how+=(setpriv --reuid "${id%:*}" --regid "${id#*:}" --clear-groups
			--inh-caps=-all)
	fi
	EXEC='exec' in_place "${how[@]}" \
		/run/certauth-test/certauth-verifier --listen \
		>>"$S/resident.log" 2>&1 </dev/null 3>&- 4>&- &
	export RESIDENT=$!
	echo "$RESIDENT" >"$S/resident.pid"
	for ((i = 0; i < 500; i++)); do
		# everybody may ask, as with the unit
		in_place test -S /run/certauth/verifier.1.sock &&
			in_place chmod 666 /run/certauth/verifier.1.sock && return
		kill -0 "$RESIDENT" 2>/dev/null || break
		sleep 0.02
	done
	echo 'certauth-verifier --listen did not start:' >&2
	cat "$S/resident.log" >&2
	return 1
}

# resident_stop: also one that another test of the file started
resident_stop() {
	local pid i
	[ -e "$S/resident.pid" ] || return 0
	pid=$(cat "$S/resident.pid")
	rm "$S/resident.pid"
	kill -CONT "$pid" 2>/dev/null || return 0
	kill "$pid" 2>/dev/null || :
	for ((i = 0; i < 1000; i++)); do
		[ -e "/proc/$pid/exe" ] || break
		sleep 0.02
	done
}

# place_remove: to be called in teardown_file
place_remove() {
	[ -n "${S:-}" ] || return 0
	resident_stop
	if [ -n "${PLACE_PID:-}" ]; then
		kill "$PLACE_PID" 2>/dev/null || :
		wait "$PLACE_PID" 2>/dev/null || :
	fi
	# what is mounted there is not mounted here
	rm -rf --one-file-system "$S" || :
}

# With EXEC=exec in a background process, its number is that of COMMAND.
# PLACE_NET, if set, is the network of tests/lib/netplace.bash.
# The working directory is found by its name there: in a chroot the one from outside
# cannot be named, and every shell says so in the middle of others' output.
in_place() {
	if [ "$(id -u)" -eq 0 ]; then
		${EXEC:-} nsenter -m -r --wdns="$PWD" ${PLACE_NET:+--net="$PLACE_NET"} \
			-t "$PLACE_PID" -- "$@"
	else
		${EXEC:-} nsenter -U --preserve-credentials -m -r --wdns="$PWD" \
			-t "$PLACE_PID" -- "$@"
	fi
}

as_user() {
	local user=$1 id
	shift
	id=$(awk -F: -v u="$user" '$1 == u { print $3 }' "$S/etc/passwd")
	# shellcheck disable=SC2086 # AS_USER_ENV is a list of NAME=VALUE
	in_place setpriv --reuid "$id" --regid "$id" --clear-groups \
		--inh-caps=-all env -i -C "$S/home/$user" HOME="$S/home/$user" USER="$user" \
		LOGNAME="$user" PATH="$PATH" SHELL=/bin/bash TERM=dumb \
		${AS_USER_ENV:-} "$@"
}

# need_root: skip a test that a user namespace with one user cannot run
need_root() {
	[ "$(id -u)" -eq 0 ] || skip 'needs root (setuid programs, other users)'
}

# with_certmap: was it built with libsss_certmap?
with_certmap() {
	grep -qF libsss_certmap.so "$CERTAUTH_BUILD/certauth"
}

# until_true COMMAND ...: it succeeds before long
until_true() {
	local i
	for ((i = 0; i < 1500; i++)); do
		"$@" && return
		sleep 0.02
	done
	echo "never: $*"
	[ -z "${RESIDENT:-}" ] || ps --ppid "$RESIDENT" -o pid,stat,args
	return 1
}

# ---- the verifier that a module of the place starts ----

# where the tests' module looks for it
verifier_reset() {
	in_place rm -f /run/certauth-test/slow
	in_place install -D -m 755 "$S/bin/certauth-verifier" \
		/run/certauth-test/certauth-verifier
	in_place install -m 755 "$S/bin/certauth-confine" /run/certauth-test/
}

# spawn_only: the test, or the file in its setup_file, is about a verifier that the
# module starts; it tests that also where the suite runs with a resident one
spawn_only() {
	export CERTAUTH_VERIFIER=verifier=spawn
	sed -i 's/verifier=resident/verifier=spawn/' "$S"/etc/pam.d/*
}

# its environment is empty, and the caller's does not reach it; the module waits
# for it as long as valgrind needs
verifier_is() {
	if [[ ${CERTAUTH_VERIFIER:-} == *resident* ]]; then
		echo 'verifier_is is about a spawned verifier: call spawn_only before'
		return 1
	fi
	in_place install -D -m 644 /dev/null /run/certauth-test/slow
	printf '#!/bin/sh\nexec' >"$S/bin/verifier-is"
	printf " '%s'" "$@" >>"$S/bin/verifier-is"
	# shellcheck disable=SC2016 # for the shell there
	echo ' "$@"' >>"$S/bin/verifier-is"
	in_place install -D -m 755 "$S/bin/verifier-is" \
		/run/certauth-test/certauth-verifier
}

# verifier_logs FILE ...: those of FILE, the logs of valgrind for each process
# (%p at the end), that are of workers, which all have ended then
verifier_logs() {
	local f i
	for f; do
		for ((i = 0; i < 1000; i++)); do
			[ -d "/proc/${f##*.}" ] || break
			sleep 0.02
		done
		# the parent is killed, and has no end
		! grep -qE 'Collected|ERROR SUMMARY' "$f" || echo "$f"
	done
}

# ---- configuration of the place ----

service() {
	local name=$1
	shift
	printf '%s\n' "auth required $MODULE ${CERTAUTH_VERIFIER:-verifier=spawn} $*" 'account required pam_permit.so' \
		'session required pam_permit.so' >"$S/etc/pam.d/$name"
}

conf_reset() {
	printf '[default]\nhost_names = host.example\n' >"$S/conf.default"
	: >"$S/conf.sections"
	conf default
}

conf() {
	local section=$1 line to=$S/conf.default
	shift
	if [ "$section" != default ]; then
		to=$S/conf.sections
		printf '[%s]\n' "$section" >>"$to"
	fi
	for line; do
		[ "$section" != default ] || sed -i "/^${line%% *} /d" "$to"
		printf '%s\n' "$line" >>"$to"
	done
	# replaced, not rewritten: a mode that a test has set goes with it
	cat "$S/conf.default" "$S/conf.sections" >"$S/conf.new"
	mv "$S/conf.new" "$S/etc/certauth/certauth.conf"
}

users() {
	printf '%s\n' "$@" >"$S/etc/certauth/users"
}

# map NAME ...: alice may log in with each of these certificates
map() {
	local name
	for name; do
		echo "alice sha256:$(pki_sha256 "$PKI/$name.pem")"
	done >"$S/etc/certauth/users"
}

ca_dir() {
	rm -rf "$S/etc/certauth/ca"
	pki_dir "$S/etc/certauth/ca" "$@"
}

# crl_dir NAME: the directory NAME of the shared PKI; or files to put there
crl_dir() {
	rm -rf "$S/etc/certauth/crl"
	if [ $# -eq 1 ] && [ -d "$PKI/$1" ]; then
		cp -a "$PKI/$1" "$S/etc/certauth/crl"
	else
		pki_dir "$S/etc/certauth/crl" "$@"
	fi
}

# ---- log ----

# log_sync: what was sent until now is in the file afterwards
log_sync() {
	local mark i
	mark="mark-$$-$RANDOM$RANDOM"
	in_place logger -t mark "$mark"
	for ((i = 0; i < 500; i++)); do
		grep -q "$mark" "$S/log" && return
		sleep 0.01
	done
	echo 'the log of the place is gone' >&2
	return 1
}

log_mark() {
	log_sync
	LOG_FROM=$(($(wc -l <"$S/log") + 1))
	export LOG_FROM
}

log_lines() {
	log_sync
	tail -n +"$LOG_FROM" "$S/log" | grep -v ' mark: '
}

logged() {
	if log_lines | grep -qE -- "$1"; then return; fi
	echo "not in the log: $1"
	log_lines
	return 1
}

not_logged() {
	if ! log_lines | grep -qE -- "$1"; then return; fi
	echo "in the log, but should not be: $1"
	log_lines
	return 1
}

# ---- a login ----

# login [OPTION ...] [-- PAMTESTER-OPTION ...]: exit status of pamtester.
# SERVICE and LOGIN (default test, alice) in the environment are the service
# and the user, LAUNCH the words of a program that starts pamtester.  What the user
# saw is in $S/seen.
login() {
	local opts=() pam=() cert=alice key='' raw=''
	while [ $# -gt 0 ]; do
		case $1 in
		--cert) cert=$2; shift 2 ;;
		--key) key=$2; shift 2 ;;
		--raw) raw=1; shift ;; # certificate and key are files
		--) shift; pam=("$@"); break ;;
		*) opts+=("$1"); shift ;;
		esac
	done
	if [ -n "$raw" ]; then
		opts+=(--cert "$cert" --key "$key")
	else
		opts+=(--cert "$PKI/$cert-chain.pem" --key "$PKI/${key:-$cert}.key")
	fi
	log_mark
	# shellcheck disable=SC2086 # LAUNCH is a list of words
	in_place python3 "$S/bin/login.py" "${opts[@]}" -- ${LAUNCH:-} \
		env ${CERTAUTH_PRELOAD:+LD_PRELOAD="$CERTAUTH_PRELOAD"} \
		pamtester "${pam[@]}" "${SERVICE:-test}" "${LOGIN-alice}" \
		authenticate >"$S/seen" 2>&1 </dev/null
}

login_ok() {
	if ! login "$@"; then
		echo 'a login that should be granted was denied'
		cat "$S/seen"
		log_lines
		return 1
	fi
	logged 'pam_certauth\(.*outcome=granted'
}

login_denied() {
	local reason=$1
	shift
	if login "$@"; then
		echo 'a login that should be denied was granted'
		log_lines
		return 1
	fi
	# denied, and not because the test itself fell over
	if ! grep -q 'pamtester: ' "$S/seen"; then
		cat "$S/seen"
		return 1
	fi
	logged "pam_certauth\\(.*outcome=denied.* reason=$reason( |\$)" || return
	not_logged 'outcome=granted'
}

# agent_run USER SOCKET COMMAND...: run an agent as that user in the place, wait
# for its socket, and leave its own process id in AGENT.
agent_run() {
	local user=$1 socket=$2 i
	shift 2
	rm -f "$socket" "$S/home/$user/pid"
	# shellcheck disable=SC2016
	as_user "$user" bash -c 'echo $$ >~/pid; exec "$@"' - "$@" \
		>"$S/agent.log" 2>&1 3>&- 4>&- &
	for ((i = 0; i < 500; i++)); do
		[ -S "$socket" ] && break
		sleep 0.02
	done
	# the command's own, not that of the shells that started it
	AGENT=$(cat "$S/home/$user/pid")
}

# careless_client FILE: etc/openssl-client.sh without the rules for clients, for
# tests of the host: it answers any prompt that it is given
careless_client() {
	sed -e 's/^\(\t*\)rules\( #.*\)\{0,1\}$/\1:/' -e 's/^\tprompt_of_ssh "\$1"$/\thost=x\
	prompt_line "$(printf %s "$1" | sed "s,^.*certauth1,certauth1,; s, *$,,")"/' \
		"$HERE/etc/openssl-client.sh" >"$1"
	chmod 755 "$1"
	[ "$(diff "$HERE/etc/openssl-client.sh" "$1" | grep -c '^<')" -eq 2 ]
}
