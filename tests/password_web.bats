#!/usr/bin/env bats
# Signed passwords with a real nginx, Apache, curl and git.  The module runs as user
# www-data in the servers' workers.
load lib/common
load lib/netplace
load lib/signed
load lib/web

setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0 # see setup
	have_servers || return 0
	export CERTAUTH_VERIFIER=verifier=resident
	place_make
	net_make www.example.com git.example.com
	module_install
	web_make
	pwdfile /etc/nginx/pam_passwd www-data
	pwdfile /etc/apache2/pam_passwd www-data
	signed_make apache www.example.com
	doc services.md 'nginx site' >"$S/etc/nginx/sites-enabled/www"
	apache_sites
	for name in apache git; do
		doc services.md "$name modules" | in_place bash -e
	done
}
teardown_file() {
	net_remove
	place_remove
}

apache_sites() {
	doc services.md 'apache site' >"$S/etc/apache2/sites-available/www.conf"
	doc services.md 'git site' >"$S/etc/apache2/sites-available/git.conf"
}

have_servers() {
	find /usr/lib/nginx/modules -name '*auth_pam*' 2>/dev/null | grep -q . &&
		[ -e /usr/lib/apache2/modules/mod_authnz_pam.so ]
}

setup() {
	need_root
	have_servers || skip 'no nginx and Apache here (libnginx-mod-http-auth-pam, libapache2-mod-authnz-pam)'
	need_pwdfile
	# what a test that failed may have left
	chmod 644 "$S/etc/certauth/users" "$S/etc/certauth/users.d/alice/cert.pem"
	apache_sites
	crl_dir crl
}

# web nginx|apache [LINE ...]: that server, with LINEs in its section
web() {
	export SIGNED_SERVICE=$1 SIGNED_HOST=www.example.com
	shift
	signed_reset "$@"
	signed_stack example
	web_start "$SIGNED_SERVICE"
	signed_ready
}

@test "nginx and Apache: a page, once" {
	local s
	for s in nginx apache; do
		web "$s"
		text=$(signed)
		granted web_get "$text"
		[ "$output" = 'the page of www.example.com' ]
		logged "outcome=granted .*user=\"alice\" service=\"$s\" rhost=\"127.0.0.1\""
		logged "pam_certauth\\($s:account\\): event=account outcome=accepted"
		refused replayed web_get "$text"
		granted web_get "$(signed --send)"
	done
}

@test "refused: another host, service, user; expired, of the future, revoked" {
	local s
	for s in nginx apache; do
		web "$s"
		refused other-host web_get "$(signed --host git.example.com)"
		refused signature web_get "$(signed --service www)"
		refused signature web_get "$(signed --user bob)"
		refused other-user web_get "$(signed --cert bob --send)"
		refused password-expired web_get "$(signed --ago 121)"
		refused password-expired web_get "$(signed --ago -20)"
		refused revoked web_get "$(signed --cert revoked --send)"
		refused answer-cut web_get "$(signed | cut -c -100)"
		refused answer-malformed web_get 'ca1.*.'
		not_logged pam_pwdfile
		granted web_get "$(signed)"
	done
}

@test "a request without a password is no attempt" {
	local s
	for s in nginx apache; do
		web "$s"
		log_mark
		run as_user alice curl -sS -o /dev/null -w '%{http_code}' \
			https://www.example.com/index.html
		[ "$output" = 401 ]
		not_logged 'pam_'
	done
}

@test "revoked between two uses of a window" {
	local s text pki=$PKI
	[ -d "$S/revoke" ] || cp -a "$PKI" "$S/revoke"
	pki_use "$S/revoke"
	pki_revoke inter alice
	pki_crl inter
	pki_use "$pki"
	for s in nginx apache; do
		web "$s" 'password_use = window'
		text=$(signed)
		granted web_get "$text"
		granted web_get "$text"
		cp "$S/revoke/inter.crl" "$S/etc/certauth/crl/alice.crl"
		refused revoked web_get "$text"
		crl_dir crl
		granted web_get "$text"
	done
}

