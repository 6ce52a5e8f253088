#!/usr/bin/env bats
# The client side without a server: tests/lib/host.py plays the host, and
# checks the answers by the openssl command alone.
load lib/common

setup_file() {
	export D V CA_BIN
	D=$(mktemp -d "${TMPDIR:-/tmp}/certauth-client.XXXXXX")
	V=$D/keys
	CA_BIN=$CERTAUTH_BUILD
	mkdir "$V" "$D/bin" "$D/as" "$D/tmp"
	cp "$HERE"/tests/data/vectors/*.pem "$HERE"/tests/data/vectors/*.key "$V/"
	chmod 600 "$V"/*.key
	local as
	for as in ssh sudo sudoedit git su wrap.sh; do
		cp "$HERE/tests/lib/asker.sh" "$D/as/$as"
	done
	# askpass as ssh calls it: the (user@host) comes from ssh itself
	cat >"$D/bin/ssh-prompt" <<-END
		#!/bin/sh
		exec "$D/as/ssh" "$CA_BIN/certauth-askpass" \
			"(\${WHO:-alice@web1}) \$1"
	END
	# and as sudo does, which is root's; so this user is root
	cat >"$D/bin/sudo-prompt" <<-END
		#!/bin/sh
		set -- "$D/as/\${SUDO_AS:-sudo}" "$CA_BIN/certauth-askpass" "\$1"
		[ "\$(id -u)" -eq 0 ] || exec unshare -r "\$@"
		exec "\$@"
	END
	# an askpass of another kind: says what it was asked, and its descriptors
	cat >"$D/bin/other" <<-'END'
		#!/bin/sh
		echo "other: $1"
		ls /proc/self/fd >"$D/fds"
	END
	# an ssh that only tells what it got
	cat >"$D/bin/ssh" <<-'END'
		#!/bin/sh
		case $1 in
		-V) echo "OpenSSH_${SSH_IS:-9.2}p1, OpenSSL" >&2; exit ;;
		-G) shift; exec /usr/bin/ssh -F "$D/ssh_config" -G "$@" ;;
		esac
		env | grep -E '^(CERTAUTH|SSH_ASKPASS|DISPLAY)' | sort
		grep SigIgn /proc/$$/status
		for a; do echo "<$a>"; done
	END
	chmod 755 "$D/bin"/*
	cat >"$D/ssh_config" <<-'END'
		Host web1
			HostName 192.0.2.1
			HostKeyAlias web1.example.com
			User alice
		Host inner
			HostName inner.example.com
			ProxyJump carol@jump:2222
		Host jump
			HostName jump.example.com
		Host quiet
			KbdInteractiveAuthentication no
	END
}

teardown_file() { rm -rf "$D"; }

setup() {
	export HOME=$D/home XDG_RUNTIME_DIR=$D/run XDG_CONFIG_HOME=$D/config
	rm -rf "$HOME" "$XDG_RUNTIME_DIR" "$XDG_CONFIG_HOME"
	mkdir -m 700 "$HOME" "$XDG_RUNTIME_DIR"
	mkdir -p "$XDG_CONFIG_HOME/certauth"
	conf p256
	unset SSH_ASKPASS SSH_ASKPASS_REQUIRE CERTAUTH_ASKPASS SSH_AUTH_SOCK
}

# conf KEY [LINE ...]: the user's configuration
conf() {
	printf '[default]\ncert = %s\nkey = %s\n' "$V/$1.pem" "$V/$1.key" \
		>"$XDG_CONFIG_HOME/certauth/config"
	shift
	printf '%s\n' "$@" >>"$XDG_CONFIG_HOME/certauth/config"
}

host() { python3 "$HERE/tests/lib/host.py" "$@"; }
# without a terminal, whoever runs the tests
sign() { setsid -w "$CA_BIN/certauth" sign "$@" </dev/null; }
# asked by sudo, by ssh, and by the program of that name
askpass() { setsid -w "$D/bin/sudo-prompt" "$@" </dev/null; }
by_ssh() { asked_by ssh "$@"; }
asked_by() {
	setsid -w "$D/as/$1" "$CA_BIN/certauth-askpass" "$2" </dev/null
}
# a request of this machine's: USER [OPTION ...]
here() {
	host request --host "$(hostname)" --user "${1:-root}" --service sudo \
		--rhost '' "${@:2}"
}
kept() { ls -A "$XDG_RUNTIME_DIR/certauth"; }

# ---- sign ----

@test "sign with every type of key; openssl verifies" {
	local k r a
	for k in p256 p384 p521 ed25519 ed448 rsa2048 rsa4096; do
		r=$(host request)
		a=$(sign --host web1 --user alice --cert "$V/$k.pem" \
			--key "$V/$k.key" "$r")
		host check "$r" "$a" "$V/$k.pem"
	done
}

@test "sign takes the host's first scheme that fits" {
	local s r a
	for s in 0804 0805 0806 0401 0501 0601; do
		r=$(host request --schemes 0403,$s,0807)
		a=$(sign --host web1 --user alice --cert "$V/rsa2048.pem" \
			--key "$V/rsa2048.key" "$r")
		[ "$(host check "$r" "$a" "$V/rsa2048.pem")" = "$s 1" ]
	done
	run sign --host web1 --user alice "$(host request --schemes 0807,0804)"
	[ "$status" -eq 1 ]
	[[ $output == *'fits no signature scheme'* ]]
	run sign --host web1 --user alice --cert "$V/rsa1024.pem" \
		--key "$V/rsa1024.key" "$(host request)"
	[ "$status" -eq 1 ]
	[[ $output == *'fits no signature scheme'* ]]
}

@test "intermediates behind the certificate are sent, in order, the root is not" {
	local r a
	cat "$V/p256.pem" "$V/root.pem" "$V/intermediate.pem" >"$D/chain.pem"
	r=$(host request)
	a=$(sign --host web1 --user alice --cert "$D/chain.pem" \
		--key "$V/p256.key" "$r")
	[ "$(host check "$r" "$a" "$V/p256.pem")" = '0403 2' ]
}

@test "--registered sends no certificate" {
	local r a
	r=$(host request)
	a=$(sign --host web1 --user alice --registered "$r")
	[ "$(host check "$r" "$a" "$V/p256.pem")" = '0403 0' ]
}

@test "certificate and key in one file, a certificate in DER, PKCS#12, agent" {
	local r a
	r=$(host request)
	cat "$V/p256.key" "$V/p256.pem" >"$D/both.pem"
	chmod 600 "$D/both.pem"
	a=$(sign --host web1 --user alice --cert "$D/both.pem" "$r")
	host check "$r" "$a" "$V/p256.pem"
	openssl x509 -in "$V/p256.pem" -outform DER -out "$D/leaf.der"
	a=$(sign --host web1 --user alice --cert "$D/leaf.der" \
		--key "$V/p256.key" "$r")
	host check "$r" "$a" "$V/p256.pem"
	openssl pkcs12 -export -in "$V/p256.pem" -inkey "$V/p256.key" \
		-passout pass: -keypbe NONE -certpbe NONE -nomac -out "$D/me.p12"
	a=$(sign --host web1 --user alice --p12 "$D/me.p12" "$r")
	host check "$r" "$a" "$V/p256.pem"
	# in its own folder: ssh-agent prefers the home since 10.1
	eval "$(ssh-agent -s -a "$D/agent")" >/dev/null
	ssh-add -q "$V/p256.key" 2>/dev/null
	a=$(sign --host web1 --user alice --key agent "$r") || a=
	kill "$SSH_AGENT_PID"
	host check "$r" "$a" "$V/p256.pem"
}

@test "a whole prompt line, with what others put around it" {
	local r a
	r=$(host request)
	a=$(sign --host web1 --user alice \
		"(alice@web1) $(host prompt "$r" 0 500) ")
	host check "$r" "$a" "$V/p256.pem"
	a=$(host prompt "$r" 0 500 | setsid -w "$CA_BIN/certauth" sign \
		--host web1 --user alice -)
	host check "$r" "$a" "$V/p256.pem"
}

@test "sign --pieces reads prompts and prints answers" {
	local r out
	r=$(host request)
	conf rsa4096
	{
		host prompt "$r" 0 600
		host prompt "$r" 599 600
		host prompt "$r" 1198 4000
	} | setsid -w "$CA_BIN/certauth" sign --pieces --host web1 \
		--user alice >"$D/out"
	[ "$(wc -l <"$D/out")" -eq 3 ]
	[ "$(head -1 "$D/out" | wc -c)" -eq 601 ]
	grep -c '+$' "$D/out" | grep -qx 2
	out=$(sed 's/[+.]$//' "$D/out" | tr -d '\n')
	host check "$r" "$out" "$V/rsa4096.pem"
}

# as PuTTY shows a prompt, of lines of WIDTH characters
in_lines() { fold -w "$1" | sed -e '1s/^/| /' -e '2,$s/^/> /' -e 's/$/\r/'; }

@test "a prompt in lines, as PuTTY shows it: on standard input and as an argument" {
	local r a width
	r=$(host request)
	for width in 77 33 5; do
		a=$({ echo "$(host prompt "$r" 0 500)" | in_lines $width
			echo not read; } | setsid -w "$CA_BIN/certauth" sign \
			--host web1 --user alice)
		host check "$r" "$a" "$V/p256.pem"
		a=$(sign --host web1 --user alice \
			"$(host prompt "$r" 0 500 | in_lines $width)")
		host check "$r" "$a" "$V/p256.pem"
	done
	run "$CA_BIN/certauth" inspect --request \
		"$(host prompt "$r" 0 500 | in_lines 77)"
	[ "$status" -eq 0 ]
	[[ $output == *web1.example.com* ]]
	# a part of it says that it is one
	run setsid -w "$CA_BIN/certauth" sign --host web1 --user alice \
		< <(host prompt "$r" 0 500 | in_lines 77 | head -2)
	[ "$status" -eq 1 ]
	[[ $output == *'exactly one complete prompt'* ]]
}

@test "a long prompt in short lines; and a text that only seems to be one" {
	local r a width names=() i
	for i in {1..14}; do
		names+=(--host "h$i.$(printf 'abcdefghijklmnopqrstuvwxyz0123456789-a%.0s.' \
			{1..6})example")
	done
	r=$(host request --host web1.example.com "${names[@]}" --host web1)
	[ ${#r} -gt 4096 ]
	for width in 77 3 1; do
		a=$({ echo "$(host prompt "$r" 0 500)" | in_lines $width
			echo not read; } | setsid -w "$CA_BIN/certauth" sign \
			--host web1 --user alice)
		host check "$r" "$a" "$V/p256.pem"
	done
	# the line that ends a prompt is the last one that is read of it
	a=$({ host prompt "$r" 0 300 | in_lines 3
		host prompt "$r" 299 32000; } | setsid -w "$CA_BIN/certauth" \
		sign --pieces --host web1 --user alice | sed 's/[+.]$//' |
		tr -d '\n')
	host check "$r" "$a" "$V/p256.pem"
	# without an end, and as long as one may be: this must end
	run setsid -w "$CA_BIN/certauth" sign --host web1 --user alice \
		< <(echo 'certauth1 A'; yes A | head -200000)
	[ "$status" -eq 1 ]
	[[ $output == *'exactly one complete prompt'* ]]
}

@test "sign --pieces reads prompts in lines" {
	local r out
	r=$(host request)
	conf rsa4096
	{
		host prompt "$r" 0 600 | in_lines 77
		host prompt "$r" 599 600 | in_lines 40
		host prompt "$r" 1198 4000
	} | setsid -w "$CA_BIN/certauth" sign --pieces --host web1 \
		--user alice >"$D/out"
	[ "$(wc -l <"$D/out")" -eq 3 ]
	out=$(sed 's/[+.]$//' "$D/out" | tr -d '\n')
	host check "$r" "$out" "$V/rsa4096.pem"
}

@test "sign --pieces takes one request only, and says what is missing" {
	conf rsa4096
	{
		host prompt "$(host request)" 0 600
		host prompt "$(host request)" 599 600
	} >"$D/in"
	run setsid -w "$CA_BIN/certauth" sign --pieces --host web1 \
		--user alice <"$D/in"
	[ "$status" -eq 1 ]
	[[ $output == *'another request'* ]]
	head -1 "$D/in" >"$D/in1"
	run setsid -w "$CA_BIN/certauth" sign --pieces --host web1 \
		--user alice <"$D/in1"
	[ "$status" -ne 0 ]
	[[ $output == *'not complete'* ]]
}

@test "sign refuses, and says which rule and what to do" {
	run sign --host web2 --user alice "$(host request)"
	[ "$status" -eq 1 ]
	[[ $output == *'rule 1'*'web2'*'web1.example.com, web1'*'--host'* ]]
	run sign --host web1 --user bob "$(host request)"
	[ "$status" -eq 1 ]
	[[ $output == *'rule 2'*'bob'*'alice'*'--user'* ]]
	run sign --host web1 --user alice "$(host request --age 600)"
	[ "$status" -eq 1 ]
	[[ $output == *'rule 3'*'clock'* ]]
	run sign --host web1 --user alice "$(host request --age -600)"
	[ "$status" -eq 1 ]
	[[ $output == *'rule 3'*'future'* ]]
	conf p256 'require_host_proof = yes' "host_ca = $V"
	run sign --host web1 --user alice "$(host request)"
	[ "$status" -eq 1 ]
	[[ $output == *'rule 4'*'host_cert'* ]]
}

@test "without --host a request is for this machine and for me" {
	local r a
	run sign "$(host request)"
	[ "$status" -eq 1 ]
	[[ $output == *'rule 1'* ]]
	run sign "$(host request --host "$(hostname)" --user somebody)"
	[ "$status" -eq 1 ]
	[[ $output == *'rule 2'* ]]
	r=$(here "$(id -un)")
	a=$(sign "$r")
	host check "$r" "$a" "$V/p256.pem"
}

@test "a proof of the host: good, of another CA, for another name, broken" {
	local r a
	mkdir -p "$D/ca" "$D/noca"
	cp "$V/root.pem" "$D/ca/"
	cat "$V/host.pem" "$V/intermediate.pem" >"$D/host-chain.pem"
	proved() {
		host request --host-cert "$D/host-chain.pem" \
			--host-key "$V/host.key" "$@"
	}
	conf p256 'require_host_proof = yes' "host_ca = $D/ca"
	r=$(proved)
	a=$(sign --host web1 --user alice "$r")
	host check "$r" "$a" "$V/p256.pem"
	for flaw in signature context nonce; do
		run sign --host web1 --user alice "$(proved --break $flaw)"
		[ "$status" -eq 1 ]
		[[ $output == *'rule 4'* || $output == *'malformed'* ]]
	done
	run sign --host web2 --user alice \
		"$(proved --host web2.example.com --host web2)"
	[ "$status" -eq 1 ]
	[[ $output == *'rule 4'*'subjectAltName'* ]]
	conf p256 'require_host_proof = yes' "host_ca = $D/noca"
	run sign --host web1 --user alice "$(proved)"
	[ "$status" -eq 1 ]
	[[ $output == *'rule 4'*"$D/noca"* ]]
}

@test "no rule asks for a passphrase before it refuses" {
	openssl pkcs8 -topk8 -in "$V/p256.key" -passout pass:hunter2 \
		-out "$D/enc.key"
	run sign --host web2 --user alice --key "$D/enc.key" "$(host request)"
	[ "$status" -eq 1 ]
	[[ $output == *'rule 1'* ]]
	[[ $output != *assphrase* ]]
}

@test "wrong input is told from a broken machine" {
	run sign --host web1 'not a request'
	[ "$status" -eq 1 ]
	[[ $output == *'copied completely'* ]]
	run sign --host web1 ''
	[ "$status" -eq 1 ]
	run sign --host web1 --user alice "$(host request | cut -c1-100)"
	[ "$status" -eq 1 ]
	run sign --host web1 --cert "$D/nothing" "$(host request --user "$(id -un)")"
	[ "$status" -eq 1 ]
	[[ $output == *"$D/nothing: No such file"* ]]
	run sign --host web1 --user alice --key "$V/p384.key" "$(host request)"
	[ "$status" -eq 1 ]
	[[ $output == *'does not belong to the certificate'* ]]
	run sign --host web1 --user alice --key "$V/p256.pem" "$(host request)"
	[ "$status" -eq 1 ]
	[[ $output == *'no private key'* ]]
	rm "$XDG_CONFIG_HOME/certauth/config"
	run sign --host web1 --user alice "$(host request)"
	[ "$status" -eq 1 ]
	[[ $output == *'--cert'*'config'* ]]
	run sign --no-such-option
	[ "$status" -eq 2 ]
}

@test "an OpenSSH key names the way to convert it; an open key is warned of" {
	ssh-keygen -q -t ecdsa -b 256 -N '' -f "$D/id"
	run sign --host web1 --user alice --key "$D/id" "$(host request)"
	[ "$status" -eq 1 ]
	[[ $output == *'ssh-keygen -p -m PKCS8'* ]]
	rm "$D/id" "$D/id.pub"
	cp "$V/p256.key" "$D/open.key"
	chmod 640 "$D/open.key"
	run sign --host web1 --user alice --key "$D/open.key" "$(host request)"
	[ "$status" -eq 0 ]
	[[ $output == *'chmod 600'* ]]
}

@test "a certificate that the host may refuse is warned of" {
	run sign --host web1 --user alice --cert "$V/p256.pem" \
		--key "$V/p256.key" "$(host request --authority "$V/host.pem")"
	[ "$status" -eq 0 ]
	[[ $output == *'none of the CAs'* ]]
	run sign --host web1 --user alice --cert "$V/p256.pem" \
		--key "$V/p256.key" \
		"$(host request --authority "$V/intermediate.pem")"
	[ "$status" -eq 0 ]
	[[ $output != *warning* ]]
	run sign --host web1 --user alice --cert "$V/host.pem" \
		--key "$V/host.key" "$(host request)"
	[[ $output == *'not for client authentication'* ]]
}

# ---- on a terminal ----

# encrypted KEYFORM PASSPHRASE ...: sign in a terminal, typing these
on_terminal() {
	local key=$1
	shift
	KEYFILE=$key REQ=$(host request) CERTFILE=$V/p256.pem \
		expect -f - "$@" <<'END'
set timeout 20
log_user 1
spawn -noecho sh -c {stty echo; "$CA_BIN/certauth" sign --host web1 --user alice --cert "$CERTFILE" --key "$KEYFILE" "$REQ" >"$D/answer"; echo "status $?"; stty -a | tr ' ;' '\n\n' | grep -x -e echo -e -echo}
foreach word $argv {
	expect {
		-re {Passphrase[^:]*: } {}
		timeout { puts HANGS; exit 125 }
	}
	send "$word\r"
}
expect eof
END
}

encrypted() {
	local r
	run on_terminal "$D/$1.key" hunter2
	echo "$output"
	[[ $output == *'status 0'* ]]
	# not shown, and the terminal is as it was
	[[ $output != *hunter2* ]]
	[[ $output != *-echo* ]]
	[[ $output == *echo* ]]
	[ -s "$D/answer" ]
}

@test "encrypted keys: PKCS#8 and the traditional form" {
	openssl pkcs8 -topk8 -in "$V/p256.key" -passout pass:hunter2 \
		-out "$D/pkcs8.key"
	openssl ec -in "$V/p256.key" -aes256 -passout pass:hunter2 \
		-out "$D/trad.key" 2>/dev/null
	grep -q 'ENCRYPTED PRIVATE KEY' "$D/pkcs8.key"
	grep -q 'Proc-Type: 4,ENCRYPTED' "$D/trad.key"
	encrypted pkcs8
	encrypted trad
}

@test "a wrong passphrase is asked again, three times in all" {
	openssl pkcs8 -topk8 -in "$V/p256.key" -passout pass:hunter2 \
		-out "$D/enc.key"
	run on_terminal "$D/enc.key" wrong hunter2
	[[ $output == *'passphrase is wrong'*'status 0'* ]]
	run on_terminal "$D/enc.key" wrong '' wrong
	[[ $output == *'status 1'* ]]
	[ ! -s "$D/answer" ]
}

@test "an interrupt restores the terminal" {
	openssl pkcs8 -topk8 -in "$V/p256.key" -passout pass:hunter2 \
		-out "$D/enc.key"
	export KEYFILE=$D/enc.key REQ CERTFILE=$V/p256.pem
	REQ=$(host request)
	run expect -f - <<'END'
set timeout 20
spawn -noecho sh -c {trap : INT; stty echo; "$CA_BIN/certauth" sign --host web1 --user alice --cert "$CERTFILE" --key "$KEYFILE" "$REQ"; echo "status $?"; stty -a | tr ' ;' '\n\n' | grep -x -e echo -e -echo}
expect -re {Passphrase[^:]*: }
send "\003"
expect eof
END
	echo "$output"
	[[ $output == *'status 130'* ]]
	[[ $output != *-echo* ]]
}

@test "an interrupt while pasting restores the terminal" {
	run expect -f - <<'END'
set timeout 20
spawn -noecho sh -c {trap : INT; stty icanon; "$CA_BIN/certauth" sign --pieces --host web1 --user alice; echo "status $?"; stty -a | tr ' ;' '\n\n' | grep -x -e icanon -e -icanon}
expect -re {Paste the line[^:]*:}
after 300
send "certauth1 abc\003"
expect eof
END
	echo "$output"
	[[ $output == *'status 130'* ]]
	[[ $output != *-icanon* ]]
	[[ $output == *icanon* ]]
}

@test "memory with keys and PINs is not dumped, and not for other programs" {
	local as=()
	# what root runs is owned by root in any case
	[ "$(id -u)" -ne 0 ] ||
		as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	owner() { # of its memory, as the kernel has it
		HOME=/ XDG_CONFIG_HOME=/nonexistent "${as[@]}" "$@" \
			<"$D/fifo" >/dev/null 2>&1 3>&- &
		exec 9>"$D/fifo"
		# the shell has become the program, and it waits for its input
		for _ in $(seq 100); do
			[ "$(cat "/proc/$!/comm")" = "${1##*/}" ] &&
				grep -q '^State:.S' "/proc/$!/status" && break
			sleep 0.05
		done
		stat -c %u "/proc/$!/environ"
		exec 9>&-
		wait $! || :
	}
	rm -f "$D/fifo"
	mkfifo "$D/fifo"
	[ "$(owner cat)" -ne 0 ]
	[ "$(owner "$CA_BIN/certauth" sign --host web1 --user alice)" -eq 0 ]
}

