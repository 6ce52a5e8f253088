/*
 * The files of a set of CRLs: with plain names, with hashed ones, in one file;
 * with an index or without.  Behind crlsets_make.h.
 */
#ifndef CA_TESTS_CRLSETS_FILES_H
#define CA_TESTS_CRLSETS_FILES_H

#include "crl/crl.h"
#include "crl/index_read.h"

#include <fcntl.h>

#include "crlsets_make.h"

enum cs_form {
	CS_PLAIN,  /* a file each, in the order of their names */
	CS_HASHED, /* with links as `certauth crl compile` makes them */
	CS_BUNDLE  /* one PEM file */
};

static const char *const cs_form[] = {
    "plain names", "hashed names", "one file"};

/* dir in memory where that can be had: an index is synced to its disk. */
static inline void
cs_in_memory(void)
{
	char there[] = "/dev/shm/certauth-crlsets.XXXXXX";

	if (mkdtemp(there) == NULL)
		return;
	assert_int_equal(rmdir(dir), 0);
	(void)snprintf(dir, sizeof dir, "%s", there);
}

static inline void
cs_remove_files(void)
{
	char command[256];

	(void)snprintf(command, sizeof command, "rm -rf %s/s*", dir);
	assert_int_equal(system(command), 0); // NOLINT(cert-env33-c)
}

struct cs_layout {
	enum cs_form form;
	int order[CS_CRLS];
	bool index; /* made, where a CA here has signed the CRLs */
	int n;      /* number of the layout, its folder's name */
};

static inline void
cs_path(char out[256], const char *sub, const char *name)
{
	assert_true(snprintf(out, 256, "%s/%s%s%s", dir, sub,
			*name != '\0' ? "/" : "", name) < 256);
}

static inline void
cs_put_pem(FILE *f, const struct ca_buf *der)
{
	assert_true(PEM_write(f, "X509 CRL", "", der->p, (long)der->len) > 0);
}

static inline void
cs_link(const char *sub, const struct cs_set *s, const struct cs_layout *l)
{
	int next[CS_WHO] = {0};

	for (int i = 0; i < s->n; i++) {
		enum cs_who who = s->crl[l->order[i]].issuer;
		char hash[64], link[256], to[16];

		hashed_name(hash, "", cs_who[who], "r", next[who]++);
		cs_path(link, sub, hash);
		(void)snprintf(to, sizeof to, "c%d.crl", i);
		assert_int_equal(symlink(to, link), 0);
	}
}

/* Some in DER and some in PEM. */
static inline void
cs_write(const char *sub, const struct cs_set *s, const struct cs_layout *l,
    const struct ca_buf der[CS_CRLS])
{
	char path[256], name[16];
	FILE *f = NULL;

	cs_path(path, sub, "");
	assert_int_equal(mkdir(path, 0755), 0);
	for (int i = 0; i < s->n; i++) {
		const struct ca_buf *d = &der[l->order[i]];

		(void)snprintf(
		    name, sizeof name, "c%d.crl", l->form == CS_BUNDLE ? 0 : i);
		cs_path(path, sub, name);
		if (f == NULL || l->form != CS_BUNDLE)
			assert_non_null(f = fopen(path, "w"));
		if (l->form == CS_BUNDLE || l->order[i] % 2 == 1)
			cs_put_pem(f, d);
		else
			assert_int_equal(fwrite(d->p, 1, d->len, f), d->len);
		if (l->form != CS_BUNDLE || i == s->n - 1)
			assert_int_equal(fclose(f), 0);
	}
	if (l->form == CS_HASHED)
		cs_link(sub, s, l);
}

/* How many indexes were made, and how many were found to be read. */
static long cs_indexes, cs_indexes_read;

static inline void
cs_look_at_index(int fd, const char *name)
{
	static const struct ca_crl_wanted nothing = {NULL, 0};
	struct ca_crl_file src = {crypto, NULL, &ca_crl_by_index, fd, name,
	    openat(fd, name, O_RDONLY | O_CLOEXEC)};
	struct ca_crls crls = {NULL, 0};

	assert_int_equal(ca_crl_load(&src, &nothing, &crls), CA_OK);
	for (size_t i = 0; i < crls.n; i++)
		assert_string_equal(ca_crl_engine_name(crls.v[i]), "index");
	ca_crls_clear(&crls);
	cs_indexes_read++;
}

/* As `certauth crl compile` makes them: none for a CRL that no CA here has
 * signed, or that is not understood. */
static inline void
cs_index(const char *sub, int files, STACK_OF(X509) *cas)
{
	char path[256], name[16];

	cs_path(path, sub, "");
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	for (int i = 0; i < files; i++) {
		(void)snprintf(name, sizeof name, "c%d.crl", i);
		enum ca_err rc =
		    ca_crl_index_make(crypto, NULL, fd, name, cas, NULL);

		assert_true(
		    rc == CA_OK || rc == CA_DENIED || rc == CA_ERR_FORMAT);
		if (rc == CA_OK && cs_indexes++ % 64 == 0)
			cs_look_at_index(fd, name);
	}
	assert_int_equal(close(fd), 0);
}

#endif