@test "unknown users" {
	local s
	for s in nginx apache; do
		web "$s"
		WEB_USER=mallory refused no-registered \
			web_get "$(signed --user mallory)"
		WEB_USER=mallory refused other-user \
			web_get "$(signed --user mallory --send)"
		log_mark
		WEB_USER=mallory run web_get wonderland
		[ "$status" -eq 22 ]
		not_logged 'pam_certauth'
	done
}

@test "a verifier that has been restarted refuses what it may have seen" {
	local s text
	for s in nginx apache; do
		web "$s" 'password_use = window'
		text=$(signed)
		granted web_get "$text"
		signed_restart
		refused verifier-restarted web_get "$text"
		granted web_get "$(signed)"
	done
}

@test "a plain password: the module behind decides, and nothing is logged" {
	local s
	for s in nginx apache; do
		web "$s"
		log_mark
		run web_get wonderland
		echo "$output"
		[ "$status" -eq 0 ]
		run web_get wrong
		[ "$status" -eq 22 ]
		not_logged 'pam_certauth'
		logged 'pam_pwdfile'
	done
}

@test "pam_unix cannot be behind: www-data cannot verify alice's password" {
	local hash s
	hash=$(openssl passwd -6 -salt certauth wonderland)
	sed -i "s|^alice:[^:]*:|alice:$hash:|" "$S/etc/shadow"
	for s in nginx apache; do
		web "$s"
		sed -i 's/pam_pwdfile.so .*/pam_unix.so/' "$S/etc/pam.d/$s"
		log_mark
		run web_get wonderland
		[ "$status" -eq 22 ]
		logged 'unix_chkpwd.*check pass; user unknown'
		run in_place sh -c "echo wonderland | pamtester $s alice authenticate"
		[ "$status" -eq 0 ]
	done
}

@test "no text is ever left in PAM_AUTHTOK" {
	local s text
	for s in nginx apache; do
		web "$s"
		signed_stack after
		: >"$S/behind"
		text=$(signed)
		granted web_get "$text"
		refused replayed web_get "$text"
		refused other-host web_get "$(signed --host git.example.com)"
		refused answer-cut web_get "${text%?????.}"
		[ "$(grep -cx "$s alice 127.0.0.1 -" "$S/behind")" -eq 4 ]
		run web_get wonderland
		[ "$(tail -n 1 "$S/behind")" = "$s alice 127.0.0.1 wonderland" ]
		[ "$(wc -l <"$S/behind")" -eq 5 ]
	done
}

@test "a window: several requests, from one address; nginx asks twice for a directory" {
	local s text
	for s in nginx apache; do
		web "$s" 'password_use = window'
		text=$(signed)
		for _ in 1 2 3 4 5; do
			granted web_get "$text"
		done
		refused replayed web_get "$text" \
			https://www.example.com/index.html --interface 127.0.0.2
		logged 'rhost="127.0.0.2"'
		granted web_get "$text"
	done
	web nginx
	refused replayed web_get "$(signed)" https://www.example.com/ ||
		[[ $(log_lines) == *outcome=granted*outcome=denied\ reason=replayed* ]]
	web nginx 'password_use = window'
	granted web_get "$(signed)" https://www.example.com/
	[ "$output" = 'the page of www.example.com' ]
	[ "$(how_often 'auth\): event=login .*outcome=granted')" -eq 2 ]
}

@test "mode = audit locks nobody out of a password that is not signed" {
	local s
	for s in nginx apache; do
		web "$s" 'mode = audit'
		log_mark
		run web_get wonderland
		echo "$output"
		[ "$status" -eq 0 ]
		run web_get wrong
		[ "$status" -eq 22 ]
		not_logged 'pam_certauth'
		# the verdict is logged, and the module behind refuses
		run web_get "$(signed)"
		[ "$status" -eq 22 ]
		logged 'proof=password mode=audit outcome=granted'
	done
}

