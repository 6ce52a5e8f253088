/* Indirect CRLs, and CRLs by issuers that are not on the path. */
#include "verify/revocation.h"
#include "verify/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "crljudge.h"

/* ---- indirect CRLs ---- */

/* crlDistributionPoints with a cRLIssuer of that CN, or that URI. */
static char *
points_to(const char *cn, const char *uri)
{
	CRL_DIST_POINTS *dps = CRL_DIST_POINTS_new();
	DIST_POINT *dp = DIST_POINT_new();
	GENERAL_NAME *gen = GENERAL_NAME_new();
	unsigned char *der = NULL;
	char *out;
	int len;

	if (cn != NULL) {
		gen->type = GEN_DIRNAME;
		gen->d.directoryName = name_of(cn);
	} else {
		gen->type = GEN_URI;
		gen->d.ia5 = ASN1_IA5STRING_new();
		ASN1_STRING_set(gen->d.ia5, uri, -1);
	}
	dp->CRLissuer = sk_GENERAL_NAME_new_null();
	sk_GENERAL_NAME_push(dp->CRLissuer, gen);
	sk_DIST_POINT_push(dps, dp);
	len = i2d_CRL_DIST_POINTS(dps, &der);
	out = calloc(1, 64 + 2 * (size_t)len);
	char *p = out + sprintf(out, "crlDistributionPoints:DER:");
	for (int i = 0; i < len; i++)
		p += sprintf(p, "%02x", der[i]);
	CRL_DIST_POINTS_free(dps);
	OPENSSL_free(der);
	return out;
}

#define INDIRECT                                                               \
	{                                                                      \
		"issuingDistributionPoint:critical,indirectCRL:TRUE"           \
	}
#define keeper_crl(...)                                                        \
	put_crl("crl/keeper.crl",                                              \
	    &(struct crl_spec){"Keeper", keeper_key, __VA_ARGS__})

/* With that keeper, which is used up: cert is judged. */
static void
kept(int line, X509 *cert, X509 *keeper, enum ca_reason want, const char *says)
{
	STACK_OF(X509) *sent = sk_X509_new_null();

	sk_X509_push(sent, keeper);
	judged(line, cert, sent, want, says);
	sk_X509_pop_free(sent, X509_free);
}

#define keeper(...)                                                            \
	make(&(struct spec){"Keeper", "Root", keeper_key, root_key, true,      \
	    .serial = KEEPER_SERIAL, __VA_ARGS__})

static void
indirect(void **state)
{
	char *ext = points_to("Keeper", NULL);
	X509 *cert = make(&(struct spec){"kept", "Root", leaf_key, root_key,
	    .serial = LEAF_SERIAL, .ext = ext});

	(void)state;
	fresh();
	/* the anchor and the keeper are on the root's own list */
	root_crl({{7}}, {"issuingDistributionPoint:critical,onlyCA:TRUE"});
	kept(__LINE__, cert, keeper(.bare = false), CA_R_CRL_SCOPE, NULL);
	for (int bare = 0; bare < 2; bare++) {
		keeper_crl({{0}}, INDIRECT, .bare = bare);
		kept(__LINE__, cert, keeper(.bare = false), CA_R_OK, NULL);
		keeper_crl({{LEAF_SERIAL, 1, "Root"}}, INDIRECT, .bare = bare);
		kept(__LINE__, cert, keeper(.bare = false), CA_R_REVOKED,
		    "for CN=kept");
		/* the same number under the keeper's own name */
		keeper_crl({{LEAF_SERIAL, 1}}, INDIRECT, .bare = bare);
		kept(__LINE__, cert, keeper(.bare = false), CA_R_OK, NULL);
	}
	/* nobody has the keeper's certificate */
	remove_crl("root.crl");
	judged(__LINE__, cert, NULL, CA_R_CRL_ISSUER,
	    "keeper.crl is signed by a CA whose certificate is not known");
	free(ext);
	X509_free(cert);
}

/* Two CAs of one name and key, each under an anchor of its own: the keeper that
 * revokes the leaf is under one of them.  The other path does not outvote it.
 */
