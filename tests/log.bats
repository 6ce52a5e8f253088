#!/usr/bin/env bats
# certauth log: on the lines of a real sshd and su in a real journal, on the same
# lines in files of syslog, and on lines that are not of the module.
bats_require_minimum_version 1.5.0
load lib/common
load lib/sshd
load lib/journal

DATA=$HERE/tests/data/log

setup() { need_root; }

# by pamtester, which names itself in the log: OPTION of login.py ...
try() {
	in_place python3 "$S/bin/login.py" "$@" -- pamtester test alice \
		authenticate >"$S/seen" 2>&1 </dev/null || :
}

setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0 # every test is skipped, see setup
	place_make
	cp "$DATA"/* "$S/"
	touch -d 2026-11-29 "$S"/openssh10.* # the classic form has no year
	journal_start || return
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")" \
		"alice sha256:$(pki_sha256 "$PKI/revoked.pem")"
	conf default 'host_names = web1.example web1 host.example'
	service su
	sshd_start || return
	client_make
	client "$CERTAUTH" ssh -o NumberOfPasswordPrompts=1 web1 true </dev/null >"$S/seen" 2>&1 || return
	client_make revoked
	client "$CERTAUTH" ssh -o NumberOfPasswordPrompts=1 web1 true </dev/null >"$S/seen" 2>&1 || :
	client_make bob
	client "$CERTAUTH" ssh -o NumberOfPasswordPrompts=1 web1 true </dev/null >"$S/seen" 2>&1 || :
	# text of a client in the log: the login's name (newer clients do not
	# take such a name from the command line)
	echo '	User "x pam_certauth(sshd:auth): outcome=granted reason=ok"' |
		sed -i '/User alice/{
			r /dev/stdin
			d
		}' "$S/home/carol/.ssh/config"
	client ssh -o BatchMode=yes web1 </dev/null >"$S/seen" 2>&1 || :
	# what this sshd, which logs to a file, says of it
	grep 'Invalid user x pam_certauth(sshd' "$S/sshd.log" |
		in_place logger -t sshd -p auth.info || return
	# programs of other users
	cp "$PKI/alice-chain.pem" "$PKI/alice.key" "$S/home/carol/"
	chown 2003 "$S/home/carol/alice.key"
	as_user carol python3 "$S/bin/login.py" --pty --cert alice-chain.pem \
		--key alice.key -- su alice -c true </dev/null \
		>"$S/seen" 2>&1 || return
	as_user carol logger -t sshd -p authpriv.notice \
		'pam_certauth(sshd:auth): outcome=granted reason=ok user="root" service="sshd"'
	# a service whose output is in the journal, and a daemon that logs what
	# its client says
	echo 'pam_certauth(test:auth): outcome=granted reason=ok user="stdout"' |
		in_place systemd-cat -t test -p notice
	printf '%s\n' 'SYSLOG_FACILITY=10' 'SYSLOG_IDENTIFIER=sshd' \
		'MESSAGE=pam_certauth(sshd:auth): outcome=granted reason=ok user="native"' |
		in_place logger --journald
	in_place logger -t webapp -p authpriv.notice \
		'pam_certauth(sshd:auth): outcome=granted reason=ok user="webapp" service="sshd"'
	# audit = json
	conf test 'audit = json' 'mode = audit'
	try --cert "$PKI/revoked-chain.pem" --key "$PKI/revoked.key"
	sshd_stop
	journal_sync
}

teardown_file() {
	sshd_stop
	journal_stop
	place_remove
}

# the attempts of JSON lines, a line each
attempts() {
	python3 -c '
import json, sys
for line in sys.stdin:
    o = json.loads(line)
    print(o["program"], o["service"], o.get("user", "-"), o["event"],
          o["mode"], o["outcome"], o["reason"],
          "cert" if "sha256" in o else "-")'
}

# what the scene of setup_file is
expected() {
	# the program that answers a connection
	local sshd=sshd
	! sshd_knows SshdSessionPath || sshd="sshd-session"
	cat <<-END
		$sshd sshd alice login enforce granted ok cert
		$sshd sshd alice login enforce denied revoked cert
		$sshd sshd alice login enforce denied unmapped cert
		su su alice login enforce granted ok cert
		sshd sshd root login enforce granted ok -
		pamtester test alice login audit denied revoked cert
	END
}

@test "the journal: every attempt once, and nothing that is none" {
	in_place journalctl -q -o cat |
		grep 'Invalid user x pam_certauth(sshd'
	run --separate-stderr in_place "$CERTAUTH" log --json
	echo "$output" "$stderr"
	[ "$status" -eq 0 ]
	diff <(attempts <<<"$output") <(expected)
	# what the daemon wrote is not counted, and said
	[[ $stderr == *'imitate the module'*': 1' ]]
	[[ $output != *stdout* && $output != *webapp* && $output != *native* ]]
}

@test "the journal: the table, its summary, and the next command" {
	run --separate-stderr in_place env TZ=UTC "$CERTAUTH" log
	echo "$output"
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == *TIME*SERVICE*USER*OUTCOME*REASON*CERTIFICATE ]]
	[[ $output == *'6 attempts: 3 granted, 3 refused; 1 with mode = audit'* ]]
	[[ $output == *'2  revoked '* ]]
	sum=$(pki_sha256 "$PKI/revoked.pem")
	[[ $output == *"certauth explain --service sshd --user alice --rhost 127.0.0.1 CERT.pem  # SHA-256 $sum"* ]]
	# carol's su, and carol's own line
	grep -q '^\* .* su  .* granted' <<<"$output"
	grep -q '^\* .* sshd  .* root .*granted' <<<"$output"
	[ "$(grep -c '^\* .*granted' <<<"$output")" -eq 2 ]
	[[ $output == *'* (2): a process of a user other than root'* ]]
}

@test "the journal: the command that is shown explains the attempt" {
	local command
	mkdir -p "$S/etc/certauth/users.d/alice"
	cp "$PKI/revoked-chain.pem" \
		"$S/etc/certauth/users.d/alice/card one.pem"
	run in_place "$CERTAUTH" log --reason revoked --service sshd
	echo "$output"
	command=$(grep -o 'certauth explain.*' <<<"$output")
	[[ $command == *" '/etc/certauth/users.d/alice/card one.pem'" ]]
	run in_place bash -c "${command/#certauth/$CERTAUTH}"
	rm -r "$S/etc/certauth/users.d/alice"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *revoked* ]]
}

@test "the journal: --since, --denied, --user, --service, --reason" {
	count() {
		local want=$1
		shift
		run --separate-stderr in_place "$CERTAUTH" log --json "$@"
		echo "$*: $output $stderr"
		[ "$(grep -c '^{' <<<"$output")" -eq "$want" ]
		[ "$status" -eq $((want == 0)) ]
	}
	count 6 --since 1h
	count 6 --since "$(date -d yesterday +%F)"
	count 6 --since "$(date -u -d '1 hour ago' +%FT%TZ)"
	count 0 --since "$(date -u -d '1 hour' +%FT%TZ)"
	[[ $stderr == *'no attempt found in the journal'* ]]
	count 3 --denied
	count 5 --user alice
	count 1 --service su
	count 2 --reason revoked
	count 1 --reason revoked --service sshd --denied
	count 0 --user nobody
	run in_place "$CERTAUTH" log --since yesterday
	[ "$status" -eq 2 ]
	run in_place "$CERTAUTH" log --reason revokd
	[ "$status" -eq 2 ]
}

@test "the same lines as files: two forms of syslog, and the export format" {
	local form
	in_place "$CERTAUTH" log --json 2>/dev/null | attempts >"$S/journal"
	for form in short short-iso export; do
		in_place journalctl -q -o "$form" SYSLOG_FACILITY=10 \
			_TRANSPORT=syslog >"$S/auth.log"
		[ -s "$S/auth.log" ]
		run --separate-stderr in_place "$CERTAUTH" log --json \
			--file "$S/auth.log"
		echo "$form: $output $stderr"
		[ "$status" -eq 0 ]
		diff <(attempts <<<"$output") "$S/journal"
		gzip -c "$S/auth.log" >"$S/auth.log.1.gz"
		in_place "$CERTAUTH" log --json --file "$S/auth.log.1.gz" |
			attempts | diff - "$S/journal"
		in_place "$CERTAUTH" log --json --file - <"$S/auth.log" |
			attempts | diff - "$S/journal"
	done
}

# tests/data/log: what journald had of sshd 10.0 and 10.6, and its short forms;
# host, address and numbers of boots replaced
@test "recorded from sshd 10.0 and 10.6: sshd-session, in all forms" {
	local form version first
	for version in 10.0 10.6; do
		first=2026-11-28T12:49:00Z
		[ "$version" = 10.0 ] || first=2026-11-28T12:49:13Z
		for form in classic rfc3339 export; do
			run --separate-stderr in_place env TZ=UTC "$CERTAUTH" \
				log --json --file "$S/openssh$version.$form"
			echo "$version $form: $output $stderr"
			[ "$status" -eq 0 ]
			diff <(attempts <<<"$output") - <<-'END'
				sshd-session sshd alice login enforce granted ok cert
				sshd-session sshd alice login enforce denied crl-expired cert
				sshd-session sshd Müller login enforce denied unmapped cert
				sshd-session sshd alice login enforce denied answer-empty -
			END
			[[ ${lines[0]} == *"\"time\":\"$first\""* ]]
			[ -z "$stderr" ]
		done
	done
}

@test "no journal: /var/log/auth.log and secure, with the rotated ones" {
	local files=$S/varlog
	mkdir -p "$files"
	in_place journalctl -q -o short SYSLOG_FACILITY=10 _TRANSPORT=syslog \
		>"$S/all"
	total=$(wc -l <"$S/all")
	head -n 2 "$S/all" | gzip >"$files/auth.log.2.gz"
	sed -n '3,4p' "$S/all" >"$files/auth.log.1"
	tail -n +5 "$S/all" >"$files/auth.log"
	[ "$total" -gt 5 ]
	touch -d '2 hours ago' "$files/auth.log.2.gz"
	touch -d '1 hour ago' "$files/auth.log.1"
	# the host of a container: no journal
	# shellcheck disable=SC2016 # for the shell inside
	host() {
		in_place unshare -m --propagation private bash -c '
			mount --bind "$1" /var/log
			mount -t tmpfs tmpfs /run
			shift
			exec "$@"' - "$files" "$@"
	}
	in_place "$CERTAUTH" log --json 2>/dev/null | attempts >"$S/journal"
	run --separate-stderr host "$CERTAUTH" log --json
	echo "$output" "$stderr"
	[ "$status" -eq 0 ]
	diff <(attempts <<<"$output") "$S/journal"
	mv "$files/auth.log" "$files/secure"
	host "$CERTAUTH" log --json | attempts | diff - "$S/journal"
	# a form that is not read is said
	: >"$files/secure-20261101.xz"
	run --separate-stderr host "$CERTAUTH" log --json
	[ "$status" -eq 2 ]
	[[ $stderr == *'/var/log/secure-20261101.xz is not read'* ]]
	rm "$files"/*
	run --separate-stderr host "$CERTAUTH" log
	echo "$stderr"
	[ "$status" -eq 2 ]
	[[ $stderr == *'neither a journal nor /var/log/auth.log'* ]]
	: >"$files/auth.log"
	run --separate-stderr host "$CERTAUTH" log
	[ "$status" -eq 1 ]
	[[ $stderr == *'no attempt found in /var/log/auth.log'* ]]
	# not the user's to read
	chmod 700 "$files"
	printf x >"$files/auth.log"
	chmod 600 "$files/auth.log"
	chmod 755 "$files"
	run --separate-stderr host setpriv --reuid 2003 --regid 2003 \
		--clear-groups "$CERTAUTH" log
	echo "$stderr"
	[ "$status" -eq 2 ]
	[[ $stderr == *'/var/log/auth.log: no permission'*'group adm'* ]]
}

@test "no permission to read the journal: the groups are named" {
	run --separate-stderr as_user carol "$CERTAUTH" log
	echo "$output $stderr"
	[ "$status" -eq 2 ]
	[ -z "$output" ]
	[[ $stderr == *'no permission to read the journal'*'group adm or systemd-journal'* ]]
}

@test "damaged, truncated and missing files" {
	in_place "$CERTAUTH" log --file "$S/openssh10.0.classic" --json \
		>"$S/whole"
	# a file that ends in the middle of a line of the module
	sed '/answer-empty/q' "$S/openssh10.0.classic" | head -c -40 >"$S/cut"
	run --separate-stderr in_place "$CERTAUTH" log --json --file "$S/cut"
	echo "$output $stderr"
	[ "$status" -eq 0 ]
	[ "$output" = "$(head -n 3 "$S/whole")" ]
	[[ $stderr == *'damaged, truncated'*': 1' ]]
	# a compressed file without its end: what is there is shown
	(
		cat "$S/openssh10.0.classic"
		head -c 300000 /dev/urandom | base64
	) | gzip | head -c 200000 >"$S/cut.gz"
	run --separate-stderr in_place "$CERTAUTH" log --json --file "$S/cut.gz"
	echo "$stderr"
	[ "$status" -eq 2 ]
	[ "$output" = "$(cat "$S/whole")" ]
	[[ $stderr == *'gzip reported an error'* ]]
	run --separate-stderr in_place "$CERTAUTH" log --file /nonexistent
	[ "$status" -eq 2 ]
	[[ $stderr == *'/nonexistent: No such file'* ]]
	run --separate-stderr in_place "$CERTAUTH" log --file /etc
	[ "$status" -eq 2 ]
	# a file of something else
	run --separate-stderr in_place "$CERTAUTH" log --file "$CERTAUTH"
	[ "$status" -eq 1 ]
}

no_control() {
	[ "$(LC_ALL=C tr -d '\001-\011\013-\037\177' <<<"$1")" = "$1" ]
}

@test "text of a client never escapes the table, nor the command" {
	cat >"$S/hostile" <<-'END'
		Nov 20 08:00:00 h sshd[1]: pam_certauth(sshd:auth): outcome=denied reason=unmapped user="a\x1b[2Jb\x0aNov 20 08:00:00 h sshd[1]: pam_certauth(sshd:auth): outcome\=granted" service="sshd" subject="CN=\1B[2J$(touch /x)" sha256=ab
		Nov 20 08:00:00 h sshd[1]: pam_certauth(sshd:auth): outcome=denied reason=unmapped user="$(touch /x)'; touch /x #" service="sshd" sha256=ab
		Nov 20 08:00:00 h sshd[1]: pam_certauth(sshd:auth): outcome=denied reason=unmapped user="CORP\\al ice" service="sshd" sha256=ab
		Nov 20 08:00:00 h sshd[1]: pam_certauth(sshd:auth): outcome=denied reason=unmapped user="../../../../etc" service="sshd" sha256=ab
		Nov 20 08:00:00 h sshd[1]: pam_certauth(sshd:auth): {"outcome":"denied","reason":"unmapped","facts":{"user":"\u001b[2J\u202e","service":"sshd"}}
		Nov 20 08:00:00 h sshd[1]: pam_certauth(sshd:auth): {"outcome":"denied","reason":"unmapped","facts":{"user":"bob","sha256":"ab\u001b[2J\u000atouch /x"}}
	END
	printf 'Nov 20 08:00:00 h sshd[1]: Invalid user \e[2J pam_certauth(sshd:auth): outcome=granted reason=ok\n' \
		>>"$S/hostile"
	run --separate-stderr in_place "$CERTAUTH" log --file "$S/hostile"
	echo "$output" | cat -v
	[ "$status" -eq 0 ]
	[[ $output == *'6 attempts: 0 granted, 6 refused'* ]]
	no_control "$output$stderr"
	! grep -q '^touch' <<<"$output" || false
	[[ $output != *$'\u202e'* ]]
	[ "$(grep -c 'certauth explain --service sshd --user USER CERT.pem' \
		<<<"$output")" -eq 2 ]
	[[ $output == *"--user 'CORP\\al ice' CERT.pem"* ]]
	run --separate-stderr in_place "$CERTAUTH" log --json \
		--file "$S/hostile"
	python3 -c '
import json, sys
for line in sys.stdin:
    json.loads(line)' <<<"$output"
	no_control "$output"
}

@test "open sessions: shown, and neither granted nor refused" {
	# as certauth sessions writes them, and imitations
	cat >"$S/sessions" <<-'END'
		Nov 20 08:00:00 h sshd[1]: pam_certauth(sshd:auth): outcome=denied reason=revoked user="alice" service="sshd" sha256="ab"
		Nov 20 08:00:01 h certauth[2]: pam_certauth(sshd:session): event=session outcome=ended reason=revoked user="alice" service="sshd" rhost="192.0.2.1" sha256="ab" detail="session 0011, process 7: serial 1"
		Nov 20 08:00:02 h certauth[2]: pam_certauth(sudo:session): event=session outcome=warned reason=unmapped user="bob" service="sudo" sha256="cd" detail="session 2233, process 8"
		Nov 20 08:00:03 h certauth[3]: pam_certauth(sshd:session): event=session outcome=ended reason=administrator user="bob" service="sshd" sha256="cd" detail="session 4455, process 9"
		Nov 20 08:00:04 h sshd[1]: pam_certauth(sshd:session): event=session outcome=ended reason=revoked user="bob" service="sshd"
		Nov 20 08:00:05 h certauth[3]: pam_certauth(sshd:auth): outcome=granted reason=ok user="root" service="sshd"
		Nov 20 08:00:06 h certauth[3]: pam_certauth(sshd:session): event=session outcome=granted reason=ok user="root" service="sshd"
	END
	shown() {
		run --separate-stderr in_place "$CERTAUTH" log --file "$S/sessions" "$@"
		echo "$*: $output $stderr"
		[ "$status" -eq 0 ]
	}
	shown
	[[ $output == *' sshd '*' alice '*' ended (session) '*' revoked '* ]]
	[[ $output == *' sudo '*' bob '*' warned (session) '*' unmapped '* ]]
	[[ $output == *'session 0011, process 7: serial 1'* ]]
	[[ $output == *'1 attempt: 0 granted, 1 refused'* ]]
	[[ $output == *'3 lines of open sessions: 2 ended, 1 warned'* ]]
	# the refusal of the login alone is counted by its reason
	[[ $output == *' 1  revoked '* ]]
	[[ $output == *'certauth explain --service sudo --user bob CERT.pem  # SHA-256 cd'* ]]
	[ "$(grep -c 'certauth explain' <<<"$output")" -eq 3 ]
	[[ $stderr == *'imitate the module'*': 2'* ]]
	[[ $stderr == *'damaged, truncated or not of this module: 1'* ]]
	shown --denied
	[[ $output != *session* && $output == *'1 attempt: 0 granted, 1 refused'* ]]
	shown --user bob --reason administrator
	[[ $output == *'1 line of open sessions: 1 ended'* && $output != *explain* ]]
	[ "$(grep -c TIME <<<"$output")" -eq 1 ]
	shown --json --service sudo
	[[ $output == *'"event":"session","mode":"enforce","outcome":"warned","reason":"unmapped"'* ]]
	[ "${#lines[@]}" -eq 1 ]
}

@test "memory does not grow with the log" {
	local small large
	peak() { # KiB
		in_place python3 -c '
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' \
			"$CERTAUTH" log --file "$1"
	}
	cat "$S/openssh10.0.classic" >"$S/small"
	for ((i = 0; i < 12; i++)); do
		cat "$S/small" "$S/small"
		head -c 3000000 /dev/zero | tr '\0' x
	done >"$S/large"
	small=$(peak "$S/small")
	large=$(peak "$S/large")
	echo "$small $large"
	[ "$large" -lt $((small + 1024)) ]
}
