/*
 * OCSP in a verification: which sources count, what each of them may do to the
 * other, and whether a delegated responder is revoked itself.
 */
#include "ocsp/ocsp.h"
#include "verify/revocation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "crljudge.h"
#include "ocspmake.h"

static struct ca_buf held[4];
static char ocsp_dir[128];

/* A new start: revocation as given, an empty ocsp_dir. */
static void
begin(const char *revocation)
{
	for (size_t i = 0; i < 4; i++)
		ca_buf_free(&held[i]);
	fresh();
	settings[0] = "revocation";
	settings[1] = revocation;
	settings[2] = "ocsp_dir";
	settings[3] = ocsp_dir;
	(void)snprintf(ocsp_dir, sizeof ocsp_dir, "%s/ocsp", dir);
	assert_int_equal(mkdir(ocsp_dir, 0755), 0);
}

/* What a responder says of cert. */
static struct single
says(X509 *cert, X509 *issuer, int status)
{
	return (struct single){.cert = cert,
	    .issuer = issuer,
	    .status = status,
	    .reason = 1,
	    .this_update = -60,
	    .next_update = 3600};
}

#define GOOD V_OCSP_CERTSTATUS_GOOD
#define REVOKED V_OCSP_CERTSTATUS_REVOKED
#define UNKNOWN V_OCSP_CERTSTATUS_UNKNOWN

static void
staple(const struct reply *r)
{
	held[nstapled] = reply_der(r);
	stapled[nstapled] =
	    (struct ca_bytes){held[nstapled].p, held[nstapled].len};
	nstapled++;
}

static void
store(X509 *cert, const struct reply *r)
{
	char name[CA_OCSP_FILE_LEN], file[256];
	struct ca_buf der = reply_der(r);

	assert_int_equal(ca_ocsp_file(crypto, cert, name), CA_OK);
	(void)snprintf(file, sizeof file, "ocsp/%s", name);
	put(file, der.p, der.len);
	ca_buf_free(&der);
}

#define OF_DIRECT(status)                                                      \
	&(struct reply)                                                        \
	{                                                                      \
		{says(direct, root, status)}, .signer = root, .key = root_key  \
	}
#define OF_LEAF(status)                                                        \
	&(struct reply)                                                        \
	{                                                                      \
		{says(leaf, sub, status)}, .signer = sub, .key = sub_key       \
	}
#define OF_SUB(status)                                                         \
	&(struct reply)                                                        \
	{                                                                      \
		{says(sub, root, status)}, .signer = root, .key = root_key     \
	}

/* ---- which sources count ---- */

static void
sources(void **state)
{
	(void)state;
	begin("ocsp");
	is(direct, CA_R_OCSP_MISSING, "certauth ocsp update");
	root_crl(.from = 0);
	is(direct, CA_R_OCSP_MISSING,
	    "sent no OCSP response about this certificate, and");
	staple(OF_DIRECT(GOOD));
	is(direct, CA_R_OK, "that the client sent until 2027-01-15T09:00:00Z");
	begin("ocsp");
	store(direct, OF_DIRECT(GOOD));
	is(direct, CA_R_OK, ".ocsp until");
	begin("any");
	is(direct, CA_R_CRL_MISSING, "certauth ocsp update");
	root_crl(.from = 0);
	is(direct, CA_R_OK, NULL);
	remove_crl("root.crl");
	staple(OF_DIRECT(GOOD));
	is(direct, CA_R_OK, "that the client sent");
	begin("crl");
	staple(OF_DIRECT(GOOD));
	is(direct, CA_R_CRL_MISSING, "no CRL of CN=Root");
	root_crl(.from = 0);
	is(direct, CA_R_OK, NULL);
	assert_string_equal(detail, "");
}

