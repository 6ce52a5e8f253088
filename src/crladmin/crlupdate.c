#include "crladmin/crlupdate.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "crladmin/crlabout.h"
#include "crladmin/crladdresses.h"
#include "crladmin/crlcompile.h"
#include "crladmin/crljudge.h"
#include "crladmin/crllink.h"
#include "crladmin/crlmissing.h"
#include "crladmin/crlplan.h"
#include "crladmin/crlset.h"
#include "crladmin/crlstate.h"
#include "fetch/fetch.h"
#include "tool/cli.h"

/*
 * The server of a CRL is not trusted; the signature is.  The worst that a
 * server can do is to serve nothing new: an older CRL is refused, and a CRL of
 * another CA or scope does not replace the file.  Such a CRL gets a file of
 * its own, because otherwise the first server to answer could keep the right
 * CRL out.
 */

struct job {
	struct ca_crladmin_state *state; /* the address and its state */
	char *tmp;                       /* temporary file for the new CRL */
	char file[300];                  /* its final name in crl_dir */
};

struct update {
	struct ca_crladmin_run *run;
	struct ca_crladmin_plan plan;
	struct job *job;
	struct ca_fetch *fetch;
	size_t n;
	bool bar; /* show progress: on a terminal that is no dumb one */
};

/* ---- fetching ---- */

static void
progress(void *ctx, size_t finished, uint64_t bytes)
{
	struct update *u = ctx;
	char bar[21];

	if (!u->bar)
		return;
	for (size_t i = 0; i < 20; i++)
		bar[i] = i < finished * 20 / u->n ? '#' : '-';
	bar[20] = '\0';
	(void)fprintf(stderr, "\r[%s] %zu of %zu, %" PRIu64 " KiB ", bar,
	    finished, u->n, bytes >> 10);
	(void)fflush(stderr);
}