static void
two_anchors(void **state)
{
	char *ext = points_to("Keeper", NULL);
	X509 *cert = make(&(struct spec){"kept", "Sub", leaf_key, sub_key,
	    .serial = LEAF_SERIAL, .ext = ext});
	X509 *other = make(
	    &(struct spec){"Other", "Other", keeper_key, keeper_key, true});
	X509 *cross = make(&(struct spec){
	    "Sub", "Other", sub_key, keeper_key, true, .serial = SUB_SERIAL});
	X509 *watch = keeper(.bare = false);

	(void)state;
	for (int first = 0; first < 2; first++) {
		STACK_OF(X509) *sent = sk_X509_new_null();

		fresh();
		put_cert("other.pem", other);
		sk_X509_push(sent, first ? cross : sub);
		sk_X509_push(sent, first ? sub : cross);
		sk_X509_push(sent, watch);
		root_crl(.from = 0);
		put_crl(
		    "crl/other.crl", &(struct crl_spec){"Other", keeper_key});
		sub_crl(.from = 0);
		judged(__LINE__, cert, sent, CA_R_OK, NULL);
		keeper_crl({{LEAF_SERIAL, 1, "Sub"}}, INDIRECT);
		if (first == 0)
			judged(
			    __LINE__, cert, sent, CA_R_REVOKED, "for CN=kept");
		/* with the path to Root alone in any case */
		(void)sk_X509_delete(sent, first ? 0 : 1);
		judged(__LINE__, cert, sent, CA_R_REVOKED, "for CN=kept");
		sk_X509_free(sent);
	}
	X509_free(cert);
	X509_free(other);
	X509_free(cross);
	X509_free(watch);
	free(ext);
}

/* A keeper whose own path is not valid keeps nothing. */
static void
indirect_path(void **state)
{
	char *ext = points_to("Keeper", NULL);
	X509 *cert = make(&(struct spec){"kept", "Root", leaf_key, root_key,
	    .serial = LEAF_SERIAL, .ext = ext});

	(void)state;
	fresh();
	root_crl({{7}}, {"issuingDistributionPoint:critical,onlyCA:TRUE"});
	keeper_crl({{0}}, INDIRECT);
	kept(__LINE__, cert, keeper(.from = -2 * DAY, .to = -60),
	    CA_R_CRL_ISSUER, "certificate has expired");
	kept(__LINE__, cert,
	    make(&(struct spec){
		"Keeper", "Elsewhere", keeper_key, sub_key, true}),
	    CA_R_CRL_ISSUER, "no valid path for the CRL issuer");
	/* the signature under the keeper's certificate is another's */
	kept(__LINE__, cert,
	    make(&(struct spec){
		"Keeper", "Root", keeper_key, sub_key, true, .bare = true}),
	    CA_R_CRL_ISSUER, "no valid path for the CRL issuer");
	root_crl({{KEEPER_SERIAL, 2}},
	    {"issuingDistributionPoint:critical,onlyCA:TRUE"});
	kept(__LINE__, cert, keeper(.bare = false), CA_R_REVOKED,
	    "for CN=Keeper");
	remove_crl("root.crl");
	kept(__LINE__, cert, keeper(.ku = "critical,keyCertSign"),
	    CA_R_CRL_ISSUER, "without cRLSign");
	free(ext);
	X509_free(cert);
}

/* One that vouches for itself may, as its path is the one at hand; and a
 * keeper has one keeper more, but that has none. */
