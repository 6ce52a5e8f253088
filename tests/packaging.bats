#!/usr/bin/env bats
# One version, a reproducible tarball, completion that knows every command.
bats_require_minimum_version 1.5.0
load lib/common

setup() {
	T=$BATS_TEST_TMPDIR
	CERTAUTH=$CERTAUTH_BUILD/certauth
	VERSION=$(sed -n 's/^VERSION = //p' "$HERE/Makefile")
}

@test "the Makefile's version is everybody's" {
	[ -n "$VERSION" ]
	[ "$("$CERTAUTH" --version)" = "certauth $VERSION" ]
	grep -qE "^## $VERSION(,| |\$)" "$HERE/CHANGELOG.md"
	head -n 1 "$HERE/packaging/debian/changelog" |
		grep -qF "certauth ($VERSION-"
	grep -qE "^Version: +$VERSION\$" "$HERE/packaging/rpm/certauth.spec"
}

@test "make dist: the same commit, the same bytes" {
	git -C "$HERE" rev-parse HEAD >/dev/null 2>&1 ||
		skip 'not a git checkout'
	git clone -q --shared "$HERE" "$T/a"
	git clone -q --shared "$HERE" "$T/b"
	(cd "$T/a" && umask 077 && TZ=Asia/Tokyo make -s dist >/dev/null)
	(cd "$T/b" && umask 022 && TZ=UTC make -s dist >/dev/null)
	cmp "$T/a/dist/certauth-$VERSION.tar.gz" \
		"$T/b/dist/certauth-$VERSION.tar.gz"
}

# fails WORD ...: make dist in $T/t fails, says why, and leaves no tarball
fails() {
	run env "${@:2}" make -s -C "$T/t" dist
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *"make dist: "*"$1"* ]]
	[ -z "$(find "$T/t/dist" -type f 2>/dev/null)" ]
}

