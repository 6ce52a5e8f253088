#!/bin/bash
# The packages in FOLDER as they were built: versions, dependencies, which file is
# where, and what their scripts do.  Run on the release that they are built for.
#
# usage: debs.sh FOLDER
set -eu
export LC_ALL=C
cd "$1"
rc=0
wrong() { echo "FAILED: $*"; rc=1; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# what /etc/os-release says, read in another way than debrelease.sh reads it
number=$(sed -nE 's/^VERSION_ID="?([^"]*)"?$/\1/p' /etc/os-release)
suffix=${number:+~deb${number}u1}
# Does this release have its own files in /lib?  From Debian 13 on none is there.
aliased=
! dpkg -L libc6 | grep -q '^/lib/.*/libc\.so\.6$' || aliased=yes

names=
versions=
for deb in *.deb; do
	name=$(dpkg-deb -f "$deb" Package)
	case $name in *-dbgsym) continue ;; esac
	names="$names $name"
	version=$(dpkg-deb -f "$deb" Version)
	versions="$versions$version"$'\n'
	arch=$(dpkg-deb -f "$deb" Architecture)
	[ "$deb" = "${name}_${version}_$arch.deb" ] ||
		wrong "$deb has the version $version"
	[[ $version =~ ^[0-9.]+-[0-9]+(.*)$ && ${BASH_REMATCH[1]} = "$suffix" ]] ||
		wrong "$deb: its version does not end with the release's \"$suffix\""
	dpkg-deb --control "$deb" "$tmp/$name"
	dpkg-deb --fsys-tarfile "$deb" | tar -tv --numeric-owner >"$tmp/$name.tar"
done
[ "$names" = ' certauth-tests certauth-verifier certauth libpam-certauth' ] || {
	wrong "the packages are:$names"
	exit 1
}
[ "$(printf %s "$versions" | sort -u | wc -l)" -eq 1 ] ||
	wrong "the packages have several versions: $versions"
version=${versions%%$'\n'*}

# ---- what they depend on ----

# needs PACKAGE NEED ...: each is one of its dependencies, with its version if given
needs() {
	local package=$1 need
	shift
	sed -nE 's/^(Pre-)?Depends: //p' "$tmp/$package/control" | sed 's/, */\n/g' >"$tmp/depends"
	for need; do
		grep -qxF "$need" "$tmp/depends" ||
			grep -qE "^$need( \(.*\))?$" "$tmp/depends" ||
			wrong "$package does not depend on $need"
	done
}
needs certauth 'openssh-client \| ssh-client' libc6
# README runs openssl on the host, and the tests of a site make certificates by it
needs libpam-certauth openssl "certauth (= $version)" \
	"certauth-verifier (= $version)" libpam-runtime libpam0g
needs certauth-verifier libc6 'systemd .*' # for its user
# the module parses nothing: its package needs no library but those of PAM
! grep -E '^Depends: .*(libssl|libcrypto|libcdb|libsss)' "$tmp/libpam-certauth/control" ||
	wrong 'libpam-certauth needs a library that the verifier alone needs'
# two architectures of the module ask one verifier
for name in certauth certauth-verifier; do
	grep -qx 'Multi-Arch: foreign' "$tmp/$name/control" ||
		wrong "$name is not Multi-Arch: foreign"
done
needs certauth-tests openssl "certauth (>= $version)" python3:any mount

# ---- which file is where ----

# in_tar PACKAGE PATH ...: there is such a file
in_tar() {
	local package=$1 path
	shift
	for path; do
		awk -v path="./$path" '$6 == path { found = 1 } END { exit !found }' \
			"$tmp/$package.tar" || wrong "$package has no /$path"
	done
}
for name in $names; do
	awk '$2 != "0/0"' "$tmp/$name.tar" | sed "s/^/not root's: /" >"$tmp/bad"
	awk '$1 !~ /^l/ && $1 ~ /[sStT]|^.....w|^........w/' "$tmp/$name.tar" |
		sed 's/^/its mode: /' >>"$tmp/bad"
	awk -v aliased="$aliased" '$6 !~ /^\.\/((usr|etc)(\/.*)?)?$/ &&
		!(aliased && $6 ~ /^\.\/lib\/(systemd\/(system\/(certauth-(crl-update|ocsp-update|users-update|metrics|sessions|verifier).*)?)?)?$/)' \
		"$tmp/$name.tar" | sed 's/^/its place: /' >>"$tmp/bad"
	[ ! -s "$tmp/bad" ] || wrong "$name: $(cat "$tmp/bad")"
done
unitdir=${aliased:+lib/systemd/system}
unitdir=${unitdir:-usr/lib/systemd/system}
in_tar certauth usr/bin/certauth usr/bin/certauth-askpass usr/bin/certauth-ssh \
	usr/libexec/certauth/certauth-fetch usr/libexec/certauth/certauth-sign \
	usr/libexec/certauth/certauth-ldap \
	usr/lib/tmpfiles.d/certauth.conf \
	usr/share/certauth/schema/certauth-{doctor,log,sessions}.schema.json \
	"$unitdir"/certauth-{crl-update,ocsp-update,users-update,metrics,sessions}.{service,timer} \
	"$unitdir"/certauth-sessions.path
[ "$(grep -cE '/certauth-((crl|ocsp|users)-update|metrics|sessions)\.' "$tmp/certauth.tar")" -eq 11 ] ||
	wrong 'certauth has its units twice, or enables them itself'
