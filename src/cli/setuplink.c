/* certauth setup: the hashed links of a directory of CA certificates. */
#include "cli/setupdir.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tool/cli.h"

#define TMP ".certauth-setup.link"

/* A link to a file that is gone leads to nothing. */
static bool
leads_somewhere(const struct ca_setup_dir *d, const struct ca_setup_file *f)
{
	if (f->gone || f->dangling)
		return false;
	for (size_t i = 0; f->target != NULL && i < d->n; i++)
		if (d->v[i].gone && strcmp(d->v[i].name, f->target) == 0)
			return false;
	return true;
}

/* Does another good HASH.N with a lower N have the same certificate? */
static bool
repeats(const struct ca_setup_dir *d, const struct ca_setup_file *f)
{
	for (size_t i = 0; f->certs == 1 && i < d->n; i++) {
		const struct ca_setup_file *v = &d->v[i];

		if (v->hashed && v->hash == f->hash && v->n < f->n &&
		    v->certs == 1 && leads_somewhere(d, v) &&
		    memcmp(v->sum, f->sum, sizeof f->sum) == 0)
			return true;
	}
	return false;
}

/* Is this HASH.N of use?  A file under such a name is not ours to judge, and a
 * link that `openssl rehash -old' made is not either. */
static bool
is_good(const struct ca_setup_dir *d, const struct ca_setup_file *f)
{
	if (f->target == NULL)
		return !f->gone;
	if (!leads_somewhere(d, f) || repeats(d, f))
		return false;
	return f->certs != 1 || f->hash == f->subject || f->hash == f->old;
}

static struct ca_setup_file *
slot(struct ca_setup_dir *d, unsigned long hash, unsigned n)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].hashed && d->v[i].hash == hash && d->v[i].n == n)
			return &d->v[i];
	return NULL;
}

/* Does a good HASH.N have the certificate of this plain file? */
static bool
is_linked(struct ca_setup_dir *d, const struct ca_setup_file *f)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct ca_setup_file *v = &d->v[i];

		if (v->hashed && v->hash == f->subject && v->certs == 1 &&
		    memcmp(v->sum, f->sum, sizeof f->sum) == 0 && is_good(d, v))
			return true;
	}
	return false;
}

/* Let HASH.N lead to file, whatever it was. */
static enum ca_err
point(struct ca_setup_dir *d, unsigned long hash, unsigned n, const char *file)
{
	char name[32];
	struct ca_setup_file *old = slot(d, hash, n);

	(void)snprintf(name, sizeof name, "%08lx.%u", hash, n);
	(void)unlinkat(d->fd, TMP, 0); /* of a run that was killed */
	if (symlinkat(file, d->fd, TMP) != 0 ||
	    renameat(d->fd, TMP, d->fd, name) != 0)
		return CA_ERR_IO;
	if (old != NULL) { /* its entry is replaced by a new one */
		old->hashed = false;
		old->gone = true;
		old->certs = 0;
	}
	return ca_setup_dir_add(d, name);
}

/* Link one plain file: at the first place that is free or of no use. */
static enum ca_err
link_one(struct ca_setup_dir *d, size_t i)
{
	for (unsigned n = 0; n < CA_SETUP_LINKS_MAX; n++) {
		const struct ca_setup_file *at = slot(d, d->v[i].subject, n);

		if (at == NULL || !is_good(d, at))
			return point(d, d->v[i].subject, n, d->v[i].name);
	}
	return CA_ERR_LIMIT;
}

/* The link with the highest number of a hash, or NULL. */
static struct ca_setup_file *
last_link(struct ca_setup_dir *d, unsigned long hash)
{
	struct ca_setup_file *last = NULL;

	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].hashed && d->v[i].hash == hash &&
		    d->v[i].target != NULL && is_good(d, &d->v[i]) &&
		    (last == NULL || d->v[i].n > last->n))
			last = &d->v[i];
	return last;
}

/* Rename a link to HASH.N, whatever that was. */
static enum ca_err
move(struct ca_setup_dir *d, struct ca_setup_file *link, const char *name)
{
	if (renameat(d->fd, link->name, d->fd, name) != 0)
		return CA_ERR_IO;
	link->gone = true;
	link->hashed = false;
	return ca_setup_dir_add(d, name);
}

/* Remove a link of no use.  A reader stops at the first gap, so the last link of
 * the hash takes its place. */
static enum ca_err
drop_one(struct ca_setup_dir *d, size_t i)
{
	struct ca_setup_file *bad = &d->v[i];
	struct ca_setup_file *last = last_link(d, bad->hash);

	bad->gone = true;
	bad->hashed = false;
	/* bad->name is copied before it moves */
	if (last != NULL && last->n > bad->n)
		return move(d, last, bad->name);
	return unlinkat(d->fd, bad->name, 0) == 0 || errno == ENOENT
		   ? CA_OK
		   : CA_ERR_IO;
}

/* Move the last links of the hash of an entry into the gaps before them. */
static enum ca_err
close_gaps(struct ca_setup_dir *d, unsigned long hash)
{
	struct ca_setup_file *last;
	enum ca_err rc = CA_OK;
	char name[32];

	for (unsigned n = 0; rc == CA_OK && (last = last_link(d, hash)) != NULL;
	     n++) {
		if (n >= last->n)
			break;
		(void)snprintf(name, sizeof name, "%08lx.%u", hash, n);
		if (slot(d, hash, n) == NULL)
			rc = move(d, last, name);
	}
	return rc;
}

bool
ca_setup_dir_link(struct ca_setup_dir *d)
{
	enum ca_err rc = CA_OK;

	/* entries that these loops append are links, and good */
	for (size_t i = 0, n = d->n; rc == CA_OK && i < n; i++)
		if (!d->v[i].hashed && !d->v[i].gone && d->v[i].pem &&
		    d->v[i].certs == 1 && !is_linked(d, &d->v[i]))
			rc = link_one(d, i);
	for (size_t i = 0, n = d->n; rc == CA_OK && i < n; i++)
		if (d->v[i].hashed && !is_good(d, &d->v[i]))
			rc = drop_one(d, i);
	for (size_t i = 0, n = d->n; rc == CA_OK && i < n; i++)
		if (d->v[i].hashed)
			rc = close_gaps(d, d->v[i].hash);
	if (rc != CA_OK)
		(void)ca_cli_fail("the links of %s cannot be made: %s", d->path,
		    rc == CA_ERR_IO      ? strerror(errno)
		    : rc == CA_ERR_LIMIT ? "there are more than 64 CAs of one "
					   "name"
					 : ca_err_text(rc));
	return rc == CA_OK;
}
