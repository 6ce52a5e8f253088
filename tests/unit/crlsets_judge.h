/*
 * A set of CRLs as files, judged by ca_verify: read through an index, by
 * streaming and as a whole; with plain names, with hashed ones and in one
 * file; in several orders.  Behind the other crlsets_*.h.
 */
#ifndef CA_TESTS_CRLSETS_JUDGE_H
#define CA_TESTS_CRLSETS_JUDGE_H

#include "verify/verify.h"

#include "crlsets_files.h"
#include "crlsets_oracle.h"
#include "crlsets_random.h"

/* ---- one verification ---- */

struct cs_verdict {
	bool granted;
	enum ca_verdict verdict;
	enum ca_reason reason;
	bool other; /* something else refuses it */
	char detail[400];
};

struct cs_people {
	X509 *leaf;
	STACK_OF(X509) *sent, *anchors, *cas;
};

static inline void
cs_people_of(const struct cs_set *s, struct cs_people *p)
{
	X509 *inter = cs_certify("Sub", s->sub, "Root", CS_K_ROOT, &s->inter,
	    s->mute ? &cs_a_mute_ca : &cs_a_ca);
	enum cs_key leaf_key = CS_K_STRANGER;
	struct cs_kind user = cs_a_user;

	if (s->lifetime > 0) {
		user.from = -s->lifetime / 3;
		user.to = user.from + s->lifetime;
	}

	*p = (struct cs_people){.sent = sk_X509_new_null(),
	    .anchors = sk_X509_new_null(),
	    .cas = sk_X509_new_null()};
	p->leaf = cs_certify("leaf", leaf_key, cs_who[s->leaf.issuer],
	    s->direct ? CS_K_ROOT : s->sub, &s->leaf, &user);
	sk_X509_push(p->anchors, cs_root);
	sk_X509_push(p->anchors, cs_root2);
	sk_X509_push(p->sent, inter);
	for (int i = 0; i < CS_KEYS; i++)
		if (cs_fixed[i] != NULL && (enum cs_key)i != s->sub)
			sk_X509_push(p->sent, cs_fixed[i]);
	sk_X509_push(p->sent, cs_keeper[s->keeper]);
	for (int i = 0; i < sk_X509_num(p->sent); i++)
		sk_X509_push(p->cas, sk_X509_value(p->sent, i));
	for (int i = 0; i < sk_X509_num(p->anchors); i++)
		sk_X509_push(p->cas, sk_X509_value(p->anchors, i));
}

static inline void
cs_people_clear(struct cs_people *p)
{
	X509_free(p->leaf);
	X509_free(sk_X509_value(p->sent, 0));
	sk_X509_free(p->sent);
	sk_X509_free(p->anchors);
	sk_X509_free(p->cas);
}

/* The value of crl_exempt, in the form that openssl prints. */
static inline void
cs_exempt(const struct cs_set *s, const struct cs_people *p, struct ca_buf *out)
{
	X509 *const cert[] = {cs_root, sk_X509_value(p->sent, 0),
	    cs_fixed[s->sub == CS_K_SUB ? CS_K_SUB2 : CS_K_SUB]};

	ca_buf_str(out, "");
	for (int i = 0; i < 3; i++) {
		unsigned char md[32];
		unsigned len = 0;

		if ((s->exempt & 1u << i) == 0)
			continue;
		assert_int_equal(
		    X509_digest(cert[i], EVP_sha256(), md, &len), 1);
		ca_buf_str(out, i > 0 ? " " : "sha256 Fingerprint=");
		for (unsigned k = 0; k < len; k++)
			ca_buf_fmt(out, i == 1 ? "%s%02x" : "%s%02X",
			    k > 0 && i < 2 ? ":" : "", md[k]);
	}
}

