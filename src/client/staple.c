#include "client/staple.h"
#include "base/tr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/staplecache.h"
#include "ocspask/ocspask.h"
#include "verify/name.h"

/* A response is fetched again when half of what is left of its life is over, and
 * after a day, also if it is valid for longer: a revocation is then known after a day,
 * and a host whose ocsp_max_age is above a day gets none that is too old for it. */
#define FETCH_AGAIN 86400
/* A responder that does not answer would delay each login. */
#define TRY_AGAIN 300

/* Why a responder gave no answer. */
struct failure {
	char url[CA_OCSP_URL_MAX];
	char why[sizeof((struct ca_ocspask *)NULL)->why];
};

struct stapling {
	const struct ca_client *client;
	struct ca_response_certs *certs;
	time_t now;
	int dir; /* the cache; -1: none */
	struct timespec start;
	const char *label;          /* where the certificates are from */
	bool pending[CA_CERTS_MAX]; /* to be asked about, and no answer yet */
	/* when the responders of one without a response are asked again; 0: now */
	time_t again[CA_CERTS_MAX];
	struct failure failed[CA_CERTS_MAX]; /* of the last address */
	struct ca_ocspask ask[CA_CERTS_MAX];
	size_t of[CA_CERTS_MAX]; /* the certificate that a question is about */
	size_t n;
	unsigned rounds; /* that are over */
};

static void
set_staple(struct stapling *s, size_t i, struct ca_buf *from)
{
	struct ca_bytes *staple = &s->certs->staple[i];
	size_t len = 0;
	uint8_t *p = (uint8_t *)ca_buf_take(from, &len);

	if (p == NULL)
		return;
	free((void *)(uintptr_t)staple->p);
	*staple = (struct ca_bytes){p, len}; /* transferred */
}

/* ---- messages ---- */

static const char *
quoted(const X509_NAME *name, struct ca_buf *out)
{
	struct ca_buf text = CA_BUF_INIT(16384);

	ca_name_rfc4514(name, &text);
	ca_buf_quote_dn(out, text.p, text.len);
	ca_buf_free(&text);
	return ca_buf_text(out) != NULL ? ca_buf_text(out) : "?";
}

/* Can nobody be asked about certificate i?  CAs often name no responder: hosts have
 * their CRLs (revocation = any), and each login would be told of it. */
static bool
is_mute(const struct stapling *s, size_t i)
{
	X509 *cert = s->certs->cert[i];
	const struct ca_log *log = s->client->log;
	struct ca_buf name = CA_BUF_INIT(65536), issuer = CA_BUF_INIT(65536);
	char url[CA_OCSP_URL_MAX];
	const bool named = ca_ocsp_address(cert, 0, url);
	const bool mute = !named || s->certs->issuer[i] == NULL;

	if (!named && i == 0)
		ca_log_warning(log,
		    "no OCSP response is sent for %-s, and the host may refuse "
		    "the login: the certificate names no OCSP responder; ask "
		    "its CA for one that does, or, if no host needs a "
		    "response, set `ocsp_timeout = 0'",
		    quoted(X509_get_subject_name(cert), &name));
	else if (named && mute)
		ca_log_warning(log,
		    "no OCSP response is sent for %-s, and the host may refuse "
		    "the login: the certificate of its issuer, %-s, is not in "
		    "%s; add it there, also if it is a root",
		    quoted(X509_get_subject_name(cert), &name),
		    quoted(X509_get_issuer_name(cert), &issuer), s->label);
	ca_buf_free(&name);
	ca_buf_free(&issuer);
	return mute;
}

/* Why no responder of certificate i has an answer; due: it was so at a login before,
 * and they are asked again then.  It also explains why the login took longer. */
static void
tell_failure(const struct stapling *s, size_t i, time_t due)
{
	struct ca_buf name = CA_BUF_INIT(65536);
	const struct failure *f = &s->failed[i];
	const char *subject =
	    quoted(X509_get_subject_name(s->certs->cert[i]), &name);
	char url[CA_OCSP_URL_MAX] = "";

	if (due == 0) {
		ca_log_warning(s->client->log,
		    "no OCSP response is sent for %-s, and the host may refuse "
		    "the login: %s: %s",
		    subject, f->url, f->why);
	} else {
		(void)ca_ocsp_address(s->certs->cert[i], 0, url);
		ca_log_warning(s->client->log,
		    "no OCSP response is sent for %-s, and the host may refuse "
		    "the login: %s had no answer at a login before; try again "
		    "in %lld seconds",
		    subject, url, (long long)(due - s->now));
	}
	ca_buf_free(&name);
}

/* ---- the cache ---- */

/* Does the cached response still say that the certificate is good? */
static bool
still_good(struct stapling *s, size_t i, const struct ca_buf *cached)
{
	const struct ca_bytes der = {cached->p, cached->len};
	const struct ca_ocsp_question q = {.cert = s->certs->cert[i],
	    .issuer = s->certs->issuer[i],
	    .now = s->now,
	    .max_age = CA_OCSPASK_ANY_AGE};
	struct ca_ocsp_answer answer;
	bool good =
	    cached->len > 0 &&
	    ca_ocsp_judge(s->client->crypto, &der, &q, &answer) == CA_OK &&
	    answer.status == CA_OCSP_GOOD;

	if (cached->len > 0)
		ca_ocsp_answer_clear(&answer);
	return good;
}

