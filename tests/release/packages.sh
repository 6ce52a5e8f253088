#!/bin/bash
# In a root of the release, within the tree: the packages are built, read, installed in
# place of an earlier version, tried, removed and purged.  A login that was held over
# the upgrade goes on with the module of the earlier version.
# DEBS=FOLDER   packages that are there already: none are built
# OLDER=FOLDER  packages of an earlier version (default: the same ones, repacked)
set -eu
timer=certauth-crl-update.timer
socket=certauth-verifier.socket
wants=/etc/systemd/system/timers.target.wants/$timer
socket_wants=/etc/systemd/system/sockets.target.wants/$socket
tmp=$(mktemp -d)
chmod 755 "$tmp"
fail() {
	echo "FAILED: $*"
	for log in "$tmp"/*.log; do
		echo "--- $log"
		tail -n 20 "$log"
	done
	exit 1
}

debs=$(realpath "${DEBS:-dist/deb}")
[ -n "${DEBS:-}" ] || make deb
rm -f "$debs"/*-dbgsym_*
tests/install/debs.sh "$debs"
make -s "$PWD/build/tests/lib/pamdrive" B="$PWD/build"

# ---- what runs: systemd does not run here, so that files stand for it ----

# as the real one, this one starts no unit that is disabled
mkdir -p "$tmp/bin" "$tmp/active" /run/systemd/system
cat >"$tmp/bin/deb-systemd-invoke" <<END
#!/bin/sh
echo "\$*" >>'$tmp/invoked.log'
action=\$1
shift
for unit; do
	case \$action in
	start | restart)
		[ "\$(systemctl is-enabled "\$unit")" != enabled ] ||
			: >"$tmp/active/\$unit" ;;
	stop) rm -f "$tmp/active/\$unit" ;;
	esac
done
END
# deb-systemd-helper makes its links by it
printf '#!/bin/sh\ncase "$*" in *daemon-reload*) ;; *) exec /usr/bin/systemctl --root=/ "$@" ;; esac\n' \
	>"$tmp/bin/systemctl"
chmod 755 "$tmp/bin"/*
with_systemd() { PATH=$tmp/bin:$PATH "$@" || fail "$*"; }
enabled() { [ "$(systemctl --root=/ is-enabled "$1")" = "$2" ]; }
active() { [ -e "$tmp/active/$1" ]; }
# install_debs WHAT FILE ...: by apt, which configures the verifier before it unpacks the
# module; dpkg alone does not
install_debs() {
	echo "--- $1"
	shift
	: >"$tmp/invoked.log"
	apt-get install -y -qq --no-install-recommends --reinstall --allow-downgrades \
		-o "DPkg::Path=$tmp/bin:$PATH" "$@" >"$tmp/apt.log" 2>&1 || fail 'apt-get install'
	grep -E '^(Unpacking|Setting up)' "$tmp/apt.log"
}
# all of them that are installed
packages() {
	for name in certauth-tests libpam-certauth certauth-verifier certauth; do
		case $(dpkg-query -W -f '${db:Status-Abbrev}' "$name" 2>/dev/null) in
		[ir][ic]*) echo "$name" ;;
		esac
	done
}

# ---- an earlier version, as Debian 12 packs it: with its units in /lib ----

version=$(dpkg-deb -f "$debs"/libpam-certauth_*.deb Version)
older=${version%%~*}~~
dpkg --compare-versions "$older" lt "$version"
mkdir "$tmp/older" "$tmp/repacked"
for deb in "$debs"/*.deb; do
	dpkg-deb -R "$deb" "$tmp/package"
	sed -i "s/$version/$older/g" "$tmp/package/DEBIAN/control"
	if [ -e "$tmp/package/usr/lib/systemd" ]; then
		mkdir "$tmp/package/lib"
		mv "$tmp/package/usr/lib/systemd" "$tmp/package/lib/"
	fi
	dpkg-deb --root-owner-group -b "$tmp/package" "$tmp/repacked" >/dev/null
	rm -r "$tmp/package"
done
OLDER=${OLDER:-$tmp/repacked}

# ---- a fresh installation ----

! getent passwd _certauth || fail 'this root has the user _certauth already'
install_debs "$version, where there was none" "$debs"/*.deb
getent passwd _certauth | grep -E '^_certauth:[^:]*:[1-9][0-9]*:[1-9][0-9]*:.*:/:.*nologin$' ||
	fail 'the installation has not made the user _certauth'
enabled $socket enabled || fail 'the installation has not enabled the socket'
active $socket || fail 'the installation has not started the socket'
! active $timer || fail 'the installation has started the timer'
[ "$(stat -c %u:%a /run/certauth)" = 0:755 ] || fail 'the installation has not made /run/certauth'
[ -z "$(find / -xdev -user _certauth -print -quit)" ] || fail '_certauth owns a file'
# the one switch
systemctl --root=/ disable $socket
rm -f "$tmp/active/$socket"
install_debs 'the same again' "$debs"/*.deb
enabled $socket disabled || fail 'the installation has enabled the socket again'
! active $socket || fail 'the installation has started a socket that is disabled'
# shellcheck disable=SC2046 # names
with_systemd dpkg -P $(packages)
[ ! -e /run/certauth ] || fail 'the purge has left /run/certauth'

# ---- a site with the earlier version, and a login that is held ----

echo "$version is installed in place of another version."
install_debs 'an earlier version' "$OLDER"/*.deb
! active $timer || fail 'the installation has started the timer'
[ ! -e "$wants" ] || fail 'the installation has enabled the timer'
enabled $timer disabled || fail "the timer is not known: $(systemctl --root=/ is-enabled $timer)"
systemctl --root=/ enable $timer
: >"$tmp/active/$timer"
useradd -m certauth-alice
certauth pki init "$tmp/pki" >/dev/null
certauth pki issue "$tmp/pki" alice --email alice@corp.example >/dev/null
PATH=$tmp/bin:$PATH certauth setup --no-fetch --ca "$tmp/pki/ca.pem" --crl "$tmp/pki/ca.crl" \
	--user certauth-alice --cert "$tmp/pki/alice.pem" >"$tmp/setup.log" 2>&1 ||
	[ $? -eq 1 ] || fail 'certauth setup' # 1: doctor has warnings
cp /etc/certauth/users "$tmp/users"
printf '%s\n' 'auth required pam_certauth.so' 'account required pam_certauth.so' \
	>/etc/pam.d/certauth-release
sign="certauth sign --pieces --any-host --user certauth-alice --cert $tmp/pki/alice.pem --key $tmp/pki/alice.key"
# hold: authenticate, and once more when the file is removed
hold() {
	: >"$tmp/hold"
	build/tests/lib/pamdrive -s certauth-release -u certauth-alice -a -A script \
		-w "$tmp/hold" -C "$sign; exec $sign" >"$tmp/held.log" 2>&1 &
	held=$!
	for ((i = 0; i < 3000; i++)); do
		! grep -q ^waiting "$tmp/held.log" || return 0
		kill -0 $held 2>/dev/null || break
		sleep 0.02
	done
	fail 'no login with the earlier version'
}
release() {
	rm "$tmp/hold"
	wait $held || fail "the login that was held over the $1"
	[ "$(grep -cxE '(authenticate|again|account) PAM_SUCCESS' "$tmp/held.log")" -eq 3 ] ||
		fail "the login that was held over the $1"
}
login() {
	build/tests/lib/pamdrive -s certauth-release -u certauth-alice -a -C "$sign" \
		>"$tmp/login.log" 2>&1
}
# the resident one, as without systemd
verifier=/usr/libexec/certauth/certauth-verifier
resident=
resident_start() {
	$verifier --listen 2>>"$tmp/resident.log" &
	resident=$!
	for ((i = 0; i < 500; i++)); do
		[ ! -S /run/certauth/verifier.1.sock ] || return 0
		sleep 0.02
	done
	fail 'certauth-verifier --listen'
}
resident_stop() {
	[ -n "$resident" ] || return 0
	kill "$resident" 2>/dev/null || :
	wait "$resident" || :
	resident=
}
trap resident_stop EXIT
[ ! -x $verifier ] || resident_start
hold
module=$(dpkg -L libpam-certauth | grep '/pam_certauth\.so$')
inode=$(stat -c %i "$module")
install_debs 'the upgrade' "$debs"/*.deb
[ "$(stat -c %i "$module")" != "$inode" ] || fail 'the module was written in place'
# the parent looks for a new program at an event, once that is 2 seconds old
sleep 3
release upgrade
login || fail 'no login after the upgrade'
if [ -n "$resident" ]; then
	kill -0 "$resident" || fail 'the upgrade has ended the resident verifier'
	for ((i = 0; i < 500; i++)); do
		[ "$(readlink /proc/$resident/exe)" != $verifier ] || break
		sleep 0.02
	done
	[ "$(readlink /proc/$resident/exe)" = $verifier ] ||
		fail 'the resident verifier is that of the earlier version'
	! grep -q "stop.*$socket" "$tmp/invoked.log" || fail 'the upgrade has stopped the socket'
fi
active $timer || fail 'the upgrade has stopped the timer'
enabled $timer enabled || fail 'the upgrade has disabled the timer'
[ -e "$wants" ] || fail 'the link of the timer leads nowhere'
enabled $socket enabled || fail 'the upgrade has not enabled the socket'
active $socket || fail 'the upgrade has not started the socket'
# each file is there with its content, but for the one that was changed above
# shellcheck disable=SC2046 # names
dpkg -V $(packages) | tee "$tmp/changed"
[ "$(cat "$tmp/changed")" = '??5?????? c /etc/certauth/users' ] ||
	fail 'the files are not those of the packages'
cmp "$tmp/users" /etc/certauth/users || fail 'the upgrade has replaced the users file'
# what _certauth cannot read is said, and works
chmod 600 /etc/certauth/users
install_debs 'the module again' "$debs"/libpam-certauth_*.deb
grep -q '^libpam-certauth: .*_certauth cannot read /etc/certauth/users' "$tmp/apt.log" ||
	fail 'the installation does not list the files that _certauth cannot read'
login || fail 'no login with a users file of mode 0600'
chmod 644 /etc/certauth/users
resident_stop
login || fail 'no login without a resident verifier'
certauth doctor --skip clock --skip sshd --skip host --skip crl | tee "$tmp/doctor.log" || :
! grep -E '^(error|warning) verifier' "$tmp/doctor.log" | grep -v verifier-socket ||
	fail 'doctor'

# ---- does it work? ----

certauth --version
! ldd "$module" | grep 'not found' || fail 'a library is missing'
! ldd $verifier | grep 'not found' || fail 'a library is missing'
# says MODULE: what PAM says with this module alone
says() {
	echo "auth required $1" >/etc/pam.d/certauth-release
	pamtester certauth-release root authenticate </dev/null 2>&1
}
rc=0
said=$(says pam_absent.so) || :
[[ $said = *'Module is unknown'* ]] || fail "PAM says of an absent module: $said"
# without an answer it denies, by the module and not by PAM
said=$(says pam_certauth.so) || rc=$?
echo "$said"
[ $rc -eq 1 ] || fail "pamtester ended with $rc"
[[ $said != *'Module is unknown'* ]] || fail 'PAM cannot load the module'
rm /etc/pam.d/certauth-release

# ---- and it goes ----

echo '--- removal and purge'
# shellcheck disable=SC2046 # names
with_systemd dpkg -r $(packages)
[ ! -e "$module" ] || fail 'the removal has left the module'
[ ! -e $verifier ] || fail 'the removal has left the verifier'
! active $timer || fail 'the removal has left the timer running'
! active $socket || fail 'the removal has left the socket'
[ ! -e /run/certauth ] || fail 'the removal has left /run/certauth'
# shellcheck disable=SC2046 # names
with_systemd dpkg -P $(packages)
[ ! -L "$wants" ] || fail 'the purge has left the timer enabled'
[ ! -L "$socket_wants" ] || fail 'the purge has left the socket enabled'
[ ! -e /etc/certauth/users ] || fail 'the purge has left the configuration'
rm -r /etc/certauth
userdel -r certauth-alice 2>/dev/null
rm -r "$tmp"
