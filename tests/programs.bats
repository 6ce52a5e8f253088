#!/usr/bin/env bats
# shellcheck disable=SC2016 # for other shells to expand
# Programs that start an ssh of their own, by certauth-ssh: docs/programs.md
# names the tests of this file.
load lib/common
load lib/sshd

setup() {
	need_root
	rm -rf "$S/home/alice/"* "$S/home/carol/"[a-z]*
	client_make
	service sshd
	crl_dir crl
	echo 'from carol' >"$S/home/carol/file"
}

setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0 # every test is skipped, see setup
	place_make
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")" \
		"alice sha256:$(pki_sha256 "$PKI/rsa4096.pem")" \
		"alice sha256:$(pki_sha256 "$PKI/revoked.pem")"
	conf default 'host_names = web1.example web1'
	sshd_start 'Subsystem sftp internal-sftp'
	# as scripts, cron and graphical programs run: without a terminal
	printf '#!/bin/sh\nexec setsid -w "$@"\n' >"$S/bin/alone"
	chmod 755 "$S/bin/alone"
}

teardown_file() {
	sshd_stop
	place_remove
}

# README's set-up: the certificate, or else the password
or_password() {
	printf '%s\n' "auth sufficient $MODULE" 'auth required pam_unix.so' \
		'account required pam_unix.so' >"$S/etc/pam.d/sshd"
}

# alone COMMAND ...: as carol, without a terminal
alone() {
	log_mark
	run client "$S/bin/alone" "$@" </dev/null
	echo "$output"
}

granted() {
	logged 'pam_certauth\(sshd:auth\).*outcome=granted' || return
	[ "$status" -eq 0 ]
}

arrived() {
	[ "$(cat "$S/home/alice/$1")" = 'from carol' ]
}

@test "the tests that docs/programs.md names are there" {
	local t n=0
	for t in $(grep -oE '[a-z_]+\.bats' "$HERE/docs/programs.md" | sort -u); do
		echo "$t"
		[ -e "$HERE/tests/$t" ]
		n=$((n + 1))
	done
	[ "$n" -gt 5 ]
}

# ---- programs that start ssh by one word ----

@test "certauth-ssh takes ssh's arguments, and none of certauth's" {
	alone "$S/bin/certauth-ssh" -x -oPermitLocalCommand=no -l alice -- web1 \
		'echo $(id -un)-is-in'
	granted
	[[ $output == *alice-is-in* ]]
	alone "$S/bin/certauth-ssh" --cert me.pem web1 true
	[ "$status" -eq 255 ]
	[[ $output == *'unknown option -- -'* ]]
	# as ssh without arguments, and as ssh that only says something
	alone "$S/bin/certauth-ssh"
	[ "$status" -eq 255 ]
	[[ $output == usage:\ ssh* ]]
	alone "$S/bin/certauth-ssh" -V
	[[ $output == OpenSSH_* ]]
	alone "$S/bin/certauth-ssh" -G web1
	[ "$status" -eq 0 ]
	[[ $output == *'hostname web1.example'* ]]
}

@test "scp -S certauth-ssh, by both protocols of scp" {
	local how
	for how in -s -O; do
		rm -f "$S/home/alice/file"
		alone scp $how -S "$S/bin/certauth-ssh" file web1:
		granted
		arrived file
	done
	# -B is ssh's BatchMode, without keyboard-interactive
	alone scp -B -S "$S/bin/certauth-ssh" file web1:
	[ "$status" -ne 0 ]
	[[ $output == *'BatchMode is on for this host'*'`sftp -oBatchMode=no -b'* ]]
}

@test "sftp -S certauth-ssh; with -b, BatchMode must be off before it" {
	echo 'put file' >"$S/home/carol/batch"
	alone sftp -oBatchMode=no -b batch -S "$S/bin/certauth-ssh" web1
	granted
	arrived file
	rm "$S/home/alice/file"
	alone sftp -b batch -S "$S/bin/certauth-ssh" web1
	[ "$status" -ne 0 ]
	[[ $output == *'BatchMode is on for this host'*'`sftp -oBatchMode=no -b'* ]]
	# the first one counts: after -b it is too late
	alone sftp -b batch -oBatchMode=no -S "$S/bin/certauth-ssh" web1
	[ "$status" -ne 0 ]
	[ ! -e "$S/home/alice/file" ]
}

@test "rsync -e certauth-ssh" {
	alone rsync -e "$S/bin/certauth-ssh" file web1:
	granted
	arrived file
	CLIENT_ENV="RSYNC_RSH=$S/bin/certauth-ssh" alone rsync web1:file again
	granted
	grep -q 'from carol' "$S/home/carol/again"
}

