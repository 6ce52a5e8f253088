# Applications whose service lacks something that the module uses: the login is made by
# another way, or denied with a line that has the cause.  None hangs.
# shellcheck disable=SC2030,SC2031 # each test has its CERTAUTH_VERIFIER and LAUNCH
load lib/common

setup_file() {
	place_make
	cp "$CERTAUTH_BUILD/tests/lib/nofamily" "$S/bin/"
	resident_start
	make_root
}

teardown_file() { place_remove; }

setup() {
	need_root
	RESIDENT=$(cat "$S/resident.pid")
	conf_reset
	unset LAUNCH
}

# way WORD: verifier=WORD
way() {
	CERTAUTH_VERIFIER=verifier=$1 service test
}

# launcher NAME: a script from standard input, which has the command in "$@"
launcher() {
	{
		printf '#!/bin/sh\nset -e\n'
		cat
		# shellcheck disable=SC2016 # for that shell
		echo 'exec "$@"'
	} >"$S/bin/$1"
	chmod 755 "$S/bin/$1"
	# a login that hangs ends with another status than one that is denied
	LAUNCH="timeout --foreground -k 1 100 $S/bin/$1"
	export LAUNCH
}

# ends: the login was not ended by timeout
ends() {
	"$@" || return
	# pamtester says at its end how it went
	grep -q 'pamtester: ' "$S/seen"
}

# granted WAY ...: by each way
granted() {
	local w
	for w; do
		way "$w"
		ends login_ok || return
	done
}

# children of the resident parent
hands() { pgrep -P "$RESIDENT"; }

@test "PrivateTmp, and files that only the application's mount namespace has" {
	# what is mounted over /tmp hides the scratch folder
	launcher private <<-END
		exec unshare -m --propagation private sh -ec '
			mkdir -p /mnt/kept
			mount --rbind "$S" /mnt/kept
			mount -t tmpfs tmpfs "\$(dirname "$S")"
			mkdir "$S"
			mount --rbind /mnt/kept "$S"
			mount -t tmpfs tmpfs /opt
			cp -a /etc/certauth/ca /opt/ca
			exec "\$@"' - "\$@"
	END
	in_place mount -t tmpfs tmpfs /mnt
	granted resident auto spawn
	conf default 'ca_dir = /opt/ca'
	in_place test ! -e /opt/ca
	granted resident auto spawn
	in_place umount -l /mnt
}

# A root of its own, with the programs and /etc of the place, and with neither /run nor
# /proc in it.
make_root() {
	local d
	mkdir -p "$S/root/run" "$S/root/proc" "$S/root/tmp" "$S/root/dev" "$S/root/etc" "$S/root$S"
	for d in bin sbin lib lib32 lib64 libx32; do
		[ ! -L "/$d" ] || cp -a "/$d" "$S/root/"
		[ -L "/$d" ] || [ ! -d "/$d" ] || mkdir "$S/root/$d"
	done
	mkdir "$S/root/usr"
}

# in_root WHAT: the launcher of a login in that root, with the directories WHAT too
in_root() {
	launcher rooted <<-END
		exec unshare -m --propagation private sh -ec '
			r=$S/root
			for d in /bin /sbin /lib /lib32 /lib64 /libx32 /usr /etc; do
				[ -L \$d ] || [ ! -d \$d ] || mount --rbind \$d \$r\$d
			done
			mount --rbind /dev \$r/dev
			mount --bind "$S/bin" "\$r$S/bin"
			mount --bind "$S/home" "\$r$S/home"
			for d in $*; do
				mkdir -p \$r\$d
				mount --rbind \$d \$r\$d
			done
			exec chroot \$r "\$@"' - "\$@"
	END
	mkdir -p "$S/root$S/bin" "$S/root$S/home"
}