@test "make dist fails where git cannot say what belongs to the tarball" {
	local tool
	mkdir -p "$T/t/packaging" "$T/bin"
	cp "$HERE/Makefile" "$T/t/"
	cp "$HERE"/packaging/*.mk "$HERE/packaging/dist.sh" "$T/t/packaging/"
	fails 'is not a git repository' "GIT_CEILING_DIRECTORIES=$T"
	# within the repository of something else
	git init -q "$T"
	git -C "$T" -c user.name=t -c user.email=t@localhost commit -q \
		--allow-empty -m other
	fails 'is not the top folder'
	git init -q "$T/t"
	fails 'has no commit'
	# every tool but git
	for tool in sh make dirname find mkdir mktemp rm gzip sha256sum sed grep cc; do
		ln -s "$(command -v $tool)" "$T/bin/$tool"
	done
	fails 'git is not installed' "PATH=$T/bin"
}

@test "make dist: a shallow clone and a worktree; it says what it leaves out" {
	git -C "$HERE" rev-parse HEAD >/dev/null 2>&1 ||
		skip 'not a git checkout'
	git clone -q --bare --shared "$HERE" "$T/bare"
	git clone -q --depth 1 "file://$T/bare" "$T/shallow"
	git -C "$T/bare" worktree add -q --detach "$T/tree" HEAD
	run -0 make -s -C "$T/shallow" dist
	[[ $output == *"$(git -C "$T/bare" rev-parse HEAD)"* ]]
	[[ $output != *'not committed'* ]]
	echo more >>"$T/tree/README.md"
	echo new >"$T/tree/new-file"
	run -0 make -s -C "$T/tree" dist
	echo "$output"
	[[ $output == *'not committed'*' M README.md'*'?? new-file'* ]]
	cmp "$T/shallow/dist/certauth-$VERSION.tar.gz" \
		"$T/tree/dist/certauth-$VERSION.tar.gz"
}

# release LINE ...: the version of the package on a machine with this os-release
release() {
	printf '%s\n' "$@" >"$T/os-release"
	echo "0.1.0-1$("$HERE/packaging/debrelease.sh" suffix "$T/os-release")"
}

@test "a package's version names the release that it was built on, in order" {
	command -v dpkg >/dev/null || skip 'dpkg is not installed'
	local before='' v
	release ID=debian VERSION_ID='"9"' >"$T/versions"
	release ID=debian VERSION_ID='"12"' VERSION_CODENAME=bookworm >>"$T/versions"
	[ "$("$HERE/packaging/debrelease.sh" suite "$T/os-release")" = bookworm ]
	release ID=debian VERSION_ID='"13"' VERSION_CODENAME=trixie >>"$T/versions"
	release ID=debian VERSION_CODENAME=forky >>"$T/versions"
	[ "$("$HERE/packaging/debrelease.sh" suite "$T/os-release")" = sid ]
	grep -qxF '0.1.0-1~deb12u1' "$T/versions"
	grep -qxF '0.1.0-1~deb13u1' "$T/versions"
	[ "$(tail -n 1 "$T/versions")" = 0.1.0-1 ]
	while read -r v; do
		[ -z "$before" ] || dpkg --compare-versions "$before" lt "$v"
		before=$v
	done <"$T/versions"
	# the next version of ours is later on every release
	dpkg --compare-versions 0.1.0-1 lt 0.1.0-2~deb12u1
	[ "$(release ID=ubuntu 'VERSION_ID="24.04"')" = '0.1.0-1~ubuntu24.04' ]
	# what a version may not contain is left out
	[ "$(release ID=some-thing "VERSION_ID='1_/2'")" = '0.1.0-1~something12' ]
	echo NAME=nothing >"$T/os-release"
	run ! "$HERE/packaging/debrelease.sh" suffix "$T/os-release"
}

SPEC=packaging/rpm/certauth.spec
fedora=(--define 'fedora 43' --define 'dist .fc43' --define '_libdir /usr/lib64'
	--define '_pam_moduledir /usr/lib64/security'
	--define '_unitdir /usr/lib/systemd/system'
	--define '_tmpfilesdir /usr/lib/tmpfiles.d'
	--define 'build_ldflags -Wl,-z,now'
	--define 'sysusers_create_compat() echo sysusers %{1}'
	--define 'systemd_requires Requires(post): systemd'
	--define 'systemd_post() echo post %*'
	--define 'systemd_preun() echo preun %*'
	--define 'systemd_postun() echo postun %*'
	--define 'systemd_user_post() echo user post %*'
	--define 'systemd_user_preun() echo user preun %*'
	--define 'systemd_user_postun() echo user postun %*')

@test "the spec is read with and without Fedora's macros, and its names are known" {
	command -v rpmspec >/dev/null || skip 'rpm is not installed'
	cd "$HERE"
	rpmspec --parse "$SPEC" >"$T/here"
	rpmspec --parse "${fedora[@]}" "$SPEC" >"$T/fedora"
	# no macro is left over, and each make has all of its lines
	run ! grep -nE '%[{][^}]*[}]' "$T/here" "$T/fedora"
	[ "$(grep -cE '^make .*\\$' "$T/fedora")" -eq 3 ]
	[ "$(grep -cE '^ .*FORTIFY= ' "$T/fedora")" -eq 3 ]
	grep -qx 'Release: *1.fc43' "$T/fedora"
	for step in post preun postun; do
		grep -qx "echo user $step certauth-watch.service" "$T/fedora"
		grep -qx "echo $step certauth-crl-update.timer certauth-ocsp-update.timer certauth-users-update.timer certauth-metrics.timer certauth-sessions.path certauth-sessions.timer" "$T/fedora"
		grep -qE "^echo $step certauth-verifier.socket( |\$)" "$T/fedora"
	done
	grep -qx 'echo sysusers packaging/sysusers/certauth.conf' "$T/fedora"
	rpmspec -q --buildrequires "$SPEC" | sort >"$T/needs"
	diff - "$T/needs" <<-'END'
		cyrus-sasl-devel
		gcc
		gettext
		libcmocka-devel
		libcurl-devel
		libidn2-devel
		libsss_certmap-devel
		make
		openldap-devel
		openssl
		openssl-devel >= 3.0
		p11-kit-devel
		pam-devel
		pcsc-lite-devel
		pkgconf-pkg-config
		systemd-rpm-macros
		tinycdb-devel
	END
	rpmspec -q --requires "${fedora[@]}" "$SPEC" | sort -u >"$T/requires"
	for need in openssl openssh-clients 'certauth = 0.1.0-1.fc43'; do
		grep -qxF "$need" "$T/requires"
	done
}

# The rpm of what is compiled already: the tarball has the build folder.
@test "the rpm in an empty root: each file, its mode and owner, its scripts" {
	command -v rpmbuild >/dev/null || skip 'rpm is not installed'
	[ "$(id -u)" -eq 0 ] || skip 'rpm --root needs root'
	local top=$T/certauth-$VERSION rpms
	mkdir -p "$top" "$T/rpm/SOURCES" "$T/root"
	(cd "$HERE" && tar -cf - --exclude='./build*' --exclude=./.git \
		--exclude=./dist .) | tar -xf - -C "$top"
	mkdir "$top/build"
	(cd "$CERTAUTH_BUILD" && tar -cf - --exclude=./check --exclude=./release \
		--exclude=./tests .) | tar -xf - -C "$top/build"
	tar -C "$T" -czf "$T/rpm/SOURCES/certauth-$VERSION.tar.gz" \
		"certauth-$VERSION"
	# %check runs the unit tests, which this test's own run has run
	env -u MAKEFLAGS -u MAKELEVEL -u B -u T rpmbuild -bb --nodeps --nocheck \
		--define "_topdir $T/rpm" --define 'dist .test' \
		"$HERE/$SPEC" >"$T/log" 2>&1 || { tail -n 30 "$T/log"; return 1; }
	mapfile -t rpms < <(find "$T/rpm/RPMS" -name '*.rpm' ! -name '*-debug*')
	[ "${#rpms[@]}" -eq 3 ]
	printf '%s\n' "${rpms[@]}" | grep -qE '/pam_certauth-.*-1\.test\.'
	# nothing of Debian's is known to rpm, and the root has no shell; whether the
	# folder of the licence has the version is rpm's choice
	rpm --root "$T/root" --nodeps --noscripts -i "${rpms[@]}"
	rpm --root "$T/root" -qa | grep -c certauth | grep -qx 3
	rpm --root "$T/root" -V --nodeps --noscripts certauth pam_certauth certauth-tests
	(cd "$T/root" && find . -path ./usr/share/doc -prune -o -path ./var -prune \
		-o -path ./usr/lib/sysimage -prune -o -path ./root -prune -o -name __db\* -prune -o ! -type d \
		-printf '%P %m %U:%G\n' -o -path '*certauth*' -printf '%P %m %U:%G\n') |
		sed -e 's/\(\.[1-8]\)\.[gx]z /\1 /' -e 's/ 777 / /' \
			-e "s,/licenses/certauth-$VERSION,/licenses/certauth," |
		grep -v '\.build-id' | LC_ALL=C sort >"$T/all"
	# rpm 4.19 and later make the user themselves
	grep -vE '^etc/(\.pwd\.lock|(passwd|group|g?shadow)-?) ' "$T/all" >"$T/files"
	cmp -s "$T/all" "$T/files" || grep -q '^_certauth:' "$T/root/etc/passwd"
	cat "$T/files"
	diff - "$T/files" <<-'END'
		etc/certauth 755 0:0
		etc/certauth/ca 755 0:0
		etc/certauth/certauth.conf 644 0:0
		etc/certauth/crl 755 0:0
		etc/certauth/intermediates 755 0:0
		etc/certauth/users 644 0:0
		etc/certauth/users.d 755 0:0
		etc/xdg/autostart/certauth-watch.desktop 644 0:0
		usr/bin/certauth 755 0:0
		usr/bin/certauth-askpass 0:0
		usr/bin/certauth-ssh 0:0
		usr/bin/certauth-tests 755 0:0
		usr/lib/systemd/system-preset/50-certauth.preset 644 0:0
		usr/lib/systemd/system/certauth-crl-update.service 644 0:0
		usr/lib/systemd/system/certauth-crl-update.timer 644 0:0
		usr/lib/systemd/system/certauth-metrics.service 644 0:0
		usr/lib/systemd/system/certauth-metrics.timer 644 0:0
		usr/lib/systemd/system/certauth-ocsp-update.service 644 0:0
		usr/lib/systemd/system/certauth-ocsp-update.timer 644 0:0
		usr/lib/systemd/system/certauth-sessions.path 644 0:0
		usr/lib/systemd/system/certauth-sessions.service 644 0:0
		usr/lib/systemd/system/certauth-sessions.timer 644 0:0
		usr/lib/systemd/system/certauth-users-update.service 644 0:0
		usr/lib/systemd/system/certauth-users-update.timer 644 0:0
		usr/lib/systemd/system/certauth-verifier.service 644 0:0
		usr/lib/systemd/system/certauth-verifier.socket 644 0:0
		usr/lib/systemd/user-preset/50-certauth.preset 644 0:0
		usr/lib/systemd/user/certauth-watch.service 644 0:0
		usr/lib/sysusers.d/certauth.conf 644 0:0
		usr/lib/tmpfiles.d/certauth.conf 644 0:0
		usr/lib64/security/pam_certauth.so 644 0:0
		usr/libexec/certauth 755 0:0
		usr/libexec/certauth/certauth-confine 755 0:0
		usr/libexec/certauth/certauth-fetch 755 0:0
		usr/libexec/certauth/certauth-ldap 711 0:0
		usr/libexec/certauth/certauth-sign 755 0:0
		usr/libexec/certauth/certauth-verifier 755 0:0
		usr/share/bash-completion/completions/certauth 644 0:0
		usr/share/bash-completion/completions/certauth-ssh 0:0
		usr/share/certauth 755 0:0
		usr/share/certauth/schema 755 0:0
		usr/share/certauth/schema/certauth-doctor.schema.json 644 0:0
		usr/share/certauth/schema/certauth-log.schema.json 644 0:0
		usr/share/certauth/schema/certauth-sessions.schema.json 644 0:0
		usr/share/licenses/certauth 755 0:0
		usr/share/licenses/certauth/LICENSE 644 0:0
		usr/share/locale/de/LC_MESSAGES/certauth.mo 644 0:0
		usr/share/locale/fr/LC_MESSAGES/certauth.mo 644 0:0
		usr/share/man/man1/certauth-tests.1 644 0:0
		usr/share/man/man1/certauth.1 644 0:0
		usr/share/man/man5/certauth-users.5 644 0:0
		usr/share/man/man5/certauth.conf.5 644 0:0
		usr/share/man/man7/certauth-protocol.7 644 0:0
		usr/share/man/man8/certauth-verifier.8 644 0:0
		usr/share/man/man8/pam_certauth.8 644 0:0
		usr/share/zsh/site-functions/_certauth 644 0:0
	END
	[ -z "$(find "$T/root/usr/lib64" -perm /022 -o -perm /6000)" ]
	# its scripts are sh, and the module stays while a service demands it
	for step in PREIN POSTIN PREUN POSTUN; do
		for r in "${rpms[@]}"; do
			rpm -qp --qf "%{$step}" "$r" | sed 's/^(none)$//' | sh -n
		done
	done
	rpm --root "$T/root" -q --qf '%{PREUN}' pam_certauth |
		sed "s,/etc/pam.d,$T/pam.d,g" >"$T/preun"
	grep -qF "$T/pam.d/*" "$T/preun"
	mkdir "$T/pam.d"
	for line in 'auth required pam_certauth.so' \
	    'Account	REQUISITE /usr/lib64/security/pam_certauth.so' \
	    '-auth [success=done default=die] pam_certauth.so'; do
		echo "$line" >"$T/pam.d/sshd"
		run sh -e "$T/preun" 0
		echo "$output"
		[ "$status" -eq 1 ]
		[[ $output == *'no user can log in'*"$T/pam.d/sshd:"* ]]
		# an upgrade is no removal
		run -0 sh -e "$T/preun" 1
	done
	printf '%s\n' '# auth required pam_certauth.so' \
		'auth sufficient pam_certauth.so' 'auth required pam_unix.so' \
		'auth [success=done default=ignore] pam_certauth.so' >"$T/pam.d/sshd"
	run -0 sh -e "$T/preun" 0
	# the socket is turned on by an installation, and by an upgrade from a version
	# that had none; else it is left as it is
	mkdir -p "$T/units" "$T/run/systemd/system" "$T/bin"
	printf '#!/bin/sh\necho "$*" >>%s/asked\n' "$T" >"$T/bin/systemctl"
	printf '#!/bin/sh\n' >"$T/bin/certauth"
	chmod 755 "$T/bin"/*
	for step in PREIN POSTIN; do
		rpm --root "$T/root" -q --qf "%{$step}" pam_certauth |
			sed "s,/run/,$T/run/,g; s,/usr/lib/systemd/system,$T/units,g" >"$T/$step"
	done
	steps() { # N: versions that are there afterwards
		: >"$T/asked"
		PATH=$T/bin:$PATH sh -e "$T/PREIN" "$1"
		: >"$T/units/certauth-verifier.socket"
		PATH=$T/bin:$PATH sh -e "$T/POSTIN" "$1"
		[ ! -e "$T/run/certauth-verifier.new" ]
	}
	steps 2
	grep -qx -- '--quiet preset certauth-verifier.socket' "$T/asked"
	grep -qx -- '--no-block start certauth-verifier.socket' "$T/asked"
	steps 2
	[ ! -s "$T/asked" ]
	steps 1
	grep -qx -- '--no-block start certauth-verifier.socket' "$T/asked"
	# the configuration is the site's: a changed file is kept
	echo 'alice email:alice@corp.example' >>"$T/root/etc/certauth/users"
	rpm --root "$T/root" --nodeps --noscripts -e pam_certauth certauth \
		certauth-tests
	grep -q alice "$T/root/etc/certauth/users.rpmsave"
	[ ! -e "$T/root/usr/bin/certauth" ]
	[ ! -e "$T/root/usr/lib64/security/pam_certauth.so" ]
}

@test "README.authselect's line comes before the first line that can skip lines" {
	mkdir "$T/profile"
	printf '%s\n' 'auth        required      pam_env.so' \
		'auth        required      pam_faillock.so preauth {include if "with-faillock"}' \
		'auth        [default=1 ignore=ignore success=ok]  pam_localuser.so' \
		'auth        sufficient    pam_unix.so' \
		'auth        required      pam_deny.so' \
		'account     required      pam_unix.so' |
		tee "$T/profile/system-auth" >"$T/profile/password-auth"
	awk '/^    sed -i/ { on = 1 } on { print } on && !/\\$/ { exit }' \
		"$HERE/packaging/rpm/README.authselect" >"$T/command"
	[ -s "$T/command" ]
	(cd "$T/profile" && sh -eu "$T/command")
	for f in system-auth password-auth; do
		sed -n 3p "$T/profile/$f" | grep -qx 'auth sufficient pam_certauth.so'
		[ "$(grep -c certauth "$T/profile/$f")" -eq 1 ]
		[ "$(wc -l <"$T/profile/$f")" -eq 7 ]
	done
	printf '%s\n' 'auth required pam_env.so' 'auth sufficient pam_unix.so' \
		>"$T/profile/system-auth"
	(cd "$T/profile" && sh -eu "$T/command")
	sed -n 2p "$T/profile/system-auth" | grep -qx 'auth sufficient pam_certauth.so'
}

@test "README.authselect's session line comes behind pam_systemd" {
	mkdir "$T/profile"
	printf '%s\n' 'session     required      pam_limits.so' \
		'-session    optional      pam_systemd.so' \
		'session     [success=1 default=ignore] pam_succeed_if.so service in crond' \
		'session     required      pam_unix.so' |
		tee "$T/profile/system-auth" >"$T/profile/password-auth"
	awk '/^    sed -i .*session/ { on = 1 } on { print } on && !/\\$/ { exit }' \
		"$HERE/packaging/rpm/README.authselect" >"$T/command"
	[ -s "$T/command" ]
	(cd "$T/profile" && sh -eu "$T/command")
	for f in system-auth password-auth; do
		sed -n 3p "$T/profile/$f" | grep -qx 'session optional pam_certauth.so'
		[ "$(grep -c certauth "$T/profile/$f")" -eq 1 ]
		[ "$(wc -l <"$T/profile/$f")" -eq 5 ]
	done
}

# pam_profiles OPTION ...: Debian's own tool, on a folder and with answers of its own
pam_profiles() {
	DEBCONF_SYSTEMRC=$T/debconf.conf DEBIAN_FRONTEND=noninteractive \
		pam-auth-update --root "$T/pam" "$@"
}

@test "pam-auth-update puts the session line behind that of pam_systemd" {
	command -v pam-auth-update >/dev/null || skip 'pam-auth-update is not installed'
	local name
	mkdir -p "$T/pam/usr/share/pam-configs" "$T/pam/etc/pam.d" "$T/pam/var/lib/pam"
	cp "$HERE"/packaging/pam-configs/* "$T/pam/usr/share/pam-configs/"
	cp /usr/share/pam/common-{auth,account,password,session,session-noninteractive} \
		"$T/pam/etc/pam.d/"
	# profiles of Debian: that of pam_systemd has the priority 0
	printf '%s\n' 'Name: Unix' 'Default: yes' 'Priority: 256' 'Auth-Type: Primary' 'Auth:' \
		'	[success=end default=ignore]	pam_unix.so' 'Session-Type: Additional' \
		'Session:' '	required	pam_unix.so' >"$T/pam/usr/share/pam-configs/unix"
	for name in zz systemd aa; do
		printf '%s\n' "Name: $name" 'Default: yes' 'Priority: 0' \
			'Session-Interactive-Only: yes' 'Session-Type: Additional' \
			'Session:' "	optional	pam_$name.so" \
			>"$T/pam/usr/share/pam-configs/$name"
	done
	printf '%s\n' 'Config: configdb' 'Templates: templatedb' '' 'Name: configdb' \
		'Driver: File' "Filename: $T/config.dat" '' 'Name: templatedb' \
		'Driver: File' "Filename: $T/templates.dat" >"$T/debconf.conf"
	pam_profiles --force
	[ "$(grep -c certauth "$T"/pam/etc/pam.d/* | grep -vc ':0$')" -eq 0 ]
	pam_profiles --enable certauth certauth-sessions
	grep -h '^[as]' "$T"/pam/etc/pam.d/common-{auth,session}
	grep '^auth' "$T/pam/etc/pam.d/common-auth" | head -n 1 | grep -q 'pam_certauth\.so'
	for name in session session-noninteractive; do
		grep '^session' "$T/pam/etc/pam.d/common-$name" | tail -n 1 |
			grep -qE '^session	optional	pam_certauth\.so *$'
		[ "$(grep -c certauth "$T/pam/etc/pam.d/common-$name")" -eq 1 ]
	done
	grep -q pam_systemd "$T/pam/etc/pam.d/common-session"
	# the removal of the package takes both out
	grep -q 'pam-auth-update --package --remove certauth certauth-sessions$' \
		"$HERE/packaging/debian/libpam-certauth.prerm"
	pam_profiles --remove certauth certauth-sessions
	[ "$(cat "$T"/pam/etc/pam.d/* | grep -c certauth)" -eq 0 ]
}

@test "the units of open sessions are valid, and leave few rights" {
	command -v systemd-analyze >/dev/null || skip 'no systemd-analyze here'
	local unit name
	mkdir "$T/units"
	for unit in "$HERE"/packaging/systemd/*; do
		sed -e "s|/usr/bin/certauth|$CERTAUTH|" \
			-e "s|/usr/libexec/certauth/|$CERTAUTH_BUILD/|" "$unit" \
			>"$T/units/${unit##*/}"
	done
	run systemd-analyze verify --man=no "$T"/units/certauth-sessions.* \
		"$T"/units/certauth-*-update.service
	echo "$output"
	# messages about the machine's own units do not matter
	[ "$(grep -c certauth <<<"$output")" -eq 0 ]
	# verify notices a mistake
	sed 's/^PathChanged=.*crl/PathChanged=crl/' "$T/units/certauth-sessions.path" \
		>"$T/units/certauth-wrong.path"
	run systemd-analyze verify --man=no "$T/units/certauth-wrong.path"
	grep -q 'certauth-wrong' <<<"$output"
	run systemd-analyze security --offline=true --threshold=20 \
		"$T/units/certauth-sessions.service"
	tail -n 3 <<<"$output"
	[ "$status" -eq 0 ]
	# the services that fetch start it, whether or not all could be fetched
	for name in crl ocsp users; do
		for unit in OnSuccess OnFailure; do
			grep -qx "$unit=certauth-sessions.service" \
				"$HERE/packaging/systemd/certauth-$name-update.service"
		done
	done
}