@test "a person may confirm the host that no option named" {
	export REQ
	REQ=$(host request)
	for reply in yes no; do
		run expect -f - $reply <<'END'
set timeout 20
spawn -noecho sh -c {"$CA_BIN/certauth" sign "$REQ" >"$D/answer"; echo "status $?"}
expect -re {logging in to web1.example.com \(web1\) as alice, service sshd\? \[yes/no\] }
send "[lindex $argv 0]\r"
expect eof
END
		echo "$output"
		if [ $reply = yes ]; then
			[[ $output == *'status 0'* ]]
			host check "$REQ" "$(cat "$D/answer")" "$V/p256.pem"
		else
			[[ $output == *'status 1'* ]]
			[ ! -s "$D/answer" ]
		fi
	done
}

@test "a host that a person confirms is bound by what is configured for it" {
	printf '[web1]\nrequire_host_proof = yes\nhost_ca = %s\n' "$V" \
		>>"$XDG_CONFIG_HOME/certauth/config"
	export REQ
	REQ=$(host request)
	run sign --host web1 --user alice "$REQ"
	[ "$status" -eq 1 ]
	run expect -f - <<'END'
set timeout 20
spawn -noecho sh -c {"$CA_BIN/certauth" sign "$REQ" >"$D/answer"; echo "status $?"}
expect -re {logging in to web1.example.com \(web1\) as alice, service sshd\? \[yes/no\] }
send "yes\r"
expect eof
END
	echo "$output"
	[[ $output == *'rule 4'*'require_host_proof'*'status 1'* ]]
	[ ! -s "$D/answer" ]
}