static void
indirect_twice(void **state)
{
	char *ext = points_to("Keeper", NULL),
	     *third = points_to("Third", NULL),
	     *fourth = points_to("Fourth", NULL);
	X509 *cert = make(&(struct spec){"kept", "Root", leaf_key, root_key,
	    .serial = LEAF_SERIAL, .ext = ext});

	(void)state;
	fresh();
	keeper_crl({{0}}, INDIRECT);
	kept(__LINE__, cert, keeper(.ext = ext), CA_R_OK, NULL);
	keeper_crl({{KEEPER_SERIAL, 1, "Root"}}, INDIRECT);
	kept(__LINE__, cert, keeper(.ext = ext), CA_R_REVOKED, "for CN=Keeper");
	keeper_crl({{0}}, INDIRECT);
	put_crl("crl/third.crl",
	    &(struct crl_spec){"Third", sub_key, {{0}}, INDIRECT});
	STACK_OF(X509) *sent = sk_X509_new_null();
	sk_X509_push(sent, keeper(.ext = third));
	sk_X509_push(sent, make(&(struct spec){"Third", "Root", sub_key,
			       root_key, true, .ext = third}));
	judged(__LINE__, cert, sent, CA_R_OK, NULL);
	/* the list that lists its keeper's keeper is still a list */
	put_crl("crl/third.crl", &(struct crl_spec){"Third", sub_key,
				     {{KEEPER_SERIAL, 1, "Root"}}, INDIRECT});
	judged(__LINE__, cert, sent, CA_R_REVOKED, "for CN=Keeper");
	sk_X509_pop_free(sent, X509_free);
	/* a fourth is one too many */
	put_crl("crl/third.crl",
	    &(struct crl_spec){"Third", sub_key, {{0}}, INDIRECT});
	put_crl("crl/fourth.crl",
	    &(struct crl_spec){"Fourth", leaf_key, {{0}}, INDIRECT});
	sent = sk_X509_new_null();
	sk_X509_push(sent, keeper(.ext = third));
	sk_X509_push(sent, make(&(struct spec){"Third", "Root", sub_key,
			       root_key, true, .ext = fourth}));
	sk_X509_push(sent, make(&(struct spec){"Fourth", "Root", leaf_key,
			       root_key, true, .ext = fourth}));
	judged(__LINE__, cert, sent, CA_R_CRL_ISSUER,
	    "a CA whose certificate is not known");
	sk_X509_pop_free(sent, X509_free);
	free(ext);
	free(third);
	free(fourth);
	X509_free(cert);
}

/* crlDistributionPoints with two cRLIssuers, one point each. */
static char *
points_to_both(const char *a, const char *b)
{
	const char *cn[] = {a, b};
	CRL_DIST_POINTS *dps = CRL_DIST_POINTS_new();
	unsigned char *der = NULL;
	char *out, *p;
	int len;

	for (int i = 0; i < 2; i++) {
		DIST_POINT *dp = DIST_POINT_new();
		GENERAL_NAME *gen = GENERAL_NAME_new();

		gen->type = GEN_DIRNAME;
		gen->d.directoryName = name_of(cn[i]);
		dp->CRLissuer = sk_GENERAL_NAME_new_null();
		sk_GENERAL_NAME_push(dp->CRLissuer, gen);
		sk_DIST_POINT_push(dps, dp);
	}
	len = i2d_CRL_DIST_POINTS(dps, &der);
	out = calloc(1, 64 + 2 * (size_t)len);
	p = out + sprintf(out, "crlDistributionPoints:DER:");
	for (int i = 0; i < len; i++)
		p += sprintf(p, "%02x", der[i]);
	CRL_DIST_POINTS_free(dps);
	OPENSSL_free(der);
	return out;
}

/* The third of three keepers revokes the second, which alone lets the leaf in.
 * Seen from the first the second looked good, as nobody sought the third from
 * there: that must not be remembered. */