@test "the unit of certauth watch is valid, and keeps a locker alive" {
	local unit=$HERE/packaging/user/certauth-watch.service line
	local desktop=$HERE/packaging/autostart/certauth-watch.desktop
	# it has no right to take one from a locker, and does not end one
	for line in KillMode=process Restart=on-failure RestartPreventExitStatus=2 \
	    ConditionEnvironment=CERTAUTH_TOKEN PartOf=graphical-session.target \
	    After=graphical-session.target WantedBy=graphical-session.target; do
		grep -qx "$line" "$unit"
	done
	run ! grep -E '^(NoNewPrivileges|Private|Protect|Restrict|SystemCall|Memory|Lock)' \
		"$unit"
	# where the unit is started, the desktop starts no second one
	for line in X-GNOME-HiddenUnderSystemd=true X-systemd-skip=true NoDisplay=true; do
		grep -qx "$line" "$desktop"
	done
	[ "$(sed -n 's/^ExecStart=//p' "$unit")" = "$(sed -n 's/^Exec=//p' "$desktop")" ]
	command -v systemd-analyze >/dev/null || skip 'no systemd-analyze here'
	mkdir "$T/user" "$T/run"
	sed "s|/usr/bin/certauth|$CERTAUTH|" "$unit" >"$T/user/certauth-watch.service"
	run env XDG_RUNTIME_DIR="$T/run" systemd-analyze verify --user --man=no \
		"$T/user/certauth-watch.service"
	echo "$output"
	[ "$(grep -c certauth <<<"$output")" -eq 0 ]
	# verify notices a mistake
	sed 's/^KillMode=process/KillMode=proces/' "$T/user/certauth-watch.service" \
		>"$T/user/certauth-wrong.service"
	run env XDG_RUNTIME_DIR="$T/run" systemd-analyze verify --user --man=no \
		"$T/user/certauth-wrong.service"
	grep -q 'certauth-wrong' <<<"$output"
}