/* Each certificate of the path needs a source of its own. */
static void
each_certificate(void **state)
{
	(void)state;
	begin("ocsp");
	staple(OF_LEAF(GOOD));
	is(leaf, CA_R_OCSP_MISSING, "for CN=Sub");
	store(sub, OF_SUB(GOOD));
	is(leaf, CA_R_OK, "certificate 2 good by");
	begin("ocsp");
	/* in any order */
	staple(OF_SUB(GOOD));
	staple(OF_LEAF(GOOD));
	is(leaf, CA_R_OK, NULL);
	begin("any");
	root_crl(.from = 0);
	is(leaf, CA_R_CRL_MISSING, "for CN=leaf");
	staple(OF_LEAF(GOOD));
	is(leaf, CA_R_OK, NULL);
	begin("ocsp");
	settings[4] = "crl_check";
	settings[5] = "leaf";
	staple(OF_LEAF(GOOD));
	is(leaf, CA_R_OK, NULL);
	/* another certificate's */
	begin("ocsp");
	staple(OF_DIRECT(GOOD));
	is(leaf, CA_R_OCSP_MISSING, "(but others)");
}

/* Who can get one, and which certificate lacks it. */
static void
whose_fault(void **state)
{
	X509 *mute = make(&(struct spec){"mute", "Root", leaf_key, root_key});
	X509 *ldap = make(&(struct spec){"ldap", "Root", leaf_key, root_key,
	    .ext = "authorityInfoAccess:OCSP;URI:ldap://ocsp.example/"});

	(void)state;
	for (int i = CA_STAPLES_BY_CLIENT; i <= CA_STAPLES_BY_COMMAND; i++) {
		begin("ocsp");
		origin = (enum ca_staples_by)i;
		is(mute, CA_R_OCSP_MISSING,
		    "this certificate names no OCSP responder (id-ad-ocsp");
		is(mute, CA_R_OCSP_MISSING, "set `revocation = any'");
		is(ldap, CA_R_OCSP_MISSING, "names no OCSP responder");
		is(ldap, CA_R_OCSP_MISSING, "(for CN=ldap, issued by CN=Root)");
		settings[1] = "any";
		is(mute, CA_R_CRL_MISSING, "names no OCSP responder");
		assert_null(strstr(detail, "set `revocation = any'"));
	}
	begin("ocsp");
	is(direct, CA_R_OCSP_MISSING, "`ocsp_timeout = 0' send none");
	staple(OF_LEAF(GOOD));
	is(leaf, CA_R_OCSP_MISSING, "about this CA certificate (but others)");
	is(leaf, CA_R_OCSP_MISSING, "if it is in intermediates_dir");
	is(leaf, CA_R_OCSP_MISSING, "(for CN=Sub, issued by CN=Root)");
	begin("ocsp");
	origin = CA_STAPLES_BY_NOBODY;
	is(direct, CA_R_OCSP_MISSING, "registered on this host sends no");
	is(direct, CA_R_OCSP_MISSING, "certauth-ocsp-update.timer");
	assert_null(strstr(detail, "the client sent"));
	origin = CA_STAPLES_BY_COMMAND;
	is(direct, CA_R_OCSP_MISSING, "was given, and there is no");
	is(direct, CA_R_OCSP_MISSING, "add --ocsp FILE");
	assert_null(strstr(detail, "the client sent"));
	/* what is there is not missing */
	staple(OF_DIRECT(UNKNOWN));
	is(direct, CA_R_OCSP_UNKNOWN, NULL);
	X509_free(mute);
	X509_free(ldap);
}

/* ---- revoked ---- */