@test "what asks for a yes is not answered by a request in its text" {
	local p
	p="(alice@web1) certauth1 $(host request) next=0 max=500: "
	run env CERTAUTH_SSH_HOSTS=web1 CERTAUTH_SSH_PREFIX=1 \
		setsid -w "$D/as/ssh" "$CA_BIN/certauth-askpass" "$p" </dev/null
	[ "$status" -eq 0 ]
	for hint in confirm none; do
		run env SSH_ASKPASS_PROMPT=$hint CERTAUTH_ASKPASS="$D/bin/no" \
			setsid -w "$D/as/ssh" "$CA_BIN/certauth-askpass" "$p" \
			</dev/null
		[ "$status" -ne 0 ]
	done
}

@test "confirm = yes asks before each signature" {
	conf p256 'confirm = yes' "askpass = $D/bin/yes"
	# shellcheck disable=SC2016 # for the script to expand
	printf '#!/bin/sh\necho "$1" >"$D/asked"\necho yes\n' >"$D/bin/yes"
	chmod 755 "$D/bin/yes"
	run sign --host web1 --user alice "$(host request)"
	[ "$status" -eq 0 ]
	[[ $(cat "$D/asked") == 'Log in to web1 as alice (sshd) with CN='* ]]
	printf '#!/bin/sh\necho no\n' >"$D/bin/yes"
	run sign --host web1 --user alice "$(host request)"
	[ "$status" -eq 1 ]
	[[ $output == *'did not confirm'* ]]
	run sign --yes --host web1 --user alice "$(host request)"
	[ "$status" -eq 0 ]
}