# What the hardening of other services takes away, and this one needs.
@test "the unit of open sessions reaches processes, terminals, logind and its records" {
	local unit=$HERE/packaging/systemd/certauth-sessions.service line
	for line in 'CapabilityBoundingSet=CAP_KILL CAP_DAC_OVERRIDE CAP_SETUID CAP_SETGID' \
	    ProtectHome=read-only 'DeviceAllow=char-pts rw' \
	    'DeviceAllow=char-tty rw' 'RestrictAddressFamilies=AF_UNIX' \
	    'ReadWritePaths=-/run/certauth -/run/sudo' \
	    'ConditionDirectoryNotEmpty=|/run/certauth/sessions' \
	    'ConditionDirectoryNotEmpty=|/run/certauth/logins'; do
		echo "$line"
		grep -qx "$line" "$unit"
	done
	run ! grep -E '^(PrivateDevices|ProtectProc|ProcSubset|PrivatePIDs|PrivateUsers)=' "$unit"
	# the places that a login reads by default are watched
	for line in crl ca users users.d; do
		grep -qx "PathChanged=/etc/certauth/$line" \
			"$HERE/packaging/systemd/certauth-sessions.path"
	done
	for line in ocsp users.cdb; do
		grep -qx "PathChanged=/var/lib/certauth/$line" \
			"$HERE/packaging/systemd/certauth-sessions.path"
	done
	command -v systemd-analyze >/dev/null || skip 'no systemd-analyze here'
	# what a verifier gives up, and signals by descriptor, are in its filter
	printf '1 %s(\n' setresuid setgroups capset seccomp landlock_restrict_self pidfd_open pidfd_send_signal openat read write close mmap munmap \
		fstat lseek connect socket sendmsg recvmsg execve wait4 exit_group unlink \
		rename fsync getdents64 >"$T/trace"
	python3 "$HERE/tests/lib/unitcalls.py" "$unit" "$T/trace"
}

