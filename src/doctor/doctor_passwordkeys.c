/*
 * doctor: signed passwords: the names of this host, and the keys that fit.
 */
#include "doctor/doctor_password.h"

#include <openssl/evp.h>
#include <string.h>

#include "doctor/doctor_view.h"
#include "host/host.h"
#include "map/registered.h"
#include "wire/password.h"

/* ---- names ---- */

static void
mend_names(struct ca_doctor *d)
{
	if (d->cfg->password_names.n > 0)
		ca_doctor_mend(d,
		    "set password_names in %s to full names that only this "
		    "host has",
		    ca_doctor_origin(d, "password_names"));
	else
		ca_doctor_mend(d,
		    "hostnamectl set-hostname NAME, or set password_names in "
		    "%s to the full name of this host",
		    d->view->file);
}

/* The second of two names with one identifier is never found. */
static void
check_same(struct ca_doctor *d,
    char name[CA_HOST_NAMES_MAX][CA_HOST_PASSWORD_NAME], size_t i)
{
	uint8_t one[CA_PASSWORD_HOST_ID], two[CA_PASSWORD_HOST_ID];

	for (size_t k = 0; k < i; k++) {
		if (ca_host_password_id(d->crypto, name[k], one) != CA_OK ||
		    ca_host_password_id(d->crypto, name[i], two) != CA_OK ||
		    memcmp(one, two, sizeof one) != 0)
			continue;
		ca_doctor_find(d, CA_F_PASSWORD_NAMES, CA_LEVEL_ERROR,
		    strcmp(name[k], name[i]) == 0
			? "password_names has %s and %s"
			: "the names %s and %s of password_names have the same "
			  "identifier in a signed password, and the second is "
			  "not found",
		    name[k], name[i]);
		ca_doctor_mend(d, "remove %s from password_names in %s",
		    name[i], ca_doctor_origin(d, "password_names"));
		return;
	}
}

void
ca_doctor_password_names(struct ca_doctor *d)
{
	char name[CA_HOST_NAMES_MAX][CA_HOST_PASSWORD_NAME];
	size_t n;

	if (ca_host_password_names(d->cfg, name, &n) != CA_OK) {
		ca_doctor_find(d, CA_F_PASSWORD_NAMES, CA_LEVEL_ERROR,
		    "this host has no full name, and password_names is not "
		    "set");
		mend_names(d);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		/* each host has a short one */
		if (strchr(name[i], '.') == NULL) {
			ca_doctor_find(d, CA_F_PASSWORD_NAMES, CA_LEVEL_WARNING,
			    "password_names has %s, which other hosts are "
			    "called too",
			    name[i]);
			mend_names(d);
		}
		check_same(d, name, i);
	}
}

/* ---- keys ---- */

/* The characters of a signed password without certificates, or 0. */
static unsigned
characters(EVP_PKEY *key)
{
	unsigned bits = (unsigned)EVP_PKEY_get_bits(key), size = 0;

	if (EVP_PKEY_is_a(key, "EC"))
		size = 2 * ((bits + 7) / 8);
	else if (EVP_PKEY_get_size(key) > 0)
		size = (unsigned)EVP_PKEY_get_size(key);
	return size > 0 ? (unsigned)ca_password_chars(size, 0) : 0;
}

static const char *
fitting(unsigned limit)
{
	return limit < 168   ? "P-256 and Ed25519"
	       : limit < 187 ? "P-256, Ed25519 and P-384"
	       : limit < 381 ? "P-256, P-384, P-521 and Ed25519"
			     : "RSA of 2048 bits, P-256, P-384, P-521 and "
			       "Ed25519";
}

struct keys {
	struct ca_doctor *d;
	const struct ca_password_carrier *carrier;
	size_t n;
};

static enum ca_err
check_key(void *ctx, const char *login, const char *path, bool first,
    const unsigned char *der, size_t len)
{
	struct keys *k = ctx;
	X509 *cert = NULL;
	EVP_PKEY *key;
	unsigned n;

	(void)login;
	if (!first || ca_crypto_cert(k->d->crypto, der, len, &cert) != CA_OK)
		return CA_OK;
	k->n++;
	if ((key = X509_get0_pubkey(cert)) != NULL &&
	    (n = characters(key)) > k->carrier->limit) {
		ca_doctor_find(k->d, CA_F_PASSWORD_LENGTH, CA_LEVEL_WARNING,
		    "%s: a signed password with this key has %u characters, "
		    "and %s carries %u",
		    path, n, k->carrier->name, k->carrier->limit);
		ca_doctor_mend(k->d,
		    "issue a certificate for a key that fits: %s",
		    fitting(k->carrier->limit));
	}
	X509_free(cert);
	return CA_OK;
}

void
ca_doctor_password_keys(struct ca_doctor *d, const struct ca_password_user *u)
{
	const unsigned limit = u->carrier->limit;
	struct keys k = {d, u->carrier, 0};

	/* certificates have room above */
	if (limit > 1024)
		return;
	if (limit < 1024) {
		ca_doctor_find(d, CA_F_PASSWORD_LENGTH, CA_LEVEL_NOTE,
		    "%s carries %u characters: %s fit, with a registered "
		    "certificate",
		    u->carrier->name, limit, fitting(limit));
		ca_doctor_mend(d,
		    "clients run certauth password --service %s --registered "
		    "--max %u",
		    u->service, limit);
	}
	/* the check of registered certificates reports what is wrong there */
	if (d->cfg->users_dir != NULL &&
	    ca_registered_walk(d->cfg, &d->log, NULL, check_key, &k) != CA_OK)
		k.n++;
	ca_buf_reset(&d->heard);
	if (k.n > 0 || d->cfg->user_certificates)
		return;
	ca_doctor_find(d, CA_F_PASSWORD_REGISTERED,
	    limit < 1024 ? CA_LEVEL_ERROR : CA_LEVEL_WARNING,
	    "%s carries %u characters, which have no room for %s, and no "
	    "certificate is registered",
	    u->carrier->name, limit,
	    limit < 1024 ? "a certificate" : "most certificates");
	if (d->cfg->users_dir != NULL)
		ca_doctor_mend(d,
		    "install -D -m 644 CERT.pem %s/LOGIN/cert.pem, for each "
		    "login",
		    ca_doctor_word("%s", d->cfg->users_dir));
	else
		ca_doctor_mend(d,
		    "set users_dir in %s, and put each login's certificate "
		    "there",
		    d->view->file);
}