static inline struct ca_config *
cs_config(const struct cs_set *s, const struct cs_people *p, const char *sub,
    const char *engine)
{
	struct ca_config *cfg = ca_config_new();
	struct ca_buf exempt = CA_BUF_INIT(1000);
	char path[256], grace[32], brief[32];

	assert_non_null(cfg);
	cs_path(path, sub, "");
	(void)snprintf(grace, sizeof grace, "%lds", s->grace);
	(void)snprintf(brief, sizeof brief, "%lds", s->short_lived);
	cs_exempt(s, p, &exempt);
	const char *const set[][2] = {{"crl_dir", path}, {"crl_engine", engine},
	    {"crl", s->prefer ? "prefer" : "require"},
	    {"crl_check", s->leaf_only ? "leaf" : "chain"},
	    {"crl_grace", grace}, {"crl_short_lived", brief},
	    {"crl_exempt", ca_buf_text(&exempt)}};
	for (size_t i = 0; i < sizeof set / sizeof *set; i++)
		assert_int_equal(
		    ca_config_set(cfg, set[i][0], set[i][1], "test", NULL),
		    CA_OK);
	ca_buf_free(&exempt);
	return cfg;
}

static inline struct cs_verdict
cs_judge(const struct cs_set *s, const struct cs_people *p, const char *sub,
    const char *engine)
{
	static const enum ca_check also[] = {
	    CA_CHECK_CHAIN, CA_CHECK_VALIDITY, CA_CHECK_PURPOSE};
	struct ca_verify_input in = {
	    p->leaf, p->sent, NOW, .anchors = p->anchors};
	struct ca_config *cfg = cs_config(s, p, sub, engine);
	struct ca_report *r = ca_report_new();
	struct cs_verdict v = {.other = false};

	assert_int_equal(ca_verify(crypto, cfg, NULL, &in, r, NULL), CA_OK);
	v.granted = ca_report_granted(r, CA_REPORT_CERT);
	v.verdict = ca_report_verdict(r, CA_CHECK_REVOCATION);
	v.reason = ca_report_check_reason(r, CA_CHECK_REVOCATION);
	const char *detail = ca_report_get0_detail(r, CA_CHECK_REVOCATION);
	for (size_t i = 0; i < sizeof also / sizeof *also; i++)
		if (ca_report_verdict(r, also[i]) != CA_PASS) {
			v.other = true;
			detail = ca_report_get0_detail(r, also[i]);
		}
	(void)snprintf(
	    v.detail, sizeof v.detail, "%s", detail != NULL ? detail : "");
	ca_report_free(r);
	ca_config_free(cfg);
	return v;
}

/* ---- against the oracle ---- */

/* The reason of a waiver.  CRL issuers off the path may need one too. */
static inline const char *
cs_waiver_wrong(
    const struct cs_set *s, const struct cs_answer *a, enum ca_reason reason)
{
	bool lax = s->prefer || s->grace > 0;
	bool ok = reason == CA_R_CRL_EXEMPT        ? s->exempt != 0
		  : reason == CA_R_CRL_SHORT_LIVED ? a->brief && !a->exempt
						   : lax;

	return ok ? NULL : "waived for another reason";
}

/* What is wrong with a verdict; NULL: nothing. */
static inline const char *
cs_wrong(const struct cs_set *s, const struct cs_answer *a,
    const struct cs_verdict *v)
{
	if (v->other)
		return "refused for another check";
	if (a->must && v->granted)
		return "ACCEPTED, but listed";
	if (!a->accepted && v->granted)
		return a->may ? "ACCEPTED, but an issuer of CRLs is not good"
			      : "ACCEPTED, but too few CRLs";
	if (a->accepted && !v->granted)
		return v->reason == CA_R_REVOKED ? "revoked, but not listed"
						 : "refused, but enough CRLs";
	if (a->accepted && v->verdict == CA_PASS)
		return a->passed ? NULL : "passed, not waived";
	if (a->accepted)
		return cs_waiver_wrong(s, a, v->reason);
	if (a->must && v->reason != CA_R_REVOKED)
		return "refused, but not as revoked";
	if (!a->may && v->reason == CA_R_REVOKED)
		return "refused as revoked, but not listed";
	return v->verdict == CA_FAIL ? NULL : "refused without a failure";
}

struct cs_run {
	struct cs_layout layout;
	const char *engine;
	struct cs_verdict v;
	const char *wrong;
};

