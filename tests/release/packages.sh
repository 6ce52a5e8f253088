#!/bin/bash
# In a root of the release, within the tree: the packages are built, read, installed in
# place of an earlier version, tried, removed and purged.
# DEBS=FOLDER   packages that are there already: none are built
set -eu
timer=certauth-crl-update.timer
wants=/etc/systemd/system/timers.target.wants/$timer
tmp=$(mktemp -d)
chmod 755 "$tmp"
fail() {
	echo "FAILED: $*"
	exit 1
}

debs=${DEBS:-dist/deb}
[ -n "${DEBS:-}" ] || make deb
rm -f "$debs"/*-dbgsym_*
tests/install/debs.sh "$debs"

# ---- what runs: systemd does not run here, so that a file stands for it ----

mkdir -p "$tmp/bin" /run/systemd/system
cat >"$tmp/bin/deb-systemd-invoke" <<END
#!/bin/sh
action=\$1
shift
case " \$* " in *' $timer '*) ;; *) exit 0 ;; esac
case \$action in
start | restart) : >'$tmp/active' ;;
stop) rm -f '$tmp/active' ;;
esac
END
printf '#!/bin/sh\n' >"$tmp/bin/systemctl"
chmod 755 "$tmp/bin"/*
with_systemd() { PATH=$tmp/bin:$PATH "$@"; }
enabled() { [ "$(systemctl --root=/ is-enabled $timer)" = "$1" ]; }

# ---- an earlier version, as Debian 12 packs it: with its units in /lib ----

version=$(dpkg-deb -f "$debs"/libpam-certauth_*.deb Version)
older=${version%%~*}~~
dpkg --compare-versions "$older" lt "$version"
mkdir "$tmp/older"
for deb in "$debs"/*.deb; do
	dpkg-deb -R "$deb" "$tmp/package"
	sed -i "s/$version/$older/g" "$tmp/package/DEBIAN/control"
	if [ -e "$tmp/package/usr/lib/systemd" ]; then
		mkdir "$tmp/package/lib"
		mv "$tmp/package/usr/lib/systemd" "$tmp/package/lib/"
	fi
	dpkg-deb --root-owner-group -b "$tmp/package" "$tmp/older" >/dev/null
	rm -r "$tmp/package"
done
echo "$version is installed in place of $older."
with_systemd dpkg -i "$tmp"/older/*.deb
dpkg -L certauth | grep -x "/lib/systemd/system/$timer"
[ ! -e "$wants" ] || fail 'the installation has enabled the timer'
[ ! -e "$tmp/active" ] || fail 'the installation has started the timer'
enabled disabled || fail "the timer is not known: $(systemctl --root=/ is-enabled $timer)"
systemctl --root=/ enable $timer
: >"$tmp/active"
echo 'alice email:alice@corp.example' >>/etc/certauth/users

with_systemd dpkg -i "$debs"/*.deb
[ -e "$tmp/active" ] || fail 'the upgrade has stopped the timer'
enabled enabled || fail 'the upgrade has disabled the timer'
[ -e "$wants" ] || fail 'the link of the timer leads nowhere'
# each file is there with its content, but for the one that was changed above
dpkg -V certauth libpam-certauth certauth-tests | tee "$tmp/changed"
[ "$(cat "$tmp/changed")" = '??5?????? c /etc/certauth/users' ] ||
	fail 'the files are not those of the packages'
grep -qx 'alice email:alice@corp.example' /etc/certauth/users ||
	fail 'the upgrade has replaced the users file'

# ---- does it work? ----

certauth --version
module=$(dpkg -L libpam-certauth | grep '/pam_certauth\.so$')
! ldd "$module" | grep 'not found' || fail 'a library is missing'
# says MODULE: what PAM says with this module alone
says() {
	echo "auth required $1" >/etc/pam.d/certauth-release
	pamtester certauth-release root authenticate </dev/null 2>&1
}
rc=0
said=$(says pam_absent.so) || :
[[ $said = *'Module is unknown'* ]] || fail "PAM says of an absent module: $said"
# without a CA of this host it denies, by the module and not by PAM
said=$(says pam_certauth.so) || rc=$?
echo "$said"
[ $rc -eq 1 ] || fail "pamtester ended with $rc"
[[ $said != *'Module is unknown'* ]] || fail 'PAM cannot load the module'
rm /etc/pam.d/certauth-release

# ---- and it goes ----

with_systemd dpkg -r certauth-tests certauth libpam-certauth
[ ! -e "$module" ] || fail 'the removal has left the module'
[ ! -e "$tmp/active" ] || fail 'the removal has left the timer running'
with_systemd dpkg -P certauth-tests certauth libpam-certauth
[ ! -L "$wants" ] || fail 'the purge has left the timer enabled'
[ ! -e /etc/certauth/users ] || fail 'the purge has left the configuration'
rm -r "$tmp"
