#!/usr/bin/env bats
# ssh-agent: the real one, and one between it and us that misbehaves
# (tests/key/agent.py).

HERE=$(cd "$(dirname "$BATS_TEST_FILENAME")/.." && pwd)
CERTAUTH_BUILD=${CERTAUTH_BUILD:-$HERE/build}
KEYTOOL=$CERTAUTH_BUILD/tests/key/keytool

setup_file() {
	local k
	T=$(mktemp -d "${TMPDIR:-/tmp}/certauth-agent.XXXXXX")
	chmod 755 "$T"
	export T CERTAUTH_BUILD
	# shellcheck source=tests/lib/pki.sh
	. "$HERE/tests/lib/pki.sh"
	pki_shared "$T/pki"
	ssh-agent -D -a "$T/real" >"$T/agent.log" 2>&1 3>&- 4>&- &
	export AGENT_PID=$!
	wait_for "$T/real"
	export SSH_AUTH_SOCK=$T/real
	python3 "$HERE/tests/key/openssh_ed25519.py" "$PKI/ed25519.key" \
		>"$T/ed25519"
	for k in rsa2048 rsa4096 p256 p384 p521; do
		cp "$PKI/$k.key" "$T/$k"
	done
	for k in rsa2048 rsa4096 p256 p384 p521 ed25519; do
		chmod 600 "$T/$k"
		ssh-add -q "$T/$k"
	done
	# an OpenSSH certificate for one of them, and a key of its own
	ssh-keygen -q -t ed25519 -N '' -f "$T/sshca"
	ssh-keygen -q -t ecdsa -N '' -f "$T/signed"
	ssh-keygen -q -s "$T/sshca" -I id -n alice "$T/signed.pub"
	ssh-add -q "$T/signed"
}

teardown_file() {
	[ -z "${AGENT_PID:-}" ] || kill "$AGENT_PID"
	rm -rf "$T"
}

teardown() {
	[ -z "${BAD_PID:-}" ] || { kill "$BAD_PID" && wait "$BAD_PID"; } || :
}

wait_for() {
	local i
	for ((i = 0; i < 500; i++)); do
		[ -S "$1" ] && return
		sleep 0.02
	done
	return 1
}

# bad MODE [AS ...]: the misbehaving agent at $T/bad, run by AS
bad() {
	local mode=$1
	shift
	rm -f "$T/bad" "$T/bad.new"
	"$@" python3 "$HERE/tests/key/agent.py" "$mode" "$T/bad" "$T/real" \
		>"$T/bad.log" 2>&1 3>&- 4>&- &
	BAD_PID=$!
	wait_for "$T/bad"
}

# tool SOCKET NAME [SCHEME ...]
tool() {
	local socket=$1 name=$2
	shift 2
	run timeout 60 "$KEYTOOL" agent "$socket" "$PKI/$name.pem" "$@" \
		</dev/null
	echo "$output"
}

has() {
	grep -qF -- "$1" <<<"$output"
}

@test "RSA by its SHA-2 flags, and by nothing else" {
	local k
	for k in rsa2048 rsa4096; do
		tool "$T/real" $k all
		[ "$status" -eq 0 ]
		has 'can rsa_pkcs1_sha256 rsa_pkcs1_sha512'
		has 'signed by rsa_pkcs1_sha256'
		has 'signed by rsa_pkcs1_sha512'
	done
	tool "$T/real" rsa2048 rsa_pss_rsae_sha256
	[ "$status" -eq 1 ]
	has 'not signed by rsa_pss_rsae_sha256: not supported'
}

@test "ECDSA on three curves, twenty times each, and Ed25519" {
	local k i
	# a number with a high bit or a leading zero comes up by chance
	for k in p256 p384 p521; do
		for ((i = 0; i < 20; i++)); do
			tool "$T/real" $k all
			[ "$status" -eq 0 ]
		done
	done
	tool "$T/real" ed25519 all
	[ "$status" -eq 0 ]
	has 'signed by ed25519'
}

@test "a key that the agent does not have" {
	tool "$T/real" bob all
	[ "$status" -eq 1 ]
	has 'none of the 8 keys in the ssh-agent'
	has 'failed: not found'
}

@test "an agent that is locked, and one that is empty" {
	cat >"$T/lock" <<-'END'
		set timeout 20
		spawn ssh-add -x
		expect "password:"
		send "secret\r"
		expect "gain:"
		send "secret\r"
		expect eof
	END
	expect "$T/lock" >/dev/null
	tool "$T/real" p256 all
	sed 's/-x/-X/; /gain:/,+1d' "$T/lock" >"$T/unlock"
	expect "$T/unlock" >/dev/null
	[ "$status" -eq 1 ]
	# shellcheck disable=SC2016 # not ours to expand
	has 'lists no keys: it is empty (run ssh-add to add one) or locked (run: ssh-add -X)'
	tool "$T/real" p256 all
	[ "$status" -eq 0 ]
}

@test "the agent is locked between the list and the signature, or refuses" {
	bad refuse
	tool "$T/bad" p256 all
	[ "$status" -eq 1 ]
	has 'error: The ssh-agent refused to sign'
	has 'not signed by ecdsa_secp256r1_sha256: denied'
}

