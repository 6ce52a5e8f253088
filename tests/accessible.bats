#!/usr/bin/env bats
# What a screen reader gets: the same words without colour, and during a login one line
# for each event, which is never written again.
# shellcheck disable=SC2030,SC2031,SC2154 # variables are those of the test
bats_require_minimum_version 1.5.0
load lib/common
load lib/sshd

# a plain ! would not fail a test
not() { ! "$@"; }

setup_file() { place_make; }
teardown_file() { place_remove; }
teardown() { sshd_stop; }

# on_terminal FILE TERM COMMAND ...: its output on a terminal, as that gets it, but for
# the CR of a terminal before each LF
on_terminal() {
	local file=$1 term=$2
	shift 2
	in_place env -u NO_COLOR TERM="$term" python3 - "$file" "$@" <<-'PYTHON'
		import os, pty, sys
		text = b''
		def read(fd):
		    global text
		    data = os.read(fd, 65536)
		    text += data
		    return data
		null = os.open(os.devnull, os.O_RDWR)
		os.dup2(null, 0)
		os.dup2(null, 1)
		pty.spawn(sys.argv[2:], read)
		open(sys.argv[1], 'wb').write(text.replace(b'\r\n', b'\n'))
	PYTHON
}

# plain FILE: no escape, no return to the beginning of a line, no backspace
plain() { not grep -qP '[\x1b\r\x08]' "$1"; }

without_escapes() { sed -E 's/\x1b\[[0-9;]*[A-Za-z]//g' "$1"; }

@test "colour says nothing that the words do not: without it the text is the same" {
	local cert
	for cert in alice expired revoked stranger-leaf server; do
		on_terminal "$S/colour" xterm "$CERTAUTH" explain --service test \
			--user alice "$PKI/$cert.pem"
		on_terminal "$S/dumb" dumb "$CERTAUTH" explain --service test \
			--user alice "$PKI/$cert.pem"
		grep -q $'\e\\[' "$S/colour"
		plain "$S/dumb"
		[ -s "$S/dumb" ]
		# the moment of the check may differ
		diff <(without_escapes "$S/colour" | sed -E 's/T[0-9:]{8}Z/TIME/g') \
			<(sed -E 's/T[0-9:]{8}Z/TIME/g' "$S/dumb")
	done
}

@test "no other command draws: each on a terminal, without escapes" {
	local name names
	"$CERTAUTH" help >"$S/help"
	names=$(sed -n 's/^  \([a-z]*\) .*/\1/p' "$S/help")
	[ "$(wc -w <<<"$names")" -gt 15 ]
	for name in $names; do
		on_terminal "$S/text" xterm "$CERTAUTH" "$name" --help
		[ -s "$S/text" ]
		plain "$S/text" || { echo "$name --help draws"; return 1; }
	done
	for name in doctor tokens sessions 'crl list' 'users list' \
		"verify $PKI/alice.pem" "verify $PKI/revoked.pem" "inspect $PKI/alice.pem" \
		"users test $PKI/alice.pem" 'nonsense' 'doctor --nonsense'; do
		# shellcheck disable=SC2086 # several words
		on_terminal "$S/text" xterm "$CERTAUTH" $name
		[ -s "$S/text" ] || { echo "$name: nothing"; return 1; }
		plain "$S/text" || { echo "$name draws"; return 1; }
	done
}

@test "the sources have escapes for colour in one file, and one line that is written again" {
	# a new place is to be asked whether a terminal draws (ca_cli_draws)
	[ "$(cd "$HERE" && grep -rlE '\\(x1b|033|e)\[' src pam_certauth.c | sort | tr '\n' ' ')" = \
		'src/cli/explaintext.c src/crladmin/crlupdate.c ' ]
	[ "$(cd "$HERE" && grep -rlE '"(\\r[^\"]|[^"\]*\\b)' src pam_certauth.c | sort | tr '\n' ' ')" = \
		'src/crladmin/crlupdate.c ' ]
	[ "$(cd "$HERE" && grep -rl 'isatty(STD\(OUT\|ERR\)' src | tr '\n' ' ')" = '' ]
}

# ssh_terminal COMMAND ...: carol's certauth ssh on a terminal, who first enters a wrong
# passphrase; what the terminal got is in $S/pty
ssh_terminal() {
	cat >"$S/bin/read.exp" <<-'END'
		set timeout 60
		set answers {wrong right}
		log_user 0
		log_file -noappend -a [lindex $argv 0]
		spawn -noecho {*}[lrange $argv 1 end]
		expect {
			-re {Passphrase for [^\n]*: $} {
				send "[lindex $answers 0]\r"
				set answers [lrange $answers 1 end]
				exp_continue
			}
			eof {}
			timeout { exit 8 }
		}
		exit [lindex [wait] 3]
	END
	: >"$S/pty"
	chown 2003 "$S/pty"
	run client env TERM=xterm expect "$S/bin/read.exp" "$S/pty" "$@"
	sed 's/\r$//' "$S/pty" >"$S/lines"
	cat -A "$S/lines"
}

@test "certauth ssh on a terminal: one line for each event" {
	need_root
	sshd_start
	conf default 'host_names = web1.example web1'
	client_make
	openssl pkcs8 -topk8 -in "$PKI/alice.key" -passout pass:right \
		-out "$S/home/carol/.config/certauth/me.key" 2>/dev/null
	ssh_terminal "$CERTAUTH" ssh web1 echo is-in
	[ "$status" -eq 0 ]
	plain "$S/lines"
	diff - "$S/lines" <<-END
		Passphrase for me.key: 
		certauth: $S/home/carol/.config/certauth/me.key: the passphrase is wrong
		Passphrase for me.key: 
		is-in
	END
	conf_reset
}

@test "certauth ssh that signs nothing says why in one line, and ssh the rest" {
	need_root
	sshd_start
	# the request is of another host
	conf default 'host_names = other.example'
	client_make
	ssh_terminal "$CERTAUTH" ssh web1 echo is-in
	[ "$status" -ne 0 ]
	# ssh's own lines end in two CR
	grep '^certauth: ' "$S/lines" >"$S/ours"
	plain "$S/ours"
	# each attempt says the same line
	[ "$(grep -c '^certauth: ' "$S/lines")" -ge 1 ]
	[ "$(grep '^certauth: ' "$S/lines" | sort -u | wc -l)" -eq 1 ]
	grep -q '^certauth: .*rule 1, the host: ' "$S/lines"
	not grep -vE '^certauth: |^alice@web1|^Permission denied|^Received disconnect|^Disconnected|^$|^\(alice@' "$S/lines"
	conf_reset
}
