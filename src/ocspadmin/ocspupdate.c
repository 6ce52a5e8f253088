#include "ocspadmin/ocspupdate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ocspadmin/ocspprune.h"
#include "ocspadmin/ocsptargets.h"
#include "ocspask/ocspask.h"
#include "tool/cli.h"

/*
 * A responder is not trusted; the signature of its response is.  The worst that it
 * can do is to have no answer: an older answer does not replace a newer one.
 */

#define TMP_NAME ".certauth-new.tmp"
#define LEFT_MAX                                                               \
	20 /* lines about certificates that are left out: a timer writes them
		     * to the journal */
#define GRACE 10 /* seconds for the start and the end of certauth-fetch */

struct job {
	const struct ca_ocspadmin_target *target;
	struct ca_ocsp_answer old;
	bool pending; /* to be asked, and no address has answered */
	char
	    why[CA_OCSP_URL_MAX + 304]; /* why the last address has no answer */
};

struct update {
	struct ca_ocspadmin_run *run;
	struct ca_ocspadmin_targets targets;
	struct job *job;
	struct ca_ocspask *ask; /* CA_OCSPASK_MAX of them */
	size_t of[CA_OCSPASK_MAX];
	size_t asked; /* in all */
	bool failed;
};

/* ---- what is due ---- */

/* A good answer is fetched again after half of its life, so that a responder may
 * be down for the other half.  Whatever else is stored may change at any time. */
static bool
is_due(const struct ca_ocsp_answer *old, time_t now)
{
	return old->status != CA_OCSP_GOOD ||
	       now >= old->this_update + (old->until - old->this_update) / 2;
}

static enum ca_err
prepare(struct update *u)
{
	const struct ca_ocspadmin_targets *t = &u->targets;
	enum ca_err rc = ca_ocspadmin_targets_find(u->run, &u->targets);

	if (rc != CA_OK)
		return rc;
	u->job = calloc(t->n + 1, sizeof *u->job);
	u->ask = calloc(CA_OCSPASK_MAX, sizeof *u->ask);
	if (u->job == NULL || u->ask == NULL)
		return CA_ERR_MEMORY;
	for (size_t i = 0; i < t->n; i++) {
		struct job *j = &u->job[i];

		j->target = &t->v[i];
		rc = ca_ocspadmin_stored(u->run, t->v[i].file, t->v[i].cert,
		    t->v[i].issuer, &j->old);
		if (rc != CA_OK)
			return rc;
		j->pending = is_due(&j->old, u->run->now);
		u->asked += j->pending ? 1 : 0;
	}
	return CA_OK;
}

/* ---- storing ---- */

static void
tell(const struct job *j, const char *what, const char *more)
{
	struct ca_buf line = CA_BUF_INIT(65536);
	const char *text;

	ca_buf_printable(&line, more, strlen(more));
	text = ca_buf_text(&line);
	printf("%s: %s%s\n", j->target->label, what,
	    text != NULL ? text : "out of memory");
	ca_buf_free(&line);
}

static bool
write_tmp(int dir, const struct ca_buf *b)
{
	int fd = openat(dir, TMP_NAME,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool done;

	if (fd < 0)
		return false;
	/* one write: the kernel cuts none of this length for a file */
	done = write(fd, b->p, b->len) == (ssize_t)b->len &&
	       fchmod(fd, 0644) == 0 && fsync(fd) == 0;
	return close(fd) == 0 && done;
}

static bool
store(struct update *u, const struct job *j, const struct ca_buf *response)
{
	int dir = u->run->base.dir;

	/* a killed run may have left it */
	(void)unlinkat(dir, TMP_NAME, 0);
	if (write_tmp(dir, response) &&
	    renameat(dir, TMP_NAME, dir, j->target->file) == 0)
		return fsync(dir) == 0;
	int why = errno;
	(void)unlinkat(dir, TMP_NAME, 0);
	errno = why;
	return false;
}

/* Times are of seconds: of two of one second, the one that says revoked stays. */
static bool
is_newer(const struct ca_ocsp_answer *old, const struct ca_ocsp_answer *answer)
{
	if (old->status == CA_OCSP_NO_ANSWER)
		return false;
	return old->this_update > answer->this_update ||
	       (old->this_update == answer->this_update &&
		   old->status == CA_OCSP_REVOKED &&
		   answer->status != CA_OCSP_REVOKED);
}

/* Take a response with an answer. */
static void
install(struct update *u, struct job *j, const struct ca_ocspask *a)
{
	const struct ca_crladmin_run *r = &u->run->base;
	struct ca_buf text = CA_BUF_INIT(4096);
	const char *says;

	ca_ocspadmin_describe(&a->answer, &text);
	says = ca_buf_text(&text) != NULL ? ca_buf_text(&text) : "?";
	j->pending = false;
	if (is_newer(&j->old, &a->answer)) {
		tell(j, "refused, because the stored response ",
		    a->answer.this_update < j->old.this_update
			? "is newer"
			: "is of the same second and says revoked");
		u->failed = true;
	} else if (r->dry_run) {
		tell(j, "would be updated: ", says);
	} else if (!store(u, j, &a->response)) {
		tell(j, "cannot be stored: ", strerror(errno));
		u->failed = true;
	} else if (!r->quiet || a->answer.status == CA_OCSP_REVOKED) {
		tell(j, "updated: ", says);
	}
	ca_buf_free(&text);
}

/* ---- asking ---- */

/* A response that a login would not take replaces nothing. */
static enum ca_err
weigh(struct update *u, struct ca_ocspask *a)
{
	enum ca_err rc;

	if (a->answer.status == CA_OCSP_NO_ANSWER)
		return CA_OK;
	rc = ca_ocspadmin_weigh(u->run, a->cert, a->issuer, &a->answer);
	if (rc == CA_OK && a->answer.status == CA_OCSP_NO_ANSWER)
		(void)snprintf(
		    a->why, sizeof a->why, "the response %s", a->answer.why);
	return rc;
}

static enum ca_err
take(struct update *u, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct ca_ocspask *a = &u->ask[i];
		struct job *j = &u->job[u->of[i]];
		enum ca_err rc = weigh(u, a);

		if (rc != CA_OK)
			return rc;
		if (a->answer.status != CA_OCSP_NO_ANSWER)
			install(u, j, a);
		else
			(void)snprintf(
			    j->why, sizeof j->why, "%s: %s", a->url, a->why);
	}
	return CA_OK;
}

