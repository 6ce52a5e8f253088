/*
 * Certificates and their keys on tokens: the search through all modules, and a login
 * to a token that shows nothing before.
 */
#include "key/p11view.h"
#include "base/tr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A search, and what came of it. */
struct search {
	struct ca_p11 *p11;
	struct ca_crypto *crypto;
	struct ca_key_search *what;
	struct ca_identities *out;
	bool refused;
	struct ca_p11_token closed[CA_P11_CLOSED_MAX];
	size_t nclosed;
};

/* scan's identities are taken. */
static enum ca_err
take_identities(struct search *s, struct ca_p11_scan *scan)
{
	struct ca_identities *out = s->out;
	const size_t room = out->n + scan->out.n + 1;
	/* an array of pointers is meant: NOLINTNEXTLINE(bugprone-sizeof-*) */
	struct ca_identity **v = realloc(out->v, room * sizeof(*v));

	if (v == NULL)
		return CA_ERR_MEMORY;
	out->v = v;
	for (size_t i = 0; i < scan->out.n; i++)
		v[out->n++] = scan->out.v[i];
	scan->out.n = 0;
	for (size_t i = 0; i < scan->nclosed; i++, s->nclosed++)
		if (s->nclosed < CA_P11_CLOSED_MAX && i < CA_P11_CLOSED_MAX)
			s->closed[s->nclosed] = scan->closed[i];
	s->refused = s->refused || scan->refused;
	return CA_OK;
}

static void
scan_free(struct ca_p11_scan *scan)
{
	if (scan == NULL)
		return;
	ca_identities_free(&scan->out);
	ca_buf_free(&scan->found);
	free(scan->view); /* what it had was taken */
	free(scan);
}

static struct ca_p11_scan *
scan_new(const struct search *s, struct ca_p11_module *m)
{
	struct ca_p11_scan *scan = calloc(1, sizeof *scan);

	if (scan == NULL)
		return NULL;
	scan->crypto = s->crypto;
	scan->module = m;
	scan->given = s->what->cert;
	scan->at.p11 = s->p11;
	scan->found = CA_BUF_INIT(65536);
	if (s->what->view != NULL &&
	    (scan->view = calloc(1, sizeof *scan->view)) == NULL) {
		free(scan);
		return NULL;
	}
	return scan;
}

/* The module hangs, and has the scan for good. */
static void
leave_module(struct search *s, struct ca_p11_module *m)
{
	m->state = CA_P11_LEFT;
	ca_p11_note_left(m->name);
	ca_p11_held_leave(s->p11, m->f);
	m->found = CA_BUF_INIT(65536);
	ca_buf_str(&m->found, P_("does not answer"));
	ca_log_err(s->what->log,
	    "PKCS#11 module %s does not answer and is left alone; to name "
	    "another module, write pkcs11:?module-name=NAME (certauth tokens "
	    "lists the names), or disable this one: p11-kit(8), pkcs11.conf(5)",
	    m->name);
}

/* In milliseconds. */
static long long
clock_now(void)
{
	struct timespec t = {0, 0};

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return 1000LL * t.tv_sec + t.tv_nsec / 1000000;
}

/* What was seen of a module goes into the view of the search. */
static void
show(struct search *s, struct ca_p11_module *m, struct ca_view_module *seen,
    long long began)
{
	struct ca_view_module *one = ca_p11_view_module(s->what->view, m->name);
	const char *found = ca_buf_text(&m->found);

	if (one == NULL)
		return;
	one->ms = (unsigned)(clock_now() - began);
	if (m->state != CA_P11_READY)
		one->problem = strdup(found != NULL ? found : "?");
	if (seen == NULL)
		return;
	if (m->state == CA_P11_READY && seen->nslots == 0)
		one->problem = strdup(P_("no slot"));
	one->library = seen->library;
	one->slot = seen->slot;
	one->nslots = seen->nslots;
	*seen = (struct ca_view_module){0}; /* transferred */
}

static enum ca_err
scan_module(struct search *s, struct ca_p11_module *m)
{
	struct ca_p11_scan *scan = scan_new(s, m);
	struct ca_p11_guard guard;
	long long began = clock_now();
	enum ca_err rc;

	if (scan == NULL)
		return CA_ERR_MEMORY;
	ca_p11_guard_begin(&guard, m->name, 0);
	rc = ca_p11_run(ca_p11_scan_module, scan);
	ca_p11_guard_end(&guard);
	if (rc == CA_ERR_TIMEOUT)
		leave_module(s, m);
	if (s->what->view != NULL)
		show(s, m, rc == CA_ERR_TIMEOUT ? NULL : scan->view, began);
	if (rc == CA_ERR_TIMEOUT)
		return CA_OK; /* the thread has the scan */
	if (rc == CA_OK)
		rc = scan->rc;
	if (rc == CA_OK)
		rc = take_identities(s, scan);
	if (m->state == CA_P11_READY) {
		ca_buf_free(&m->found);
		m->found = scan->found;
		scan->found = CA_BUF_INIT(0); /* transferred */
		m->cards = scan->cards;
		m->labels = scan->labels;
	}
	scan_free(scan);
	return rc;
}