@test "a key with a destination constraint (ssh-add -h) is refused by the agent" {
	ssh-keygen -q -t ed25519 -N '' -f "$T/hostkey"
	echo "web1 $(cat "$T/hostkey.pub")" >"$T/known"
	ssh-keygen -y -f "$T/p384" >"$T/p384.pub"
	ssh-add -q -d "$T/p384"
	ssh-add -q -H "$T/known" -h web1 "$T/p384"
	tool "$T/real" p384 all
	ssh-add -q -d "$T/p384"
	ssh-add -q "$T/p384"
	[ "$status" -eq 1 ]
	has 'error: The ssh-agent refused to sign: it is locked (run: ssh-add -X), it does not have the key any more, you did not confirm, or the key has a destination constraint (ssh-add -h), with which the agent signs for ssh only. Add the key without -h. A gpg-agent asks for the PIN on the terminal that it knows: if none was shown, run: export GPG_TTY=$(tty); gpg-connect-agent updatestartuptty /bye'
	tool "$T/real" p384 all
	[ "$status" -eq 0 ]
}

@test "keys of unknown kinds are passed over" {
	bad unknown
	tool "$T/bad" p256 all
	[ "$status" -eq 0 ]
	has 'signed by ecdsa_secp256r1_sha256'
}

@test "a FIDO key is recognised and refused with the reason" {
	bad sk
	local k
	for k in p256 ed25519; do
		tool "$T/bad" $k all
		[ "$status" -eq 1 ]
		has "the certificate's key is a FIDO security key (sk-)"
		has 'failed: not supported'
	done
	# others in that agent still serve
	tool "$T/bad" rsa2048 all
	[ "$status" -eq 0 ]
}

@test "a signature over something else, or by another algorithm" {
	bad other
	tool "$T/bad" p256 all
	[ "$status" -eq 1 ]
	has 'does not verify by the key of the certificate'
	kill "$BAD_PID"
	bad sha1
	tool "$T/bad" rsa2048 all
	[ "$status" -eq 1 ]
	has 'an old agent does not support RSA with SHA-2'
}

@test "replies of hostile sizes" {
	local mode
	for mode in close huge zero junk many tail; do
		bad $mode
		tool "$T/bad" p256 all
		echo "# $mode"
		[ "$status" -eq 1 ]
		has 'log 0: ssh-agent at'
		kill "$BAD_PID"
		wait "$BAD_PID" || :
	done
	BAD_PID=
}

@test "a socket that hangs, and one that drips, are given up" {
	local mode
	for mode in hang slow-list; do
		bad $mode
		tool "$T/bad" p256 all
		echo "# $mode"
		[ "$status" -eq 1 ]
		has 'did not list its keys: timed out'
		kill "$BAD_PID"
		wait "$BAD_PID" || :
	done
	BAD_PID=
}

@test "no socket, no agent behind it, no socket's path" {
	tool "$T/nothing" p256
	[ "$status" -eq 1 ]
	has "no ssh-agent answers at $T/nothing: No such file or directory"
	bad close
	kill "$BAD_PID"
	wait "$BAD_PID" || :
	BAD_PID=
	tool "$T/bad" p256
	[ "$status" -eq 1 ]
	has 'Connection refused'
	tool "/$(head -c 200 /dev/zero | tr '\0' x)" p256
	[ "$status" -eq 1 ]
	has 'too long for a socket'
}

@test "another user's agent is not used" {
	[ "$(id -u)" -eq 0 ] || skip 'needs root (another user)'
	mkdir -p "$T/theirs"
	chmod 777 "$T/theirs"
	rm -f "$T/theirs/bad"
	# they may not be able to read where this project lies
	cp "$HERE/tests/key/agent.py" "$T/theirs/"
	setpriv --reuid 65534 --regid 65534 --clear-groups \
		env PATH=/usr/bin:/bin python3 "$T/theirs/agent.py" close "$T/theirs/bad" \
		>"$T/bad.log" 2>&1 3>&- 4>&- &
	BAD_PID=$!
	wait_for "$T/theirs/bad" || { cat "$T/bad.log"; false; }
	tool "$T/theirs/bad" p256
	[ "$status" -eq 1 ]
	has 'is not used, because it belongs to another user (uid 65534)'
}

@test "the socket where ssh-agent itself puts it: in the home, before 10.1 in /tmp" {
	local socket pid i
	mkdir -p "$T/home"
	eval "$(HOME=$T/home ssh-agent -s)" >/dev/null
	pid=$SSH_AGENT_PID
	socket=$SSH_AUTH_SOCK
	[[ $socket == "$T/home/.ssh/agent/"* || $socket == */ssh-*/agent.* ]] &&
		ssh-add -q "$T/p256" && tool "$socket" p256 || status=1
	kill "$pid"
	# it takes its socket with it
	for ((i = 0; i < 500; i++)); do
		[ -e "$socket" ] || break
		sleep 0.02
	done
	[ ! -e "$socket" ]
	[ "$status" -eq 0 ]
}