static enum ca_err
open_tmp(struct update *u, size_t i)
{
	int dir = u->run->dir;

	if (asprintf(&u->job[i].tmp, ".certauth-new-%zu.tmp", i) < 0) {
		u->job[i].tmp = NULL;
		return CA_ERR_MEMORY;
	}
	/* a killed run may have left it */
	(void)unlinkat(dir, u->job[i].tmp, 0);
	u->fetch[i].fd = openat(dir, u->job[i].tmp,
	    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	return u->fetch[i].fd < 0 ? CA_ERR_IO : CA_OK;
}

static enum ca_err
prepare(struct update *u)
{
	struct stat st;
	enum ca_err rc;

	u->job = calloc(u->plan.states.n + 1, sizeof *u->job);
	u->fetch = calloc(u->plan.states.n + 1, sizeof *u->fetch);
	if (u->job == NULL || u->fetch == NULL)
		return CA_ERR_MEMORY;
	for (size_t i = 0; i < u->plan.states.n; i++) {
		struct ca_crladmin_state *s = &u->plan.states.v[i];
		size_t k = u->n;

		if (!s->wanted)
			continue;
		u->job[k].state = s;
		(void)snprintf(
		    u->job[k].file, sizeof u->job[k].file, "%s", s->file);
		u->fetch[k].fd = -1;
		u->fetch[k].url = s->url;
		u->n++;
		/* a file that was removed must be fetched in full */
		if (fstatat(u->run->dir, s->file, &st, 0) == 0) {
			u->fetch[k].etag = s->etag;
			u->fetch[k].last_modified = s->last_modified;
		}
		if ((rc = open_tmp(u, k)) != CA_OK)
			return rc;
	}
	return CA_OK;
}

/* ---- replacing ---- */

static bool
same_bytes(int dir, const char *a, const char *b)
{
	struct ca_buf x = CA_BUF_INIT(CA_CRL_MAX), y = CA_BUF_INIT(CA_CRL_MAX);
	bool same = ca_file_read(dir, a, CA_CRL_MAX, &x) == CA_OK &&
		    ca_file_read(dir, b, CA_CRL_MAX, &y) == CA_OK &&
		    x.len == y.len &&
		    (x.len == 0 || memcmp(x.p, y.p, x.len) == 0);

	ca_buf_free(&x);
	ca_buf_free(&y);
	return same;
}

static enum ca_err
replace(struct update *u, struct job *j, struct ca_fetch *f)
{
	int dir = u->run->dir;

	if (fchmod(f->fd, 0644) != 0 || fsync(f->fd) != 0 ||
	    renameat(dir, j->tmp, dir, j->file) != 0)
		return CA_ERR_IO;
	free(j->tmp);
	j->tmp = NULL; /* renamed to j->file */
	return fsync(dir) == 0 ? CA_OK : CA_ERR_IO;
}

static void
tell(struct update *u, const struct job *j, const char *what, const char *why)
{
	struct ca_buf b = CA_BUF_INIT(16384), line = CA_BUF_INIT(65536);
	const char *text;

	ca_buf_fmt(&b, "%s: %s%s%s", j->state->url, what,
	    why != NULL ? " " : "", why != NULL ? why : "");
	ca_buf_printable(&line, b.p, b.len);
	text = ca_buf_text(&line);
	if (u->bar)
		(void)fputs("\r\033[K", stderr);
	puts(text != NULL ? text : "out of memory");
	ca_buf_free(&b);
	ca_buf_free(&line);
}

static void
remember(struct ca_crladmin_state *s, const struct ca_fetch *f)
{
	(void)snprintf(s->etag, sizeof s->etag, "%s", f->new_etag);
	(void)snprintf(s->last_modified, sizeof s->last_modified, "%s",
	    f->new_last_modified);
}

/* Choose the file for fresh, and read into old what it replaces.  NULL, or the
 * reason fresh is refused. */
static const char *
choose_place(struct ca_crladmin_run *r, struct job *j,
    const struct ca_crls *fresh, struct ca_crls *old)
{
	/* a file that cannot be read may be replaced by any usable CRL */
	enum ca_err rc = ca_crladmin_read(r, j->file, old);

	if (rc == CA_OK && ca_crladmin_is_other(fresh, old)) {
		ca_crls_clear(old);
		rc = ca_crladmin_name_beside(
		    j->state->file, fresh, j->file, sizeof j->file);
		if (rc != CA_OK)
			return ca_err_text(rc);
		rc = ca_crladmin_read(r, j->file, old);
		(void)rc; /* as above */
	}
	return ca_crladmin_not_successor(fresh, old);
}

/* An expired CRL is installed too: the certificates that it lists are
 * rejected. */
static bool
out_of_date(const struct ca_crladmin_run *r, const struct ca_crls *fresh)
{
	for (size_t i = 0; i < fresh->n; i++)
		if (ca_crladmin_expired(
			ca_crl_get0_x509(fresh->v[i]), r->cfg, time(NULL)))
			return true;
	return false;
}

/* Judge the fetched CRL and install it.  False: it failed. */
static bool
install(struct update *u, struct job *j, struct ca_fetch *f)
{
	struct ca_crls fresh = {0}, old = {0};
	struct ca_crladmin_run *r = u->run;
	const char *why = NULL;
	enum ca_err rc = ca_crladmin_read(r, j->tmp, &fresh);
	bool ok = false;

	if (rc != CA_OK)
		why = rc == CA_ERR_FORMAT ? "is not a CRL" : ca_err_text(rc);
	if (why == NULL)
		why = ca_crladmin_not_usable(r, &fresh);
	if (why == NULL)
		why = choose_place(r, j, &fresh, &old);
	if (why != NULL) {
		tell(u, j, "refused, because the fetched file", why);
	} else if (same_bytes(r->dir, j->tmp, j->file)) {
		ok = true;
		if (!r->quiet)
			tell(u, j, "unchanged", NULL);
	} else if (r->dry_run) {
		ok = true;
		tell(u, j, "would be updated", NULL);
		for (size_t i = 0; i < fresh.n; i++)
			ca_crladmin_missing_note(r, &u->plan, fresh.v[i], true);
	} else if (replace(u, j, f) != CA_OK) {
		tell(u, j, "cannot be stored:", strerror(errno));
	} else {
		ok = true;
		if (out_of_date(r, &fresh))
			tell(
			    u, j, "updated, but the CRL has expired:", j->file);
		else if (!r->quiet)
			tell(u, j, "updated:", j->file);
	}
	if (ok && !r->dry_run)
		remember(j->state, f);
	ca_crls_clear(&fresh);
	ca_crls_clear(&old);
	return ok;
}

/* An address that was learnt may be one that the CA uses no more.  True: the
 * failure does not count, since the CA has another key now. */
static bool
excuse(struct update *u, const struct job *j)
{
	const struct ca_crladmin_address *a =
	    ca_crladmin_plan_learnt(&u->plan, j->state->url);

	if (a != NULL)
		ca_crladmin_tell_forget(u->run, a);
	return !j->state->counts;
}

static bool
finish_one(struct update *u, struct job *j, struct ca_fetch *f)
{
	bool ok = false, quiet = u->run->quiet;

	if (f->not_modified) {
		ok = true;
		if (!u->run->quiet)
			tell(u, j, "not modified", NULL);
	} else if (f->done) {
		ok = install(u, j, f);
	} else {
		tell(u, j, "not fetched:", f->error);
	}
	/* Make a missing index again, whatever the server answered.  Print
	 * only one line for each CRL. */
	u->run->quiet = true;
	if (ok && !u->run->dry_run &&
	    ca_crladmin_compile_one(u->run, j->file) != CA_OK)
		ok = false;
	u->run->quiet = quiet;
	return ok || excuse(u, j);
}

static void
drop_files(struct update *u)
{
	for (size_t i = 0; i < u->n; i++) {
		if (u->fetch[i].fd >= 0)
			(void)close(u->fetch[i].fd);
		u->fetch[i].fd = -1;
		if (u->job[i].tmp != NULL)
			(void)unlinkat(u->run->dir, u->job[i].tmp, 0);
		free(u->job[i].tmp);
		u->job[i].tmp = NULL;
	}
}

static void
clean_up(struct update *u)
{
	drop_files(u);
	free(u->job);
	free(u->fetch);
	ca_crladmin_plan_clear(&u->plan);
}

/* CA_EXIT_OK: each address has a result, which may be an error. */
static int
fetch_all(struct update *u)
{
	struct ca_crladmin_run *r = u->run;
	enum ca_err rc;

	u->bar = !r->quiet && ca_cli_draws(STDERR_FILENO);
	const struct ca_fetch_limits limits = {r->timeout, 10, CA_CRL_MAX};
	rc = ca_fetch_all(u->fetch, u->n, &limits, progress, u);
	if (u->bar)
		(void)fputs("\r\033[K", stderr);
	if (rc == CA_ERR_NOT_FOUND)
		return ca_cli_fail(
		    "certauth-fetch was not found, neither in the directory of "
		    "certauth nor in " CA_LIBEXECDIR "; install it again");
	if (rc != CA_OK)
		return ca_cli_fail("certauth-fetch failed: %s",
		    rc == CA_ERR_IO ? strerror(errno) : ca_err_text(rc));
	return CA_EXIT_OK;
}

/* Store what the servers said of their CRLs, and link the files.  Nothing may change
 * crl_dir after that. */
static enum ca_err
store(struct update *u)
{
	struct ca_crladmin_run *r = u->run;
	enum ca_err rc;

	drop_files(u);
	if ((rc = ca_crladmin_states_write(r, &u->plan.states)) == CA_OK &&
	    (rc = ca_crladmin_updated_make(r)) == CA_OK)
		rc = ca_crladmin_link(r);
	return rc;
}

static int
update(struct update *u)
{
	struct ca_crladmin_run *r = u->run;
	int status = CA_EXIT_OK;
	enum ca_err rc;

	if ((rc = ca_crladmin_lock(r)) != CA_OK)
		return ca_crladmin_said(r->cfg->crl_dir, rc);
	if ((rc = ca_crladmin_plan_make(r, &u->plan)) == CA_ERR_CONFIG)
		return CA_EXIT_USAGE;
	/* before the transfers, which may fail */
	if (rc == CA_OK && u->plan.book.changed && !r->dry_run)
		rc = ca_crladmin_book_write(r, &u->plan.book);
	if (rc != CA_OK || (rc = prepare(u)) != CA_OK)
		return ca_crladmin_said(r->cfg->crl_dir, rc);
	if (u->n == 0 && !r->quiet)
		puts("no CRL was fetched, because no address is known");
	if (u->n > 0 && (status = fetch_all(u)) != CA_EXIT_OK)
		return status;
	for (size_t i = 0; i < u->n; i++)
		if (!finish_one(u, &u->job[i], &u->fetch[i]))
			status = CA_EXIT_NO;
	if (!r->dry_run && (rc = store(u)) != CA_OK) {
		(void)ca_crladmin_said(r->cfg->crl_dir, rc);
		status = CA_EXIT_NO;
	}
	(void)fflush(stdout); /* the messages below go to standard error */
	if ((rc = ca_crladmin_missing_look(r, &u->plan)) != CA_OK)
		return ca_crladmin_said(r->cfg->crl_dir, rc);
	if (!ca_crladmin_missing_say(r, &u->plan) || u->plan.failed)
		status = CA_EXIT_NO;
	if (status == CA_EXIT_OK && !r->dry_run)
		status = ca_crladmin_updated_note(r);
	return status;
}

int
ca_crladmin_update(struct ca_crladmin_run *run)
{
	struct update u = {.run = run};
	int status = update(&u);

	clean_up(&u);
	return status;
}
