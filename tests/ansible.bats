#!/usr/bin/env bats
# packaging/ansible: the role sets a host up, from nothing to a login.  The tests run in
# their order, on one host.
load lib/common
load lib/sshd
load lib/netplace

setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0 # every test is skipped, see setup
	command -v ansible-playbook >/dev/null || return 0
	place_make
	module_install
	# a host that has not met certauth: the files of PAM and sshd are Debian's
	rm -rf "$S/etc/certauth" "$S/etc/pam.d/test"
	cp /etc/pam.d/{sshd,common-*} "$S/etc/pam.d/"
	rm -f "$S/etc/ssh/sshd_config.d"/*
	echo 'PasswordAuthentication no' >"$S/etc/ssh/sshd_config.d/50-site.conf"
	printf '127.0.0.1 localhost web1.example web1 %s\n' "$(hostname)" >"$S/etc/hosts"
	sshd_hostkey
	cp -a "$S/etc" "$S/etc.before"
	# the controller
	mkdir "$S/site"
	cat "$PKI/root.pem" "$PKI/inter.pem" >"$S/site/cas.pem"
	cat "$PKI/root.crl" "$PKI/inter.crl" >"$S/site/cas.crl"
	cp "$PKI/stranger.pem" "$S/site/"
	cat >"$S/site/ansible.cfg" <<-END
		[defaults]
		roles_path = $HERE/packaging/ansible/roles
		local_tmp = $S/site/tmp
		remote_tmp = $S/site/tmp
		interpreter_python = $(command -v python3)
		nocows = true
		localhost_warning = false
		pipelining = true
	END
	printf '%s\n' '- hosts: all' '  gather_facts: false' '  roles: [certauth]' \
		>"$S/site/play.yml"
	cat >"$S/site/vars.yml" <<-END
		certauth_packages: []
		certauth_cas: [cas.pem]
		certauth_crls: [cas.crl]
		certauth_users: ["alice sha256:$(pki_sha256 "$PKI/alice.pem")"]
		certauth_conf:
		  default:
		    host_names: [web1.example, web1]
		    debug: true
		  other: {crl_grace: 1d}
	END
}
teardown_file() {
	sshd_stop
	place_remove
}

setup() {
	need_root
	command -v ansible-playbook >/dev/null || skip 'ansible-core is not installed'
	D=$S/etc/certauth
}

# play [OPTION ...]: the role on this host, with vars.yml and -e KEY=VALUE
play() {
	run in_place env -C "$S/site" ANSIBLE_CONFIG="$S/site/ansible.cfg" HOME="$S/site" \
		LC_ALL=C.UTF-8 ANSIBLE_NOCOLOR=1 ansible-playbook -i localhost, \
		-c local -e @vars.yml "$@" play.yml
	echo "$output"
	# the copy that it tried is gone
	[ -z "$(in_place find /run -maxdepth 1 -name 'certauth-role.*')" ]
}

# changed N: so many changes, and no failure
changed() {
	[ "$status" -eq 0 ]
	[[ $output =~ changed=$1' '.*failed=0 ]]
}

# same_etc FOLDER: /etc of the host is as that
same_etc() { diff -r --no-dereference "$1" "$S/etc"; }

# sshd_here: an sshd with the host's own /etc/ssh/sshd_config
sshd_here() {
	local i
	PORT=$((20000 + RANDOM))
	: >"$S/sshd.log"
	EXEC='exec' in_place setpriv --pdeathsig TERM /usr/sbin/sshd -D \
		-p "$PORT" -h "$S/hostkey" -E "$S/sshd.log" -o ListenAddress=127.0.0.1 \
		-o PidFile=none -o StrictModes=no -o UseDNS=no \
		</dev/null >>"$S/sshd.log" 2>&1 3>&- 4>&- &
	SSHD_PID=$!
	export PORT SSHD_PID
	for ((i = 0; i < 500; i++)); do
		grep -q '^Server listening' "$S/sshd.log" && return
		kill -0 "$SSHD_PID" 2>/dev/null || break
		sleep 0.02
	done
	cat "$S/sshd.log"
	return 1
}

# ssh_in: alice by certificate
ssh_in() {
	sshd_here
	client_make
	log_mark
	run client "$CERTAUTH" ssh web1 'echo $(id -un)-is-in' </dev/null
	echo "$output"
	sshd_stop
}

@test "README.md: its playbook, and its table of variables" {
	local readme=$HERE/packaging/ansible/roles/certauth/README.md
	sed -n '/^- hosts:/,/^$/p' <(sed -n 's/^    //p; /^$/p' "$readme") >"$S/site/readme.yml"
	grep -q certauth_cas "$S/site/readme.yml"
	in_place env -C "$S/site" ANSIBLE_CONFIG="$S/site/ansible.cfg" HOME="$S/site" \
		ansible-playbook -i localhost, --syntax-check readme.yml
	diff <(sed -n 's/^| `\(certauth_[a-z]*\)`.*/\1/p' "$readme" | sort) \
		<(sed -n 's/^\(certauth_[a-z]*\):.*/\1/p' \
			"$(dirname "$readme")/defaults/main.yml" | sort)
	# and the playbook has no other
	! sed -n 's/^ *\(certauth_[a-z]*\):.*/\1/p' "$S/site/readme.yml" |
		grep -vxFf <(sed -n 's/^\(certauth_[a-z]*\):.*/\1/p' \
			"$(dirname "$readme")/defaults/main.yml")
}