# ---- askpass ----

@test "askpass answers piece after piece, and keeps nothing in the end" {
	local r a
	conf rsa4096
	r=$(host request)
	a=$(echo "$r" | host join 500 "$D/bin/ssh-prompt")
	host check "$r" "$a" "$V/rsa4096.pem"
	[ -z "$(kept)" ]
	r=$(here)
	a=$(echo "$r" | host join 200 "$D/bin/sudo-prompt")
	host check "$r" "$a" "$V/rsa4096.pem"
	[ -z "$(kept)" ]
}

@test "what askpass keeps is the user's alone, named after the request" {
	local r f
	r=$(here)
	run askpass "$(host prompt "$r" 0 100)"
	[ "$status" -eq 0 ]
	f=$XDG_RUNTIME_DIR/certauth/$(kept)
	[ "$(stat -c %a "$f")" = 600 ]
	[ "$(stat -c %a "$XDG_RUNTIME_DIR/certauth")" = 700 ]
	[[ $f == */"$(printf '%s==' "$r" | tr -- '-_' '+/' |
		base64 -di 2>/dev/null | sha256sum | cut -c1-64)".answer ]]
	# it ends with the request's lifetime
	[ "$(stat -c %Y "$f")" -gt "$(date +%s)" ]
	[ "$(stat -c %Y "$f")" -le "$(($(date +%s) + 120))" ]
}

@test "what has outlived its request is removed at the next start, not used" {
	local r f
	r=$(here)
	askpass "$(host prompt "$r" 0 100)"
	f=$XDG_RUNTIME_DIR/certauth/$(kept)
	touch -d '-1 second' "$f"
	run askpass "$(host prompt "$r" 99 100)"
	[ "$status" -eq 1 ]
	[[ $output == *'not kept any more'* ]]
	[ -z "$(kept)" ]
}

@test "a kept file that is a link, has links, or is open to others: not used" {
	local r f
	r=$(here)
	askpass "$(host prompt "$r" 0 100)"
	f=$XDG_RUNTIME_DIR/certauth/$(kept)
	touch -d '+1 hour' "$f"
	chmod 640 "$f"
	run askpass "$(host prompt "$r" 99 100)"
	[ "$status" -eq 1 ]
	[[ $output == *'cannot be used'* ]]
	chmod 600 "$f"
	ln "$f" "$D/second"
	run askpass "$(host prompt "$r" 99 100)"
	[ "$status" -eq 1 ]
	rm "$D/second"
	mv "$f" "$D/moved"
	ln -s "$D/moved" "$f"
	touch -h -d '+1 hour' "$f"
	run askpass "$(host prompt "$r" 99 100)"
	[ "$status" -eq 1 ]
	run askpass "$(host prompt "$r" 0 100)"
	[ "$status" -eq 1 ]
	rm -f "$f"
}

@test "a place for responses that is a link or open to others: not used" {
	mkdir -m 755 "$XDG_RUNTIME_DIR/certauth"
	run askpass "$(host prompt "$(here)" 0 100)"
	[ "$status" -eq 1 ]
	[[ $output == *'0700'* ]]
	rmdir "$XDG_RUNTIME_DIR/certauth"
	mkdir -m 700 "$D/elsewhere"
	ln -s "$D/elsewhere" "$XDG_RUNTIME_DIR/certauth"
	run askpass "$(host prompt "$(here)" 0 100)"
	[ "$status" -eq 1 ]
	[ -z "$(ls -A "$D/elsewhere")" ]
}

@test "a later piece without its beginning is not signed anew" {
	run askpass "$(host prompt "$(here)" 99 100)"
	[ "$status" -eq 1 ]
	[[ $output == *'not kept any more'* ]]
}

@test "a kept response is not shown to another host" {
	local r
	r=$(host request)
	run "$D/bin/ssh-prompt" "$(host prompt "$r" 0 100)"
	[ "$status" -eq 0 ]
	run env WHO=alice@evil.example "$D/bin/ssh-prompt" \
		"$(host prompt "$r" 0 100)"
	[ "$status" -eq 1 ]
	[[ $output == *'rule 1'* ]]
	run env WHO=alice@evil.example "$D/bin/ssh-prompt" \
		"$(host prompt "$r" 99 4000)"
	[ "$status" -eq 1 ]
	[[ $output == *'rule 1'* ]]
}

@test "only the (user@host) at the very start counts" {
	local p
	p=$(host prompt "$(host request)" 0 4000)
	run env WHO=alice@evil "$D/bin/ssh-prompt" "(alice@web1) $p"
	[ "$status" -eq 1 ]
	[[ $output == *'rule 1'*'evil'* ]]
	run env WHO=alice@evil "$D/bin/ssh-prompt" "
(alice@web1) $p"
	[ "$status" -eq 1 ]
	[[ $output == *'rule 1'*'evil'* ]]
	for before in ' ' 'Hello: ' $'\n' $'\e[2K'; do
		run by_ssh "$before(alice@web1) $p"
		[ "$status" -eq 1 ]
		[[ $output == *'rule 1'*'did not say'* ]]
	done
	run env WHO=bob@web1 "$D/bin/ssh-prompt" "$p"
	[ "$status" -eq 1 ]
	[[ $output == *'rule 2'* ]]
}

@test "two prompts, or half a one, are not answered nor passed on" {
	local p
	p=$(host prompt "$(here)" 0 4000)
	export CERTAUTH_ASKPASS=$D/bin/other
	run askpass "$p$p"
	[ "$status" -eq 1 ]
	[[ $output != *other:* ]]
	run askpass "${p%%max*}"
	[ "$status" -eq 1 ]
	[[ $output != *other:* ]]
}

@test "other questions go to the askpass that the user had" {
	CERTAUTH_ASKPASS=$D/bin/other run askpass 'Password: '
	[ "$status" -eq 0 ]
	[ "$output" = 'other: Password: ' ]
	conf p256 "askpass = $D/bin/other"
	run askpass 'Password: '
	[ "$output" = 'other: Password: ' ]
	printf '#!/bin/sh\nexit 3\n' >"$D/bin/no"
	chmod 755 "$D/bin/no"
	CERTAUTH_ASKPASS=$D/bin/no run askpass 'Password: '
	[ "$status" -eq 3 ]
}

@test "the askpass that is left running has no descriptor above 2 of ours" {
	CERTAUTH_ASKPASS=$D/bin/other askpass 'Password: ' 7</dev/null \
		9>/dev/null
	# 3 is that of ls itself, reading the list
	run grep -vxE '[0-3]' "$D/fds"
	echo "$output"
	[ "$status" -eq 1 ]
}

@test "without one, and without a terminal, they are refused" {
	run askpass 'Password: '
	[ "$status" -eq 1 ]
	[[ $output == *'no terminal'* ]]
	# nor round and round
	CERTAUTH_ASKPASS=$CA_BIN/certauth-askpass run askpass 'Password: '
	[ "$status" -ne 0 ]
	run "$CA_BIN/certauth" askpass
	[ "$status" -eq 2 ]
	run "$CA_BIN/certauth" askpass a b
	[ "$status" -eq 2 ]
}

@test "on a terminal they are asked there, secrets without echo" {
	run expect -f - <<'END'
set timeout 20
spawn -noecho sh -c {"$CA_BIN/certauth-askpass" "Password: " >"$D/answer"; echo "status $?"}
expect "Password: "
send "s3cret\r"
expect eof
END
	[[ $output == *'status 0'* ]]
	[[ $output != *s3cret* ]]
	[ "$(cat "$D/answer")" = s3cret ]
}

@test "no key is asked for when the configuration is broken or not ours" {
	conf p256 'confirm = perhaps'
	run askpass "$(host prompt "$(here)" 0 4000)"
	[ "$status" -eq 1 ]
	[[ $output == *"config:4: confirm"* ]]
	conf p256
	chmod 666 "$XDG_CONFIG_HOME/certauth/config"
	run askpass "$(host prompt "$(here)" 0 4000)"
	[ "$status" -eq 1 ]
	[[ $output == *'writable by'* ]]
}

# ---- certauth ssh, with an ssh that tells what it got ----

certauth_ssh() {
	CERTAUTH_SSH=$D/bin/ssh setsid -w "$CA_BIN/certauth" ssh "$@" </dev/null
}

@test "certauth ssh runs ssh with its arguments as they are, and askpass" {
	run certauth_ssh -p 22 web1 'a  b' '' -x
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *$'<-p>\n<22>\n<web1>\n<a  b>\n<>\n<-x>'* ]]
	[[ $output == *'SSH_ASKPASS_REQUIRE=force'* ]]
	[[ $output == *"SSH_ASKPASS=$CA_BIN/certauth-askpass"* ]]
	[[ $output == *'CERTAUTH_SSH_HOSTS=web1,192.0.2.1,web1.example.com'* ]]
	[[ $output == *'CERTAUTH_SSH_USER=alice'* ]]
	[[ $output == *'CERTAUTH_SSH_PREFIX=1'* ]]
	# a signal that we ignore would stay ignored in ssh: SIGPIPE is bit 12
	[ $((0x$(echo "$output" | awk '/SigIgn/ { print $2 }') & 0x1000)) -eq 0 ]
}