commands() { "$CERTAUTH" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p'; }

# complete WORD ...: what bash offers for the last word
complete_bash() {
	PATH=$CERTAUTH_BUILD:$PATH bash --norc -c '
		. "$1"; shift
		COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
		_certauth 2>/dev/null; printf "%s\n" "${COMPREPLY[@]}"' \
		- "$HERE/packaging/completion/certauth.bash" "$@"
}

@test "bash completes every command, and every option of its help" {
	[ "$(commands | wc -l)" -ge 10 ]
	commands | sort >"$T/commands"
	complete_bash certauth '' | grep -v -e '^-' -e '^help$' | sort |
		diff "$T/commands" -
	while read -r c; do
		"$CERTAUTH" "$c" --help | grep -oE -- '--[a-z0-9-]+' |
			sort -u >"$T/options"
		echo --help >>"$T/options"
		complete_bash certauth "$c" -- | sort -u >"$T/offered"
		sort -u "$T/options" | diff - "$T/offered"
	done <"$T/commands"
	complete_bash certauth crl '' | sort | tr '\n' ' ' |
		grep -qx 'addresses compile list update '
	complete_bash certauth users '' | grep -qx test
	complete_bash certauth sessions '' | sort | tr '\n' ' ' |
		grep -qx 'check end list '
	cd "$T"
	touch file
	[ -z "$(complete_bash certauth sessions end '')" ]
	complete_bash certauth inspect '' | grep -qx file
	complete_bash certauth credential '' | sort | tr '\n' ' ' |
		grep -qx 'erase get store '
}

# services_conf: a client's configuration with two sections of services
services_conf() {
	export XDG_CONFIG_HOME=$T/config
	mkdir -p "$T/config/certauth"
	printf '%s\n' '[default]' 'registered = yes' '[service.example]' \
		'[service mail]' 'max = 127' ' [service  web ] # git' \
		>"$T/config/certauth/config"
}

@test "certauth password is completed by the sections of services" {
	services_conf
	complete_bash certauth password '' | sort | tr '\n' ' ' | grep -qx 'mail web '
	complete_bash certauth password m | grep -qx mail
	command -v zsh >/dev/null || skip 'zsh is not installed'
	complete_zsh 'certauth password ' | tr -s ' ' '\n' | grep -xE 'mail|web|default' |
		sort | tr '\n' ' ' | grep -qx 'mail web '
}

@test "certauth-ssh is completed as ssh" {
	run bash --norc -c '. "$1"
		_completion_loader() { [ "$1" = ssh ] && _ssh() { echo "ssh: $*"; }; }
		complete -p certauth-ssh; _certauth_ssh certauth-ssh we ""' \
		- "$HERE/packaging/completion/certauth.bash"
	echo "$output"
	[[ $output == *'-F _certauth_ssh certauth-ssh'*'ssh: certauth-ssh we'* ]]
	run complete_zsh 'certauth-ssh -'
	echo "$output"
	[[ $output == *'connect via a jump host'* ]]
}

@test "each manual has EXAMPLES, and no fault" {
	local m
	for m in "$HERE"/src/man/*.[1578]; do
		echo "$m"
		grep -q '^\.Sh EXAMPLES' "$m"
		mandoc -T lint -W warning "$m"
	done
}

@test "the help of every command fits 24 lines and shows an example" {
	local c
	for c in $(commands); do
		echo "$c"
		"$CERTAUTH" "$c" --help >"$T/help"
		[ "$(wc -l <"$T/help")" -le 24 ]
		[ "$(wc -L <"$T/help")" -le 80 ]
		grep -qE "^  .*(certauth(-askpass|-ssh)?) ?" "$T/help"
		# and it stands in the manual
		grep -qE "^\.Ss certauth $c\$" "$HERE/src/man/certauth.1"
	done
}

# what its section of certauth(1) says of a command
section() {
	awk -v s=".Ss certauth $1" '$0 == s { on = 1; next }
		/^\.S[sh] / { on = 0 } on' "$HERE/src/man/certauth.1"
}

@test "each command's options: the code, its help and its section, all alike" {
	local c file
	for c in $(commands); do
		echo "$c"
		{ "$CERTAUTH" "$c" --help | grep -oE -- '--[a-z0-9-]+' ||
			:; } | sort -u >"$T/help"
		[ -n "$(section "$c")" ]
		section "$c" | grep -oE 'Fl -[a-z0-9-]+' |
			sed 's/Fl -/--/' | sort -u | diff "$T/help" -
		# verify's options are read in a file of their own; ssh's stop
		# at the first that is not certauth's, and need no table
		file=$(grep -lE "^const struct ca_command ca_cmd_$c " \
			"$HERE"/src/*/*.c)
		[ "$c" != verify ] || file=$HERE/src/cli/verifyargs.c
		[ "$c" != ssh ] || continue
		{ grep -oE '\{"[a-z0-9-]+", (no|required)_argument' "$file" ||
			:; } | grep -oE '"[^"]+"' | tr -d '"' | grep -vx help |
			sed 's/^/--/' | sort -u | diff "$T/help" -
	done
}