@test "--check on a host without anything: what would change, and nothing does" {
	play --check --diff
	[ "$status" -eq 0 ]
	[[ $output == *'+[other]'*'+crl_grace = 1d'* ]]
	[[ $output == *"+alice sha256:"* ]]
	[[ $output == *'+ /etc/certauth/ca/Test_root'*'+ /etc/certauth/intermediates/Test_inter'* ]]
	[[ $output == *'+auth optional pam_certauth.so mode=audit'* ]]
	[[ $output == *'+KbdInteractiveAuthentication yes'* ]]
	same_etc "$S/etc.before"
}

@test "a mistake in the configuration is found before anything is in place" {
	play -e '{"certauth_conf": {"sshd": {"crl_garce": "1d"}}}'
	[ "$status" -ne 0 ]
	[[ $output == *'Nothing was changed'*crl_garce* ]]
	same_etc "$S/etc.before"
}

@test "the first run is an audit: it asks, and changes no login" {
	play
	[ "$status" -eq 0 ]
	# doctor at the end
	[[ $output == *'warning mode-audit'*'0 errors'* ]]
	[ "$(head -n 1 "$S/etc/pam.d/sshd")" = 'auth optional pam_certauth.so mode=audit' ]
	grep -qx 'account optional pam_certauth.so mode=audit' "$S/etc/pam.d/sshd"
	# the lines of the host are all there
	diff <(grep -v pam_certauth "$S/etc/pam.d/sshd") /etc/pam.d/sshd
	[ "$(find "$D/ca" -type f)" = "$(readlink -f "$D/ca"/*.0)" ]
	[ "$(find "$D/intermediates" -type f | wc -l)" -eq 1 ]
	[ "$(find "$D" ! -type l -perm /022 | wc -l)" -eq 0 ]
	ssh_in
	[ "$status" -ne 0 ]
	logged 'pam_certauth\(sshd:auth\).*mode=audit outcome=granted'
}

@test "again: nothing has changed" {
	rm -rf "$S/etc.before"
	cp -a "$S/etc" "$S/etc.before"
	play
	changed 0
	same_etc "$S/etc.before"
}

@test "PAM and sshd stay as they are if doctor or sshd refuses the change" {
	play -e certauth_stage=required -e '{"certauth_sshd": {"AuthenticationMethods": "publickey"}}'
	[ "$status" -ne 0 ]
	[[ $output == *'PAM and sshd were not changed'*sshd-methods* ]]
	same_etc "$S/etc.before"
	play -e certauth_stage=required -e '{"certauth_sshd": {"NoSuchKeyword": true}}'
	[ "$status" -ne 0 ]
	[[ $output == *'PAM and sshd were not changed'*NoSuchKeyword* ]]
	same_etc "$S/etc.before"
}