static void
revoked(void **state)
{
	static const char *const all[] = {"crl", "ocsp", "any"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		begin(all[i]);
		root_crl(.from = 0);
		staple(OF_DIRECT(REVOKED));
		is(direct, CA_R_REVOKED,
		    "revoked by the OCSP response that the client sent since "
		    "2027-01-14T08:00:00Z, keyCompromise");
		/* the host's is good */
		if (i > 0)
			store(direct, OF_DIRECT(GOOD));
		is(direct, CA_R_REVOKED, "that the client sent");
		begin(all[i]);
		root_crl(.from = 0);
		sub_crl(.from = 0);
		staple(OF_LEAF(GOOD));
		staple(OF_SUB(REVOKED));
		is(leaf, CA_R_REVOKED, "for CN=Sub");
		/* not signed by the issuer: nothing */
		begin(all[i]);
		root_crl(.from = 0);
		staple(&(struct reply){{says(direct, root, REVOKED)},
		    .signer = sub, .key = sub_key});
		is(direct, i == 1 ? CA_R_OCSP_RESPONDER : CA_R_OK, NULL);
	}
	for (size_t i = 1; i < 3; i++) {
		begin(all[i]);
		root_crl(.from = 0);
		store(direct, OF_DIRECT(REVOKED));
		staple(OF_DIRECT(GOOD));
		is(direct, CA_R_REVOKED, ".ocsp since");
	}
	/* a CRL revokes, and OCSP is good */
	begin("any");
	root_crl({{LEAF_SERIAL, 1}});
	staple(OF_DIRECT(GOOD));
	is(direct, CA_R_REVOKED, "root.crl since");
	/* the CRLs do not count */
	settings[1] = "ocsp";
	is(direct, CA_R_OK, NULL);
	/* nothing is checked */
	begin("crl");
	settings[4] = "crl";
	settings[5] = "off";
	staple(OF_DIRECT(REVOKED));
	is(direct, CA_R_CRL_OFF, NULL);
}

/* ---- no answer ---- */

static void
no_answer(void **state)
{
	struct single old = says(direct, root, GOOD);

	(void)state;
	old.this_update = -2 * DAY;
	old.next_update = -DAY;
	begin("ocsp");
	staple(OF_DIRECT(UNKNOWN));
	is(direct, CA_R_OCSP_UNKNOWN, "does not know");
	begin("ocsp");
	store(direct, &(struct reply){{old}, .signer = root, .key = root_key});
	is(direct, CA_R_OCSP_EXPIRED, "certauth ocsp update");
	/* the client's helps, and CRLs do */
	staple(OF_DIRECT(GOOD));
	is(direct, CA_R_OK, NULL);
	settings[1] = "any";
	nstapled = 0;
	is(direct, CA_R_OCSP_EXPIRED, "no CRL of CN=Root");
	root_crl(.from = -DAY, .to = -60);
	is(direct, CA_R_CRL_EXPIRED, "its nextUpdate is past");
	root_crl(.from = 0);
	is(direct, CA_R_OK, NULL);
	begin("ocsp");
	put("ocsp/x", "x", 1);
	settings[4] = "ocsp_max_age";
	settings[5] = "60s";
	staple(OF_DIRECT(GOOD));
	is(direct, CA_R_OCSP_EXPIRED, "ocsp_max_age");
	settings[5] = "61s";
	is(direct, CA_R_OK, NULL);
}

/* crl = prefer accepts that there is nothing, and not that the host's response is
 * bad. */
static void
prefer(void **state)
{
	(void)state;
	begin("ocsp");
	settings[4] = "crl";
	settings[5] = "prefer";
	is(direct, CA_R_OCSP_ABSENT, NULL);
	staple(OF_DIRECT(UNKNOWN));
	is(direct, CA_R_OCSP_ABSENT, NULL);
	store(direct, OF_DIRECT(UNKNOWN));
	is(direct, CA_R_OCSP_UNKNOWN, NULL);
	begin("any");
	settings[4] = "crl";
	settings[5] = "prefer";
	is(direct, CA_R_CRL_ABSENT, NULL);
	root_crl(.from = -DAY, .to = -60);
	is(direct, CA_R_CRL_EXPIRED, NULL);
}

static void
exempt(void **state)
{
	(void)state;
	begin("ocsp");
	settings[4] = "crl_short_lived";
	settings[5] = "30d";
	is(direct, CA_R_CRL_SHORT_LIVED, NULL);
	staple(OF_DIRECT(REVOKED));
	is(direct, CA_R_REVOKED, NULL);
}

/* ---- the directory ---- */