static void
indirect_remembered(void **state)
{
	char *both = points_to_both("First", "Keeper");
	char *second = points_to("Keeper", NULL);
	char *third = points_to("Third", NULL);
	X509 *cert = make(&(struct spec){"kept", "Root", leaf_key, root_key,
	    .serial = LEAF_SERIAL, .ext = both});
	STACK_OF(X509) *sent = sk_X509_new_null();

	(void)state;
	fresh();
	sk_X509_push(sent, keeper(.ext = third));
	sk_X509_push(sent, make(&(struct spec){"Third", "Root", sub_key,
			       root_key, true, .serial = 201}));
	root_crl({{7}}, {"issuingDistributionPoint:critical,onlyCA:TRUE"});
	keeper_crl({{0}}, INDIRECT);
	put_crl("crl/third.crl",
	    &(struct crl_spec){"Third", sub_key, {{0}}, INDIRECT});
	judged(__LINE__, cert, sent, CA_R_OK, NULL);
	put_crl("crl/third.crl", &(struct crl_spec){"Third", sub_key,
				     {{KEEPER_SERIAL, 1, "Root"}}, INDIRECT});
	judged(__LINE__, cert, sent, CA_R_REVOKED, "for CN=Keeper");
	/* with the first one along, whose own list is out of date */
	put_crl("crl/first.crl", &(struct crl_spec){"First", leaf_key, {{0}},
				     INDIRECT, .from = -DAY, .to = -60});
	sk_X509_push(sent, make(&(struct spec){"First", "Root", leaf_key,
			       root_key, true, .serial = 202, .ext = second}));
	assert_int_not_equal(verdict(cert, sent, "stream"), CA_R_OK);
	sk_X509_pop_free(sent, X509_free);
	X509_free(cert);
	free(both);
	free(second);
	free(third);
}

/* With crl = prefer: who sends a certificate in the issuer's name, and of a key
 * of his own, that may not sign CRLs, has not made the CRL one that nobody can
 * sign. */
static void
forged_signer(void **state)
{
	X509 *forged = make(&(struct spec){"Root", "Root", keeper_key,
	    keeper_key, true, .ku = "critical,keyCertSign"});

	(void)state;
	fresh();
	settings[0] = "crl";
	settings[1] = "prefer";
	put_crl("crl/new.crl",
	    &(struct crl_spec){"Root", leaf_key, {{LEAF_SERIAL, 1}}});
	is(direct, CA_R_CRL_SIGNATURE, "new.crl");
	STACK_OF(X509) *sent = sk_X509_new_null();
	sk_X509_push(sent, forged);
	judged(__LINE__, direct, sent, CA_R_CRL_ISSUER, "new.crl");
	sk_X509_pop_free(sent, X509_free);
}

/* ---- errors on the way to the issuer of a CRL ---- */

static X509 *watch;
static enum ca_err watched;

static enum ca_err
named_watch(void *ctx, const X509_NAME *subject, STACK_OF(X509) *out)
{
	(void)ctx;
	if (X509_NAME_cmp(subject, X509_get_subject_name(watch)) == 0)
		sk_X509_push(out, watch);
	return CA_OK;
}

static enum ca_err
find_watch(void *ctx, X509 *cert, X509 *anchor, STACK_OF(X509) **chain,
    char why[CA_REVOCATION_WHY])
{
	(void)ctx;
	why[0] = '\0';
	if (watched != CA_OK)
		return watched;
	*chain = sk_X509_new_null();
	X509_up_ref(cert);
	X509_up_ref(anchor);
	sk_X509_push(*chain, cert);
	sk_X509_push(*chain, anchor);
	return CA_OK;
}

static enum ca_reason
checked(struct ca_revocation *rev, X509 *cert)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	struct ca_report *r = ca_report_new();
	enum ca_reason reason;

	sk_X509_push(chain, cert);
	sk_X509_push(chain, root);
	ca_revocation_check(rev, chain, r);
	reason = ca_report_check_reason(r, CA_CHECK_REVOCATION);
	ca_report_free(r);
	sk_X509_free(chain);
	return reason;
}

/* The CA's own list would let the certificate in.  The keeper's lists it, and
 * what keeps it from being heard, on this path or the one before, denies. */
