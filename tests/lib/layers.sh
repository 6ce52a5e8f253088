#!/bin/sh
# Check that includes between the rooms of src go down only (see
# docs/architecture.md).  Prints each arrow that goes up; exit 1 if any.
set -u
cd "$(dirname "$0")/../.." || exit 2
bad=0
may() {
	case $1 in
	base) echo base ;;
	config) echo base config ;;
	wire) echo base wire ;;
	process) echo base process ;;
	report) echo base report ;;
	crypto) echo base wire crypto ;;
	crl) echo base config crypto report crl ;;
	verify) echo base config wire crypto report crl verify ;;
	map) echo base config wire crypto report crl verify map ;;
	host) echo base config wire crypto report crl verify host ;;
	auth) echo base config wire crypto report crl verify map host auth ;;
	channel) echo base config wire report process channel ;;
	key) echo base wire crypto key ;;
	tool) echo base config crypto tool ;;
	fetch) echo base process fetch ;;
	client) echo base config wire crypto report crl verify channel key tool \
		client ;;
	crladmin) echo base config crypto report crl verify fetch tool crladmin ;;
	doctor) echo base config wire crypto report crl verify map host auth fetch \
		tool crladmin doctor ;;
	import) echo base config crypto map tool import ;;
	cli) echo base config wire crypto process report crl verify map host auth \
		channel key tool fetch client crladmin doctor import cli ;;
	module) echo base config wire crypto process report crl verify map host \
		auth channel ;;
	esac
}
check() {
	room=$1
	file=$2
	allowed=" $(may "$room") "
	for inc in $(sed -n 's/^#include "\([a-z]*\)\/.*/\1/p' "$file" | sort -u); do
		case $allowed in
		*" $inc "*) ;;
		*) echo "$file includes $inc/: $room may use only$allowed"; bad=1 ;;
		esac
	done
	case $room in
	cli|module) ;;
	*) if grep -n '^#include <security/' "$file"; then
		echo "$file: only pam_certauth.c and src/cli know PAM"; bad=1
	fi ;;
	esac
}
# One function decodes certificates, with the gate before it: src/crypto.
decoders='d2i_X509|d2i_X509_(bio|fp|AUX)|PEM_read(_bio)?_X509(_AUX)?'
decoders="$decoders|PEM_X509_INFO_read[a-z_]*|d2i_PKCS7[a-z_]*|d2i_CMS_[A-Za-z_]*"
decoders="$decoders|PEM_read(_bio)?_(PKCS7|CMS)|PKCS12_(parse|SAFEBAG_get1_cert|certbag2x509)"
decoders="$decoders|X509_load_[a-z_]*|X509_LOOKUP_[a-z_]*|OSSL_STORE_open[a-z_]*"
decoders="$decoders|d2i_OCSP_[A-Za-z_]*|SMIME_read_[A-Z0-9]*"
for f in src/*/*.[ch] pam_certauth.c; do
	[ "$f" = src/crypto/crypto.c ] && continue
	if grep -nE "(^|[^A-Za-z0-9_])($decoders)\\(" "$f"; then
		echo "$f: only ca_crypto_cert decodes certificates"; bad=1
	fi
done
for f in src/*/*.[ch]; do
	check "$(basename "$(dirname "$f")")" "$f"
done
check module pam_certauth.c
exit $bad