@test "required: alice logs in with her certificate; the CAs are those of the list" {
	# another CA, put there by hand
	cp "$PKI/stranger.pem" "$D/ca/"
	# and a directory
	mkdir "$S/fake"
	printf '#!/bin/sh\n[ "$1 $2" != "users update" ] || exec echo %s\n' \
		'12 accounts' >"$S/fake/certauth"
	echo "exec $CERTAUTH \"\$@\"" >>"$S/fake/certauth"
	chmod 755 "$S/fake/certauth"
	PATH=$S/fake:$PATH play -e certauth_stage=required \
		-e '{"certauth_units": ["certauth-users-update.timer"]}'
	# the CA, two lines of PAM, the directory
	changed 4
	[[ $output == *'users update: 12 accounts'* ]]
	[[ $output == *'- /etc/certauth/ca/stranger.pem'* ]]
	[ "$(find "$D/ca" -type f | wc -l)" -eq 1 ]
	grep -c pam_certauth "$S/etc/pam.d/sshd" | grep -qx 2
	ssh_in
	[ "$status" -eq 0 ]
	[[ $output == *alice-is-in* ]]
	logged 'pam_certauth\(sshd:auth\).*outcome=granted'
}

@test "open sessions: the key, the session line behind all others, the units" {
	rm -rf "$S/etc.before"
	cp -a "$S/etc" "$S/etc.before"
	play -e certauth_stage=required -e certauth_sessions=true
	# certauth.conf and a line of PAM
	changed 2
	diff <(cat "$S/etc.before/pam.d/sshd"; echo 'session optional pam_certauth.so') \
		"$S/etc/pam.d/sshd"
	sed '/^\[/d; /^#/d' "$D/certauth.conf" | grep -qx 'sessions = yes'
	[[ $output == *'certauth-crl-update.timer, certauth-sessions.path, certauth-sessions.timer in an image'* ]]
	# doctor has nothing to say of it
	[[ $output != *sessions-* && $output != *pam-session* ]]
	play -e certauth_stage=required -e certauth_sessions=true
	changed 0
	ssh_in
	[ "$status" -eq 0 ]
	[[ $output == *alice-is-in* ]]
	[ "$(log_lines | grep -c 'not recorded')" -eq 0 ]
	# a line that a hand has put elsewhere is that of the role; another is not added
	sed -i -e '$d' -e '1i session required /x/pam_certauth.so' "$S/etc/pam.d/sshd"
	play -e certauth_stage=required -e certauth_sessions=true
	changed 1
	[ "$(grep -c '^session.*pam_certauth' "$S/etc/pam.d/sshd")" -eq 1 ]
	# off again, as before
	play -e certauth_stage=required
	changed 2
	same_etc "$S/etc.before"
	[[ $output != *certauth-sessions* ]]
	# the key in two places
	play -e '{"certauth_conf": {"default": {"sessions": true}}}'
	[ "$status" -ne 0 ]
	[[ $output == *'set certauth_sessions'* ]]
	same_etc "$S/etc.before"
	# it is on when the role goes
	play -e certauth_stage=required -e certauth_sessions=true
	changed 2
}

@test "absent: the CAs and users of the host's own stay" {
	cp -a "$S/etc" "$S/etc.whole"
	play --check -e certauth_state=absent -e '{"certauth_cas": [], "certauth_users": null}' --diff
	[ "$status" -eq 0 ]
	[[ $output == *"/etc/certauth/certauth.conf"* ]]
	[[ $output != *"/etc/certauth/ca"* ]]
	[[ $output != *"/etc/certauth/users"* ]]
	same_etc "$S/etc.whole"
}

@test "absent: what the role has added is gone" {
	touch "$D/users.d/0123.pem"
	play -e certauth_state=absent
	[ "$status" -eq 0 ]
	diff "$S/etc/pam.d/sshd" /etc/pam.d/sshd
	[ "$(ls "$S/etc/ssh/sshd_config.d")" = 50-site.conf ]
	# what users have registered is theirs
	[ "$(find "$D" ! -type d)" = "$D/users.d/0123.pem" ]
	play -e certauth_state=absent
	changed 0
}
