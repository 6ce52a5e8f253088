# shellcheck shell=bash
# A TPM for tests: swtpm on the loopback interface of cards.bash, which loads this
# file, and a store of tpm2-pkcs11.
#
#   tpm_make LABEL         swtpm, the store and a token, PIN 1234; a lockout after 3
#                          wrong PINs
#   tpm_load LABEL NAME    a key and its certificate of the PKI
#   tpm COMMAND ...        tpm2-tools and tpm2_ptool with both
#   tpm_stop, tpm_start    the TPM is gone, and there again

tpm_env() {
	echo "TPM2_PKCS11_STORE=$CARDS/tpm-store"
	echo "TPM2_PKCS11_TCTI=swtpm:host=127.0.0.1,port=2321"
	echo 'TPM2_PKCS11_LOG_LEVEL=0'
	echo "TPM2TOOLS_TCTI=swtpm:host=127.0.0.1,port=2321"
	echo 'TSS2_LOG=all+NONE'
}

# tpm COMMAND ...: a command of tpm2-tools or tpm2_ptool.  There is no resource
# manager as in /dev/tpmrm0: what a tool leaves in the TPM is removed after it.
tpm() {
	local env
	mapfile -t env < <(tpm_env)
	with_net env "${env[@]}" PATH="$CARDS/tpm-bin:$PATH" "$@"
}

tpm_tools() {
	local tool
	mkdir -p "$CARDS/tpm-bin"
	# shellcheck disable=SC2016
	printf '%s\n' '#!/bin/sh' 'PATH=${PATH#*:}' '"${0##*/}" "$@"' 'rc=$?' \
		'for what in t l s; do tpm2_flushcontext -$what >/dev/null 2>&1; done' \
		'exit $rc' >"$CARDS/tpm-bin/tool"
	chmod 755 "$CARDS/tpm-bin/tool"
	for tool in create createprimary load loadexternal import changeauth evictcontrol \
		unseal encryptdecrypt getcap readpublic; do
		ln -sf tool "$CARDS/tpm-bin/tpm2_$tool"
	done
}

tpm_make() {
	mkdir -p "$CARDS/tpm-state" "$CARDS/tpm-store"
	tpm_tools
	tpm_start || return
	tpm_quiet tpm2_ptool init --path "$CARDS/tpm-store" &&
		tpm_quiet tpm2_ptool addtoken --pid 1 --sopin 567890 \
			--userpin 1234 --label "$1" --path "$CARDS/tpm-store"
}

tpm_start() {
	EXEC='exec' with_net swtpm socket --tpm2 --tpmstate "dir=$CARDS/tpm-state" \
		--server type=tcp,port=2321 --ctrl type=tcp,port=2322 \
		--flags not-need-init,startup-clear \
		>"$CARDS/tpm.out" 2>&1 </dev/null 3>&- 4>&- &
	echo $! >"$CARDS/tpm.pid"
	cards_wait tpm_listens
}

tpm_listens() {
	with_net ss -ltnH 'sport = :2321' | grep -q .
}

# quiet unless it fails
tpm_quiet() {
	local out
	out=$(tpm "$@" 2>&1 </dev/null) || {
		echo "$*: $out" >&2
		return 1
	}
}

tpm_load() {
	local kind=ecc
	! openssl pkey -in "$PKI/$2.key" -noout -text | grep -qi modulus || kind=rsa
	tpm_quiet tpm2_ptool import --label "$1" --key-label "$2" --userpin 1234 \
		--privkey "$PKI/$2.key" --algorithm "$kind" \
		--path "$CARDS/tpm-store" &&
		tpm_quiet tpm2_ptool addcert --label "$1" --key-label "$2" \
			--path "$CARDS/tpm-store" "$PKI/$2.pem"
}

tpm_stop() {
	cards_kill "$CARDS/tpm.pid"
}
