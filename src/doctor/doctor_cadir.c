#include "doctor/doctor_cadir.h"

#include <libgen.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "verify/cadir.h"
#include "verify/certfile.h"
#include "verify/revocation.h"

void
ca_doctor_ca_hash(struct ca_doctor *d, const STACK_OF(X509) *certs,
    unsigned long hash, const char *path, bool link)
{
	char copy[4096];

	for (int i = 0; i < sk_X509_num(certs); i++)
		if (ca_cadir_hash_fits(d->crypto,
			X509_get_subject_name(sk_X509_value(certs, i)),
			hash) != CA_CADIR_HASH_NEITHER)
			return;
	(void)snprintf(copy, sizeof copy, "%s", path);
	ca_doctor_find(d, CA_F_CA_HASH, CA_LEVEL_ERROR,
	    "the name of %s is not the hash of a subject in it", path);
	/* openssl rehash removes links only */
	if (link)
		ca_doctor_mend(d, "openssl rehash %s", dirname(copy));
	else
		ca_doctor_mend(d, "mv %s %s.pem && openssl rehash %s", path,
		    path, dirname(copy));
}

/* A name that would be read, with something behind it or before it: a copy of an
 * editor or package manager, or a file that was put out of use. */
static bool
is_leftover(const char *name)
{
	char stem[256];
	unsigned long hash;
	size_t n = strlen(name);

	if (name[0] == '.' || name[0] == '#' || n == 0 || name[n - 1] == '~' ||
	    n >= sizeof stem)
		return true;
	memcpy(stem, name, n + 1);
	char *dot = strrchr(stem, '.');
	if (dot == NULL)
		return false;
	*dot = '\0';
	enum ca_cadir_name is = ca_cadir_name(stem, &hash);

	return is == CA_CADIR_HASHED || is == CA_CADIR_PLAIN;
}

static bool
has_certificate(struct ca_doctor *d, int fd, const char *name)
{
	struct ca_buf file = CA_BUF_INIT(CA_CERTFILE_MAX);
	STACK_OF(X509) *certs = sk_X509_new_null();
	size_t bad = 0;
	bool has = certs != NULL &&
		   ca_file_read(fd, name, CA_CERTFILE_MAX, &file) == CA_OK &&
		   ca_certfile_parse_ca(
		       d->crypto, file.p, file.len, certs, &bad) == CA_OK &&
		   sk_X509_num(certs) > 0;

	sk_X509_pop_free(certs, X509_free);
	ca_buf_free(&file);
	return has;
}

void
ca_doctor_ca_skipped(
    struct ca_doctor *d, int fd, const char *path, const char *name)
{
	bool meant = !is_leftover(name) && has_certificate(d, fd, name);

	ca_doctor_find(d, CA_F_CA_SKIPPED,
	    meant ? CA_LEVEL_WARNING : CA_LEVEL_NOTE,
	    "%s/%s is not read, because of its name%s", path, name,
	    meant ? ", although it has a CA certificate" : "");
	if (meant)
		ca_doctor_mend(d, "mv %s/%s %s/%s.pem && openssl rehash %s",
		    path, name, path, name, path);
}

void
ca_doctor_ca_exempt(struct ca_doctor *d)
{
	const struct ca_list *list = &d->cfg->crl_exempt;

	for (size_t i = 0; i < list->n; i++) {
		struct ca_list one = {&list->v[i], 1};
		bool known = false;

		for (size_t k = 0; !known && k < d->ncas; k++)
			known = ca_revocation_is_exempt(
			    d->crypto, &one, d->ca[k].cert);
		if (known)
			continue;
		ca_doctor_find(d, CA_F_CRL_EXEMPT, CA_LEVEL_WARNING,
		    "no CA certificate of this host has the fingerprint %s, "
		    "which is in crl_exempt",
		    list->v[i]);
		ca_doctor_mend(d,
		    "correct crl_exempt in the configuration (the fingerprint "
		    "of a CA: openssl x509 -noout -fingerprint -sha256 -in "
		    "CA.pem), or put the CA's certificate into "
		    "intermediates_dir");
	}
}