@test "git: GIT_SSH, GIT_SSH_COMMAND and core.sshCommand" {
	as_user alice git init -q --bare repo.git
	as_user carol git init -q work
	as_user carol git -C work -c user.name=c -c user.email=c@d \
		commit -q --allow-empty -m first
	as_user carol git -C work remote add origin web1:repo.git
	CLIENT_ENV="GIT_SSH=$S/bin/certauth-ssh" \
		alone git -C work push -q origin HEAD:refs/heads/main
	granted
	CLIENT_ENV="GIT_SSH_COMMAND=$S/bin/certauth-ssh" \
		alone git -C work ls-remote origin
	granted
	[[ $output == *refs/heads/main* ]]
	alone git -C work -c core.sshCommand="$S/bin/certauth-ssh" \
		ls-remote ssh://web1/~/repo.git
	granted
	[[ $output == *refs/heads/main* ]]
}

# What ansible's ssh plugin puts on the command line without a password, with
# what docs/operations.md has for ssh_args at its place, before the rest.
ansible_ssh() {
	alone "$S/bin/certauth-ssh" "$@" -o KbdInteractiveAuthentication=no \
		-o PreferredAuthentications=gssapi-with-mic,gssapi-keyex,hostbased,publickey \
		-o PasswordAuthentication=no -o 'User="alice"' \
		-o ConnectTimeout=10 -o "ControlPath=$S/home/carol/run/cp" web1 \
		"/bin/sh -c 'echo ~alice && sleep 0'"
}

@test "ansible: ssh_args come first, and turn keyboard-interactive on" {
	ansible_ssh -C -o ControlMaster=auto -o ControlPersist=60s
	[ "$status" -eq 255 ]
	[[ $output == *'is off for this host'*'set both in ssh_args'* ]]
	ansible_ssh -C -o KbdInteractiveAuthentication=yes \
		-o PreferredAuthentications=keyboard-interactive \
		-o ControlMaster=auto -o ControlPersist=60s
	granted
	[[ $output == *"$S/home/alice"* ]]
	# the next task and its files go over the same connection
	ansible_ssh -C -o ControlMaster=auto -o ControlPersist=60s
	[ "$status" -eq 0 ]
	not_logged 'outcome='
	echo 'put file' >"$S/home/carol/batch"
	alone sftp -b batch -o ControlMaster=auto \
		-o "ControlPath=$S/home/carol/run/cp" web1
	[ "$status" -eq 0 ]
	arrived file
	not_logged 'outcome='
	alone ssh -O exit -o "ControlPath=$S/home/carol/run/cp" web1
	[ "$status" -eq 0 ]
}

# pasted COMMAND ...: a user with two terminals, in one of them certauth sign
pasted() {
	log_mark
	run client "$S/bin/paste.exp" \
		"$CERTAUTH sign --pieces --host web1.example --user alice" "$*" \
		</dev/null
	echo "$output"
	granted
	[[ $output == *alice-is-in* ]]
	pastes=$(grep -c 'certauth1 ' <<<"$output")
}

plink() {
	echo plink -ssh -no-antispoof -P "$PORT" -hostkey "$(ssh-keygen -lf \
		"$S/hostkey.pub" | cut -d ' ' -f 2)" alice@127.0.0.1
}

@test "PuTTY: its lines, pasted into certauth sign --pieces as they are" {
	pasted "$(plink) {echo \$(id -un)-is-in}"
	# it was in lines
	[ "$(grep -c '^> ' <<<"$output")" -gt 2 ]
}

@test "max_answer = 1000: one paste instead of two, in ssh and in PuTTY" {
	local program
	# the host has the intermediate, so the client sends its own alone
	cp "$PKI/alice.pem" "$S/home/carol/.config/certauth/me.pem"
	mkdir -p "$S/etc/certauth/intermediates"
	cp "$PKI/inter.pem" "$S/etc/certauth/intermediates/"
	for program in 'ssh web1' "$(plink)"; do
		service sshd intermediates_dir=/etc/certauth/intermediates
		pasted "$program {echo \$(id -un)-is-in}"
		[ "$pastes" -eq 2 ]
		service sshd max_answer=1000 \
			intermediates_dir=/etc/certauth/intermediates
		pasted "$program {echo \$(id -un)-is-in}"
		[ "$pastes" -eq 1 ]
	done
	rm "$S/etc/certauth/intermediates/inter.pem"
}

# ---- a refusal, where a password could be asked for ----

# ended: at once, with the status of ssh, and no password was tried
ended() {
	[ "$status" -eq 255 ]
	[[ $output != *alice-is-in* ]]
	[ "$(log_lines | grep -c 'pam_certauth(sshd:auth): outcome=denied')" -eq "$1" ]
	not_logged 'outcome=granted|authentication failure|could not identify password'
	if grep -n 'Failed keyboard-interactive\|Failed password' "$S/sshd.log"; then
		return 1
	fi
}

@test "a refused certificate: ssh ends, says so, and tries no password" {
	local how
	or_password
	client_make revoked
	: >"$S/sshd.log"
	for how in "$CERTAUTH ssh" "$S/bin/certauth-ssh"; do
		alone $how web1 'echo alice-is-in'
		ended 1
		logged 'reason=revoked'
		[[ $output == *'ssh is ended: the host refused the certificate'*'The host asks: (alice@web1.example) Password:'* ]]
	done
	# whoever starts it sees the same
	alone scp -S "$S/bin/certauth-ssh" file web1:
	[ "$status" -ne 0 ]
	[[ $output == *'the host refused the certificate'* ]]
}

