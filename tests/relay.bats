#!/usr/bin/env bats
# shellcheck disable=SC2016 # for other shells to expand
# A relay with real programs: the user logs in to web2.example, which is
# hostile.  Its PAM module has an ssh session with web1.example, the genuine
# host, and passes that host's challenge on to the user, and the user's answers
# to it.
load lib/common
load lib/sshd
load lib/hostca

setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0 # every test is skipped, see setup
	place_make
	hostca_make
	conf default 'host_names = web1.example web1'
	sshd_start
	cp "$HERE/tests/relay/relay.py" "$S/bin/"
	careless_client "$S/bin/careless.sh"
	cp "$CERTAUTH_BUILD/tests/relay/pam_relay.so" "$S/bin/"
	cp "$HERE/etc/openssl-client.sh" "$S/bin/"
	chmod 755 "$S/bin/relay.py"
	cat >"$S/etc/pam.d/evil-sshd" <<-END
		auth required $S/bin/pam_relay.so $S/bin/relay.py $S/relay.conf
		account required pam_permit.so
		session required pam_permit.so
	END
	cat >"$S/etc/hosts" <<-END
		127.0.0.1 localhost web1.example web1 web2.example web2
	END
	evil_start
}

# a second sshd; its service is named after its program, or after
# PAMServiceName (9.8 and later)
evil_start() {
	local try i name=
	! sshd_knows PAMServiceName || name='PAMServiceName evil-sshd'
	ln -s /usr/sbin/sshd "$S/bin/evil-sshd"
	for try in 1 2 3 4 5 6 7 8 9 10; do
		EVIL_PORT=$((20000 + RANDOM))
		sed "s/^Port .*/Port $EVIL_PORT/" "$S/sshd_config" \
			>"$S/evil_config"
		echo "$name" >>"$S/evil_config"
		: >"$S/evil.log"
		EXEC='exec' in_place setpriv --pdeathsig TERM \
			"$S/bin/evil-sshd" -D -f "$S/evil_config" \
			-E "$S/evil.log" </dev/null >/dev/null 2>&1 3>&- 4>&- &
		EVIL_PID=$!
		export EVIL_PORT EVIL_PID
		for ((i = 0; i < 500; i++)); do
			grep -q '^Server listening' "$S/evil.log" && return
			kill -0 "$EVIL_PID" 2>/dev/null || break
			sleep 0.02
		done
		: "$try"
	done
	cat "$S/evil.log" >&2
	return 1
}

teardown_file() {
	[ -z "${EVIL_PID:-}" ] || kill "$EVIL_PID" || :
	sshd_stop
	place_remove
}

setup() {
	need_root
	no_host_proof
	rm -f "$S/loot" "$S/seen.genuine"
	client_make
	cat >>"$S/home/carol/.ssh/config" <<-END
		Host web2
			HostName web2.example
			Port $EVIL_PORT
			User alice
	END
	echo "[web2.example]:$EVIL_PORT $(cat "$S/hostkey.pub")" \
		>>"$S/home/carol/.ssh/known_hosts"
	relay
	log_mark
}

# relay [LINE ...]: how it is done
relay() {
	printf '%s\n' "port=$PORT" host=web1.example "loot=$S/loot" \
		"seen=$S/seen.genuine" "$@" >"$S/relay.conf"
}

# the user checks hosts by the CAs of hosts
checking() {
	cp -r "$PKI/hostca" "$PKI/hostcrl" "$S/home/carol/"
	printf '%s\n' 'host_ca = ~/hostca' 'host_crl = ~/hostcrl' "$@" \
		>>"$S/home/carol/.config/certauth/config"
	chown -R 2003:2003 "$S/home/carol"
}

to_web2() {
	run client "$CERTAUTH" ssh -o NumberOfPasswordPrompts=1 web2 true \
		</dev/null
	echo "$output"
	cat "$S/evil.log"
	# the genuine host was asked: the relay was under way
	grep -q 'certauth1 ' "$S/seen.genuine"
}

# the client did not sign, for the reason given
unsigned() {
	[ "$status" -ne 0 ]
	[[ $output == *'not signed: '*"$1"* ]]
	[ ! -s "$S/loot" ]
	not_logged 'outcome=granted'
}

# the client signed, and the genuine host saw that it was not its request
useless() {
	[[ $output != *'not signed'* ]]
	[ ! -s "$S/loot" ]
	logged 'outcome=denied.* reason=signature'
	not_logged 'outcome=granted'
}

# log in to web2 by the client of shell and openssl, or one made of it
by_openssl() {
	cp "$PKI/alice-chain.pem" "$PKI/alice.key" "$S/home/carol/"
	chown 2003 "$S/home/carol/alice.key"
	CLIENT_ENV="SSH_ASKPASS=$S/bin/$1 DISPLAY=x
		SSH_ASKPASS_REQUIRE=force CERT=$S/home/carol/alice-chain.pem
		KEY=$S/home/carol/alice.key" \
		run client ssh -o NumberOfPasswordPrompts=1 web2 true </dev/null
	echo "$output"
}

