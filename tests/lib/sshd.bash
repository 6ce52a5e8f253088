# shellcheck shell=bash
# A real sshd in the place of common.bash, and a person at a client.
#
#   sshd_start [LINE ...]   on a free port of 127.0.0.1 as web1.example, with
#                           further lines for its configuration; sets PORT
#                           SSHD_UNDER: a command to run it under; SSHD_FLAGS:
#                           more options; it has SSHD_WAIT times 20 ms to listen
#   sshd_knows KEYWORD      does this sshd have that keyword?  Penalties for
#                           refused logins (9.8 and later) are off, unless a
#                           line of sshd_start sets them
#   sshd_stop
#   client_make [CERT]      carol's home gets an ssh configuration, so that
#                           `ssh web1` reaches it as alice, and alice's key and
#                           certificate (or CERT's) in ~/.config/certauth
#   client COMMAND ...      run as carol (CLIENT, if set, is another login)
#
# What sshd says is in $S/sshd.log; what the module says in $S/log.

sshd_hostkey() {
	[ -e "$S/hostkey" ] || ssh-keygen -q -t ed25519 -N '' -f "$S/hostkey"
}

sshd_knows() {
	sshd_hostkey || return
	in_place /usr/sbin/sshd -T -f /dev/null -h "$S/hostkey" 2>/dev/null |
		grep -i "^$1 " >"$S/keyword"
}

sshd_start() {
	local try i penalties=
	service sshd
	printf '127.0.0.1 localhost web1.example web1 %s\n' "$(hostname)" \
		>"$S/etc/hosts"
	sshd_hostkey || return
	# the tests' many refused logins all come from one address
	! sshd_knows PerSourcePenalties || penalties='PerSourcePenalties no'
	for try in 1 2 3 4 5 6 7 8 9 10; do
		PORT=$((20000 + RANDOM))
		cat >"$S/sshd_config" <<-END
			Port $PORT
			ListenAddress 127.0.0.1
			HostKey $S/hostkey
			PidFile none
			LogLevel VERBOSE
			UsePAM yes
			PubkeyAuthentication no
			PasswordAuthentication no
			KbdInteractiveAuthentication yes
			AuthenticationMethods keyboard-interactive
			StrictModes no
			PrintMotd no
			UseDNS no
		END
		# the first value is used
		printf '%s\n' "$@" "$penalties" >>"$S/sshd_config"
		: >"$S/sshd.log"
		# -D: the process whose number we have is the server; it does
		# not outlive its test
		# shellcheck disable=SC2086 # several words
		EXEC='exec' in_place setpriv --pdeathsig TERM \
			${SSHD_UNDER:-} /usr/sbin/sshd -D \
			${SSHD_FLAGS:-} -f "$S/sshd_config" \
			-E "$S/sshd.log" </dev/null >>"$S/sshd.log" 2>&1 3>&- 4>&- &
		SSHD_PID=$!
		export PORT SSHD_PID
		for ((i = 0; i < ${SSHD_WAIT:-500}; i++)); do
			if grep -q '^Server listening' "$S/sshd.log"; then
				return 0
			fi
			kill -0 "$SSHD_PID" 2>/dev/null || break
			sleep 0.02
		done
		kill "$SSHD_PID" 2>/dev/null || :
		: "$try"
	done
	echo 'sshd does not start:' >&2
	cat "$S/sshd.log" >&2
	return 1
}

sshd_stop() {
	[ -n "${SSHD_PID:-}" ] || return 0
	kill "$SSHD_PID" 2>/dev/null || :
	wait "$SSHD_PID" 2>/dev/null || :
	SSHD_PID=
}

client_make() {
	local home=$S/home/${CLIENT:-carol}
	mkdir -p "$home/.ssh" "$home/.config/certauth" "$home/run"
	cat >"$home/.ssh/config" <<-END
		Host web1
			HostName web1.example
			Port $PORT
			User alice
	END
	echo "[web1.example]:$PORT $(cat "$S/hostkey.pub")" \
		>"$home/.ssh/known_hosts"
	cp "$PKI/${1:-alice}-chain.pem" "$home/.config/certauth/me.pem"
	cp "$PKI/${1:-alice}.key" "$home/.config/certauth/me.key"
	cat >"$home/.config/certauth/config" <<-END
		[default]
		cert = ~/.config/certauth/me.pem
		key = ~/.config/certauth/me.key
	END
	chmod 700 "$home/run" "$home/.ssh" "$home/.config"
	chmod 600 "$home/.config/certauth/me.key" "$home/.ssh/config"
	chown -R --reference="$home" "$home/.ssh" "$home/.config" "$home/run"
}

client() {
	AS_USER_ENV="XDG_RUNTIME_DIR=$S/home/${CLIENT:-carol}/run ${CLIENT_ENV:-}" \
		as_user "${CLIENT:-carol}" "$@"
}
