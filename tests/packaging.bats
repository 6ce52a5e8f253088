#!/usr/bin/env bats
# One version, a reproducible tarball, completion that knows every command.
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