#define CS_RUNS 96

/* A set, its files, and what was said of them. */
struct cs_job {
	struct cs_set s;
	uint64_t no;
	struct cs_people p;
	struct cs_layout layout[32];
	int layouts;
	struct cs_run run[CS_RUNS];
	int runs;
	const char *wrong; /* the first */
};

static inline void
cs_sub(char out[64], const struct cs_job *j, int layout)
{
	(void)snprintf(out, 64, "s%" PRIu64 "-%d", j->no, layout);
}

static inline struct cs_layout *
cs_lay(struct cs_job *j, enum cs_form form, bool index)
{
	struct cs_layout *l = &j->layout[j->layouts];

	*l = (struct cs_layout){form, .index = index, .n = j->layouts++};
	for (int i = 0; i < CS_CRLS; i++)
		l->order[i] = i;
	return l;
}

static inline void
cs_swap(int *a, int *b)
{
	int t = *a;

	*a = *b;
	*b = t;
}

static inline void
cs_shuffle(int *order, int n)
{
	for (int i = n - 1; i > 0; i--)
		cs_swap(&order[i], &order[cs_below(i + 1)]);
}

/* Every order of up to four, beside the one that is there (Heap's way). */
static inline void
cs_lay_all(struct cs_job *j, int *order, int n)
{
	if (n == 1) {
		struct cs_layout *l = cs_lay(j, CS_PLAIN, false);

		memcpy(l->order, order, CS_CRLS * sizeof *order);
		return;
	}
	for (int i = 0; i < n; i++) {
		cs_lay_all(j, order, n - 1);
		if (i < n - 1)
			cs_swap(&order[n % 2 == 0 ? i : 0], &order[n - 1]);
	}
}

/* all: in every order of the files, where there are up to four. */
static inline void
cs_plan(struct cs_job *j, bool all)
{
	struct cs_layout *l;
	int n = j->s.n;

	j->layouts = j->runs = 0;
	j->wrong = NULL;
	(void)cs_lay(j, CS_PLAIN, true);
	l = cs_lay(j, CS_PLAIN, false);
	for (int i = 0; i < n; i++)
		l->order[i] = n - 1 - i;
	l = cs_lay(j, CS_HASHED, cs_chance(25));
	cs_shuffle(l->order, n);
	l = cs_lay(j, CS_BUNDLE, cs_chance(25));
	cs_shuffle(l->order, n);
	if (all && n > 1 && n <= 4) {
		int order[CS_CRLS] = {0, 1, 2, 3};

		cs_lay_all(j, order, n);
	}
}

static inline void
cs_files(struct cs_job *j)
{
	struct ca_buf der[CS_CRLS];
	char sub[64];

	cs_people_of(&j->s, &j->p);
	for (int i = 0; i < j->s.n; i++) {
		der[i] = CA_BUF_INIT(65536);
		cs_make_crl(&j->s, &j->s.crl[i], &der[i]);
	}
	for (int i = 0; i < j->layouts; i++) {
		cs_sub(sub, j, i);
		cs_write(sub, &j->s, &j->layout[i], der);
	}
	for (int i = 0; i < j->s.n; i++)
		ca_buf_free(&der[i]);
}

static inline void
cs_indexes_of(struct cs_job *j)
{
	char sub[64];

	for (int i = 0; i < j->layouts; i++) {
		cs_sub(sub, j, i);
		if (j->layout[i].index && j->s.n > 0)
			cs_index(sub,
			    j->layout[i].form == CS_BUNDLE ? 1 : j->s.n,
			    j->p.cas);
	}
}

static inline void
cs_run(struct cs_job *j, int layout, const char *engine)
{
	const struct cs_answer a = cs_oracle(&j->s);
	struct cs_run *r = &j->run[j->runs++];
	char sub[64];

	assert_true(j->runs <= CS_RUNS);
	cs_sub(sub, j, layout);
	*r = (struct cs_run){j->layout[layout], engine};
	r->v = cs_judge(&j->s, &j->p, sub, engine);
	r->wrong = cs_wrong(&j->s, &a, &r->v);
	/* one answer, with one reason */
	if (r->wrong == NULL && (r->v.granted != j->run[0].v.granted ||
				    r->v.verdict != j->run[0].v.verdict ||
				    r->v.reason != j->run[0].v.reason))
		r->wrong = "another answer, or another reason";
	if (j->wrong == NULL)
		j->wrong = r->wrong;
}