@test "certauth ssh names the jump hosts' names apart" {
	run certauth_ssh inner
	echo "$output"
	[[ $output == *'CERTAUTH_SSH_HOSTS=inner,inner.example.com;jump,jump.example.com'* ]]
}

@test "certauth ssh keeps the askpass that was there, and its own options" {
	export SSH_ASKPASS=$D/bin/other SSH_ASKPASS_REQUIRE=prefer
	cd "$V"
	run certauth_ssh --cert p384.pem --key p384.key web1
	echo "$output"
	[[ $output == *"CERTAUTH_ASKPASS=$D/bin/other"* ]]
	[[ $output == *'CERTAUTH_ASKPASS_FIRST=1'* ]]
	[[ $output == *"CERTAUTH_CERT=$V/p384.pem"* ]]
	[[ $output == *"CERTAUTH_KEY=$V/p384.key"* ]]
	[[ $output == *'<web1>'* ]]
	[[ $output != *'<--cert>'* ]]
	run certauth_ssh --cert
	[ "$status" -eq 2 ]
	run certauth_ssh
	[ "$status" -eq 2 ]
}

@test "certauth ssh makes itself an askpass where none is installed" {
	cp "$CA_BIN/certauth" "$D/bin/alone"
	CERTAUTH_SSH=$D/bin/ssh run "$D/bin/alone" ssh web1
	echo "$output"
	[[ $output == *"SSH_ASKPASS=$XDG_RUNTIME_DIR/certauth/certauth-askpass"* ]]
	[ "$(readlink "$XDG_RUNTIME_DIR/certauth/certauth-askpass")" = \
		"$D/bin/alone" ]
}