/* Take what the cache has about certificate i.  True: nothing is fetched now. */
static bool
from_cache(struct stapling *s, size_t i)
{
	struct ca_buf cached = CA_BUF_INIT(CA_OCSP_MAX);
	time_t due = 0;
	bool fresh = false, good;

	if (ca_staplecache_load(s->client->crypto, s->dir, s->certs->cert[i],
		&cached, &due) == CA_OK) {
		good = still_good(s, i, &cached);
		/* an empty file: the responder did not answer */
		fresh = (good || cached.len == 0) && due > s->now &&
			due <= s->now + FETCH_AGAIN;
		if (good)
			set_staple(s, i, &cached);
		else if (fresh)
			s->again[i] = due;
	}
	ca_buf_free(&cached);
	return fresh;
}

/* ---- the responders ---- */

static void
add_question(struct stapling *s, size_t i, const char *url)
{
	struct ca_ocspask *a = &s->ask[s->n];

	a->cert = s->certs->cert[i];
	a->issuer = s->certs->issuer[i];
	memcpy(a->url, url, sizeof a->url);
	a->max_age = CA_OCSPASK_ANY_AGE;
	s->of[s->n++] = i;
}

/* Keep a response that still holds; else remember by an empty file that there is
 * none. */
static void
try_later(struct stapling *s, size_t i)
{
	X509 *cert = s->certs->cert[i];
	const struct ca_buf empty = CA_BUF_INIT(0);
	struct ca_crypto *crypto = s->client->crypto;

	if (s->certs->staple[i].len > 0)
		ca_staplecache_delay(crypto, s->dir, cert, s->now + TRY_AGAIN);
	else
		ca_staplecache_save(
		    crypto, s->dir, cert, &empty, s->now + TRY_AGAIN);
}

static void
take_answer(struct stapling *s, struct ca_ocspask *a, size_t i)
{
	struct ca_crypto *crypto = s->client->crypto;
	time_t due = s->now + FETCH_AGAIN;

	s->pending[i] = false;
	switch (a->answer.status) {
	case CA_OCSP_GOOD:
		if (s->now + (a->answer.until - s->now) / 2 < due)
			due = s->now + (a->answer.until - s->now) / 2;
		ca_staplecache_save(crypto, s->dir, a->cert, &a->response, due);
		set_staple(s, i, &a->response);
		break;
	case CA_OCSP_REVOKED:
		/* the host's log names the reason; a hold may end */
		ca_staplecache_remove(crypto, s->dir, a->cert);
		set_staple(s, i, &a->response);
		break;
	case CA_OCSP_NO_ANSWER:
		s->pending[i] = true;
		memcpy(s->failed[i].url, a->url, sizeof a->url);
		memcpy(s->failed[i].why, a->why, sizeof a->why);
		break;
	}
}

/* Whole seconds that are left of ocsp_timeout. */
static unsigned
seconds_left(const struct stapling *s)
{
	const unsigned all = s->client->conf->ocsp_timeout;
	struct timespec now;

	if (s->rounds == 0)
		return all;
	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return 0;
	long long ns = (now.tv_sec - s->start.tv_sec) * 1000000000LL +
		       now.tv_nsec - s->start.tv_nsec;
	long long spent = (ns + 999999999) / 1000000000;
	return spent >= 0 && spent < all ? all - (unsigned)spent : 0;
}

/* False: nobody can be asked. */
static bool
ask_responders(struct stapling *s)
{
	const struct ca_fetch_limits limits = {
	    .timeout = seconds_left(s), .grace = 0};
	enum ca_err rc =
	    ca_ocspask_all(s->client->crypto, s->ask, s->n, &limits);

	if (rc != CA_OK)
		ca_log_warning(s->client->log,
		    "no OCSP response is fetched: %-s",
		    rc == CA_ERR_NOT_FOUND
			? N_("certauth-fetch is not installed")
		    : rc == CA_ERR_IO ? strerror(errno)
				      : ca_err_text(rc));
	for (size_t i = 0; i < s->n; i++) {
		if (rc == CA_OK)
			take_answer(s, &s->ask[i], s->of[i]);
		ca_ocspask_clear(&s->ask[i]);
		s->ask[i] = (struct ca_ocspask){.cert = NULL};
	}
	s->n = 0;
	return rc == CA_OK;
}

/* Ask the first responder of each certificate, then the next ones of those without an
 * answer, as long as there is time. */
static void
ask_all(struct stapling *s)
{
	char url[CA_OCSP_URL_MAX];

	(void)clock_gettime(CLOCK_MONOTONIC, &s->start);
	for (size_t k = 0; k < CA_OCSP_ADDRESSES_MAX; k++) {
		for (size_t i = 0; i < s->certs->n; i++)
			if (s->pending[i] &&
			    ca_ocsp_address(s->certs->cert[i], k, url))
				add_question(s, i, url);
		if (s->n == 0 || seconds_left(s) == 0)
			break;
		if (!ask_responders(s))
			return;
		s->rounds++;
	}
	for (size_t i = 0; i < s->certs->n; i++) {
		if (!s->pending[i])
			continue;
		if (s->certs->staple[i].len == 0)
			tell_failure(s, i, 0);
		try_later(s, i);
	}
}

void
ca_staple(const struct ca_client *client, const char *label,
    struct ca_response_certs *certs)
{
	struct stapling *s = calloc(1, sizeof *s);

	if (s == NULL)
		return;
	s->client = client;
	s->label = label;
	s->certs = certs;
	s->now = time(NULL);
	s->dir = ca_staplecache_open(client->log, s->now);
	for (size_t i = 0; i < certs->n; i++) {
		s->pending[i] = !is_mute(s, i) && !from_cache(s, i);
		if (s->again[i] > 0)
			tell_failure(s, i, s->again[i]);
	}
	ask_all(s);
	if (s->dir >= 0)
		(void)close(s->dir);
	free(s);
}