/* Each way of reading for the first layout; the others by their index, or by
 * streaming. */
static inline void
cs_runs(struct cs_job *j)
{
	cs_run(j, 0, "auto");
	cs_run(j, 0, "stream");
	for (int i = 1; i < j->layouts; i++)
		cs_run(j, i, j->layout[i].index ? "auto" : "stream");
	cs_people_clear(&j->p);
}

/* ---- mismatches ---- */

/* The whole of it, at once, in folders of its own. */
static inline const char *
cs_try(struct cs_job *j, bool all)
{
	static uint64_t tries;
	uint64_t no = j->no;

	j->no = UINT64_MAX / 2 + tries++;
	cs_plan(j, all);
	cs_files(j);
	cs_indexes_of(j);
	cs_runs(j);
	j->no = no;
	return j->wrong;
}

/* Number i of the things that a set could do without; false: no such. */
static inline bool
cs_without(struct cs_set *s, int i)
{
	if (i < s->n) {
		memmove(&s->crl[i], &s->crl[i + 1],
		    (size_t)(s->n - 1 - i) * sizeof s->crl[0]);
		s->n--;
		return true;
	}
	i -= s->n;
	for (int k = 0; k < s->n; k++) {
		struct cs_crl *x = &s->crl[k];

		if (i < x->n) {
			memmove(&x->entry[i], &x->entry[i + 1],
			    (size_t)(x->n - 1 - i) * sizeof x->entry[0]);
			x->n--;
			return true;
		}
		i -= x->n;
	}
	for (int k = 0; k < 2; k++) {
		struct cs_cert *c = k == 0 ? &s->leaf : &s->inter;

		if (i < c->ndp) {
			memmove(&c->dp[i], &c->dp[i + 1],
			    (size_t)(c->ndp - 1 - i) * sizeof c->dp[0]);
			c->ndp--;
			return true;
		}
		i -= c->ndp;
	}
	return false;
}

/* Leave out what the same mismatch does not need. */
static inline void
cs_shrink(struct cs_job *j)
{
	struct cs_job *less = malloc(sizeof *less);
	const char *wrong = j->wrong;

	assert_non_null(less);
	for (int i = 0;;) {
		*less = *j;
		if (!cs_without(&less->s, i))
			break;
		if (cs_try(less, false) == wrong) {
			*j = *less;
			i = 0;
		} else {
			i++;
		}
	}
	free(less);
}

static inline void
cs_tell(FILE *f, const struct cs_job *j, uint64_t seed)
{
	struct cs_answer a = cs_oracle(&j->s);

	fprintf(f,
	    "\n# %s\n# again: CERTAUTH_SEED=%" PRIu64 " CERTAUTH_FIRST=%" PRIu64
	    " CERTAUTH_SETS=1; what is left of that set:\n",
	    j->wrong, seed, j->no);
	cs_say(f, &j->s);
	fprintf(f, "  the oracle: %s\n",
	    a.must        ? "revoked"
	    : !a.accepted ? "not enough CRLs"
	    : a.passed    ? "accepted"
			  : "accepted, waived");
	for (int i = 0; i < j->runs; i++) {
		const struct cs_run *r = &j->run[i];

		fprintf(
		    f, "  %s, %s, order", r->engine, cs_form[r->layout.form]);
		for (int k = 0; k < j->s.n; k++)
			fprintf(f, " %d", r->layout.order[k]);
		fprintf(f, ": %s, %s, %s%s%s%s\n",
		    r->v.granted ? "accepted" : "refused",
		    ca_verdict_name(r->v.verdict), ca_reason_code(r->v.reason),
		    *r->v.detail != '\0' ? ": " : "", r->v.detail,
		    r->wrong != NULL ? "  <--" : "");
	}
}

#endif
