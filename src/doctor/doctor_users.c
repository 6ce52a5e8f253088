/*
 * doctor: the users file and registered certificates.
 */
#include "doctor/doctor.h"
#include "doctor/doctor_view.h"
#include "crypto/certgate.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "map/users_index.h"
#include "map/map.h"
#include "map/registered.h"
#include "map/users_file.h"

#define MANY_LINES 10000
#define NAMED_MAX 5        /* lines named in one finding */
#define ACCOUNTS_MAX 10000 /* each look-up may ask a directory server */

/* Lines of one kind; the first few are named in text. */
struct some {
	struct ca_buf text;
	struct ca_buf mend; /* a command for each of them; may stay empty */
	size_t n;
};

struct rules {
	struct ca_doctor *d;
	size_t n, looked_up;
	bool many_cas;
	struct some weak, lost;
	char last[512]; /* the login of the previous line */
	bool last_lost;
};

static void
add(struct some *s, unsigned line, const char *what)
{
	if (s->n++ < NAMED_MAX)
		ca_buf_fmt(&s->text, "%sline %u (%s)", s->n > 1 ? ", " : "",
		    line, what);
}

static bool
no_account(struct rules *r, const char *login)
{
	if (r->d->names_hang)
		return false;
	if (strcmp(r->last, login) == 0)
		return r->last_lost;
	if (r->looked_up++ >= ACCOUNTS_MAX)
		return false;
	(void)snprintf(r->last, sizeof r->last, "%s", login);
	r->last_lost = getpwnam(login) == NULL;
	return r->last_lost;
}

