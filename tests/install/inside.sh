#!/bin/bash
# What clean-room.sh does within the fresh Debian.
# usage: inside.sh packages|login
set -eu
export DEBIAN_FRONTEND=noninteractive
cd /root

block() {
	awk -v want="$1" -f extract.awk README.md >"/root/block.$1"
	[ -s "/root/block.$1" ] || { echo "no block $1 in README.md"; exit 1; }
}
follow() {
	block "$1"
	echo "--- README, setup: $1"
	sed 's/^/    /' "/root/block.$1"
	bash -eu "/root/block.$1"
}
say() { echo "--- $*"; }
fail() { echo "FAILED: $*"; tail -n 20 /root/sshd.log /root/ssh.err 2>/dev/null; exit 1; }

if [ "$1" = packages ]; then
	./debs.sh /debs
	cp -a /etc/pam.d /root/pam.d-before
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends /debs/*.deb openssh-server \
		openssh-client sudo >/root/apt.log 2>&1 ||
		{ tail -n 30 /root/apt.log; exit 1; }
	dpkg -l libpam-certauth certauth certauth-verifier certauth-tests | tail -n 4
	# installing has turned nothing on
	! grep -rs certauth /etc/pam.d || fail 'installing changed PAM'
	# but for the socket of the verifier, and its user
	[ -L /etc/systemd/system/sockets.target.wants/certauth-verifier.socket ] ||
		fail 'the socket is not enabled'
	getent passwd _certauth || fail 'there is no user _certauth'
	exit 0
fi

# ---- a CA of the site, and alice ----
useradd -m -s /bin/bash alice
echo '127.0.0.1 localhost web1.example web1' >/etc/hosts
hostname web1.example 2>/dev/null || :
certauth pki init /root/pki >/dev/null
certauth pki issue /root/pki alice --email alice@corp.example >/dev/null
cp /root/pki/ca.pem /root/pki/ca.crl /root/pki/alice.pem /root/
printf '[default]\nhost_names = web1.example\n' >/root/names

# `service` starts nothing in a chroot without an init: sshd is started by us
mkdir -p /run/sshd /root/bin
# shellcheck disable=SC2016 # for the shell that it is
printf '#!/bin/sh\n[ "$1" = ssh ]\n' >/root/bin/service
chmod 755 /root/bin/service
export PATH=/root/bin:$PATH

follow host
follow verify
follow sshd
follow sudo
sed -i "/^\[default\]/a host_names = web1.example" /etc/certauth/certauth.conf

/usr/sbin/sshd -D -e 2>/root/sshd.log &
sshd=$!
trap 'kill $sshd' EXIT
sleep 1

# ---- the client's half, as alice ----
mkdir -p /home/alice/.config/certauth
cp /root/pki/alice.pem /root/pki/alice.key /home/alice/.config/certauth/
chown -R alice: /home/alice/.config
block client
block login
cp block.client block.login /home/alice/
as_alice() {
	runuser -u alice -- env -i HOME=/home/alice PATH=/usr/bin:/bin \
		USER=alice LOGNAME=alice bash -eu -c "$(cat "$@")" \
		2>>/root/ssh.err </dev/null
}
cd /home/alice
say 'README, setup: client and login, as alice'
as_alice block.client
mkdir -p .ssh
{ echo -n 'web1.example '; cat /etc/ssh/ssh_host_ed25519_key.pub; } \
	>.ssh/known_hosts
chown -R alice: .ssh
who=$(sed 's/$/ id -un/' block.login | as_alice) || fail 'no login'
[ "$who" = alice ] || fail "the session says: $who"
say "ACCEPTED; the session says: $who"

# sudo, by the second line of that text
echo 'alice ALL=(ALL) ALL' >/etc/sudoers.d/alice
sed -i 's/^host_names .*/host_names = web1.example '"$(hostname)"'/' \
	/etc/certauth/certauth.conf
who=$(echo 'SUDO_ASKPASS=/usr/bin/certauth-askpass sudo -A id -un' |
	as_alice) || fail 'sudo'