static void
directory(void **state)
{
	char name[CA_OCSP_FILE_LEN], path[256];

	(void)state;
	begin("any");
	root_crl(.from = 0);
	settings[3] = "/nonexistent/ocsp";
	is(direct, CA_R_OK, NULL);
	/* others could have put a response there, or taken one away */
	settings[3] = ocsp_dir;
	assert_int_equal(chmod(ocsp_dir, 0777), 0);
	is(direct, CA_R_OCSP_DIR, ocsp_dir);
	assert_int_equal(chmod(ocsp_dir, 0755), 0);
	is(direct, CA_R_OK, NULL);
	store(direct, OF_DIRECT(GOOD));
	assert_int_equal(ca_ocsp_file(crypto, direct, name), CA_OK);
	(void)snprintf(path, sizeof path, "%s/%s", ocsp_dir, name);
	assert_int_equal(chmod(path, 0666), 0);
	is(direct, CA_R_OCSP_DIR, name);
	/* too long, empty */
	begin("ocsp");
	(void)snprintf(path, sizeof path, "ocsp/%s", name);
	char *big = calloc(1, CA_OCSP_MAX + 1);
	put(path, big, CA_OCSP_MAX + 1);
	free(big);
	is(direct, CA_R_OCSP_MALFORMED, "too many bytes");
	put(path, "", 0);
	is(direct, CA_R_OCSP_MALFORMED, NULL);
	/* crl_dir of others: a CRL that is not read may revoke */
	begin("any");
	root_crl(.from = 0);
	staple(OF_DIRECT(GOOD));
	(void)snprintf(path, sizeof path, "%s/crl", dir);
	assert_int_equal(chmod(path, 0777), 0);
	is(direct, CA_R_CRL_DIR, "cannot be used");
	settings[1] = "ocsp";
	is(direct, CA_R_OK, NULL);
	assert_int_equal(chmod(path, 0755), 0);
}

/* ---- delegated responders ---- */

static void
responders(void **state)
{
	EVP_PKEY *key = new_key();
	X509 *plain = make(&(struct spec){"OCSP", "Root", key, root_key,
	    .serial = 900, .eku = "OCSPSigning"});
	X509 *nocheck = make(&(struct spec){"OCSP", "Root", key, root_key,
	    .serial = 901, .eku = "OCSPSigning", .ext = "noCheck:yes"});
	const struct reply good = {
	    {says(direct, root, GOOD)}, .signer = plain, .key = key};
	const struct reply bad = {
	    {says(direct, root, REVOKED)}, .signer = plain, .key = key};

	(void)state;
	begin("ocsp");
	staple(&(struct reply){
	    {says(direct, root, GOOD)}, .signer = nocheck, .key = key});
	is(direct, CA_R_OK, NULL);
	/* a CRL of the responder's issuer that lists it does not matter then */
	root_crl({{901, 1}});
	is(direct, CA_R_OK, NULL);
	for (int prefers = 0; prefers < 2; prefers++) {
		begin("ocsp");
		if (prefers) {
			settings[4] = "crl";
			settings[5] = "prefer";
		}
		store(direct, &good);
		is(direct, CA_R_OCSP_RESPONDER, "no id-pkix-ocsp-nocheck");
		root_crl({{900, 1}});
		is(direct, CA_R_OCSP_RESPONDER, "that is revoked");
		root_crl(.from = -DAY, .to = -60);
		is(direct, CA_R_OCSP_RESPONDER, "has expired");
		root_crl(.from = 0);
		is(direct, CA_R_OK, NULL);
	}
	/* whether it is revoked is not known: it may revoke; revoked: nothing */
	begin("ocsp");
	staple(&bad);
	is(direct, CA_R_REVOKED, NULL);
	root_crl({{900, 1}});
	is(direct, CA_R_OCSP_RESPONDER, NULL);
	begin("any");
	staple(&bad);
	root_crl({{900, 1}});
	is(direct, CA_R_OK, NULL);
	X509_free(plain);
	X509_free(nocheck);
	EVP_PKEY_free(key);
}

/* A responder's certificate that has expired since it said revoked. */
static void
responder_expired(void **state)
{
	EVP_PKEY *key = new_key();
	X509 *old = make(
	    &(struct spec){"OCSP", "Root", key, root_key, .eku = "OCSPSigning",
		.ext = "noCheck:yes", .from = -5 * DAY, .to = -1});

	(void)state;
	begin("any");
	root_crl(.from = 0);
	store(direct, &(struct reply){{says(direct, root, REVOKED)},
			  .signer = old, .key = key});
	is(direct, CA_R_REVOKED, NULL);
	begin("ocsp");
	store(direct, &(struct reply){{says(direct, root, REVOKED)},
			  .signer = old, .key = key});
	staple(OF_DIRECT(GOOD));
	is(direct, CA_R_REVOKED, NULL);
	X509_free(old);
	EVP_PKEY_free(key);
}