# complete_zsh LINE: the words that begin a choice of zsh's
complete_zsh() {
	PATH=$CERTAUTH_BUILD:$PATH timeout 60 zsh -f \
		"$HERE/tests/lib/complete.zsh" "$HERE/packaging/completion" \
		"$1" | sed -E "s/\x1b\[[0-9;?]*[A-Za-z]/ /g" | tr -d "\r"
}

@test "zsh completes every command, and every option of its help" {
	command -v zsh >/dev/null || skip 'zsh is not installed'
	local c
	commands | sort >"$T/commands"
	complete_zsh 'certauth ' | sed -nE 's/^ *([a-z]+) +-- .*/\1/p' |
		grep -vx help | sort | diff "$T/commands" -
	for c in $(commands); do
		echo "$c"
		{ echo --help
			"$CERTAUTH" "$c" --help | grep -oE -- '--[a-z0-9-]+' ||
				:; } | sort -u >"$T/options"
		complete_zsh "certauth $c --" | grep -oE -- '--[a-z0-9-]+' |
			sort -u | diff "$T/options" -
	done
	complete_zsh 'certauth crl ' | tr -s ' ' '\n' | grep -xE '[a-z]+' |
		sort | tr '\n' ' ' | grep -q 'compile .*list .*update'
}

# prerm LINE ...: remove the package where a service has these lines
prerm() {
	mkdir -p "$T/pam.d" "$T/bin"
	printf '%s\n' "$@" >"$T/pam.d/sshd"
	[ -e "$T/pam.d/common-auth" ] || printf '%s\n' \
		'auth [success=1 default=ignore] pam_certauth.so' \
		'auth required pam_unix.so' >"$T/pam.d/common-auth"
	printf '#!/bin/sh\nsed -i /certauth/d %s\n' \
		"$T/pam.d/common-auth" >"$T/bin/pam-auth-update"
	printf '#!/bin/sh\necho amd64\n' >"$T/bin/dpkg"
	chmod 755 "$T/bin"/*
	sed "s,/etc/pam.d,$T/pam.d,g" \
		"$HERE/packaging/debian/libpam-certauth.prerm" >"$T/prerm"
	PATH=$T/bin:$PATH run env "${PRERM_ENV:-A=1}" sh "$T/prerm" remove
	echo "$output"
}

@test "the package is not removed if a line would then refuse every login" {
	local line
	for line in 'auth required pam_certauth.so' \
	    'Auth	REQUISITE /lib/security/pam_certauth.so crl=off' \
	    'auth [success=done default=die] pam_certauth.so' \
	    'auth [success=ok ignore=ignore] pam_certauth.so' \
	    '-account required pam_certauth.so' \
	    'session required pam_certauth.so' \
	    $'auth \\\n required \\\n pam_certauth.so'; do
		prerm "$line" '@include common-auth'
		[ "$status" -eq 1 ]
		[[ $output == *'no user can log in'*"$T/pam.d/sshd: "* ]]
		# and nothing was taken out of the others
		grep -q certauth "$T/pam.d/common-auth"
	done
	# nothing else authenticates
	prerm 'auth required pam_env.so' 'auth sufficient pam_certauth.so' \
		'auth required pam_deny.so'
	[ "$status" -eq 1 ]
	# one of a foreign architecture may go, the machine's own may not
	PRERM_ENV=DPKG_MAINTSCRIPT_ARCH=amd64 \
		prerm 'auth required pam_certauth.so'
	[ "$status" -eq 1 ]
	PRERM_ENV=DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT=2 \
		prerm 'auth required pam_certauth.so'
	[ "$status" -eq 0 ]
	# a common file that pam-auth-update may not touch any more
	printf 'account required pam_certauth.so\n' >"$T/pam.d/common-account"
	prerm '@include common-auth'
	[ "$status" -eq 1 ]
	[[ $output == *"$T/pam.d/common-account: "* ]]
}

@test "the package goes where others still let people in" {
	prerm '# auth required pam_certauth.so' \
		'auth sufficient pam_certauth.so' '@include common-auth'
	[ "$status" -eq 0 ]
	[ "$(grep -c certauth "$T/pam.d/common-auth")" -eq 0 ]
	prerm 'auth [success=done default=ignore] pam_certauth.so' \
		'auth required pam_unix.so' 'account required pam_unix.so'
	[ "$status" -eq 0 ]
}

@test "AppArmor's parser reads the abstraction, and it has what the module uses" {
	local path
	for path in /run/certauth/verifier /run/certauth/spawned.lock \
	    '/run/certauth/{logins,sessions}/' \
	    libexec/certauth/certauth-verifier /etc/certauth/; do
		grep -qF "$path" "$HERE/packaging/apparmor/certauth"
	done
	command -v apparmor_parser >/dev/null || skip 'apparmor is not installed'
	printf '%s\n' '#include <tunables/global>' 'profile t /usr/bin/t {' \
		"  include \"$HERE/packaging/apparmor/certauth\"" '}' >"$T/profile"
	apparmor_parser -Q -K "$T/profile"
	# the parser notices a mistake
	sed 's/ rwk,/ rwkZ,/' "$HERE/packaging/apparmor/certauth" >"$T/broken"
	printf '%s\n' '#include <tunables/global>' 'profile t /usr/bin/t {' \
		"  include \"$T/broken\"" '}' >"$T/profile"
	run ! apparmor_parser -Q -K "$T/profile"
}

@test "SELinux's compiler makes a module of the policy" {
	grep -qF 'libexec/certauth/certauth-verifier' \
		"$HERE/packaging/selinux/certauth.fc"
	grep -qF '/run/certauth/(logins|sessions)' "$HERE/packaging/selinux/certauth.fc"
	[ -e /usr/share/selinux/devel/Makefile ] ||
		skip 'selinux-policy-dev is not installed'
	cp "$HERE"/packaging/selinux/certauth.* "$T/"
	run -0 env -u MAKEFLAGS -u MAKELEVEL -u B -u T make -C "$T" \
		-f /usr/share/selinux/devel/Makefile certauth.pp
	[ -s "$T/certauth.pp" ]
}