/* The URI names one token: the modules behind the one that has it are left alone. */
static bool
names_token(const struct ca_p11 *p11)
{
	static const unsigned char none[32];
	const CK_TOKEN_INFO *t;

	if (p11->uri == NULL)
		return false;
	t = p11_kit_uri_get_token_info(p11->uri);
	return memcmp(t->label, none, sizeof t->label) != 0 ||
	       memcmp(t->serialNumber, none, sizeof t->serialNumber) != 0;
}

static enum ca_err
scan_modules(struct search *s)
{
	for (size_t i = 0; i < s->p11->nmodules; i++) {
		struct ca_p11_module *m = &s->p11->module[i];
		enum ca_err rc;

		if (!m->wanted) {
			if (s->what->view != NULL)
				show(s, m, NULL, clock_now());
			continue;
		}
		if ((rc = scan_module(s, m)) != CA_OK)
			return rc;
		if ((s->out->n > 0 || s->nclosed > 0) && names_token(s->p11))
			break;
	}
	return CA_OK;
}

/* ---- a token that shows its certificates only after a login ---- */

static void
read_one(void *ctx)
{
	struct ca_p11_scan *scan = ctx;

	scan->rc = ca_p11_scan_token(scan);
}

/* Once, because the user may have meant another token. */
static enum ca_err
log_in(struct search *s, struct ca_p11_scan *scan)
{
	struct ca_p11_held *held = scan->held;
	enum ca_err rc;

	scan->at.ui = s->what->ui;
	scan->at.looking = true;
	rc = ca_p11_session_open(&scan->at, held);
	if (rc == CA_OK)
		rc = ca_p11_login(&scan->at, CKU_USER, &held->pin);
	held->logged_in = rc == CA_OK;
	return rc;
}

static struct ca_p11_module *
module_of(const struct search *s, const CK_FUNCTION_LIST *f)
{
	size_t i = 0;

	while (s->p11->module[i].f != f)
		i++;
	return &s->p11->module[i];
}

/* scan is freed, unless its module hangs. */
static enum ca_err
scan_closed(struct search *s, struct ca_p11_scan *scan)
{
	struct ca_p11_module *m = module_of(s, s->closed[0].f);
	struct ca_p11_guard guard;
	enum ca_err rc = log_in(s, scan);

	if (rc == CA_OK) {
		ca_p11_guard_begin(&guard, m->name, 0);
		rc = ca_p11_run(read_one, scan);
		ca_p11_guard_end(&guard);
		if (rc == CA_ERR_TIMEOUT) {
			leave_module(s, m);
			return CA_OK;
		}
	}
	if (rc == CA_OK)
		rc = scan->rc;
	if (rc == CA_OK)
		rc = take_identities(s, scan);
	ca_p11_held_unref(scan->held);
	scan_free(scan);
	return rc;
}

static enum ca_err
look_again(struct search *s)
{
	struct ca_p11_scan *scan;

	if (s->out->n > 0 || s->nclosed != 1 || s->what->asked ||
	    s->what->ui == NULL || (!s->what->final && !names_token(s->p11)))
		return CA_OK;
	s->what->asked = true;
	if ((scan = scan_new(s, NULL)) == NULL)
		return CA_ERR_MEMORY;
	scan->at.token = s->closed[0];
	if ((scan->held = ca_p11_held_new(s->p11)) == NULL) {
		scan_free(scan);
		return CA_ERR_MEMORY;
	}
	scan->held->token = s->closed[0];
	return scan_closed(s, scan);
}

/* ---- the search ---- */

static void
explain(struct search *s)
{
	struct ca_buf raw = CA_BUF_INIT((size_t)1 << 20);
	struct ca_buf why = CA_BUF_INIT((size_t)1 << 22);

	ca_p11_why(s->p11, s->nclosed, s->closed, &raw);
	/* names of files and what p11-kit says of them, too */
	ca_buf_printable(&why, raw.p, raw.len);
	ca_buf_free(&raw);
	(void)snprintf(s->what->why, sizeof s->what->why, "%s",
	    ca_buf_text(&why) != NULL ? ca_buf_text(&why) : "");
	ca_buf_free(&why);
}

enum ca_err
ca_key_p11(struct ca_crypto *crypto, struct ca_key_search *search,
    struct ca_identities *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct search s = {.crypto = crypto, .what = search, .out = out};

	*out = (struct ca_identities){0};
	search->why[0] = '\0';
	rc = ca_p11_load(search->uri, search->pin, search->log, &s.p11);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	if ((rc = scan_modules(&s)) != CA_OK ||
	    (rc = look_again(&s)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if (out->n == 0) {
		ret = s.refused ? CA_DENIED : CA_ERR_NOT_FOUND;
		if (!s.refused && search->final)
			explain(&s);
		goto out;
	}
	if ((rc = ca_p11_distinguish(out)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ca_p11_merge(out);
	ret = CA_OK;
out:
	if (search->view != NULL)
		ca_p11_view_configs(search->view, s.p11);
	if (ret != CA_OK)
		ca_identities_free(out);
	ca_p11_unref(s.p11);
	return ret;
}
