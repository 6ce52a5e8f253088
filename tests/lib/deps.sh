#!/bin/sh
# Print and install the packages that a step needs and this machine lacks.
# usage: tests/lib/deps.sh build|demo|check|services|lint|fuzz|bench|package|release ...
set -eu
build='gcc make pkgconf libc6-dev libpam0g-dev libssl-dev
	libcdb-dev libp11-kit-dev libpcsclite-dev libcurl4-openssl-dev libsss-certmap-dev
	libidn2-dev libldap-dev libsasl2-dev gettext'
demo='openssl openssh-server openssh-client'
check='libcmocka-dev bats pamtester libpam-wrapper softhsm2 opensc sudo
	valgrind python3 expect p11-kit p11-kit-modules procps mandoc
	libpam-pkcs11 iproute2 strace zsh busybox git rsync putty-tools
	systemd easy-rsa libnss3-tools gnutls-bin strongswan-pki minica mkcert
	gpgsm gpg-agent apparmor selinux-policy-dev python3-jsonschema ansible-core
	dbus-daemon python3-dbus python3-gi locales libgdm-dev'
# Smart cards and a TPM: tests/lib/cards.bash emulates them.
cards='pcscd vsmartcard-vpcd opensc opensc-pkcs11 ykcs11 python3-cryptography
	swtpm tpm2-tools libtpm2-pkcs11-1 libtpm2-pkcs11-tools libtss2-tcti-swtpm0
	scdaemon gnupg'
# Servers, which a machine should have only if it is there for tests.  They are not
# started.  Their tests are skipped where one is missing.
services='dovecot-imapd isync curl msmtp postfix sasl2-bin libsasl2-modules
	postgresql nginx libnginx-mod-http-auth-pam apache2
	libapache2-mod-authnz-pam libpam-pwdfile vsftpd openvpn cups cups-client
	freeradius freeradius-utils xrdp'
# cockpit, and a browser for its login page.  The browser has no window.
web='cockpit-ws cockpit-bridge chromium'
services="$services $web"
# vsftpd and ProFTPD are not installed together: the packages of the latter are only
# fetched, with the libraries that they need
fetched='proftpd-core proftpd-mod-crypto'
# A directory (tests/lib/directory.bash).  These are only fetched, with all that they
# need: the installation of SSSD changes nsswitch.conf and the common files of PAM.
directory='slapd ldap-utils sssd-common sssd-ldap libnss-sss libsss-nss-idmap0
	krb5-kdc krb5-admin-server krb5-user libsasl2-modules-gssapi-mit'
# Screen lockers, and screens that nobody sees (tests/lib/desktop.bash)
desktop='i3lock swaylock sway wtype grim xscreensaver xsecurelock xvfb xdotool
	imagemagick fonts-dejavu-core'
# A greeter, which is only fetched, with all that it needs: the installation of lightdm
# makes it the display manager of the machine.
greeter='lightdm lightdm-gtk-greeter'
# Only promtool is used, which needs libc alone; the package starts a server.
# Debian 12 has it in prometheus, later releases in a package of its own.
promtool=promtool
translate='gettext python3'
lint='gettext clang clang-format clang-tidy cppcheck shellcheck mandoc'
fuzz='clang libclang-rt-dev llvm'
bench='valgrind libpam-pkcs11 libpam-ssh-agent-auth time'
package='build-essential git debhelper lintian rpm libcmocka-dev openssl'

want=$build
fetch=
for step in "$@"; do
	case $step in
	build) ;;
	translate) want="$want $translate" ;;
	demo) want="$want $demo" ;;
	check) want="$want $demo $check $cards"; fetch="$fetch $promtool" ;;
	services) want="$want $demo $check $cards $services $desktop"
		fetch="$fetch $fetched $promtool"
		[ -e build/deps/greeter/complete ] || fetch="$fetch greeter"
		[ -e build/deps/directory/complete ] || fetch="$fetch directory" ;;
	lint) want="$want $lint" ;;
	fuzz) want="$want $fuzz" ;;
	bench) want="$want $demo $check $cards $bench" ;;
	package) want="$want $package" ;;
	release) want='debootstrap debian-archive-keyring git iproute2' ;;
	*) echo "deps.sh: unknown step $step" >&2; exit 2 ;;
	esac
done

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
	echo "Not a Debian system: please install by hand the counterparts of:" $want
	exit 0