/* The command that removes a login, once for each. */
static void
add_remove(struct rules *r, const char *login)
{
	struct ca_buf *mend = &r->lost.mend;
	char what[600];

	if (r->lost.n >= NAMED_MAX ||
	    login[strspn(login,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789._@-")] != '\0')
		return;
	(void)snprintf(what, sizeof what, "users remove %s", login);
	const char *command = ca_doctor_users_command(r->d, what);
	const char *text = ca_buf_text(mend);
	if (text == NULL || strstr(text, command) == NULL)
		ca_buf_fmt(mend, "%s%s", mend->len > 0 ? "; " : "", command);
}

static enum ca_err
check_rule(
    void *ctx, const struct ca_rule *rule, const struct ca_users_line *line)
{
	struct rules *r = ctx;

	r->n++;
	if (r->many_cas && rule->issuer == NULL &&
	    !ca_selector_strong(rule->sel) &&
	    /* these two selectors name the issuer themselves */
	    rule->sel != CA_SEL_ISSUER_SUBJECT && rule->sel != CA_SEL_MATCH)
		add(&r->weak, line->number, rule->selector);
	if (!rule->pattern && !rule->refuses && no_account(r, rule->login)) {
		add_remove(r, rule->login);
		add(&r->lost, line->number, rule->login);
	}
	return CA_OK;
}

static size_t
anchors(const struct ca_doctor *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->ncas; i++) {
		time_t to;
		bool again = !d->ca[i].anchor ||
			     !ca_crypto_seconds(
				 X509_get0_notAfter(d->ca[i].cert), &to) ||
			     to < d->now;

		for (size_t k = 0; k < i; k++)
			again =
			    again ||
			    X509_NAME_cmp(X509_get_subject_name(d->ca[k].cert),
				X509_get_subject_name(d->ca[i].cert)) == 0;
		n += !again;
	}
	return n;
}

static void
tell(struct ca_doctor *d, enum ca_finding_code code, struct some *s,
    const char *what, const char *mend)
{
	const char *text = ca_buf_text(&s->text);
	const char *commands = ca_buf_text(&s->mend);

	if (s->n > 0) {
		ca_doctor_find(d, code, CA_LEVEL_WARNING, "in %s %s: %s%s",
		    d->cfg->users, what, text != NULL ? text : "?",
		    s->n > NAMED_MAX ? ", and more" : "");
		ca_doctor_mend(d, "%s",
		    s->mend.len > 0 && commands != NULL ? commands : mend);
	}
	ca_buf_free(&s->text);
	ca_buf_free(&s->mend);
}

static void
check_index(struct ca_doctor *d, size_t lines)
{
	enum ca_err rc =
	    ca_users_index_check(d->crypto, d->cfg->users, &d->log);

	if (rc == CA_OK || rc == CA_ERR_MEMORY)
		return;
	if (rc != CA_ERR_NOT_FOUND) {
		ca_doctor_find(d, CA_F_USERS_INDEX_STALE, CA_LEVEL_WARNING,
		    "the index %s.cdb is not used: %s", d->cfg->users,
		    rc == CA_ERR_STALE
			? "it was made from another version of the users file"
		    : rc == CA_ERR_UNSUPPORTED
			? "it was made by another version of certauth"
			: ca_err_text(rc));
		ca_doctor_mend(
		    d, "%s", ca_doctor_users_command(d, "users compile"));
	} else if (lines > MANY_LINES) {
		ca_doctor_find(d, CA_F_USERS_UNINDEXED, CA_LEVEL_WARNING,
		    "%s has %zu rules, but no index", d->cfg->users, lines);
		ca_doctor_mend(
		    d, "%s", ca_doctor_users_command(d, "users compile"));
	}
}

static bool
any_registered(const struct ca_doctor *d)
{
	return d->cfg->users_dir != NULL &&
	       access(d->cfg->users_dir, F_OK) == 0;
}

void
ca_doctor_users(struct ca_doctor *d)
{
	struct rules r = {.d = d,
	    .many_cas = anchors(d) > 1,
	    .weak = {CA_BUF_INIT(65536), CA_BUF_INIT(65536), 0},
	    .lost = {CA_BUF_INIT(65536), CA_BUF_INIT(65536), 0}};
	char mend[4200];
	enum ca_err rc = ca_map_check(d->cfg->users, &d->log);

	if (rc == CA_ERR_UNTRUSTED)
		return; /* the check of files reports it */
	if (rc == CA_ERR_CONFIG)
		(void)snprintf(mend, sizeof mend,
		    "edit %s; certauth-users(5) describes the syntax",
		    d->cfg->users);
	else
		(void)snprintf(mend, sizeof mend, "%s",
		    ca_doctor_users_command(
			d, "users add LOGIN --cert CERT.pem"));
	if (rc != CA_OK) {
		ca_doctor_heard(d,
		    rc == CA_ERR_CONFIG ? CA_F_USERS_MISTAKE : CA_F_USERS_FILE,
		    CA_LEVEL_ERROR, d->cfg->users, mend);
		return;
	}
	if (d->heard.len > 0) /* lines that are ignored */
		ca_doctor_heard(d, CA_F_USERS_MISTAKE, CA_LEVEL_WARNING,
		    d->cfg->users,
		    "remove these lines, or give the accounts other names");
	rc = ca_users_scan(d->cfg->users, 1, &d->log, check_rule, &r, NULL);
	/* the same lines again */
	ca_buf_reset(&d->heard);
	if (rc == CA_OK && r.n == 0 && !any_registered(d) &&
	    d->cfg->directory == CA_DIRECTORY_NONE) {
		ca_doctor_find(d, CA_F_USERS_EMPTY, CA_LEVEL_WARNING,
		    "%s contains no rule", d->cfg->users);
		ca_doctor_mend(d, "%s", mend);
	}
	tell(d, CA_F_USERS_WEAK, &r.weak,
	    "several CAs can issue the name that a selector names",
	    "add issuer=\"...\" to the line, or use key: or sha256:");
	tell(d, CA_F_USERS_NO_ACCOUNT, &r.lost,
	    "there is no account for a login",
	    "remove these lines, or create the accounts");
	check_index(d, r.n);
}

/* ---- registered certificates ---- */

static enum ca_err
check_registered(void *ctx, const char *login, const char *path, bool first,
    const unsigned char *der, size_t len)
{
	struct ca_doctor *d = ctx;
	X509 *cert = NULL;
	time_t to;
	char when[48], text[CA_CERT_REFUSAL];

	if (first && !d->names_hang && getpwnam(login) == NULL) {
		ca_doctor_find(d, CA_F_USERS_NO_ACCOUNT, CA_LEVEL_WARNING,
		    "%s is registered for %s, but there is no such account",
		    path, login);
		ca_doctor_mend(d, "rm -r %s",
		    ca_doctor_word("%s/%s", d->cfg->users_dir, login));
	}
	if (ca_crypto_cert(d->crypto, der, len, &cert) != CA_OK) {
		const char *why = ca_cert_refusal(der, len, text);

		ca_doctor_find(d, CA_F_REGISTERED,
		    why != NULL ? CA_LEVEL_WARNING : CA_LEVEL_ERROR,
		    "%s is not used: %s", path,
		    why != NULL ? why : "it cannot be decoded");
		ca_doctor_mend(d, "replace the file, or run `rm %s'",
		    ca_doctor_word("%s", path));
		return CA_OK;
	}
	if (ca_crypto_seconds(X509_get0_notAfter(cert), &to) && to < d->now) {
		ca_doctor_when(to, d->now, when);
		ca_doctor_find(d, CA_F_REGISTERED_EXPIRED, CA_LEVEL_WARNING,
		    "%s expired %s", path, when);
		ca_doctor_mend(d, "replace the file, or run `rm %s'",
		    ca_doctor_word("%s", path));
	}
	X509_free(cert);
	return CA_OK;
}

void
ca_doctor_registered(struct ca_doctor *d)
{
	char mend[4200];
	enum ca_err rc;

	if (!any_registered(d))
		return;
	rc = ca_registered_walk(d->cfg, &d->log, NULL, check_registered, d);
	(void)snprintf(mend, sizeof mend,
	    "correct %s: it has a directory for each login, owned by root, "
	    "with one certificate in each *.pem file",
	    d->cfg->users_dir);
	if (rc != CA_OK)
		ca_doctor_heard(d, CA_F_REGISTERED, CA_LEVEL_ERROR,
		    d->cfg->users_dir, mend);
}
