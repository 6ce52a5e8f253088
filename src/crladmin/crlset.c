#include "crladmin/crlset.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crl/crldir.h"

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
leads_to_no_file(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, 0) == 0 && !S_ISREG(st.st_mode);
}

static bool
can_be_opened(int dir, const char *name)
{
	int fd;

	if (ca_crldir_open(dir, name, &fd, NULL) != CA_OK)
		return false;
	(void)close(fd);
	return true;
}

static bool
plain_or_hashed(const char *name)
{
	return ca_crldir_is_plain(name) || ca_crldir_is_hashed(name);
}

/* The names that want accepts and drop does not, sorted. */
static enum ca_err
list_names(int dir, bool (*want)(const char *), bool (*drop)(int, const char *),
    struct ca_list *out)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	enum ca_err rc = CA_OK;

	if (d == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return CA_ERR_IO;
	}
	while (rc == CA_OK && (e = readdir(d)) != NULL) {
		if (!want(e->d_name) || drop(dir, e->d_name))
			continue;
		char **v = realloc(out->v, (out->n + 2) * sizeof *v);
		if (v == NULL) {
			rc = CA_ERR_MEMORY;
			break;
		}
		out->v = v;
		if ((v[out->n] = strdup(e->d_name)) == NULL)
			rc = CA_ERR_MEMORY;
		else
			v[++out->n] = NULL;
	}
	(void)closedir(d);
	if (out->n > 1)
		qsort(out->v, out->n, sizeof *out->v, by_name);
	return rc;
}

enum ca_err
ca_crladmin_names_where(
    int dir, bool (*want)(const char *), struct ca_list *out)
{
	return list_names(dir, want, leads_to_no_file, out);
}

enum ca_err
ca_crladmin_names_odd(int dir, struct ca_list *out)
{
	return list_names(dir, plain_or_hashed, can_be_opened, out);
}

/* A regular file with a hashed name is a CRL file too. */
enum ca_err
ca_crladmin_names(int dir, struct ca_list *out)
{
	struct ca_list hashed = {0};
	struct stat st;
	enum ca_err rc = ca_crladmin_names_where(dir, ca_crldir_is_plain, out);

	if (rc == CA_OK)
		rc = ca_crladmin_names_where(dir, ca_crldir_is_hashed, &hashed);
	for (size_t i = 0; rc == CA_OK && i < hashed.n; i++) {
		char **v;

		if (fstatat(dir, hashed.v[i], &st, AT_SYMLINK_NOFOLLOW) != 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		if ((v = realloc(out->v, (out->n + 2) * sizeof *v)) == NULL) {
			rc = CA_ERR_MEMORY;
			break;
		}
		out->v = v;
		v[out->n++] = hashed.v[i];
		v[out->n] = NULL;
		hashed.v[i] = NULL; /* transferred */
	}
	for (size_t i = 0; i < hashed.n; i++)
		free(hashed.v[i]);
	free(hashed.v);
	if (rc != CA_OK)
		ca_crladmin_names_free(out);
	return rc;
}

void
ca_crladmin_names_free(struct ca_list *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->v[i]);
	free(names->v);
	*names = (struct ca_list){NULL, 0};
}

enum ca_err
ca_crladmin_read(
    struct ca_crladmin_run *r, const char *name, struct ca_crls *out)
{
	static const struct ca_crl_wanted nothing = {0};

	return ca_crladmin_read_wanted(r, name, &nothing, out);
}

enum ca_err
ca_crladmin_read_wanted(struct ca_crladmin_run *r, const char *name,
    const struct ca_crl_wanted *wanted, struct ca_crls *out)
{
	struct ca_crl_file src = {
	    r->crypto, &r->log, &ca_crl_by_stream, r->dir, name, -1};
	enum ca_err rc = ca_crldir_open(r->dir, name, &src.fd, NULL);

	if (rc == CA_OK)
		rc = ca_crl_load(&src, wanted, out);
	if (rc != CA_OK)
		return rc;
	for (size_t i = 0; i < out->n; i++)
		if (ca_crl_get0_x509(out->v[i]) == NULL)
			return CA_ERR_FORMAT;
	return CA_OK;
}