[ "$who" = root ] || fail "sudo says: $who"
say "sudo -A: $who"

# a resident verifier, as operations.md says it for hosts without systemd
/usr/libexec/certauth/certauth-verifier --listen 2>/root/verifier.log &
verifier=$!
trap 'kill $sshd $verifier' EXIT
for _ in 1 2 3 4 5; do [ -S /run/certauth/verifier.1.sock ] || sleep 1; done
certauth doctor | grep '^note verifier-socket: a verifier answers at ' ||
	fail "the resident verifier: $(cat /root/verifier.log)"
sed -i 's/pam_certauth\.so/& verifier=resident/' /etc/pam.d/sshd
who=$(sed 's/$/ id -un/' block.login | as_alice) || fail 'no login by the resident verifier'
[ "$who" = alice ] || fail "the session says: $who"
sed -i 's/ verifier=resident//' /etc/pam.d/sshd
kill $verifier
wait $verifier || fail 'the resident verifier did not end well'
trap 'kill $sshd' EXIT
say 'the same by a resident verifier'

say 'certauth-tests, against this set-up'
certauth-tests --service sshd --user alice || fail 'certauth-tests'

certauth pki revoke /root/pki alice >/dev/null
certauth setup --no-fetch --crl /root/pki/ca.crl >/root/setup.log 2>&1 || :
if sed 's/$/ id -un/' block.login | as_alice; then
	fail 'a revoked certificate was accepted'
fi
say 'REFUSED, once it was revoked'

# ---- removal ----
cd /root
sed -i '1s/.*/auth required pam_certauth.so/' /etc/pam.d/sshd
if apt-get remove -y -qq libpam-certauth >/root/remove.log 2>&1; then
	fail 'removed, although sshd demands the module'
fi
grep -q 'no user can log in' /root/remove.log || fail 'the reason is not shown'
sed -i 1d /etc/pam.d/sshd
sed -i 1d /etc/pam.d/sudo
# switched on by pam-auth-update, as an administrator would: removal undoes it
pam-auth-update --package --enable certauth certauth-sessions
grep -q pam_certauth /etc/pam.d/common-auth || fail 'pam-auth-update'
# behind pam_systemd, which gives a session its name
[[ $(grep '^session' /etc/pam.d/common-session | tail -n 1) = *pam_certauth.so* ]] ||
	fail 'pam-auth-update: the session line is not the last'
apt-get remove -y -qq libpam-certauth certauth certauth-verifier certauth-tests \
	>/root/remove.log 2>&1 || { cat /root/remove.log; fail 'removal'; }
! grep -rs certauth /etc/pam.d || fail 'removal left lines in /etc/pam.d'
for f in common-auth common-account common-session common-session-noninteractive; do
	diff "pam.d-before/$f" "/etc/pam.d/$f" || fail "$f is not as before"
done
# purged: nothing of the packages' stays but what the administrator put there
# (certauth-tests is gone already: apt would not know its name)
dpkg --purge libpam-certauth certauth certauth-verifier certauth-tests \
	>/root/purge.log 2>&1 || { cat /root/purge.log; fail 'purge'; }
find / -xdev \( -path /root -o -path /debs -o -path /home -o -path /proc \
	-o -path /tmp -o -path /var/log -o -path /src \) -prune -o \
	-iname '*certauth*' -print | sort >/root/left
! grep -vE '^/etc/(certauth|ssh/sshd_config\.d/certauth\.conf)(/|$)' /root/left ||
	fail 'purge left these files'
find /etc/certauth ! -type d | sort >/root/left
! grep -vE '^/etc/certauth/(ca|crl)/' /root/left ||
	fail 'purge left these files of the packages'
diff -r pam.d-before /etc/pam.d | grep -vE ': (sshd|sudo|sudo-i)$' |
	grep . && fail 'PAM is not as before'
say 'Removed and purged; PAM is as it was.  The clean room works.'