/* ---- the trace ---- */

static void
traced(void **state)
{
	struct ca_verify_trace t = {0};

	(void)state;
	begin("ocsp");
	store(sub, OF_SUB(GOOD));
	staple(OF_LEAF(GOOD));
	staple(OF_LEAF(REVOKED));
	traced_to = &t;
	is(leaf, CA_R_OK, NULL);
	traced_to = NULL;
	/* the second one about the leaf is not judged */
	assert_int_equal(t.nocsp, 2);
	assert_int_equal(t.ocsp[0].depth, 0);
	assert_null(t.ocsp[0].file);
	assert_int_equal(t.ocsp[0].len, held[0].len);
	assert_memory_equal(t.ocsp[0].der, held[0].p, held[0].len);
	assert_int_equal(t.ocsp[1].depth, 1);
	assert_non_null(strstr(t.ocsp[1].file, ocsp_dir));
	assert_null(t.ocsp[1].der);
	assert_int_equal(t.ocsp[1].status, CA_OCSP_GOOD);
	ca_verify_trace_clear(&t);
}

/* ---- the cost ---- */

static size_t purse;

static enum ca_err
spend(void *ctx, size_t cost)
{
	(void)ctx;
	if (cost > purse)
		return CA_ERR_LIMIT;
	purse -= cost;
	return CA_OK;
}

/* What the bound does not let us judge may revoke. */
static void
bound(void **state)
{
	const struct ca_revocation_paths paths = {.spend = spend};
	STACK_OF(X509) *chain = sk_X509_new_null();

	(void)state;
	sk_X509_push(chain, direct);
	sk_X509_push(chain, root);
	for (size_t money = 0; money < 2; money++) {
		struct ca_config *cfg = ca_config_new();
		struct ca_report *r = ca_report_new();
		struct ca_revocation *rev;

		begin("any");
		root_crl(.from = 0);
		store(direct, OF_DIRECT(GOOD));
		set(cfg, "revocation", "any");
		set(cfg, "ocsp_dir", ocsp_dir);
		char path[128];
		(void)snprintf(path, sizeof path, "%s/crl", dir);
		set(cfg, "crl_dir", path);
		assert_int_equal(
		    ca_revocation_new(crypto, cfg, NULL, NOW, &rev), CA_OK);
		ca_revocation_set_paths(rev, &paths);
		purse = money;
		ca_revocation_check(rev, chain, r);
		assert_int_equal(ca_report_check_reason(r, CA_CHECK_REVOCATION),
		    money == 0 ? CA_R_CHAIN_LIMIT : CA_R_OK);
		/* and on no other path */
		purse = 1;
		ca_report_free(r);
		r = ca_report_new();
		ca_revocation_check(rev, chain, r);
		assert_int_equal(ca_report_check_reason(r, CA_CHECK_REVOCATION),
		    money == 0 ? CA_R_CHAIN_LIMIT : CA_R_OK);
		ca_report_free(r);
		ca_revocation_free(rev);
		ca_config_free(cfg);
	}
	sk_X509_free(chain);
}

static int
end(void **state)
{
	for (size_t i = 0; i < 4; i++)
		ca_buf_free(&held[i]);
	return finish(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sources),
	    cmocka_unit_test(each_certificate),
	    cmocka_unit_test(whose_fault),
	    cmocka_unit_test(revoked),
	    cmocka_unit_test(no_answer),
	    cmocka_unit_test(prefer),
	    cmocka_unit_test(exempt),
	    cmocka_unit_test(directory),
	    cmocka_unit_test(responders),
	    cmocka_unit_test(responder_expired),
	    cmocka_unit_test(traced),
	    cmocka_unit_test(bound),
	};

	return cmocka_run_group_tests(tests, start, end);
}
