#include "doctor/doctor_cadir.h"

#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "doctor/doctor_view.h"
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
		ca_doctor_mend(d, "mv %s %s && openssl rehash %s",
		    ca_doctor_word("%s", path), ca_doctor_word("%s.pem", path),
		    dirname(copy));
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

bool
ca_doctor_is_rehashed(const char *name, const struct ca_buf *file)
{
	static const char *const ends[] = {".pem", ".crt", ".cer"};
	static const char begin[] = "-----BEGIN ", kind[] = " CERTIFICATE-----";
	size_t n = strlen(name), objects = 0;
	const uint8_t *p = file->p, *e = file->p + file->len, *end;
	bool fits = false;

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		fits = fits || (n > strlen(ends[i]) &&
				   strcasecmp(name + n - strlen(ends[i]),
				       ends[i]) == 0);
	while (
	    fits && file->len > 0 &&
	    (p = memmem(p, (size_t)(e - p), begin, sizeof begin - 1)) != NULL) {
		/* the blank is part of both */
		p += sizeof begin - 2;
		end = memchr(p, '\n', (size_t)(e - p));
		size_t len = (size_t)((end != NULL ? end : e) - p);
		if (memmem(p, len, kind, sizeof kind - 1) == NULL)
			return false;
		objects++;
	}
	return fits && objects == 1;
}

/* Does the file have a certificate, and could `openssl rehash' link to it if its
 * name ended in .pem? */
static bool
has_certificate(struct ca_doctor *d, const char *path, bool *rehashed)
{
	struct ca_buf file = CA_BUF_INIT(CA_CERTFILE_MAX);
	STACK_OF(X509) *certs = sk_X509_new_null();
	size_t bad = 0;
	bool has =
	    certs != NULL &&
	    ca_file_read(AT_FDCWD, path, CA_CERTFILE_MAX, &file) == CA_OK &&
	    ca_certfile_parse_ca(d->crypto, file.p, file.len, certs, &bad) ==
		CA_OK &&
	    sk_X509_num(certs) > 0;

	*rehashed = has && ca_doctor_is_rehashed("x.pem", &file);
	sk_X509_pop_free(certs, X509_free);
	ca_buf_free(&file);
	return has;
}

void
ca_doctor_ca_skipped(struct ca_doctor *d, const char *dir, const char *name)
{
	char path[4200], pem[4300];
	bool rehashed;

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	(void)snprintf(pem, sizeof pem, "%s.pem", path);
	bool meant = !is_leftover(name) && has_certificate(d, path, &rehashed);

	ca_doctor_find(d, CA_F_CA_SKIPPED,
	    meant ? CA_LEVEL_WARNING : CA_LEVEL_NOTE,
	    "%s is not read, because of its name%s", path,
	    meant ? ", although it has a CA certificate" : "");
	if (!meant) {
		ca_doctor_mend(d, "nothing, if the file is not to be read");
		return;
	}
	const char *setup =
	    rehashed ? NULL : ca_doctor_setup_command(d, "--ca", pem);
	if (setup != NULL)
		ca_doctor_mend(d, "mv %s %s && %s", ca_doctor_word("%s", path),
		    ca_doctor_word("%s", pem), setup);
	else
		ca_doctor_mend(d, "mv %s %s && openssl rehash %s",
		    ca_doctor_word("%s", path), ca_doctor_word("%s", pem), dir);
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
		    "correct crl_exempt in %s (the fingerprint of a CA: "
		    "openssl x509 -noout -fingerprint -sha256 -in CA.pem), or "
		    "put the CA's certificate into intermediates_dir",
		    ca_doctor_origin(d, "crl_exempt"));
	}
}