in_tar certauth-verifier usr/libexec/certauth/certauth-verifier \
	usr/libexec/certauth/certauth-confine \
	usr/lib/sysusers.d/certauth.conf "$unitdir"/certauth-verifier.{service,socket}
in_tar certauth-tests usr/bin/certauth-tests
in_tar libpam-certauth usr/share/pam-configs/certauth \
	usr/share/pam-configs/certauth-sessions etc/certauth/ca/ \
	etc/certauth/crl/ etc/certauth/certauth.conf etc/certauth/users
[ "$(grep -cE ' \./usr/lib/[^/]+/security/pam_certauth\.so$' \
	"$tmp/libpam-certauth.tar")" -eq 1 ] || wrong 'libpam-certauth has no module'
printf '%s\n' /etc/certauth/certauth.conf /etc/certauth/users |
	diff - "$tmp/libpam-certauth/conffiles" || wrong 'conffiles of libpam-certauth'
[ "$(cat "$tmp/certauth-verifier/conffiles")" = /etc/apparmor.d/abstractions/certauth ] ||
	wrong 'conffiles of certauth-verifier'
for name in certauth certauth-tests; do
	[ ! -e "$tmp/$name/conffiles" ] || wrong "$name has conffiles"
done

# ---- what their scripts do ----

# script PACKAGE SCRIPT REGEX ...: it has lines that match each
script() {
	local file=$tmp/$1/$2 regex
	[ -x "$file" ] || { wrong "$1 has no $2"; return; }
	for regex in "${@:3}"; do
		grep -qE "$regex" "$file" || wrong "$2 of $1 has no line: $regex"
	done
}
for file in "$tmp"/*/{preinst,postinst,prerm,postrm}; do
	[ -e "$file" ] || continue
	sh -n "$file" || wrong "${file#"$tmp/"} is not sh"
	# Nothing is turned on but the socket: the administrator enables the timer and
	# the profile.  An enabled unit stays enabled: that line stands below
	# `was-enabled`.
	! grep -v certauth-verifier.socket "$file" | grep -nE '#DEBHELPER#|deb-systemd-invoke (start|restart|.*\$)|systemctl.* (start|enable)|pam-auth-update.*--enable' ||
		 wrong "${file#"$tmp/"} has these lines"
	[ "$(grep -cE 'deb-systemd-helper.* enable ' "$file")" -eq \
		"$(grep -cE 'deb-systemd-helper.* was-enabled ' "$file")" ] ||
		wrong "${file#"$tmp/"} enables a unit that was not enabled"
done
script certauth postinst "deb-systemd-helper --quiet was-enabled 'certauth-crl-update\.timer'" \
	"deb-systemd-helper update-state 'certauth-crl-update\.timer'" \
	'systemd-tmpfiles .*--create.* certauth\.conf'
# a timer that runs is stopped by the removal, and not by an upgrade
script certauth postinst "deb-systemd-invoke try-restart 'certauth-crl-update\.timer'" \
	"deb-systemd-invoke try-restart 'certauth-sessions\.path' 'certauth-sessions\.timer'" \
	"deb-systemd-helper update-state 'certauth-sessions\.timer'"
script certauth prerm 'deb-systemd-invoke stop .*certauth-crl-update\.timer' \
	'deb-systemd-invoke stop .*certauth-ocsp-update\.timer' \
	'certauth-metrics\.timer \\$' 'certauth-sessions\.path certauth-sessions\.timer \|\| true'
[ ! -e "$tmp/certauth/preinst" ] || wrong 'certauth has a preinst'
script certauth postrm "deb-systemd-helper purge 'certauth-crl-update\.timer'" \
	"deb-systemd-helper purge 'certauth-ocsp-update\.timer'" \
	"deb-systemd-helper purge 'certauth-metrics\.timer'" \
	"deb-systemd-helper purge 'certauth-sessions\.path' 'certauth-sessions\.timer'" \
	'rm -rf /var/lib/certauth/metrics /var/lib/certauth/ocsp' \
	'rm -f /var/lib/certauth/users\.cdb'
# the verifier: its user, then its socket, which an upgrade leaves as it is
script certauth-verifier postinst 'systemd-sysusers .*certauth' \
	"deb-systemd-helper enable 'certauth-verifier\.socket'" \
	"deb-systemd-invoke .*'certauth-verifier\.socket'"
awk '/systemd-sysusers/ { user = NR } /deb-systemd-invoke/ { start = NR }
	END { exit !(user && user < start) }' "$tmp/certauth-verifier/postinst" ||
	wrong 'certauth-verifier starts its socket before its user is there'
script certauth-verifier prerm "deb-systemd-invoke stop 'certauth-verifier\.socket'"
# shellcheck disable=SC2016 # the script's own variable
grep -B 2 'deb-systemd-invoke stop' "$tmp/certauth-verifier/prerm" |
	grep -qE '"\$1" = "?remove' ||
	wrong 'an upgrade of certauth-verifier stops its socket'
script certauth-verifier postrm "deb-systemd-helper purge 'certauth-verifier\.socket'" \
	'rm -rf /run/certauth/logins /run/certauth/sessions' 'rmdir /run/certauth'
script libpam-certauth postinst '^[[:space:]]*pam-auth-update --package$'
script libpam-certauth prerm 'pam-auth-update --package --remove certauth certauth-sessions'

[ $rc -ne 0 ] || echo "the packages $version: ${suffix:-no number of a release}," \
	"units in /$unitdir, nothing but the socket is turned on"
exit $rc