static void
errors_deny(void **state)
{
	static const enum ca_err errors[] = {
	    CA_ERR_LIMIT, CA_ERR_MEMORY, CA_ERR_IO, CA_ERR_CRYPTO};
	const struct ca_revocation_paths paths = {
	    named_watch, find_watch, NULL};
	char *ext = points_to("Keeper", NULL), path[128];
	X509 *cert = make(&(struct spec){"kept", "Root", leaf_key, root_key,
	    .serial = LEAF_SERIAL, .ext = ext});

	(void)state;
	watch = keeper(.bare = false);
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
		struct ca_config *cfg = ca_config_new();
		struct ca_revocation *rev;

		fresh();
		(void)snprintf(path, sizeof path, "%s/crl", dir);
		set(cfg, "crl_dir", path);
		root_crl(.from = 0);
		keeper_crl({{LEAF_SERIAL, 1, "Root"}}, INDIRECT);
		assert_int_equal(
		    ca_revocation_new(crypto, cfg, NULL, NOW, &rev), CA_OK);
		ca_revocation_set_paths(rev, &paths);
		watched = CA_OK;
		assert_int_equal(checked(rev, cert), CA_R_REVOKED);
		keeper_crl({{7, 1, "Root"}}, INDIRECT);
		ca_revocation_free(rev);
		assert_int_equal(
		    ca_revocation_new(crypto, cfg, NULL, NOW, &rev), CA_OK);
		ca_revocation_set_paths(rev, &paths);
		assert_int_equal(checked(rev, cert), CA_R_OK);
		watched = errors[i];
		assert_int_equal(checked(rev, cert),
		    i == 0 ? CA_R_CHAIN_LIMIT : CA_R_CRL_DIR);
		watched = CA_OK;
		assert_int_equal(checked(rev, cert),
		    i == 0 ? CA_R_CHAIN_LIMIT : CA_R_CRL_DIR);
		ca_revocation_free(rev);
		ca_config_free(cfg);
	}
	X509_free(watch);
	X509_free(cert);
	free(ext);
}

/* A file of the keeper's that cannot be read may be the one that revokes. */
static void
indirect_unreadable(void **state)
{
	char *ext = points_to("Keeper", NULL), name[64], path[256];
	X509 *cert = make(&(struct spec){"kept", "Root", leaf_key, root_key,
	    .serial = LEAF_SERIAL, .ext = ext});
	STACK_OF(X509) *sent = sk_X509_new_null();

	(void)state;
	fresh();
	sk_X509_push(sent, keeper(.ext = ext));
	root_crl({{7}}, {"issuingDistributionPoint:critical,onlyCA:TRUE"});
	hashed_name(name, "crl/", "Keeper", "r", 0);
	put_crl(
	    name, &(struct crl_spec){"Keeper", keeper_key, {{0}}, INDIRECT});
	judged(__LINE__, cert, sent, CA_R_OK, NULL);
	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	assert_int_equal(chmod(path, 0664), 0);
	judged(__LINE__, cert, sent, CA_R_CRL_DIR, NULL);
	/* nor may one of the CA's own */
	assert_int_equal(chmod(path, 0644), 0);
	hashed_name(name, "crl/", "Root", "r", 0);
	put_crl(name, &(struct crl_spec){"Root", root_key});
	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	assert_int_equal(chmod(path, 0664), 0);
	judged(__LINE__, cert, sent, CA_R_CRL_DIR, NULL);
	free(ext);
	sk_X509_pop_free(sent, X509_free);
	X509_free(cert);
}

/* A distribution point whose issuer is no name in a directory. */
static void
indirect_by_uri(void **state)
{
	char *ext = points_to(NULL, "http://keeper.example/crl");
	X509 *cert = make(
	    &(struct spec){"kept", "Root", leaf_key, root_key, .ext = ext});

	(void)state;
	fresh();
	root_crl(.from = 0);
	is(cert, CA_R_OK, NULL);
	free(ext);
	X509_free(cert);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(indirect),
	    cmocka_unit_test(two_anchors),
	    cmocka_unit_test(indirect_path),
	    cmocka_unit_test(indirect_twice),
	    cmocka_unit_test(indirect_remembered),
	    cmocka_unit_test(forged_signer),
	    cmocka_unit_test(errors_deny),
	    cmocka_unit_test(indirect_unreadable),
	    cmocka_unit_test(indirect_by_uri),
	};

	return cmocka_run_group_tests_name(
	    "revocation_indirect", tests, start, finish);
}