@test "the attack works on a client that does not look" {
	by_openssl careless.sh
	[ "$(cat "$S/loot")" = alice-is-in ]
	logged 'outcome=granted'
}

@test "openssl-client.sh looks: the name rule" {
	rm -f "$S/loot"
	by_openssl openssl-client.sh
	[ "$status" -ne 0 ]
	[[ $output == *'not signed (rule 1)'*'web2.example'*'web1.example'* ]]
	[ ! -s "$S/loot" ]
}

@test "without a host proof: the name rule" {
	to_web2
	unsigned 'rule 1'
	[[ $output == *web2.example*web1.example* ]]
}

@test "the genuine host proves itself: the name rule, whatever the client checks" {
	host_proof host-good
	to_web2
	unsigned 'rule 1'
	checking 'require_host_proof = yes'
	rm -f "$S/seen.genuine"
	to_web2
	unsigned 'rule 1'
}

@test "a second (user@host) in the hostile prompt" {
	relay 'prefix=(alice@web1.example) '
	to_web2
	unsigned 'rule 1'
}

@test "the names rewritten: the signature is no good at the genuine host" {
	relay rewrite=web1:web2
	to_web2
	useless
}

@test "the names rewritten under the genuine host's proof" {
	host_proof host-good
	relay rewrite=web1:web2
	to_web2
	unsigned 'rule 4'
	checking
	rm -f "$S/seen.genuine"
	to_web2
	unsigned 'rule 4'
}

@test "the names rewritten, the proof taken out" {
	host_proof host-good
	relay rewrite=web1:web2 strip=yes
	to_web2
	useless
	checking 'require_host_proof = yes'
	rm -f "$S/seen.genuine"
	log_mark
	to_web2
	unsigned 'rule 4'
}

@test "the names rewritten, with the hostile host's own good proof" {
	host_proof host-good
	checking 'require_host_proof = yes'
	relay rewrite=web1:web2 "cert=$PKI/host-evil-chain.pem" \
		"key=$PKI/host-evil.key"
	to_web2
	useless
}

@test "the genuine request under the hostile host's own proof" {
	checking 'require_host_proof = yes' 'trusted_hosts = web1.example'
	relay "cert=$PKI/host-evil-chain.pem" "key=$PKI/host-evil.key"
	to_web2
	unsigned 'rule 4'
}

@test "a hostile host that logs in to the user's own machine: not by askpass" {
	# a program that is no ssh shows a server's text; the request is of the
	# sshd of the very machine that the user sits at
	sed -i "s/^127.0.0.1.*/& $(hostname)/" "$S/etc/hosts"
	conf default "host_names = $(hostname)"
	cp "$PKI/alice-chain.pem" "$S/home/alice/me.pem"
	cp "$PKI/alice.key" "$S/home/alice/me.key"
	mkdir -p "$S/home/alice/.config/certauth" "$S/home/alice/run"
	printf '[default]\ncert = ~/me.pem\nkey = ~/me.key\n' \
		>"$S/home/alice/.config/certauth/config"
	chmod 700 "$S/home/alice/run"
	chmod 600 "$S/home/alice/me.key"
	chown -R 2001:2001 "$S/home/alice"
	run client python3 "$S/bin/login.py" --pty --how empty \
		--save-request "$S/home/carol/request" -- \
		ssh -o NumberOfPasswordPrompts=1 web1 true </dev/null
	run env CLIENT=alice bash -c ". '$HERE/tests/lib/common.bash'
		. '$HERE/tests/lib/sshd.bash'
		for as in git sudo; do
			cp '$HERE/tests/lib/asker.sh' '$S/bin/'\$as
			client setsid -w '$S/bin/'\$as '$S/bin/certauth-askpass' \
			\"Username for 'https://evil.example': certauth1 $(cat \
			"$S/home/carol/request") next=0 max=500: \" </dev/null && exit
		done
		# and a sudo that would show such a text, for its own service
		echo 'askpass_services = sshd' >>'$S/home/alice/.config/certauth/config'
		in_place '$S/bin/sudo' setpriv --reuid 2001 --regid 2001 \
			--clear-groups env HOME='$S/home/alice' \
			'$S/bin/certauth-askpass' \
			\"certauth1 $(cat "$S/home/carol/request") next=0 max=500: \" \
			</dev/null"
	conf default 'host_names = web1.example web1'
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"\`git' asks"*"named \`sudo' asks"* ]]
	[[ $output == *'rule 1'*'over the network'* ]]
}