/* Ask the questions that are gathered. */
static enum ca_err
ask(struct update *u, size_t *n)
{
	const struct ca_crladmin_run *r = &u->run->base;
	const struct ca_fetch_limits limits = {
	    .timeout = r->timeout, .grace = GRACE};
	enum ca_err rc =
	    *n > 0 ? ca_ocspask_all(r->crypto, u->ask, *n, &limits) : CA_OK;

	if (rc == CA_OK)
		rc = take(u, *n);
	for (size_t i = 0; i < *n; i++) {
		ca_ocspask_clear(&u->ask[i]);
		u->ask[i] = (struct ca_ocspask){.cert = NULL};
	}
	*n = 0;
	return rc;
}

/* Ask the address of that number of each certificate that has no answer yet. */
static enum ca_err
ask_round(struct update *u, size_t address)
{
	enum ca_err rc = CA_OK;
	size_t n = 0;

	for (size_t i = 0; rc == CA_OK && i < u->targets.n; i++) {
		struct ca_ocspask *a = &u->ask[n];
		const struct ca_ocspadmin_target *t = u->job[i].target;

		if (!u->job[i].pending ||
		    !ca_ocsp_address(t->cert, address, a->url))
			continue;
		a->cert = t->cert;
		a->issuer = t->issuer;
		a->max_age = u->run->base.cfg->ocsp_max_age;
		u->of[n++] = i;
		if (n == CA_OCSPASK_MAX)
			rc = ask(u, &n);
	}
	return rc == CA_OK ? ask(u, &n) : rc;
}

/* ---- the command ---- */

static void
tell_failures(struct update *u)
{
	for (size_t i = 0; i < u->targets.n; i++) {
		struct job *j = &u->job[i];

		if (!j->pending)
			continue;
		u->failed = true;
		tell(j,
		    j->old.status == CA_OCSP_NO_ANSWER
			? "no answer: "
			: "no newer answer, the stored one is kept: ",
		    j->why);
	}
}

static int
said(struct update *u, enum ca_err rc)
{
	if (rc == CA_ERR_NOT_FOUND)
		return ca_cli_fail(
		    "certauth-fetch was not found, neither in the directory of "
		    "certauth nor in " CA_LIBEXECDIR "; install it again");
	return ca_crladmin_said(u->run->base.cfg->ocsp_dir, rc);
}

/* For `certauth metrics`. */
static bool
note_success(const struct ca_crladmin_run *r)
{
	int fd = openat(r->dir, CA_OCSPADMIN_UPDATED,
	    O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	bool done = fd >= 0 && futimens(fd, NULL) == 0;

	if (fd >= 0)
		(void)close(fd);
	return done;
}

static int
update(struct update *u)
{
	const struct ca_crladmin_run *r = &u->run->base;
	enum ca_err rc = prepare(u);

	if (rc != CA_OK)
		return said(u, rc);
	for (size_t k = 0; k < CA_OCSP_ADDRESSES_MAX; k++)
		if ((rc = ask_round(u, k)) != CA_OK)
			return said(u, rc);
	tell_failures(u);
	if (!r->quiet)
		ca_ocspadmin_put_left(&u->targets, LEFT_MAX);
	if (u->targets.n == 0 && !r->quiet)
		puts(
		    "nothing was fetched, because no registered certificate and "
		    "no CA certificate names an OCSP responder");
	else if (u->asked == 0 && !r->quiet)
		printf("nothing is due: %zu stored\n", u->targets.n);
	/* of a certificate that was not seen the response must stay */
	if (u->targets.partial)
		u->failed = true;
	else if (!r->dry_run)
		ca_ocspadmin_prune(u->run, &u->targets);
	if (!u->failed && !r->dry_run && !note_success(r))
		return ca_cli_fail("%s/" CA_OCSPADMIN_UPDATED ": %s",
		    r->cfg->ocsp_dir, strerror(errno));
	return u->failed ? CA_EXIT_NO : CA_EXIT_OK;
}

int
ca_ocspadmin_update(struct ca_ocspadmin_run *run)
{
	struct update *u = calloc(1, sizeof *u);
	int status;

	if (u == NULL)
		return ca_cli_fail("%s", ca_err_text(CA_ERR_MEMORY));
	u->run = run;
	status = update(u);
	for (size_t i = 0; i < u->targets.n && u->job != NULL; i++)
		ca_ocsp_answer_clear(&u->job[i].old);
	free(u->job);
	free(u->ask);
	ca_ocspadmin_targets_clear(&u->targets);
	free(u);
	return status;
}
