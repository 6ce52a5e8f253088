#!/usr/bin/env bats
# shellcheck disable=SC2016 # for other shells to expand
# What askpass must not sign: requests that somebody else has, in the text of a
# program that shows it.
load lib/common

setup_file() {
	export D V CA_BIN
	D=$(mktemp -d "${TMPDIR:-/tmp}/certauth-askpass.XXXXXX")
	V=$D/keys
	CA_BIN=$CERTAUTH_BUILD
	mkdir "$V" "$D/bin" "$D/as"
	cp "$HERE"/tests/data/vectors/*.pem "$HERE"/tests/data/vectors/*.key "$V/"
	chmod 600 "$V"/*.key
	cp "$CA_BIN/certauth" "$D/bin/"
	ln -s certauth "$D/bin/certauth-askpass"
	local as
	for as in ssh sudo sudoedit sudo-rs git su myssh a-very-long-name-of-ssh \
		wrap.sh; do
		cp "$HERE/tests/lib/asker.sh" "$D/as/$as"
	done
	# an ssh that only tells what it got
	cat >"$D/bin/ssh" <<-'END'
		#!/bin/sh
		case $1 in
		-V) echo "OpenSSH_${SSH_IS:-9.2}p1, OpenSSL" >&2; exit ;;
		-G) shift; exec /usr/bin/ssh -F "$D/ssh_config" -G "$@" ;;
		esac
		env | grep -E '^CERTAUTH' | sort
		echo started
	END
	# asks for passphrases and yeses, and notes it
	cat >"$D/bin/other" <<-'END'
		#!/bin/sh
		echo "$1" >>"$D/asked"
		case $1 in *yes/no*) echo yes ;; *) echo hunter2 ;; esac
	END
	chmod 755 "$D/bin"/*
	chmod 755 "$D"
}

teardown_file() { rm -rf "$D"; }

setup() {
	export HOME=$D/home XDG_RUNTIME_DIR=$D/run XDG_CONFIG_HOME=$D/config
	rm -rf "$HOME" "$XDG_RUNTIME_DIR" "$XDG_CONFIG_HOME" "$D/asked"
	mkdir -m 700 "$HOME" "$XDG_RUNTIME_DIR"
	mkdir -p "$XDG_CONFIG_HOME/certauth"
	: >"$D/ssh_config"
	conf p256
	unset SSH_ASKPASS SSH_ASKPASS_REQUIRE CERTAUTH_ASKPASS SSH_AUTH_SOCK \
		XDG_STATE_HOME
}

conf() {
	printf '[default]\ncert = %s\nkey = %s\n' "$V/$1.pem" "$V/$1.key" \
		>"$XDG_CONFIG_HOME/certauth/config"
	shift
	printf '%s\n' "$@" >>"$XDG_CONFIG_HOME/certauth/config"
}

host() { python3 "$HERE/tests/lib/host.py" "$@"; }
# a request of this machine for who runs this: SERVICE [OPTION ...]
here() {
	host request --host "$(hostname)" --user "${LOGIN:-$(id -un)}" \
		--service "$1" --rhost '' "${@:2}"
}
# asked_by NAME TEXT: by a program of that name
asked_by() {
	setsid -w "$D/as/$1" "$D/bin/certauth-askpass" "$2" </dev/null
}
# by one that is root's; without root, by one that seems so
asked_by_root() {
	local ns=()
	[ "$(id -u)" -eq 0 ] || ns=(unshare -r --)
	"${ns[@]}" setsid -w "$D/as/$1" "$D/bin/certauth-askpass" "$2" </dev/null
}
# nothing was signed, and this was said
unsigned() {
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *'not signed: '*"$1"* ]]
	# and no line of an answer
	[ "$(grep -cxE '[A-Za-z0-9_-]+[+.]' <<<"$output")" -eq 0 ]
}

# ---- who asks ----

@test "a request of su is not answered in any program's text" {
	local r as text
	r=$(here su)
	for as in git su wrap.sh sudo-rs; do
		for text in "Password for 'https://certauth1 $r next=0 max=32768:@evil': " \
			"certauth1 $r next=0 max=500: " \
			"($(id -un)@$(hostname)) certauth1 $r next=0 max=500: "; do
			run asked_by $as "$text"
			unsigned "\`$as' asks, but only ssh or sudo may ask"
		done
	done
	# nor where the program has gone, or is not one of these two
	run setsid -w "$D/bin/certauth-askpass" "certauth1 $r next=0 max=500: " \
		</dev/null
	unsigned 'only ssh or sudo may ask'
}

@test "a request of su is not answered under sudo or ssh either" {
	local r as
	r=$(LOGIN=root here su)
	for as in sudo sudoedit; do
		run asked_by_root $as "certauth1 $r next=0 max=500: "
		unsigned 'from the PAM service su'
	done
	run asked_by ssh "certauth1 $r next=0 max=500: "
	unsigned 'did not say which host asks'
	run asked_by ssh "Password for 'https://certauth1 $r next=0 max=500:@evil': "
	unsigned 'did not say which host asks'
}

@test "sudo and sudoedit are answered for sudo and sudo-i" {
	local as service r
	for as in sudo sudoedit; do
		for service in sudo sudo-i; do
			r=$(LOGIN=root here $service)
			run asked_by_root $as "certauth1 $r next=0 max=1023: "
			[ "$status" -eq 0 ]
		done
	done
}

@test "askpass_services names the services that sudo asks for" {
	local r
	r=$(LOGIN=root here sitesudo)
	run asked_by_root sudo "certauth1 $r next=0 max=1023: "
	unsigned 'from the PAM service sitesudo'
	conf p256 'askpass_services = sitesudo other'
	run asked_by_root sudo "certauth1 $r next=0 max=1023: "
	[ "$status" -eq 0 ]
	# it replaces the default, and an empty one is none
	r=$(LOGIN=root here sudo)
	run asked_by_root sudo "certauth1 $r next=0 max=1023: "
	unsigned 'from the PAM service sudo'
	conf p256 'askpass_services ='
	run asked_by_root sudo "certauth1 $r next=0 max=1023: "
	unsigned 'from the PAM service sudo'
}

@test "under sudo the prompt is all of the text" {
	local r before after
	r=$(LOGIN=root here sudo)
	for before in ' ' $'\n' 'RADIUS says: ' $'Hello\n' "(root@$(hostname)) " \
		"Password for 'https://"; do
		run asked_by_root sudo "${before}certauth1 $r next=0 max=500: "
		unsigned 'contains more than the prompt'
	done
	for after in x "@evil': " $'\nPassword: ' ' .'; do
		run asked_by_root sudo "certauth1 $r next=0 max=500:$after"
		unsigned 'contains more than the prompt'
	done
}

@test "a program that calls itself sudo and is not root's is not answered" {
	need_root
	local r as
	as=(setpriv --reuid=65534 --regid=65534 --clear-groups
		env HOME=/ XDG_CONFIG_HOME=/nonexistent)
	r=$(LOGIN=nobody here sudo)
	run setsid -w "${as[@]}" "$D/as/sudo" "$D/bin/certauth-askpass" \
		"certauth1 $r next=0 max=500: " </dev/null
	unsigned 'does not run as root'
	# sudo itself, whose child is the user, gets to the next step
	run setsid -w "$D/as/sudo" "${as[@]}" "$D/bin/certauth-askpass" \
		"certauth1 $r next=0 max=500: " </dev/null
	echo "$output"
	[[ $output == *'no certificate to log in with'* ]]
}

@test "a script in between is named, and with exec it is none" {
	local r
	r=$(host request)
	# asker.sh runs askpass without exec, as such a script would
	run setsid -w "$D/as/ssh" "$D/as/wrap.sh" "$D/bin/certauth-askpass" \
		"(alice@web1) certauth1 $r next=0 max=500: " </dev/null
	unsigned "\`wrap.sh' asks"
	[[ $output == *'exec'* ]]
	printf '#!/bin/sh\nexec "$@"\n' >"$D/as/execs"
	chmod 755 "$D/as/execs"
	run setsid -w "$D/as/ssh" "$D/as/execs" "$D/bin/certauth-askpass" \
		"(alice@web1) certauth1 $r next=0 max=500: " </dev/null
	[ "$status" -eq 0 ]
}

# a mount namespace in which COMMAND is done before
in_mounts() {
	local how=-m
	[ "$(id -u)" -eq 0 ] || how=-rm
	unshare $how --propagation private sh -c "$1 || exit 77; shift; exec \"\$@\"" - "$@"
}

@test "where /proc is hidden or absent, it is said and refused" {
	need_root
	local r as
	as=(setpriv --reuid=65534 --regid=65534 --clear-groups
		env HOME=/ XDG_CONFIG_HOME=/nonexistent)
	r=$(LOGIN=nobody here sudo)
	for hide in hidepid=1 hidepid=2; do
		run in_mounts "mount -t proc -o $hide proc /proc" setsid -w \
			"$D/as/sudo" "${as[@]}" "$D/bin/certauth-askpass" \
			"certauth1 $r next=0 max=500: " </dev/null
		[ "$status" -ne 77 ] || skip 'no procfs can be mounted here'
		unsigned 'hidepid'
	done
	run in_mounts 'mount -t tmpfs none /proc' setsid -w "$D/as/sudo" \
		"$D/bin/certauth-askpass" "certauth1 $r next=0 max=500: " </dev/null
	unsigned 'cannot be read'
	# files that look like it
	run in_mounts 'mount -t tmpfs none /proc && mkdir /proc/$PPID &&
		echo sudo >/proc/$PPID/comm && ln -s $$ /proc/self' \
		"$D/bin/certauth-askpass" \
		"certauth1 $r next=0 max=500: " </dev/null
	unsigned 'cannot be read'
}

@test "/proc of another process namespace is not believed" {
	need_root
	local r
	r=$(LOGIN=root here sudo)
	run unshare -pf "$D/as/sudo" "$D/bin/certauth-askpass" \
		"certauth1 $r next=0 max=500: " </dev/null
	unsigned 'cannot be read'
}

# ---- ssh's prefix ----

@test "ssh's prefix is believed of a program named ssh alone" {
	local r
	r=$(host request)
	run asked_by ssh "(alice@web1) certauth1 $r next=0 max=500: "
	[ "$status" -eq 0 ]
	run asked_by myssh "(alice@web1) certauth1 $r next=0 max=500: "
	unsigned "\`myssh' asks"
	# certauth ssh says which one it started
	export CERTAUTH_SSH_HOSTS=web1 CERTAUTH_SSH_USER=alice CERTAUTH_SSH_PREFIX=1
	CERTAUTH_SSH=/opt/myssh run asked_by myssh \
		"(alice@web1) certauth1 $r next=0 max=500: "
	[ "$status" -eq 0 ]
	CERTAUTH_SSH=/opt/myssh run asked_by ssh \
		"(alice@web1) certauth1 $r next=0 max=500: "
	unsigned "\`ssh' asks, but only myssh or sudo may ask"
	# the kernel cuts it
	CERTAUTH_SSH=a-very-long-name-of-ssh run asked_by a-very-long-name-of-ssh \
		"(alice@web1) certauth1 $r next=0 max=500: "
	[ "$status" -eq 0 ]
}

@test "nothing but whole lines between ssh's prefix and the prompt" {
	local r p text
	r=$(host request)
	p="certauth1 $r next=0 max=1023: "
	# what ssh shows for a login `alice@web1) x' at the host evil, and more
	for text in "(alice@web1) x@evil) $p" "(alice@web1) @evil) $p" \
		$'(alice@web1) x@evil) \n'"$p" $'(alice@web1) \nx@evil) '"$p" \
		$'(alice@web1) \nx@evil) \n'"$p" "(alice@web1) x $p" \
		"(alice@web1)  $p" $'(alice@web1) a\n b: '"$p" \
		$'(alice@web1) (bob@web2) \n'"$p" "(alice@web1) $p@evil) Password: " \
		"(alice@web1) ${p% }@evil) " "(alice@web1) ${p}x" \
		"(al(ice@web1) $p" "(alice@web1)x) $p"; do
		run asked_by ssh "$text"
		unsigned 'rule 1'
	done
	for text in "(alice@web1) $p" $'(alice@web1) Hello\n'"$p" \
		$'(alice@web1) Hello (you)\n\nmail: root@corp\nin 3) days\n'"$p" \
		"(alice@web1) ${p% }"; do
		run asked_by ssh "$text"
		echo "$text: $output"
		[ "$status" -eq 0 ]
	done
}

# ---- certauth ssh ----

certauth_ssh() {
	CERTAUTH_SSH=$D/bin/ssh setsid -w "$D/bin/certauth" ssh "$@" </dev/null
}

@test "certauth ssh does not start with a parenthesis or a control byte in a name" {
	local bad
	printf '%s\n' 'Host aliased' 'HostKeyAlias web1)x' 'Host named' \
		'HostName web1(x' 'Host jumped' 'ProxyJump jump' 'Host jump' \
		'HostKeyAlias a)b' 'Host low' $'User al\001ice' >"$D/ssh_config"
	for bad in aliased named jumped low; do
		run certauth_ssh $bad
		echo "$bad: $output"
		[ "$status" -eq 1 ]
		[[ $output == *'ssh is not started'* ]]
		[[ $output != *$'\nstarted'* ]]
	done
	for bad in $'alice@web1)\nx' $'al\tice' $'x\nhostname web1' 'alice@web1)x' \
		'(x'; do
		run certauth_ssh -l "$bad" evil
		echo "$bad: $output"
		[ "$status" -ne 0 ] || [[ $output != *CERTAUTH_SSH_HOSTS* ]]
		[[ $output != *CERTAUTH_SSH_HOSTS=*web1* ]]
	done
	# a command may hold anything
	run certauth_ssh web1 $'echo (a);\nhostname web2'
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *'CERTAUTH_SSH_HOSTS=web1'* ]]
}

@test "certauth ssh resolves every hop as ssh will, with its login" {
	printf '%s\n' 'Host inner' 'ProxyJump carol@jump:2222,second' 'User dave' \
		'Host jump' 'HostName jump.example' 'ProxyJump erin@first' \
		'Host second' 'User frank' 'ProxyJump unused' >"$D/ssh_config"
	run certauth_ssh inner
	echo "$output"
	[[ $output == *'CERTAUTH_SSH_HOSTS=inner;jump,jump.example;first;second'* ]]
	[[ $output == *'CERTAUTH_SSH_USER=dave;carol;erin;frank'* ]]
	[[ $output != *CERTAUTH_SSH_PROXY* ]]
	# by the file that ssh was given
	printf '%s\n' 'Host jump' 'HostName other.example' >"$D/other_config"
	sed -i 's|-F "$D/ssh_config" ||' "$D/bin/ssh"
	run certauth_ssh -4 -vF "$D/other_config" -J carol@jump inner
	sed -i 's|/usr/bin/ssh |&-F "$D/ssh_config" |' "$D/bin/ssh"
	echo "$output"
	[[ $output == *'CERTAUTH_SSH_HOSTS=inner;jump,other.example'* ]]
	run certauth_ssh -o 'ProxyCommand=nc %h %p' web1
	[[ $output == *CERTAUTH_SSH_PROXY=1* ]]
}

@test "under certauth ssh only the hosts and logins on the way are answered" {
	local p
	export CERTAUTH_SSH_PREFIX=1 CERTAUTH_SSH_HOSTS='web1,192.0.2.1;jump' \
		CERTAUTH_SSH_USER='alice;c%3Brol'
	p="certauth1 $(host request) next=0 max=1023: "
	run asked_by ssh "(alice@web1) $p"
	[ "$status" -eq 0 ]
	run asked_by ssh "(bob@web1) $p"
	unsigned 'rule 2'
	p="certauth1 $(host request --host jump --user alice) next=0 max=1023: "
	run asked_by ssh "(alice@jump) $p"
	unsigned 'rule 2'
	p="certauth1 $(host request --host jump --user 'c;rol') next=0 max=1023: "
	run asked_by ssh "(c;rol@jump) $p"
	[ "$status" -eq 0 ]
	# another host, but by a ProxyCommand, and then for itself alone
	p="certauth1 $(host request --host bastion) next=0 max=1023: "
	run asked_by ssh "(alice@bastion) $p"
	unsigned 'neither the host'
	CERTAUTH_SSH_PROXY=1 run asked_by ssh "(alice@bastion) $p"
	[ "$status" -eq 0 ]
	p="certauth1 $(host request) next=0 max=1023: "
	CERTAUTH_SSH_PROXY=1 run asked_by ssh "(alice@bastion) $p"
	unsigned 'rule 1'
	CERTAUTH_SSH_PROXY=1 run asked_by ssh "(bob@web1) $p"
	unsigned 'rule 2'
}

@test "ssh's escapes of what is not ASCII are read" {
	local p user
	user=$'m\303\266ller'
	p="certauth1 $(host request --user "$user") next=0 max=1023: "
	# as ssh writes it with a UTF-8 locale, and without
	for text in "($user@web1) $p" '(m\303\266ller@web1) '"$p"; do
		run asked_by ssh "$text"
		echo "$output"
		[ "$status" -eq 0 ]
		CERTAUTH_SSH_PREFIX=1 CERTAUTH_SSH_HOSTS=web1 \
			CERTAUTH_SSH_USER=$user run asked_by ssh "$text"
		[ "$status" -eq 0 ]
	done
	p="certauth1 $(host request --host bücher.example) next=0 max=1023: "
	run asked_by ssh '(alice@b\303\274cher.example) '"$p"
	[ "$status" -eq 0 ]
	# a backslash of a domain is one, and so is what makes no UTF-8
	for user in 'CORP\alice' 'CORP\303alice' 'CORP\100x' 'a\012' 'a\302\205'; do
		p="certauth1 $(host request --user "$user") next=0 max=1023: "
		run asked_by ssh "($user@web1) $p"
		echo "$user: $output"
		[ "$status" -eq 0 ]
	done
	# and another login is another login
	p="certauth1 $(host request --user muller) next=0 max=1023: "
	run asked_by ssh '(m\303\274ller@web1) '"$p"
	unsigned "rule 2, the login: you are logging in as müller, but the request is for muller. If that is right, log in by that name (ssh -l muller)"
}

@test "under certauth ssh, a question of the server that nobody can answer ends ssh" {
	local text
	export CERTAUTH_SSH_PREFIX=1 CERTAUTH_SSH_HOSTS=web1 CERTAUTH_SSH_USER=alice
	for text in '(alice@web1) Password: ' "alice@web1's password: " \
		$'(alice@web1) Hello\nVerification code: '; do
		run asked_by ssh "$text"
		echo "$output"
		[ "$status" -eq 143 ]
		[ "$output" = "certauth: ssh is ended: the host asks a question that is not from pam_certauth, and there is no terminal and no other askpass program to ask you; set SSH_ASKPASS, or \`askpass =' in ~/.config/certauth/config. The host asks: ${text//$'\n'/\\x0a}" ]
	done
	# a question about this machine does not: ssh may do without the answer
	for text in "Enter passphrase for key '/home/alice/.ssh/id': " \
		"Enter PIN for 'Card': " \
		'Are you sure you want to continue connecting (yes/no)? '; do
		run asked_by ssh "$text"
		echo "$output"
		[ "$status" -eq 1 ]
		[[ $output == *'not a prompt of pam_certauth'* ]]
	done
	# nor does any program but that ssh, or an ssh that the user started
	run asked_by git '(alice@web1) Password: '
	[ "$status" -eq 1 ]
	unset CERTAUTH_SSH_HOSTS
	run asked_by ssh '(alice@web1) Password: '
	[ "$status" -eq 1 ]
}

@test "what certauth ssh remembers is written to no other file" {
	local r
	: >"$D/victim"
	exec 9>"$D/victim"
	for path in "$D/victim" "/proc/$$/fd/9"; do
		r=$(host request)
		CERTAUTH_SSH_STATE=$path run asked_by ssh \
			"(alice@web1) certauth1 $r next=0 max=1023: "
		[ "$status" -eq 0 ]
		[ ! -s "$D/victim" ]
	done
}

# ---- how much ----

@test "an askpass is sent at most 1,023 characters, whatever max says" {
	local r max
	conf rsa4096
	r=$(host request)
	for max in 1023 1024 4000 32768 999999; do
		run asked_by ssh "(alice@web1) certauth1 $r next=0 max=$max: "
		[ "$status" -eq 0 ]
		[ ${#output} -eq 1023 ]
		[[ $output == *+ ]]
	done
	run asked_by ssh "(alice@web1) certauth1 $r next=0 max=200: "
	[ ${#output} -eq 200 ]
}

# ---- which name ----

@test "confirm shows the name that was meant, not the one that the host put first" {
	local r
	conf p256 'confirm = yes' "askpass = $D/bin/other"
	r=$(host request --host bank.example --host web1)
	run asked_by ssh "(alice@web1) certauth1 $r next=0 max=1023: "
	[ "$status" -eq 0 ]
	cat "$D/asked"
	grep -q '^Log in to web1 as alice' "$D/asked"
	[ "$(grep -c bank "$D/asked")" -eq 0 ]
	# one that is trusted comes behind the one that was meant
	conf p256 'confirm = yes' "askpass = $D/bin/other" \
		'trusted_hosts = *.example'
	run asked_by ssh "(alice@web1) certauth1 $r next=0 max=1023: "
	[ "$(grep -c bank "$D/asked")" -eq 0 ]
	run asked_by ssh "(alice@web2) certauth1 $r next=0 max=1023: "
	grep -q '^Log in to bank.example as alice' "$D/asked"
}

# ---- where a response is kept ----

kept() { ls -A "$@"; }

@test "without a runtime directory, ~/.cache/certauth; nothing in /tmp" {
	local r a
	conf rsa4096
	r=$(host request)
	printf '#!/bin/sh\nexec "$D/as/ssh" "$D/bin/certauth-askpass" "(alice@web1) $1"\n' \
		>"$D/bin/prompt"
	chmod 755 "$D/bin/prompt"
	unset XDG_RUNTIME_DIR
	run asked_by ssh "(alice@web1) certauth1 $r next=0 max=500: "
	[ "$status" -eq 0 ]
	[ "$(stat -c %a "$HOME/.cache/certauth")" = 700 ]
	[[ $(kept "$HOME/.cache/certauth") == *.answer ]]
	rm -r "$HOME/.cache"
	a=$(echo "$r" | host join 500 "$D/bin/prompt")
	host check "$r" "$a" "$V/rsa4096.pem"
	[ -z "$(kept "$HOME/.cache/certauth")" ]
	# one that is not the user's alone is none
	mkdir -m 755 "$D/shared"
	XDG_RUNTIME_DIR=$D/shared run asked_by ssh \
		"(alice@web1) certauth1 $r next=0 max=500: "
	[ "$status" -eq 0 ]
	[ -z "$(kept "$D/shared")" ]
	run grep -rn '/tmp/certauth' "$HERE"/src/cli
	[ "$status" -eq 1 ]
}

@test "a runtime directory that cannot be written, or is full, is no end" {
	local r a how
	conf rsa4096
	r=$(host request)
	for how in 'mount --bind "$XDG_RUNTIME_DIR" "$XDG_RUNTIME_DIR" &&
			mount -o remount,ro,bind "$XDG_RUNTIME_DIR"' \
		'mkdir -m 700 "$XDG_RUNTIME_DIR/certauth" &&
			mount --bind "$XDG_RUNTIME_DIR" "$XDG_RUNTIME_DIR" &&
			mount -o remount,ro,bind "$XDG_RUNTIME_DIR"' \
		'mount -t tmpfs -o mode=700,size=4k none "$XDG_RUNTIME_DIR" &&
			head -c 4096 /dev/zero >"$XDG_RUNTIME_DIR/full"' \
		'mount -t tmpfs -o mode=700,nr_inodes=2 none "$XDG_RUNTIME_DIR"'; do
		r=$(host request)
		run in_mounts "$how" "$D/as/ssh" "$D/bin/certauth-askpass" \
			"(alice@web1) certauth1 $r next=0 max=500: " </dev/null
		echo "$output"
		[ "$status" -eq 0 ]
		[[ $output == *+ ]]
		[[ $(kept "$HOME/.cache/certauth") == *.answer ]]
		# found again where it is
		run in_mounts "${how#mkdir*certauth\" &&}" "$D/as/ssh" "$D/bin/certauth-askpass" \
			"(alice@web1) certauth1 $r next=499 max=500: " </dev/null
		echo "$output"
		[ "$status" -eq 0 ]
		[[ $output == *+ ]]
		rm -rf "$HOME/.cache"
	done
}

# both places are files
no_place() {
	rm -rf "$HOME/.cache" "$XDG_RUNTIME_DIR/certauth"
	unset XDG_RUNTIME_DIR
	: >"$HOME/.cache"
}

@test "no place for a response: said before a passphrase is asked" {
	local r
	openssl pkcs8 -topk8 -in "$V/rsa4096.key" -passout pass:hunter2 \
		-out "$D/enc.key"
	openssl pkcs12 -export -in "$V/p256.pem" -inkey "$V/p256.key" \
		-passout pass:hunter2 -out "$D/me.p12"
	printf '[default]\ncert = %s\nkey = %s\naskpass = %s\n' "$V/rsa4096.pem" \
		"$D/enc.key" "$D/bin/other" >"$XDG_CONFIG_HOME/certauth/config"
	r=$(host request)
	run asked_by ssh "(alice@web1) certauth1 $r next=0 max=500: "
	[ "$status" -eq 0 ]
	grep -q assphrase "$D/asked"
	rm "$D/asked"
	no_place
	r=$(host request)
	run asked_by ssh "(alice@web1) certauth1 $r next=0 max=500: "
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"$HOME/.cache/certauth: "* ]]
	[ ! -e "$D/asked" ]
	printf '[default]\np12 = %s\naskpass = %s\n' "$D/me.p12" "$D/bin/other" \
		>"$XDG_CONFIG_HOME/certauth/config"
	run asked_by ssh "(alice@web1) certauth1 $r next=0 max=500: "
	[ "$status" -eq 1 ]
	[ ! -e "$D/asked" ]
}

@test "where one piece is enough no place is made or needed" {
	local r
	r=$(host request)
	run asked_by ssh "(alice@web1) certauth1 $r next=0 max=1023: "
	[[ $output == *. ]]
	[ -z "$(kept "$XDG_RUNTIME_DIR" "$HOME" | grep -v : )" ]
	no_place
	run asked_by ssh "(alice@web1) certauth1 $r next=0 max=1023: "
	[ "$status" -eq 0 ]
	[[ $output == *. ]]
}