@test "certauth ssh warns where keyboard-interactive is turned off" {
	run certauth_ssh quiet
	[[ $output == *'warning'*'KbdInteractiveAuthentication'* ]]
	run certauth_ssh -o BatchMode=yes web1
	[[ $output == *'warning'*'BatchMode'* ]]
	run certauth_ssh web1
	[[ $output != *warning* ]]
}

@test "names that certauth ssh resolved count for the host that asks" {
	local r p
	export CERTAUTH_SSH_PREFIX=1 \
		CERTAUTH_SSH_HOSTS='web1,192.0.2.1;jump,jump.example.com'
	p=$(host prompt "$(host request)" 0 4000)
	WHO=alice@192.0.2.1 run "$D/bin/ssh-prompt" "$p"
	[ "$status" -eq 0 ]
	# a jump host does not ask for the target, nor an unknown one for both
	p=$(host prompt "$(host request)" 0 4000)
	WHO=alice@jump.example.com run "$D/bin/ssh-prompt" "$p"
	[ "$status" -eq 1 ]
	[[ $output == *'rule 1'* ]]
	WHO=alice@192.0.2.9 run "$D/bin/ssh-prompt" "$p"
	[ "$status" -eq 1 ]
	p=$(host prompt "$(host request --host jump)" 0 4000)
	WHO=alice@jump.example.com run "$D/bin/ssh-prompt" "$p"
	[ "$status" -eq 0 ]
	# no prefix at all, under ssh
	run by_ssh "$(host prompt "$(here)" 0 4000)"
	[ "$status" -eq 1 ]
	[[ $output == *'did not say'* ]]
}