@test "files that not everybody may read are not there for www-data" {
	local s f text
	for s in nginx apache; do
		web "$s"
		text=$(signed)
		for f in users users.d/alice/cert.pem; do
			chmod 640 "$S/etc/certauth/$f"
			refused users-file web_get "$text"
			logged "cannot read /etc/certauth/$f: Permission denied"
			not_logged pam_pwdfile
			chmod 644 "$S/etc/certauth/$f"
		done
		chmod 640 "$S/etc/certauth/crl/"*
		refused crl-dir web_get "$text"
		crl_dir crl
		granted web_get "$text"
	done
}

@test "Apache's socache answers without the module for its time" {
	local text
	web apache 'password_use = window'
	net_stop apache
	in_place a2enmod -q authn_socache socache_shmcb
	doc services.md 'apache socache' >"$S/socache"
	sed -i -e "/AuthBasicProvider/{r $S/socache" -e 'd}' \
		"$S/etc/apache2/sites-available/www.conf"
	web apache 'password_use = window'
	text=$(signed)
	granted web_get "$text"
	run web_get "$text"
	[ "$status" -eq 0 ]
	run web_get "$text"
	[ "$status" -eq 0 ]
	# it does not ask again, also where the module would refuse
	[ "$(how_often 'auth\): event=login .*outcome=granted')" -eq 1 ]
	chmod 600 "$S/etc/certauth/users"
	run web_get "$text"
	chmod 644 "$S/etc/certauth/users"
	[ "$status" -eq 0 ]
	net_stop apache
}

# as_page SERVICE: the section of that service as the page has it; the clock of a
# client is the host's
as_page() {
	web "$1"
	conf_reset
	conf default 'password_skew = 0s'
	doc services.md "$1 certauth.conf" >>"$S/conf.sections"
	conf default
	grep -qx '\[.*\]' "$S/conf.sections"
}

@test "docs/services.md: nginx and Apache with curl" {
	as_page nginx
	client_home 'nginx client'
	granted as_user alice bash -ec "$(doc services.md curl)"
	[ "$output" = 'the page of www.example.com' ]
	as_page apache
	sed -i 's/= nginx/= apache/' "$S/home/alice/.config/certauth/config"
	granted as_user alice bash -ec "$(doc services.md curl)"
	[ "$output" = 'the page of www.example.com' ]
}

@test "docs/services.md: git clone and push by certauth credential" {
	as_page apache
	doc services.md 'git repository' | in_place env -i PATH="$PATH" bash -e
	client_home 'git client'
	rm -f "$S/home/alice/.gitconfig"
	as_user alice git config --global user.email alice@corp.example
	as_user alice git config --global user.name alice
	granted as_user alice timeout 60 bash -ec "$(doc services.md git)"
	not_logged 'outcome=denied'
	# two texts: of the clone, and of the push
	local n
	n=$(how_often 'auth\): event=login .*outcome=granted')
	echo "$n requests"
	[ "$n" -gt 3 ]
	in_place env -C / git --git-dir /srv/git/project.git -c safe.directory='*' \
		log --format=%s --all >"$S/pushed"
	grep -qx 'a file' "$S/pushed"
	# one text for all requests of a clone
	granted as_user alice timeout 60 git clone -q https://git.example.com/project.git two
	[ "$(cat "$S/home/alice/two/README")" = hello ]
	n=$(how_often 'auth\): event=login .*outcome=granted')
	echo "$n requests"
	[ "$n" -ge 2 ]
	# once is not enough
	sed -i '/password_use/d' "$S/conf.sections"
	conf default
	refused replayed as_user alice env GIT_TERMINAL_PROMPT=0 timeout 60 \
		git clone -q https://git.example.com/project.git again ||
		[[ $(log_lines) == *reason=replayed* ]]
	[ ! -e "$S/home/alice/again/README" ]
	# a host that no section has: git asks elsewhere
	run as_user alice bash -c 'printf "protocol=https\nhost=www.example.com\n\n" |
		certauth credential get'
	[ "$status" -eq 0 ]
	[ -z "$output" ]
}
