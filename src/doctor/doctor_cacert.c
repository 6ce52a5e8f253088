/*
 * doctor: the certificates of ca_dir and intermediates_dir.
 */
#include "doctor/doctor_ca.h"
#include "crypto/sigalg.h"
#include "doctor/doctor_view.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verify/anchor.h"
#include "verify/cadir.h"
#include "verify/issued.h"

#define EXPIRING                                                               \
	((time_t)30 * 86400) /* seconds; a CA is not renewed in a day */

/* ---- one certificate ---- */

static void
check_dates(struct ca_doctor *d, const struct ca_doctor_dir *dir,
    const struct ca_doctor_ca *ca, const char *name)
{
	time_t from, to;
	char when[48];

	if (!ca_crypto_seconds(X509_get0_notBefore(ca->cert), &from) ||
	    !ca_crypto_seconds(X509_get0_notAfter(ca->cert), &to)) {
		ca_doctor_find(d, CA_F_CA_UNREADABLE, CA_LEVEL_WARNING,
		    "%s (%s) has a validity time that cannot be read", name,
		    ca->file);
		ca_doctor_mend(
		    d, "get a new certificate from the CA for %s", ca->file);
		return;
	}
	ca_doctor_when(from > d->now ? from : to, d->now, when);
	if (from > d->now) {
		ca_doctor_find(d, CA_F_CA_FUTURE, CA_LEVEL_WARNING,
		    "%s (%s) becomes valid %s", name, ca->file, when);
		ca_doctor_mend(d, "check the clock with `timedatectl'; if the "
				  "clock is right, wait until then");
	} else if (to < d->now) {
		ca_doctor_find(d, CA_F_CA_EXPIRED, CA_LEVEL_WARNING,
		    "%s (%s) expired %s", name, ca->file, when);
		ca_doctor_ca_mend_remove(d, ca, dir->path,
		    "install the CA's new certificate if there is one, then ",
		    "");
	} else if (to - d->now < EXPIRING) {
		ca_doctor_find(d, CA_F_CA_EXPIRING, CA_LEVEL_WARNING,
		    "%s (%s) expires %s", name, ca->file, when);
		ca_doctor_mend(d,
		    "copy the CA's new certificate to %s, then run `openssl "
		    "rehash %s'",
		    dir->path, dir->path);
	}
}

static void
check_strength(
    struct ca_doctor *d, const struct ca_doctor_ca *ca, const char *name)
{
	EVP_PKEY *key = X509_get0_pubkey(ca->cert);
	int md = NID_undef, bits = key != NULL ? EVP_PKEY_get_bits(key) : 0;
	bool known = X509_get_signature_info(ca->cert, &md, NULL, NULL, NULL);
	bool own = X509_self_signed(ca->cert, 0) == 1;
	char what[128] = "";
	struct ca_buf lack = CA_BUF_INIT(1024);

	if (ca_sigalg_lack_key(ca->cert, &lack)) {
		ca_doctor_find(d, CA_F_CA_UNSUPPORTED, CA_LEVEL_ERROR,
		    "%s (%s) cannot be used: %s", name, ca->file,
		    ca_buf_text(&lack) != NULL ? ca_buf_text(&lack) : "?");
		ca_doctor_mend(d,
		    ca_sigalg_newer_key(ca->cert) != NULL
			? "use OpenSSL 3.5 or later"
			: "ask the CA for a certificate with an RSA or EC key");
		ca_buf_free(&lack);
		return;
	}
	ca_buf_free(&lack);
	if (key == NULL)
		(void)snprintf(what, sizeof what, "a key of an unknown type");
	else if (EVP_PKEY_is_a(key, "DSA"))
		(void)snprintf(what, sizeof what, "a DSA key");
	else if (EVP_PKEY_is_a(key, "RSA") && bits < CA_RSA_MIN_BITS)
		(void)snprintf(
		    what, sizeof what, "an RSA key of %d bits", bits);
	else if (EVP_PKEY_is_a(key, "EC") && bits < 224)
		(void)snprintf(what, sizeof what, "an EC key of %d bits", bits);
	/* the self-signature of a trust anchor is not verified */
	else if (!own && known && (md == NID_md5 || md == NID_sha1))
		(void)snprintf(
		    what, sizeof what, "a signature with %s", OBJ_nid2sn(md));
	ERR_clear_error();
	if (what[0] == '\0')
		return;
	ca_doctor_find(d, CA_F_CA_WEAK, CA_LEVEL_ERROR, "%s (%s) has %s", name,
	    ca->file, what);
	ca_doctor_mend(d,
	    "get a new certificate from the CA, with an RSA key of at least %d "
	    "bits or an EC key of at least P-256, and signed with SHA-256 or "
	    "better",
	    CA_RSA_MIN_BITS);
}