@test "nothing to sign with: ssh ends, and does not say that the host refused it" {
	or_password
	rm "$S/home/carol/.config/certauth/config"
	: >"$S/sshd.log"
	alone "$CERTAUTH" ssh web1 'echo alice-is-in'
	ended 1
	logged 'reason=answer-empty'
	[[ $output == *'no certificate to log in with'* ]]
	[[ $output == *'ssh is ended: the host asks a question that is not from pam_certauth'* ]]
	[[ $output != *refused* ]]
}

@test "a host without pam_certauth: no empty password is sent to it" {
	printf '%s\n' 'auth required pam_unix.so' 'account required pam_unix.so' \
		>"$S/etc/pam.d/sshd"
	: >"$S/sshd.log"
	alone "$CERTAUTH" ssh web1 'echo alice-is-in'
	ended 0
	[[ $output == *'a question that is not from pam_certauth'* ]]
}

@test "certificates only: one attempt, and ssh says that it is refused" {
	client_make revoked
	: >"$S/sshd.log"
	alone "$CERTAUTH" ssh web1 'echo alice-is-in'
	[ "$status" -eq 255 ]
	[[ $output == *'Permission denied'* ]]
	[ "$(log_lines | grep -c 'outcome=denied')" -eq 1 ]
	# what the user has set stays
	alone "$CERTAUTH" ssh -oNumberOfPasswordPrompts=2 web1 true
	[ "$(log_lines | grep -c 'outcome=denied')" -eq 2 ]
}

@test "another askpass is asked for the password" {
	or_password
	client_make revoked
	printf '#!/bin/sh\necho "$1" >>~/asked\nexit 1\n' >"$S/bin/other"
	chmod 755 "$S/bin/other"
	CLIENT_ENV="SSH_ASKPASS=$S/bin/other" alone "$CERTAUTH" ssh web1 true
	[ "$status" -eq 255 ]
	[[ $output != *'ssh is ended'* ]]
	grep -q '^(alice@web1.example) Password: ' "$S/home/carol/asked"
	rm "$S/home/carol/asked"
	echo "askpass = $S/bin/other" >>"$S/home/carol/.config/certauth/config"
	alone "$CERTAUTH" ssh -oNumberOfPasswordPrompts=1 web1 true
	[[ $output != *'ssh is ended'* ]]
	grep -q '^(alice@web1.example) Password: ' "$S/home/carol/asked"
}

@test "on a terminal the password is asked there" {
	or_password
	client_make revoked
	cat >"$S/bin/typed.exp" <<-'END'
		set timeout 60
		spawn -noecho {*}$argv
		expect "Password:"
		send "wrong\r"
		expect eof
		lassign [wait] pid id flag status
		exit $status
	END
	log_mark
	run client expect "$S/bin/typed.exp" "$CERTAUTH" ssh \
		-oNumberOfPasswordPrompts=1 web1 'echo alice-is-in' </dev/null
	echo "$output"
	[ "$status" -eq 255 ]
	[[ $output == *'Password:'*'Permission denied'* ]]
	[[ $output != *'ssh is ended'* ]]
	logged 'pam_unix\(sshd:auth\): authentication failure'
}

@test "without a terminal ssh's end, streams and signals are as before" {
	local pid i
	alone "$CERTAUTH" ssh web1 'exit 7'
	[ "$status" -eq 7 ]
	alone "$CERTAUTH" ssh web1 'kill -9 $$'
	[ "$status" -eq 255 ]
	alone "$CERTAUTH" ssh nowhere.invalid true
	[ "$status" -eq 255 ]
	CLIENT_ENV="CERTAUTH_SSH=$S/absent" alone "$CERTAUTH" ssh web1 true
	[ "$status" -eq 2 ]
	[[ $output == *"cannot run $S/absent"* ]]
	# a signal to it is one to ssh, and its own end is that of ssh
	for sig in TERM KILL; do
		rm -f "$S/home/carol/pid"
		client setsid bash -c 'echo $$ >pid
			exec "$1" ssh web1 "echo \$\$ >new; mv new seen; exec sleep 1000"' - \
			"$CERTAUTH" </dev/null >/dev/null 2>&1 3>&- 4>&- &
		for ((i = 0; i < 500; i++)); do
			[ -e "$S/home/alice/seen" ] && break
			sleep 0.02
		done
		session=$(cat "$S/home/alice/seen")
		rm "$S/home/alice/seen"
		pid=$(cat "$S/home/carol/pid")
		child=$(pgrep -P "$pid" -x ssh)
		kill -$sig "$pid"
		wait $! || :
		for ((i = 0; i < 500; i++)); do
			kill -0 "$child" 2>/dev/null || break
			sleep 0.02
		done
		[ "$i" -lt 500 ]
		# without a terminal a session's command outlives ssh
		kill "$session"
	done
}
