# shellcheck shell=bash
# Certificates of hosts, for the tests of the host's proof, in $PKI:
#
#   hostca, hostinter (under hostca)    the CAs of hosts; hostca in
#                      hostca/, CRLs of both in hostcrl/
#   host-good          web1.example, *.wild.example, xn--bcher-kva.example
#   host-evil          web2.example, of the same CA
#   host-expired host-future host-revoked host-client (clientAuth only)
#   host-cipher (its keyUsage is keyEncipherment alone)
#   host-nosan (its CN is web1.example), host-stranger (under stranger),
#   host-under-revoked (under hostgone, which hostca revoked)
#   NAME-chain.pem     with its intermediates
hostca_make() {
	local n san=DNS:web1.example
	pki_ca hostca || return
	pki_ca hostinter --issuer hostca || return
	pki_ca hostgone --issuer hostca || return
	pki_leaf host-good hostinter --eku serverAuth --san \
		"$san,DNS:*.wild.example,DNS:xn--bcher-kva.example" || return
	pki_leaf host-evil hostinter --eku serverAuth --san DNS:web2.example ||
		return
	pki_leaf host-expired hostinter --eku serverAuth --san $san \
		--from -20d --to -1d || return
	pki_leaf host-future hostinter --eku serverAuth --san $san \
		--from +1d --to +20d || return
	pki_leaf host-revoked hostinter --eku serverAuth --san $san || return
	pki_leaf host-cipher hostinter --eku serverAuth --san $san \
		--key rsa2048 --ku keyEncipherment || return
	pki_leaf host-client hostinter --san $san || return
	pki_leaf host-nosan hostinter --eku serverAuth \
		--subject /O=Example/CN=web1.example || return
	pki_leaf host-stranger stranger --eku serverAuth --san $san || return
	pki_leaf host-under-revoked hostgone --eku serverAuth --san $san ||
		return
	for n in good evil expired future revoked client nosan cipher; do
		cat "$PKI/host-$n.pem" "$PKI/hostinter.pem" \
			>"$PKI/host-$n-chain.pem"
	done
	cp "$PKI/host-stranger.pem" "$PKI/host-stranger-chain.pem"
	cat "$PKI/host-under-revoked.pem" "$PKI/hostgone.pem" \
		>"$PKI/host-under-revoked-chain.pem"
	pki_revoke hostinter host-revoked || return
	pki_revoke hostca hostgone cACompromise || return
	for n in hostca hostinter hostgone; do
		pki_crl $n || return
	done
	pki_dir "$PKI/hostca" hostca.pem || return
	pki_dir "$PKI/hostcrl" hostca.crl hostinter.crl hostgone.crl
}

# host_proof NAME: this host proves itself by NAME from now on
host_proof() {
	rm -f "$S/etc/certauth/host.pem" "$S/etc/certauth/host.key"
	cp "$PKI/$1-chain.pem" "$S/etc/certauth/host.pem"
	cp "$PKI/$1.key" "$S/etc/certauth/host.key"
	chmod 600 "$S/etc/certauth/host.key"
	conf default 'host_cert = /etc/certauth/host.pem' \
		'host_key = /etc/certauth/host.key'
}
no_host_proof() {
	sed -i '/^host_\(cert\|key\|proof\) /d' "$S/conf.default"
	conf default
}
