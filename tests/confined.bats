#!/usr/bin/env bats
# The helper of root, and the host's own, in their confinement: what a hostile
# PKCS#11 module in one can do.
bats_require_minimum_version 1.5.0
load lib/common
load lib/hostca

setup_file() {
	place_make
	export DRIVE=$S/bin/pamdrive H=$S/home/root SOFTHSM
	cp "$CERTAUTH_BUILD/tests/lib/pamdrive" "$DRIVE"
	mkdir "$S/helpers" "$H"
	cp "$CERTAUTH_BUILD/tests/lib/escape" "$S/helpers/"
	sed -i "s|^root:\(.*\):[^:]*:\([^:]*\)$|root:\1:$H:\2|" "$S/etc/passwd"
	mkdir -p "$H/victim/empty" "$H/store"
	SOFTHSM=$(find /usr/lib /usr/lib64 -name libsofthsm2.so 2>/dev/null |
		head -n 1)
	python3 - "$H" 3>&- <<-'END' &
		import os, socket, sys, time
		os.chdir(sys.argv[1])
		tcp = socket.create_server(('127.0.0.1', 0))
		unix = socket.socket(socket.AF_UNIX)
		unix.bind('sock')
		unix.listen(50)
		with open('port.new', 'w') as f:
		    f.write(str(tcp.getsockname()[1]))
		os.rename('port.new', 'port')
		time.sleep(3600)
	END
	echo $! >"$S/server"
	for ((i = 0; i < 500; i++)); do
		[ -e "$H/port" ] && break
		sleep 0.02
	done
}

teardown_file() {
	[ ! -e "$S/server" ] || kill "$(cat "$S/server")"
	place_remove
}

setup() {
	need_root
	local f
	for f in file gone from; do
		echo content >"$H/victim/$f"
	done
	echo content >"$H/store/file"
	rm -rf "$H/new" "$H/victim/new" "$H/victim/to" "$H/victim/link" \
		"$H/victim/symlink" "$H/victim/dir" "$H/victim/fifo"
	mkdir -p "$H/victim/empty"
}

# escape [MODULE-ARGUMENT ...]: what root's hostile helper managed to do, in
# $S/seen; WITHOUT: a system call that the kernel does not have
escape() {
	service test proof=command "helper=$S/helpers/escape" "$@"
	log_mark
	in_place ${WITHOUT:+strace -f -qq -o /dev/null -e "inject=$WITHOUT"} \
		"$DRIVE" -s test -u root >"$S/seen" 2>&1 || :
	cat "$S/seen"
	grep -q '^info need_read done$' "$S/seen"
	grep -q '^info do_unshare ' "$S/seen"
}

# landlock: the version of it here; none: nothing
landlock() {
	python3 - <<-'END'
		import ctypes
		version = ctypes.CDLL(None).syscall(444, None, 0, 1)
		print(version if version > 0 else '')
	END
}

# state: what the attacks want to change
state() {
	ls "$H"
	(cd "$H/victim" && find . -printf '%p %y %m %s %T@ %C@\n' | sort)
	sha256sum "$S/etc/passwd"
	stat -c %a "$S/etc/passwd"
}

@test "a hostile helper of root changes no file, executes nothing, reaches nobody" {
	[ -n "$(landlock)" ] || skip 'this kernel has no Landlock'
	state >"$S/before"
	escape
	state | diff "$S/before" -
	run ! grep -E '^info do_[a-z0-9_]+ done$' "$S/seen"
	[ "$(grep -c '^info do_' "$S/seen")" -ge 48 ]
	# what PKCS#11 modules need is there, but no store to write
	grep -E '^info need_' "$S/seen" | grep -v ' done$' >"$S/missing" || :
	diff - <(cut -d' ' -f2 "$S/missing") <<-'END'
		need_store
		need_new_store
	END
	grep '^info need_store Permission denied$' "$S/seen"
	not_logged 'has no Landlock|cannot be filtered'
}

@test "the host's paths of helper_write, and no others, can be changed" {
	[ -n "$(landlock)" ] || skip 'this kernel has no Landlock'
	state >"$S/before"
	conf default "helper_write = $S/nothing $H/store"
	escape
	conf default 'helper_write ='
	state | diff "$S/before" -
	run ! grep -E '^info do_[a-z0-9_]+ done$' "$S/seen"
	grep '^info need_store done$' "$S/seen"
	grep '^info need_new_store done$' "$S/seen"
	# a file alone
	conf default "helper_write = $H/store/file"
	escape
	conf default 'helper_write ='
	grep '^info need_store done$' "$S/seen"
	grep '^info need_new_store Permission denied$' "$S/seen"
}