@test "an ssh before 8.5: what stands at the start is the server's" {
	local p
	export CERTAUTH_SSH=$D/bin/ssh SSH_IS=8.4
	p=$(host prompt "$(host request)" 0 4000)
	run "$D/bin/ssh-prompt" "$p"
	[ "$status" -eq 1 ]
	[[ $output == *'certauth ssh'* ]]
	export CERTAUTH_SSH_PREFIX=0 CERTAUTH_SSH_USER=alice
	CERTAUTH_SSH_HOSTS=evil,192.0.2.9 run "$D/bin/ssh-prompt" "$p"
	[ "$status" -eq 1 ]
	[[ $output == *'rule 1'*'evil'* ]]
	CERTAUTH_SSH_HOSTS='web1;jump' run "$D/bin/ssh-prompt" "$p"
	[ "$status" -eq 1 ]
	[[ $output == *'jump hosts'* ]]
	CERTAUTH_SSH_HOSTS=web1,192.0.2.1 run "$D/bin/ssh-prompt" "$p"
	[ "$status" -eq 0 ]
}

@test "every client command's help fits a screen and shows an example" {
	local c
	for c in sign askpass ssh password credential; do
		"$CA_BIN/certauth" $c --help >"$D/help"
		[ "$(wc -l <"$D/help")" -le 24 ]
		[ "$(wc -L <"$D/help")" -le 80 ]
		grep -qE '^  .*certauth' "$D/help"
	done
}