/* ---- certificates of one directory ---- */

static bool
is_link(const char *path)
{
	char to[8];

	return readlink(path, to, sizeof to) >= 0;
}

/* Is its file HASH.N with the hash of another subject?  Such a file is not used. */
static bool
is_misnamed(struct ca_doctor *d, const struct ca_doctor_ca *ca)
{
	const char *slash = strrchr(ca->file, '/');
	unsigned long hash;

	return ca_cadir_name(slash != NULL ? slash + 1 : ca->file, &hash) ==
		   CA_CADIR_HASHED &&
	       ca_cadir_hash_fits(d->crypto, X509_get_subject_name(ca->cert),
		   hash) == CA_CADIR_HASH_NEITHER;
}

static void
say_duplicate(struct ca_doctor *d, const struct ca_doctor_dir *dir,
    const struct ca_doctor_ca *other, const struct ca_doctor_ca *ca,
    const char *name)
{
	const struct ca_doctor_ca *gone = ca;

	if (strcmp(other->file, ca->file) == 0) {
		ca_doctor_find(d, CA_F_CA_DUPLICATE, CA_LEVEL_WARNING,
		    "%s is twice in %s", name, ca->file);
		ca_doctor_mend(d, "%s", ca_doctor_ca_split(d, ca));
		return;
	}
	/* the file that stays must be one that is used, and must not be what the
	 * other one points to */
	if (is_misnamed(d, other) || is_link(other->file) ||
	    ca_doctor_ca_in_file(d, ca->file) > 1)
		gone = other;
	if (is_misnamed(d, ca))
		gone = ca;
	ca_doctor_find(d, CA_F_CA_DUPLICATE, CA_LEVEL_WARNING,
	    "%s is in two files, %s and %s", name, other->file, ca->file);
	ca_doctor_ca_mend_remove(d, gone, dir->path, "", "");
}

static void
say_same_name(struct ca_doctor *d, const struct ca_doctor_dir *dir,
    const struct ca_doctor_ca *other, const struct ca_doctor_ca *ca,
    const char *name)
{
	/* one key: the newer certificate renews the older one */
	bool renewed = EVP_PKEY_eq(X509_get0_pubkey(ca->cert),
			   X509_get0_pubkey(other->cert)) == 1;

	ca_doctor_find(d, CA_F_CA_SAME_SUBJECT,
	    renewed ? CA_LEVEL_NOTE : CA_LEVEL_WARNING,
	    "%s and %s are two %s of one name, %s", other->file, ca->file,
	    renewed ? "certificates of one key and" : "CAs", name);
	ca_doctor_mend(d,
	    "nothing, if one certificate renews the other; otherwise remove "
	    "the certificate that is not to be trusted, then run `openssl "
	    "rehash %s'",
	    dir->path);
}