@test "helper_confine = network opens the network and nothing else" {
	[ -n "$(landlock)" ] || skip 'this kernel has no Landlock'
	state >"$S/before"
	escape helper_confine=network
	state | diff "$S/before" -
	diff - <(sed -nE 's/^info (do_[a-z0-9_]+) done$/\1/p' "$S/seen") <<-'END'
		do_tcp
		do_udp
		do_inet6
	END
}

# The attacks above are real: without confinement each of these is done.
@test "helper_confine = no: the attacks work" {
	local what
	escape helper_confine=no
	for what in append rdwr passwd create truncate unlink rename link \
		symlink mkdir fifo rmdir chmod chown utime self_mem exec \
		execveat exec_key exec_fd exec_memory ptrace traceme kill tgkill \
		tkill queue pidfd parents_limit setuid tcp udp; do
		grep "^info do_$what done\$" "$S/seen"
	done
	[ -e "$H/new" ]
}

@test "a kernel without Landlock, or without filters: the helper runs, and the log says it" {
	WITHOUT=landlock_create_ruleset:error=ENOSYS escape
	logged "helper $S/helpers/escape: this kernel has no Landlock, so a PKCS#11 module in the helper can change every file of user ID 0"
	grep '^info do_append done$' "$S/seen"
	# what the filter refuses is refused
	grep '^info do_chmod Operation not permitted$' "$S/seen"
	run ! grep -E '^info do_(exec|kill|tcp|ptrace).* done$' "$S/seen"
	[ -n "$(landlock)" ] || return 0
	WITHOUT=seccomp:error=EINVAL escape
	logged 'system calls cannot be filtered on this machine, so a PKCS#11 module in the helper can execute programs as user ID 0'
	grep '^info do_append Permission denied$' "$S/seen"
	grep '^info do_exec done$' "$S/seen"
}

# What fails in a process that is to be confined ends it.
@test "a helper that cannot be confined does not run" {
	[ -n "$(landlock)" ] || skip 'this kernel has no Landlock'
	service test proof=command "helper=$S/helpers/escape"
	log_mark
	# a path that only this profile opens: the verifier has one, too
	in_place strace -f -qq -o /dev/null -P /dev/full \
		-e inject=openat:error=ENFILE \
		"$DRIVE" -s test -u root >"$S/seen" 2>&1 || :
	cat "$S/seen"
	run ! grep '^info' "$S/seen"
	logged "helper $S/helpers/escape: confining the helper failed"
	logged 'outcome=denied.* reason=helper( |$)'
}

# token: root's, with alice's key and certificate; PIN 1234
token() {
	[ -n "$SOFTHSM" ]
	export SOFTHSM2_CONF=$S/etc/softhsm/softhsm2.conf
	mkdir -p "$S/etc/softhsm" "$S/hsm"
	chmod 700 "$S/hsm"
	printf '%s\n' "directories.tokendir = $S/hsm" \
		'objectstore.backend = file' 'log.level = ERROR' \
		>"$SOFTHSM2_CONF"
	softhsm2-util --init-token --free --label Root --pin 1234 \
		--so-pin 567890 >/dev/null
	softhsm2-util --import "$PKI/alice.key" --token Root --pin 1234 \
		--id 01 --label root >/dev/null
	openssl x509 -in "$PKI/alice.pem" -outform DER -out "$S/c.der"
	pkcs11-tool --module "$SOFTHSM" --token-label Root --pin 1234 \
		--write-object "$S/c.der" --type cert --id 01 --label root \
		>/dev/null 2>&1
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")" \
		"root sha256:$(pki_sha256 "$PKI/alice.pem")"
	ca_dir root.pem inter.pem
}

@test "root logs in by a token, whether its store may be written or not" {
	local args
	token
	for args in "" "helper_write=$S/hsm"; do
		# shellcheck disable=SC2086 # a word, or none
		service test proof=command "helper=$HELPER" pkcs11=yes $args
		log_mark
		in_place "$DRIVE" -s test -u root -C 'echo 1234' >"$S/seen" || :
		cat "$S/seen"
		grep -q '^authenticate PAM_SUCCESS$' "$S/seen"
		logged 'outcome=granted'
		not_logged 'has no Landlock'
	done
}

@test "the helper of another user is not confined" {
	cp -a "$H/port" "$S/home/alice/"
	mkdir -p "$S/home/alice/victim"
	echo content >"$S/home/alice/victim/file"
	chown -R 2001 "$S/home/alice"
	service test proof=command "helper=$S/helpers/escape"
	in_place "$DRIVE" -s test -u alice >"$S/seen" 2>&1 || :
	grep '^info do_append done$' "$S/seen"
	grep '^info do_exec done$' "$S/seen"
	# nor can it do what only root's could
	grep '^info do_passwd Permission denied$' "$S/seen"
}
