#!/usr/bin/env bats
# The client made of the openssl command and a shell: it logs in, it checks the
# rules for clients, and shells and tools of several kinds run it.
load lib/common
load lib/sshd

setup() {
	need_root
	HOST_PY=$HERE/tests/lib/host.py
	T=$BATS_TEST_TMPDIR
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$T" 2>/dev/null || :
}

setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0 # every test is skipped, see setup
	place_make
	map alice p384 p521 ed25519 ed448 rsa2048
	conf default 'host_names = web1.example web1'
	sshd_start
	client_make
	cp "$HERE/etc/openssl-client.sh" "$S/bin/"
	mkdir "$S/as" "$S/busybox" "$S/vec" "$S/zsh"
	cp "$HERE/tests/lib/asker.sh" "$S/as/ssh"
	cp "$HERE/tests/lib/asker.sh" "$S/as/mailer"
	cp "$HERE"/tests/data/vectors/*.pem "$HERE"/tests/data/vectors/*.key "$S/vec/"
	# one client a shell; busybox with its own tools instead of the machine's
	local applet
	for applet in awk cat cut date find fold grep head id mkdir mktemp mv od \
	    printf ps rm sed sh tail tr wc; do
		ln -s "$(command -v busybox)" "$S/busybox/$applet"
	done
	ln -s "$(command -v openssl)" "$S/busybox/openssl"
	ln -s "$(command -v ssh)" "$S/busybox/ssh"
	client_of dash /bin/dash
	client_of bash '/bin/bash --posix'
	ln -s /bin/zsh "$S/zsh/sh" # by this name it is an sh
	client_of zsh "$S/zsh/sh"
	client_of busybox "$S/busybox/sh"
	sed -i "2iPATH=$S/busybox" "$S/bin/busybox-client"
}

# client_of NAME SHELL: the client, run by that shell
client_of() {
	sed "1s|.*|#!$2|" "$HERE/etc/openssl-client.sh" >"$S/bin/$1-client"
	chmod 755 "$S/bin/$1-client"
}

teardown_file() {
	sshd_stop
	place_remove
}

# one ssh login by CLIENT as askpass, with NAME's certificate
openssl_login() {
	local home=$S/home/carol
	client_make "$2"
	log_mark
	# shellcheck disable=SC2030,SC2031
	CLIENT_ENV="SSH_ASKPASS=$S/bin/$1 SSH_ASKPASS_REQUIRE=force DISPLAY=none
		CERT=$home/.config/certauth/me.pem
		KEY=$home/.config/certauth/me.key" \
		client ssh web1 'echo $(id -un)-is-in' </dev/null
}

host() { python3 "$HOST_PY" "$@"; }

# Answer PROMPT as an askpass program of the process named AS (ssh).
asked() {
	setsid -w env CERT="${CERT:-$S/vec/p256.pem}" KEY="${KEY:-$S/vec/p256.key}" \
		HOME="$T" XDG_RUNTIME_DIR="$T" "$S/as/${AS:-ssh}" \
		"$S/bin/openssl-client.sh" "$1" </dev/null
}

# Answer what stands in the standard input, as if it were pasted, for TARGET.
pasted() {
	setsid -w env CERT="${CERT:-$S/vec/p256.pem}" KEY="${KEY:-$S/vec/p256.key}" \
		HOME="$T" XDG_RUNTIME_DIR="$T" "$S/bin/${BY:-openssl-client.sh}" "$@"
}

# the prompt that asks REQUEST for all
prompt() { host prompt "$1" 0 "${2:-32000}"; }

refused() {
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"$1"* ]]
	! grep -qE '^[A-Za-z0-9_-]{20,}[+.]$' <<<"$output"
}

# ---- with a real sshd ----

@test "openssl and a shell log in over ssh, with every type of key" {
	local name
	for name in alice p384 p521 ed25519 ed448 rsa2048; do
		run openssl_login openssl-client.sh $name
		echo "$name: $output"
		[ "$status" -eq 0 ]
		[[ $output == *alice-is-in* ]]
		logged 'outcome=granted'
	done
}

@test "dash, bash, zsh and busybox with its own tools log in" {
	local shell
	for shell in dash bash zsh busybox; do
		run openssl_login $shell-client alice
		echo "$shell: $output"
		[ "$status" -eq 0 ]
		[[ $output == *alice-is-in* ]]
		logged 'outcome=granted'
	done
}

@test "a certificate without a rule is refused, with one attempt in the log" {
	run openssl_login openssl-client.sh bob
	[ "$status" -ne 0 ]
	[[ $output != *alice-is-in* ]]
	logged 'outcome=denied reason=unmapped'
}

# ---- the rules for clients ----

@test "rule 1: only the host in ssh's own (user@host), in any case" {
	local r
	r=$(host request --host web1.example.com --host web1)
	run asked "(alice@WEB1) $(prompt "$r")"
	[ "$status" -eq 0 ]
	host check "$r" "${output%.}" "$S/vec/p256.pem"
	run asked "(alice@web2) $(prompt "$r")"
	refused "not signed (rule 1): you meant the host web2, and the request is of web1.example.com web1"
	run asked "(alice@web) $(prompt "$r")"
	refused 'rule 1'
	run asked "(alice@web1.example.com.evil) $(prompt "$r")"
	refused 'rule 1'
	run asked "(alice@.*) $(prompt "$r")"
	refused 'rule 1'
	# what a hostile host writes after the prefix
	run asked "(alice@evil) (alice@web1) $(prompt "$r")"
	refused 'malformed'
	run asked "(alice@evil) hello
(alice@web1) $(prompt "$r")"
	refused 'malformed'
	run asked "(alice@web1) x@evil) $(prompt "$r")"
	refused 'malformed'
	run asked "(alice@web1) see (x@evil) here
$(prompt "$r")"
	refused 'second (user@host)'
	run asked "(alice@web1) $(prompt "$r")
$(prompt "$r")"
	refused 'two prompts'
	run asked "(alice@web1) hello
$(prompt "$r")"
	[ "$status" -eq 0 ]
}

@test "rule 2: only the login in ssh's own (user@host)" {
	local r
	r=$(host request --user alice)
	run asked "(bob@web1) $(prompt "$r")"
	refused 'not signed (rule 2): you meant the login bob, and the request is for alice'
	run asked "(a@b@web1) $(prompt "$r")"
	refused 'rule 2'
	r=$(host request --user '')
	run asked "(bob@web1) $(prompt "$r")"
	[ "$status" -eq 0 ]
}

@test "rule 3: lifetime and 300 seconds, in both directions" {
	local d r
	for d in -421 421 -100000 100000; do
		r=$(host request --age $d --lifetime 100)
		run asked "(alice@web1) $(prompt "$r")"
		refused 'not signed (rule 3)'
	done
	for d in -380 380; do
		r=$(host request --age $d --lifetime 100)
		run asked "(alice@web1) $(prompt "$r")"
		[ "$status" -eq 0 ]
	done
}

@test "only ssh may ask; other questions of ssh have no answer" {
	local r
	r=$(host request)
	AS=mailer run asked "(alice@web1) $(prompt "$r")"
	refused "started by 'mailer', not by ssh"
	run asked "alice@web1's password: "
	refused "ssh asks something else: alice@web1's password:"
	run asked "$(prompt "$r")"
	refused 'the prompt has no (user@host)'
}

# old_ssh TEXT: the ssh in PATH says that this is its version
old_ssh() {
	mkdir -p "$T/old"
	printf '#!/bin/sh\necho "%s" >&2\n' "$1" >"$T/old/ssh"
	chmod 755 "$T/old/ssh"
}

@test "an ssh before 8.5: what stands at the start is the server's" {
	local r version
	r=$(host request)
	for version in OpenSSH_8.4p1 'OpenSSH_7.10p1 Debian-1' \
	    OpenSSH_for_Windows_8.1p1 OpenSSH_8 Sun_SSH_9.9 ''; do
		old_ssh "$version"
		PATH=$T/old:$PATH run asked "(alice@web1) $(prompt "$r")"
		refused 'rule 1'
	done
	for version in OpenSSH_8.5p1 OpenSSH_for_Windows_8.6p1 OpenSSH_10.0p2; do
		old_ssh "$version, LibreSSL 3.3.6"
		PATH=$T/old:$PATH run asked "(alice@web1) $(prompt "$r")"
		echo "$version: $output"
		[ "$status" -eq 0 ]
	done
	# nor does the text of the host choose the host
	AS=ssh run asked "alice@web1" # no prompt, and no paste
	refused 'ssh asks something else'
}

@test "the rules hold for later pieces of a kept response" {
	local r
	r=$(host request --user alice)
	run asked "(alice@web1) $(host prompt "$r" 0 500)"
	[ "$status" -eq 0 ]
	run asked "(alice@web2) $(host prompt "$r" 499 500)"
	refused 'not signed (rule 1)'
	run asked "(bob@web1) $(host prompt "$r" 499 500)"
	refused 'not signed (rule 2)'
	run asked "(alice@web1) $(host prompt "$r" 499 500)"
	[ "$status" -eq 0 ]
}

@test "a request that is cut, or has a wrong length, is never signed" {
	local r bytes i n=0
	r=$(host request)
	printf '%s==' "$r" | tr -- '-_' '+/' | base64 -d 2>/dev/null >"$T/r" || :
	bytes=$(wc -c <"$T/r")
	for ((i = 0; i < bytes; i += 11)); do
		head -c $i "$T/r" | base64 -w0 | tr '+/' '-_' | tr -d = >"$T/cut"
		run asked "(alice@web1) $(prompt "$(cat "$T/cut")")"
		refused 'malformed'
		n=$((n + 1))
	done
	# each byte of the headers and of the login_context made another
	for i in 0 1 3 4 36 37 39 40 41 $(seq 42 3 $((bytes - 1))); do
		python3 - "$T/r" $i >"$T/bad" <<-'END'
			import base64, sys
			b = bytearray(open(sys.argv[1], 'rb').read())
			b[int(sys.argv[2])] ^= 0x85
			print(base64.urlsafe_b64encode(b).decode().rstrip('='))
		END
		run asked "(alice@web1) $(prompt "$(cat "$T/bad")")"
		# a flipped byte of a scheme or of rhost harms nobody: it is signed too
		if [ "$status" -eq 0 ]; then
			CERT=$S/vec/p256.pem
			host check "$(cat "$T/bad")" "${output%.}" "$CERT"
			echo "byte $i"
			in_text "$i" "$bytes"
		else
			refused ''
		fi
		n=$((n + 1))
	done
	[ $n -gt 45 ]
}

# in_text I BYTES: is byte I one of the schemes, or of what no rule is about
in_text() {
	python3 - "$T/r" "$1" <<-'END'
		import sys
		b = open(sys.argv[1], 'rb').read()
		i = int(sys.argv[2])
		# the nonce; signature_algorithms, which comes first; the times, which
		# rule 3 has a test for; the names of the host that are not meant, the
		# service and the address are free text
		times = b.index(b'\xff\xca') + 6
		free = [(5, 37), (45, 45 + int.from_bytes(b[43:45], 'big')),
			(times, times + 10)]
		for word in (b'web1.example.com', b'sshd', b'192.0.2.7'):
		    at = b.find(word)
		    if at >= 0:
		        free.append((at, at + len(word)))
		sys.exit(not any(a <= i < z for a, z in free))
	END
}

@test "the wrong key, and a scheme that the host does not offer" {
	KEY=$S/vec/p384.key run asked "(alice@web1) $(prompt "$(host request)")"
	refused "$S/vec/p384.key is not the key of $S/vec/p256.pem"
	run asked "(alice@web1) $(prompt "$(host request --schemes 0804,0807)")"
	refused "does not accept keys of the kind that $S/vec/p256.pem has"
	CERT=/nowhere run asked "(alice@web1) $(prompt "$(host request)")"
	refused '/nowhere cannot be read'
}

# ---- pasting ----

@test "paste: every type of key, in pieces; openssl verifies" {
	local k r a
	for k in p256 p384 p521 ed25519 ed448 rsa2048 rsa4096; do
		cat "$S/vec/$k.pem" "$S/vec/intermediate.pem" >"$T/chain.pem"
		r=$(host request)
		# the pieces follow from the length, which ECDSA varies: ask on
		a=$(CERT=$T/chain.pem KEY=$S/vec/$k.key paste_pieces "$r")
		host check "$r" "$a" "$S/vec/$k.pem"
	done
	[ -z "$(ls -A "$T/certauth-openssl")" ]
}

# the response to REQUEST, in pieces of 500 characters, by one run
paste_pieces() {
	local said='' all=''
	coproc C { pasted alice@web1 2>/dev/null; }
	# shellcheck disable=SC2154 # coproc sets it
	exec 8<&"${C[0]}" 9>&"${C[1]}"
	while [[ $said != *. ]]; do
		host prompt "$1" ${#all} 500 >&9
		read -r said <&8 || break
		all=$all${said%[+.]}
	done
	exec 8<&- 9>&-
	wait "$C_PID" || :
	printf %s "$all"
}

@test "paste: lines as terminals and PuTTY break them, at any width" {
	local r width lead end
	r=$(host request)
	for width in 2 17 79; do
		for lead in '' '| ' '> '; do
			for end in '' ' ' $'\r'; do
				prompt "$r" | fold -w $width |
					sed "s/^/$lead/; s/\$/$end/" >"$T/text"
				printf '\n:\n' >>"$T/text"
				run pasted alice@web1 <"$T/text"
				echo "$width '$lead': $output"
				[ "$status" -eq 0 ]
				host check "$r" "${lines[-1]%.}" "$S/vec/p256.pem"
			done
		done
	done
}

@test "paste: the rules, for the host and login on the command line" {
	local r
	r=$(host request --user alice)
	run pasted alice@web2 < <(prompt "$r")
	refused 'rule 1'
	run pasted bob@web1 < <(prompt "$r")
	refused 'rule 2'
	run pasted web1 < <(prompt "$r") # the login of this machine: root
	refused 'rule 2'
	run pasted alice@web1 < <(echo "certauth1 $r next=0")
	refused 'no complete prompt'
	run pasted alice@web1 < <(host prompt "$r" 300 500)
	refused 'the first piece of this response was not sent from here'
}

@test "without an argument it says how it is used" {
	run "$S/bin/openssl-client.sh"
	[ "$status" -eq 2 ]
	[[ $output == *'SSH_ASKPASS='* ]]
	[[ ${lines[0]} == 'A certauth/1 client'* ]]
}