@test "certauth(1) has every key, option, variable and reason code, and no other" {
	local man=$HERE/src/man/certauth.1
	sed -n '/^#define CA_REASONS/,/^#define CA_REASON_ENUM/p' \
		"$HERE/src/base/reason.h" |
		grep -o 'X(CA_R_[A-Z0-9_]*, "[^"]*"' | cut -d'"' -f2 >"$D/want"
	sed -n '/^\.Sh REASON CODES/,/^\.Sh EXAMPLES/s/^\.It Cm //p' "$man" \
		>"$D/have"
	[ "$(wc -l <"$D/want")" -gt 40 ]
	diff "$D/want" "$D/have"
	sed -n 's/^	X(\([a-z0-9_]*\), [A-Z0-9]*).*/\1/p' \
		"$HERE/src/client/clientkeys.c" | sort >"$D/want"
	sed -n '/^\.Sh CONFIGURATION/,/^\.Sh ENVIRONMENT/s/^\.It Cm //p' \
		"$man" | sed 's/ , /\n/g' | sort >"$D/have"
	[ "$(wc -l <"$D/want")" -gt 10 ]
	diff "$D/want" "$D/have"
	grep -oh '"CERTAUTH_[A-Z0-9_]*"' "$HERE"/src/{cl*,watch}/*.[ch] | cut -d'"' -f2 |
		grep -v NESTED | sort -u >"$D/want"
	sed -n '/^\.Sh ENVIRONMENT/,/^\.Sh FILES/s/^\.It Ev //p' "$man" |
		sed 's/ , /\n/g' | grep ^CERTAUTH | sort >"$D/have"
	diff "$D/want" "$D/have"
	sed -n 's/^ *{"\([a-z0-9-]*\)", [a-z]*_argument.*/\1/p' \
		"$HERE/src/client/sign.c" | sort >"$D/want"
	sed -n '/^\.Ss certauth sign/,/^\.S[hs] /s/^\.It Fl -\([a-z0-9-]*\).*/\1/p' \
		"$man" | sort >"$D/have"
	[ "$(wc -l <"$D/want")" -eq 10 ]
	diff "$D/want" "$D/have"
}

# ---- the module's helper ----

# helper LINE ...: answer these lines, by both programs, and alike but for the signature
helper() {
	local one two rc=0
	one=$(printf '%s\n' "$@" | setsid -w "$CA_BIN/certauth" sign --helper) ||
		rc=$?
	two=$(printf '%s\n' "$@" | setsid -w "$CERTAUTH_BUILD/certauth-sign") ||
		[ "$rc" -ne 0 ] || return 99
	diff <(sed 's/^response .*/response/' <<<"$one") \
		<(sed 's/^response .*/response/' <<<"$two") >&2 || return 98
	printf '%s\n' "$two"
	return "$rc"
}

@test "sign --helper answers the module's lines" {
	local r
	cat "$V/p256.pem" "$V/p256.key" >"$D/login.pem"
	chmod 600 "$D/login.pem"
	r=$(host request)
	run helper 'certauth-helper 1' "request $r" "keyfile $D/login.pem" go
	[ "$status" -eq 0 ]
	[[ $output == 'response '* ]]
	host check "$r" "${output#response }" "$V/p256.pem"
	openssl pkcs12 -export -in "$V/p256.pem" -inkey "$V/p256.key" \
		-passout pass:x -out "$D/login.p12"
	run helper 'certauth-helper 1' "request $r" "keyfile $D/login.p12" go \
		'answer eA'
	[[ ${lines[0]} == 'ask '*login.p12* ]]
	[[ ${lines[1]} == 'response '* ]]
	run helper 'certauth-helper 1' "request $r" "keyfile $D/login.p12" go \
		noanswer
	[[ ${lines[1]} == 'failed '* ]]
}

@test "sign --helper: nothing to sign with, and input that is wrong" {
	local r
	r=$(host request)
	run helper 'certauth-helper 1' "request $r" go
	[ "$status" -eq 1 ]
	[[ $output == 'none '* ]]
	run helper 'certauth-helper 1' "request $r" "keyfile $D/nothing" go
	[[ $output == 'none '*nothing* ]]
	# an expired request is not signed, whatever key there is
	run helper 'certauth-helper 1' "request $(host request --age 600)" \
		"keyfile $D/login.pem" go
	[[ $output == 'failed rule 3'* ]]
	for first in 'certauth-helper 2' go "request $r" 'answer eA' ''; do
		run helper "$first" "request $r" "keyfile $D/login.pem" go
		[ "$status" -eq 1 ]
		[[ $output == 'failed '* ]]
	done
	run helper 'certauth-helper 1' "request $r" "request $r" go
	[[ $output == 'failed '* ]]
	# the user's own configuration has no say here
	run helper 'certauth-helper 1' "request $r" go
	[[ $output == 'none '* ]]
}

@test "a pasted line longer than a terminal's 4,095 characters" {
	local i long=()
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do
		long+=(--host "h$i.$(printf '%0250d' 0 | sed 's/0\{50\}/&./g' |
			cut -c1-250)")
	done
	export REQ
	REQ=$(host request --host web1 "${long[@]}")
	[ ${#REQ} -gt 4200 ]
	run expect -f - <<'END'
set timeout 20
match_max 100000
spawn -noecho sh -c {"$CA_BIN/certauth" sign --pieces --host web1 --user alice >"$D/answer"; echo "status $?"}
expect "Paste the line"
send "certauth1 $env(REQ) next=0 max=8000: \r"
expect eof
END
	[[ $output == *'status 0'* ]]
	host check "$REQ" "$(tr -d '.\r\n' <"$D/answer")" "$V/p256.pem"
}