@test "RootDirectory: the verifier in that root, the socket in it, or neither" {
	in_root /run/certauth-test
	granted spawn auto
	way resident
	ends login_denied internal
	logged 'socket /run/certauth/verifier.1.sock, or a directory above it, does not exist'
	# the service's /proc is not needed, and does not harm
	in_root /run/certauth-test /proc
	granted spawn auto
	# the host's socket, as a bind mount of its directory
	in_root /run/certauth
	granted resident auto
	way spawn
	ends login_denied internal
	logged '/run/certauth-test.*No such file or directory'
	in_root
	rm -rf "$S/root/run"/*
	for w in auto resident spawn; do
		way $w
		ends login_denied internal
	done
	logged '/run/certauth-test.*No such file or directory'
}

@test "RootDirectory without an account _certauth" {
	grep -v ^_certauth: "$S/etc/passwd" >"$S/passwd"
	in_root /run/certauth-test
	sed -i "s|^\\t*exec chroot|mount --bind $S/passwd \$r/etc/passwd; &|" "$S/bin/rooted"
	way spawn
	ends login_denied internal
	logged 'certauth-verifier cannot become user _certauth: the user is root'
	in_root /run/certauth
	sed -i "s|^\\t*exec chroot|mount --bind $S/passwd \$r/etc/passwd; &|" "$S/bin/rooted"
	granted resident auto
}

@test "LimitNPROC: a verifier is started all the same where root may, else it is said" {
	# more processes of _certauth than the limit allows: those of the parent
	[ "$(hands | wc -l)" -ge 2 ]
	launcher few <<-END
		exec prlimit --nproc=2:2 "\$@"
	END
	granted spawn auto resident
	# root without what lifts the limit
	launcher few <<-END
		exec prlimit --nproc=2:2 setpriv --bounding-set -sys_resource,-sys_admin "\$@"
	END
	granted spawn auto resident
	# a user's own process, which may start nothing
	launcher few <<-END
		exec setpriv --reuid 2001 --regid 2001 --clear-groups --inh-caps=-all \
			prlimit --nproc=0:0 "\$@"
	END
	# env and pamtester are executed, not forked
	LAUNCH=${LAUNCH#timeout --foreground -k 1 100 }
	granted resident auto
	way spawn
	ends login_denied internal
	logged 'cannot be started: Resource temporarily unavailable'
}

@test "no UNIX sockets: a verifier is started over a socket pair" {
	launcher families <<-END
		exec $S/bin/nofamily stream "\$@"
	END
	granted spawn auto
	way resident
	ends login_denied internal
	logged 'cannot be reached at /run/certauth/verifier.1.sock: Address family not supported'
	# and if nothing can be logged either
	launcher families <<-END
		exec $S/bin/nofamily all "\$@"
	END
	for w in spawn auto; do
		way $w
		login
		grep -q 'pamtester: successfully authenticated' "$S/seen"
	done
	way resident
	run login
	[ "$status" -eq 1 ]
	grep -q 'pamtester: ' "$S/seen"
}

@test "no CAP_SETUID, no CAP_SETGID: a verifier that would stay root does not answer" {
	local cap
	for cap in setuid setgid; do
		launcher bound <<-END
			exec setpriv --bounding-set -$cap "\$@"
		END
		way spawn
		ends login_denied internal
		logged 'certauth-verifier cannot become user _certauth: .*Operation not permitted'
		granted resident auto
	done
	# none at all
	launcher bound <<-END
		exec setpriv --bounding-set -all "\$@"
	END
	way spawn
	ends login_denied internal
	granted resident auto
}

@test "NoNewPrivileges" {
	launcher nnp <<-END
		exec setpriv --no-new-privs "\$@"
	END
	granted spawn auto resident
}

@test "a user namespace that does not have _certauth" {
	in_place unshare -U --map-root-user true ||
		skip 'no user namespace can be made here (in a chroot, none ever)'
	launcher alone <<-END
		exec unshare -U --map-root-user "\$@"
	END
	way spawn
	ends login_denied internal
	logged 'certauth-verifier cannot become user _certauth: setresuid: (Operation not permitted|Invalid argument)'
	granted resident auto
}

@test "few descriptors: denied, or granted, and the login ends" {
	launcher low <<-END
		exec prlimit --nofile=64:64 "\$@"
	END
	granted spawn auto resident
	local n w
	for n in 4 5 6 8 10 12; do
		launcher low <<-END
			exec prlimit --nofile=$n:$n "\$@"
		END
		for w in spawn auto resident; do
			way $w
			run login
			[ "$status" -ne 124 ]
			[ "$status" -ne 137 ]
			[ "$status" -ne 0 ] || log_lines | grep -q outcome=granted
		done
	done
}
