/*
 * A root, a CA below it and a leaf of each, to be judged by what is in
 * crl_dir; behind cmocka.h.  The group's set-up is start, its end finish.
 */
#ifndef CA_TESTS_CRLJUDGE_H
#define CA_TESTS_CRLJUDGE_H

#include "pkimake.h"
#include "crlfiles.h"
#include "verify/verify.h"

#include <sys/stat.h>

static EVP_PKEY *root_key, *sub_key, *leaf_key, *keeper_key;
static X509 *root, *sub, *leaf, *direct;
static STACK_OF(X509) *subs; /* what a client sends along */

#define ROOT_SERIAL 101
#define SUB_SERIAL 102
#define LEAF_SERIAL 103
#define KEEPER_SERIAL 104
/* it names a responder */
#define ASKS "authorityInfoAccess:OCSP;URI:http://ocsp.example/"

/* ---- one verification ---- */

/* Settings beside ca_dir, crl_dir, profile and crl_engine: name, value, ... */
static const char *settings[16];
/* Where to tell of the path; NULL: nowhere. */
static struct ca_verify_trace *traced_to;
/* The OCSP responses that the client sends. */
static struct ca_bytes stapled[4];
static size_t nstapled;
static enum ca_staples_by origin;
/* The detail of the last verdict. */
static char detail[1024];

static inline void
set(struct ca_config *cfg, const char *key, const char *value)
{
	assert_int_equal(ca_config_set(cfg, key, value, "test", NULL), CA_OK);
}

static inline enum ca_reason
verdict(X509 *cert, STACK_OF(X509) *sent, const char *engine)
{
	static const enum ca_check also[] = {CA_CHECK_VALIDITY, CA_CHECK_CHAIN};
	struct ca_verify_input in = {cert, sent, NOW, .trace = traced_to,
	    .staple = stapled, .nstaples = nstapled, .origin = origin};
	struct ca_config *cfg = ca_config_new();
	struct ca_report *r = ca_report_new();
	STACK_OF(X509) *chain = NULL;
	enum ca_reason reason;
	char path[128];
	bool good;

	set(cfg, "ca_dir", dir);
	(void)snprintf(path, sizeof path, "%s/crl", dir);
	set(cfg, "crl_dir", path);
	set(cfg, "crl_engine", engine);
	for (size_t i = 0; settings[i] != NULL; i += 2)
		set(cfg, settings[i], settings[i + 1]);
	assert_int_equal(ca_verify(crypto, cfg, NULL, &in, r, &chain), CA_OK);
	reason = ca_report_check_reason(r, CA_CHECK_REVOCATION);
	good = ca_report_verdict(r, CA_CHECK_REVOCATION) == CA_PASS ||
	       ca_report_verdict(r, CA_CHECK_REVOCATION) == CA_WAIVED;
	(void)snprintf(detail, sizeof detail, "%s",
	    ca_report_get0_detail(r, CA_CHECK_REVOCATION) != NULL
		? ca_report_get0_detail(r, CA_CHECK_REVOCATION)
		: "");
	for (int i = 0; i < 2; i++)
		good = good && ca_report_verdict(r, also[i]) == CA_PASS;
	assert_int_equal(ca_report_granted(r, CA_REPORT_CERT), good);
	assert_int_equal(chain != NULL, good);
	/* what revocation refuses is refused for that, and nothing else */
	for (int i = 0; i < 2; i++)
		if (ca_report_verdict(r, also[i]) != CA_PASS)
			reason = ca_report_check_reason(r, also[i]);
	sk_X509_pop_free(chain, X509_free);
	ca_report_free(r);
	ca_config_free(cfg);
	return reason;
}

/* says: what the detail holds (NULL: anything). */
static inline void
judged(int line, X509 *cert, STACK_OF(X509) *sent, enum ca_reason want,
    const char *says)
{
	enum ca_reason got = verdict(cert, sent, "stream");

	if (got != want)
		fail_msg("line %d: %s (%s), not %s", line, ca_reason_code(got),
		    detail, ca_reason_code(want));
	if (says != NULL && strstr(detail, says) == NULL)
		fail_msg("line %d: no \"%s\" in \"%s\"", line, says, detail);
}

#define is(cert, want, says) judged(__LINE__, cert, subs, want, says)

/* ---- the directories ---- */

static inline void
fresh(void)
{
	char path[128];

	empty_dir();
	put_cert("root.pem", root);
	(void)snprintf(path, sizeof path, "%s/crl", dir);
	assert_int_equal(mkdir(path, 0755), 0);
	(void)snprintf(path, sizeof path, "%s/helpers", dir);
	assert_int_equal(mkdir(path, 0755), 0);
	memset(settings, 0, sizeof settings);
	nstapled = 0;
	origin = CA_STAPLES_BY_CLIENT;
}

static inline void
remove_crl(const char *name)
{
	char path[512];

	(void)snprintf(path, sizeof path, "%s/crl/%s", dir, name);
	assert_int_equal(unlink(path), 0);
}

#define root_crl(...)                                                          \
	put_crl(                                                               \
	    "crl/root.crl", &(struct crl_spec){"Root", root_key, __VA_ARGS__})
#define sub_crl(...)                                                           \
	put_crl("crl/sub.crl", &(struct crl_spec){"Sub", sub_key, __VA_ARGS__})

static inline int
start(void **state)
{
	(void)state;
	if (pki_start("revocation") != 0)
		return -1;
	root_key = new_key();
	sub_key = new_key();
	leaf_key = new_key();
	keeper_key = new_key();
	root = make(&(struct spec){
	    "Root", "Root", root_key, root_key, true, .serial = ROOT_SERIAL});
	sub = make(&(struct spec){"Sub", "Root", sub_key, root_key, true,
	    .serial = SUB_SERIAL, .ext = ASKS});
	leaf = make(&(struct spec){"leaf", "Sub", leaf_key, sub_key,
	    .serial = LEAF_SERIAL, .ext = ASKS});
	direct = make(&(struct spec){"direct", "Root", leaf_key, root_key,
	    .serial = LEAF_SERIAL, .ext = ASKS});
	subs = sk_X509_new_null();
	return sk_X509_push(subs, sub) > 0 ? 0 : -1;
}

static inline int
finish(void **state)
{
	(void)state;
	sk_X509_free(subs);
	X509_free(root);
	X509_free(sub);
	X509_free(leaf);
	X509_free(direct);
	EVP_PKEY_free(root_key);
	EVP_PKEY_free(sub_key);
	EVP_PKEY_free(leaf_key);
	EVP_PKEY_free(keeper_key);
	return pki_stop();
}

#endif