/* Compare a certificate with those before it. */
static void
check_others(struct ca_doctor *d, const struct ca_doctor_dir *dir, size_t at,
    const char *name)
{
	const struct ca_doctor_ca *ca = &d->ca[at];

	for (size_t i = dir->first; i < at; i++) {
		const struct ca_doctor_ca *other = &d->ca[i];

		if (X509_NAME_cmp(X509_get_subject_name(ca->cert),
			X509_get_subject_name(other->cert)) != 0)
			continue;
		if (X509_cmp(ca->cert, other->cert) == 0)
			say_duplicate(d, dir, other, ca, name);
		else
			say_same_name(d, dir, other, ca, name);
		return;
	}
}

static bool
is_hashed(struct ca_doctor *d, const struct ca_doctor_dir *dir,
    const struct ca_doctor_ca *ca)
{
	int ok = 0;
	unsigned long hash = X509_NAME_hash_ex(X509_get_subject_name(ca->cert),
	    ca_crypto_get0_libctx(d->crypto), NULL, &ok);

	for (size_t i = 0; ok && i < dir->nhashed; i++)
		if (dir->hashed[i].hash == hash &&
		    X509_cmp(dir->hashed[i].cert, ca->cert) == 0)
			return true;
	return !ok;
}

/* `openssl rehash' passes over DER and over files with several objects. */
static void
check_hashes(struct ca_doctor *d, const struct ca_doctor_dir *dir)
{
	size_t without = 0;

	for (size_t i = dir->first; i < d->ncas; i++) {
		const struct ca_doctor_ca *ca = &d->ca[i];

		if (is_hashed(d, dir, ca))
			continue;
		if (ca->rehashed) {
			without++;
			continue;
		}
		ca_doctor_find(d, CA_F_CA_NOT_HASHED, CA_LEVEL_WARNING,
		    "%s has no hashed name, and `openssl rehash' makes none, "
		    "because the file is not a PEM file with one certificate",
		    ca->file);
		ca_doctor_mend(d, "%s", ca_doctor_ca_split(d, ca));
	}
	if (without == 0)
		return;
	ca_doctor_find(d, CA_F_CA_NOT_HASHED, CA_LEVEL_WARNING,
	    "%zu certificate%s of %s %s no hashed name", without,
	    without == 1 ? "" : "s", dir->path, without == 1 ? "has" : "have");
	ca_doctor_mend(d, "openssl rehash %s", dir->path);
}

/* The certificate does not say that it is a CA's. */
static void
tell_not_ca(struct ca_doctor *d, const struct ca_doctor_dir *dir,
    const struct ca_doctor_ca *ca, const char *name)
{
	if (!dir->anchors || !ca_anchor_may_issue(ca->cert)) {
		ca_doctor_find(d, CA_F_CA_NOT_CA, CA_LEVEL_WARNING,
		    "%s (%s) is not a CA certificate", name, ca->file);
		ca_doctor_ca_mend_remove(d, ca, dir->path, "",
		    "; nothing, if only this certificate is to be trusted");
		return;
	}
	ca_doctor_find(d, CA_F_CA_NOT_CA, CA_LEVEL_WARNING,
	    "%s (%s) has no basicConstraints; as a trust anchor, it is a CA "
	    "certificate: every certificate that its key signs is accepted",
	    name, ca->file);
	ca_doctor_ca_mend_remove(d, ca, dir->path, "",
	    "; nothing, if the key is a CA's and no user has it");
}

void
ca_doctor_ca_certs(struct ca_doctor *d, const struct ca_doctor_dir *dir)
{
	for (size_t i = dir->first; i < d->ncas; i++) {
		const struct ca_doctor_ca *ca = &d->ca[i];
		char *name = ca_doctor_name(X509_get_subject_name(ca->cert));

		if (name == NULL)
			abort();
		check_dates(d, dir, ca, name);
		check_strength(d, ca, name);
		if (X509_check_ca(ca->cert) == 0)
			tell_not_ca(d, dir, ca, name);
		check_others(d, dir, i, name);
		free(name);
	}
	check_hashes(d, dir);
}