fi
missing=
for p in $want; do
	case $(dpkg-query -W -f '${Status}' "$p" 2>/dev/null) in
	*' installed') ;;
	*) missing="$missing $p" ;;
	esac
done

# drop_absent: leave out, and name, what the lists of apt do not have
drop_absent() {
	there=$(apt-cache policy $missing | awk '/^[^ ]/ { name = $1 }
		/^  Candidate: / && $2 != "(none)" { sub(":$", "", name); print name }')
	kept=
	for p in $missing; do
		if echo "$there" | grep -qxF "$p" ||
			apt-get install -s -qq "$p" >/dev/null 2>&1; then
			kept="$kept $p"
		else
			echo "The archive has no $p: tests that need it are skipped."
		fi
	done
	missing=$kept
}
# fetch_debs: put the packages of $fetch into build/deps, with their libraries installed
fetch_debs() {
	for p in $fetch; do
		mkdir -p build/deps
		case $p in directory | greeter) fetch_whole "$p"; continue ;; esac
		if [ "$p" = promtool ]; then
			(cd build/deps && { apt-get download -qq promtool ||
				apt-get download -qq prometheus; } >/dev/null 2>&1) ||
				echo 'The archive has no promtool: tests that need it are skipped.'
			continue
		fi
		libraries=$(apt-cache depends "$p" |
			awk '$1 == "Depends:" && $2 ~ /^lib/ && $2 !~ /^libjs-/ { print $2 }')
		# shellcheck disable=SC2086 # a list of names
		(cd build/deps && apt-get download -qq "$p" >/dev/null) &&
			{ [ -z "$libraries" ] ||
				apt-get install -y -qq --no-install-recommends $libraries >/dev/null; } ||
			echo "The archive has no $p: tests that need it are skipped."
	done
}
# fetch_whole LIST: put the packages of the list (directory, greeter), and those that
# they need and this machine lacks or has in an older version, into build/deps/LIST
fetch_whole() {
	case $1 in directory) list=$directory ;; *) list=$greeter ;; esac
	rm -rf "build/deps/$1"
	mkdir "build/deps/$1"
	# shellcheck disable=SC2086 # a list of names
	chosen=$(apt-get install -s --no-install-recommends $list 2>/dev/null |
		awk '$1 == "Inst" { v = $3 ~ /^\[/ ? $4 : $3; sub(/^\(/, "", v)
			print $2 "=" v }')
	# shellcheck disable=SC2086
	[ -n "$chosen" ] && (cd "build/deps/$1" &&
		apt-get download -qq $chosen >/dev/null && : >complete) ||
		echo "The archive does not have $list: tests that need them are skipped."
}
there=$fetch
fetch=
for p in $there; do
	set -- build/deps/"$p"_*.deb
	[ "$p" != promtool ] || [ -e "$1" ] || set -- build/deps/prometheus_*.deb
	[ -e "$1" ] || fetch="$fetch $p"
done
# without lists, or with old ones, apt-get update comes first
[ -z "$missing" ] || ! apt-cache show libpam0g-dev >/dev/null 2>&1 || drop_absent
[ -n "$missing$fetch" ] || exit 0
echo "Packages that are needed and missing:$missing$fetch"
# nothing but what is only fetched: a machine without a network, or a user, does without
if [ -z "$missing" ]; then
	fetch_debs
	exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
	echo "Please run as root: apt-get update && apt-get install$missing" >&2
	exit 1
fi
# The installation of a server must not start it.
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
if [ ! -e /usr/sbin/policy-rc.d ]; then
	printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
	chmod 755 /usr/sbin/policy-rc.d
	trap 'rm -f /usr/sbin/policy-rc.d' EXIT
fi
echo 'Reading the lists of packages (apt-get update).'
apt-get update -qq
drop_absent
if [ -z "$missing" ]; then
	fetch_debs
	exit 0
fi
case $missing in
*postfix*) command -v debconf-set-selections >/dev/null &&
	echo 'postfix postfix/main_mailer_type select No configuration' |
	debconf-set-selections ;;
esac
# shellcheck disable=SC2086 # a list of names
apt-get install --assume-no --no-install-recommends $missing 2>/dev/null |
	grep -E '^(Need to get|After this operation|[0-9]+ upgraded)' || :
echo 'Installing them (apt-get install).'
# shellcheck disable=SC2086 # a list of names
apt-get install -y -qq --no-install-recommends $missing >/dev/null
echo 'The packages are installed.'
# after it, because what is installed now need not be fetched
[ -z "$fetch" ] || fetch_debs