/* ---- both directories ---- */

/* Find an anchor that another anchor issued.  The signature decides, because
 * two CAs can have the same name. */
static void
check_anchor(
    struct ca_doctor *d, const struct ca_doctor_ca *ca, const char *name)
{
	const struct ca_doctor_ca *issuer = NULL;
	const char *to = d->cfg->intermediates_dir;

	for (size_t i = 0; issuer == NULL && i < d->ncas; i++)
		if (d->ca[i].anchor && ca_issued_by(ca->cert, d->ca[i].cert))
			issuer = &d->ca[i];
	if (issuer == NULL)
		return;
	ca_doctor_find(d, CA_F_CA_INTERMEDIATE, CA_LEVEL_WARNING,
	    "%s (%s) is a trust anchor, although its issuer is one too: %s",
	    name, ca->file, issuer->file);
	if (to != NULL)
		ca_doctor_ca_mend_move(d, ca, d->cfg->ca_dir, to,
		    "; nothing, if the CA is to be trusted even if its issuer "
		    "revokes it");
	else if (ca_doctor_ca_in_file(d, ca->file) > 1)
		ca_doctor_mend(d,
		    "set intermediates_dir in the configuration, then move "
		    "this certificate from %s, which has others (`%s' makes a "
		    "file of each), to that directory",
		    ca->file, ca_doctor_ca_split(d, ca));
	else
		ca_doctor_mend(d,
		    "set intermediates_dir in the configuration, mv %s to "
		    "that directory, then run `openssl rehash' for it and for "
		    "%s",
		    ca->file, d->cfg->ca_dir);
}

/* A self-signed CA is of use as an anchor only, and an intermediate only with
 * its issuer. */
static void
check_intermediate(struct ca_doctor *d, const struct ca_doctor_ca *ca,
    const char *name, bool own)
{
	for (size_t i = 0; i < d->ncas; i++)
		if (own ? d->ca[i].anchor &&
			      X509_cmp(d->ca[i].cert, ca->cert) == 0
			: ca_issued_by(ca->cert, d->ca[i].cert))
			return;
	if (own) {
		ca_doctor_find(d, CA_F_CA_NOT_TRUSTED, CA_LEVEL_WARNING,
		    "%s (%s) is self-signed and in intermediates_dir, but not "
		    "in ca_dir",
		    name, ca->file);
		ca_doctor_ca_mend_move(d, ca, d->cfg->intermediates_dir,
		    d->cfg->ca_dir, "; nothing, if it is not to be trusted");
		return;
	}
	char *issuer = ca_doctor_name(X509_get_issuer_name(ca->cert));
	ca_doctor_find(d, CA_F_CA_NO_ISSUER, CA_LEVEL_WARNING,
	    "%s (%s) was issued by %s, and no certificate with that name and "
	    "key is in %s or %s",
	    name, ca->file, issuer != NULL ? issuer : "?", d->cfg->ca_dir,
	    d->cfg->intermediates_dir);
	const char *setup = ca_doctor_setup_command(d, "--ca", "ISSUER.pem");
	ca_doctor_mend(d, "get the certificate of %s, then run `%s%s'",
	    issuer != NULL ? issuer : "?",
	    setup != NULL ? setup : "openssl rehash ",
	    setup != NULL ? "" : d->cfg->ca_dir);
	free(issuer);
}

void
ca_doctor_ca_paths(struct ca_doctor *d)
{
	for (size_t i = 0; i < d->ncas; i++) {
		const struct ca_doctor_ca *ca = &d->ca[i];
		char *name = ca_doctor_name(X509_get_subject_name(ca->cert));
		bool own = ca_issued_by(ca->cert, ca->cert);

		if (!ca->anchor)
			check_intermediate(
			    d, ca, name != NULL ? name : "?", own);
		else if (!own)
			check_anchor(d, ca, name != NULL ? name : "?");
		free(name);
	}
}
