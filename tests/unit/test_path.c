/* Which files of ca_dir are used, which paths are tried, and which report is
 * kept. */
#include "verify/cadir.h"
#include "verify/certfile.h"
#include "verify/path.h"
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
#include "pkimake.h"

static EVP_PKEY *root_key, *leaf_key, *other_key;
static X509 *root, *leaf;

/* ---- ca_verify ---- */

static struct ca_report *report;

static enum ca_reason
judge(X509 *cert, STACK_OF(X509) *sent, const char *key, const char *value)
{
	struct ca_verify_input in = {cert, sent, NOW};
	struct ca_config *cfg = ca_config_new();

	ca_report_free(report);
	report = ca_report_new();
	assert_int_equal(
	    ca_config_set(cfg, "ca_dir", dir, "test", NULL), CA_OK);
	assert_int_equal(ca_config_set(cfg, "crl", "off", "test", NULL), CA_OK);
	if (key != NULL)
		assert_int_equal(
		    ca_config_set(cfg, key, value, "test", NULL), CA_OK);
	assert_int_equal(
	    ca_verify(crypto, cfg, NULL, &in, report, NULL), CA_OK);
	ca_config_free(cfg);
	return ca_report_granted(report, CA_REPORT_CERT)
		   ? CA_R_OK
		   : ca_report_check_reason(report, CA_CHECK_CHAIN);
}

static void
says(enum ca_check check, const char *text)
{
	const char *detail = ca_report_get0_detail(report, check);

	if (detail == NULL || strstr(detail, text) == NULL)
		fail_msg("no \"%s\" in \"%s\"", text, detail);
}

static void
path_of(char out[256], const char *name)
{
	(void)snprintf(out, 256, "%s/%s", dir, name);
}

/* ---- ca_dir ---- */

/* A look-up by hash ends at the first missing number, as in OpenSSL; a file
 * behind that counts as one with a plain name. */
static void
gap(void **state)
{
	(void)state;
	empty_dir();
	put_hashed("Root", 1, root);
	assert_int_equal(judge(leaf, NULL, NULL, NULL), CA_R_OK);
	assert_int_equal(judge(leaf, NULL, "intermediates_dir", dir), CA_R_OK);
	put_hashed("Root", 0, leaf);
	assert_int_equal(judge(leaf, NULL, NULL, NULL), CA_R_OK);
	assert_string_equal(
	    ca_report_get0_fact(report, CA_FACT_ANCHOR), "CN=Root");
}

/* A file that cannot be used is the reason, whether a hashed name links to it or
 * not. */
static void
covered(void **state)
{
	char path[256];

	(void)state;
	empty_dir();
	put_text("broken.pem", "rubbish");
	assert_int_equal(judge(leaf, NULL, NULL, NULL), CA_R_CHAIN_DIR);
	path_of(path, "01234567.0");
	assert_int_equal(symlink("broken.pem", path), 0);
	assert_int_equal(judge(leaf, NULL, NULL, NULL), CA_R_CHAIN_DIR);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("./broken.pem", path), 0);
	assert_int_equal(judge(leaf, NULL, NULL, NULL), CA_R_CHAIN_DIR);
}

/* OpenSSL's TRUSTED CERTIFICATE contains trust settings, which would be
 * ignored: the file is refused. */
static void
files(void **state)
{
	X509 *under = make(&(struct spec){"under", "Sub", leaf_key, other_key});
	char path[256], sub[256];
	FILE *f;

	(void)state;
	empty_dir();
	path_of(path, "root.pem");
	f = fopen(path, "w");
	assert_int_equal(PEM_write_X509_AUX(f, root), 1);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(judge(leaf, NULL, NULL, NULL), CA_R_CHAIN_DIR);
	put_text("root.pem", "");
	assert_int_equal(judge(leaf, NULL, NULL, NULL), CA_R_CHAIN_DIR);
	/* truncated within a block, after a complete one */
	f = fopen(path, "w");
	assert_int_equal(PEM_write_X509(f, root), 1);
	assert_true(fputs("-----BEGIN CERTIFICATE-----\nMAA", f) > 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(judge(leaf, NULL, NULL, NULL), CA_R_OK);
	assert_int_equal(judge(under, NULL, NULL, NULL), CA_R_CHAIN_DIR);
	/* a problem in intermediates_dir is reported too */
	empty_dir();
	put_cert("root.pem", root);
	path_of(sub, "more");
	assert_int_equal(mkdir(sub, 0755), 0);
	put_text("more/broken.pem", "rubbish");
	assert_int_equal(
	    judge(under, NULL, "intermediates_dir", sub), CA_R_CHAIN_DIR);
	says(CA_CHECK_CHAIN, "more/broken.pem is not PEM, DER or PKCS #7");
	X509_free(under);
}

/* ---- names of the anchors ---- */

static size_t
authorities(const char *more, size_t max, enum ca_err want)
{
	struct ca_config *cfg = ca_config_new();
	struct ca_buf out = CA_BUF_INIT(65536);
	size_t len;

	assert_int_equal(
	    ca_config_set(cfg, "ca_dir", dir, "test", NULL), CA_OK);
	if (more != NULL)
		assert_int_equal(
		    ca_config_set(cfg, "intermediates_dir", more, "test", NULL),
		    CA_OK);
	assert_int_equal(
	    ca_verify_authorities(crypto, cfg, NULL, max, &out), want);
	len = out.len;
	ca_buf_free(&out);
	ca_config_free(cfg);
	return len;
}

#define ROOT_NAME 19 /* 2 and SEQUENCE { SET { SEQUENCE { CN, "Root" }}} */

static void
names(void **state)
{
	static const char *const not_hashed[] = {"01234567x0", "01234567.",
	    "01234567.0x", "0123456g.0", "0123456.0", "01234567.x"};
	X509 *sub =
	    make(&(struct spec){"Sub2", "Root", other_key, root_key, true});
	char more[256];

	(void)state;
	empty_dir();
	put_cert("root.pem", root);
	assert_int_equal(authorities(NULL, ROOT_NAME, CA_OK), ROOT_NAME);
	assert_int_equal(authorities(NULL, ROOT_NAME - 1, CA_ERR_LIMIT), 0);
	/* files with other names are ignored; a broken file has no subject */
	for (size_t i = 0; i < sizeof not_hashed / sizeof *not_hashed; i++)
		put_cert(not_hashed[i], sub);
	put_text("broken.pem", "-----BEGIN CERTIFICATE-----\nMAA=\n"
			       "-----END CERTIFICATE-----\n");
	assert_int_equal(authorities(NULL, 2048, CA_OK), ROOT_NAME);
	/* the subjects of intermediates_dir are added if they fit */
	path_of(more, "more");
	assert_int_equal(mkdir(more, 0755), 0);
	put_cert("more/sub.pem", sub);
	assert_int_equal(
	    authorities(more, 2 * ROOT_NAME, CA_OK), 2 * ROOT_NAME);
	assert_int_equal(
	    authorities(more, 2 * ROOT_NAME - 1, CA_OK), ROOT_NAME);
	assert_int_equal(authorities("/nonexistent", 2048, CA_OK), ROOT_NAME);
	X509_free(sub);
}

/* A certificate truncated at every length: no name, no read past the end. */
static void
subject_of_a_part(void **state)
{
	unsigned char *der = NULL;
	int len = i2d_X509(root, &der);
	const uint8_t *name;
	size_t namelen;

	(void)state;
	assert_int_equal(
	    ca_certfile_subject(der, (size_t)len, &name, &namelen), CA_OK);
	assert_int_equal(namelen, ROOT_NAME - 2);
	for (int n = 0; n < len; n++) {
		unsigned char *part = malloc((size_t)n + 1);

		memcpy(part, der, (size_t)n);
		assert_int_equal(
		    ca_certfile_subject(part, (size_t)n, &name, &namelen),
		    CA_ERR_FORMAT);
		free(part);
	}
	/* another type in place of each field; an indefinite length */
	for (int at = 0; at < 64; at++) {
		enum ca_err rc;
		unsigned char was = der[at];

		der[at] = 0x80;
		rc = ca_certfile_subject(der, (size_t)len, &name, &namelen);
		if (rc == CA_OK)
			assert_true(name + namelen <= der + len);
		der[at] = was;
	}
	der[0] = 0x31;
	assert_int_equal(ca_certfile_subject(der, (size_t)len, &name, &namelen),
	    CA_ERR_FORMAT);
	OPENSSL_free(der);
}

/* ---- which report is kept ---- */

static void
best_report(void **state)
{
	X509 *under = make(&(struct spec){"under", "Sub", leaf_key, other_key,
	    .eku = "clientAuth", .ext = "subjectAltName:DNS:a.example"});
	const struct spec better = {"Sub", "Root", other_key, root_key, true,
			      .eku = "serverAuth"},
			  worse = {"Sub", "Root", other_key, root_key, true,
			      .eku = "serverAuth",
			      .ext = "nameConstraints:critical,"
				     "excluded;DNS:example"};

	(void)state;
	empty_dir();
	put_cert("root.pem", root);
	/* in either order */
	for (int i = 0; i < 2; i++) {
		STACK_OF(X509) *all = sk_X509_new_null();

		sk_X509_push(all, make(i == 0 ? &better : &worse));
		(void)judge(under, all, NULL, NULL);
		assert_int_equal(ca_report_verdict(report, CA_CHECK_CHAIN),
		    i == 0 ? CA_PASS : CA_FAIL);
		sk_X509_push(all, make(i == 0 ? &worse : &better));
		(void)judge(under, all, NULL, NULL);
		assert_int_equal(
		    ca_report_verdict(report, CA_CHECK_CHAIN), CA_PASS);
		assert_int_equal(
		    ca_report_verdict(report, CA_CHECK_PURPOSE), CA_FAIL);
		sk_X509_pop_free(all, X509_free);
	}
	X509_free(under);
}

/* ---- paths ---- */

static struct ca_path first, last;
static size_t tried;
static struct ca_pathfinder *finder;

static enum ca_err
never(void *ctx, const struct ca_path *path)
{
	(void)ctx;
	if (tried++ == 0)
		first = *path;
	last = *path;
	return CA_DENIED;
}

/* All paths of cert; ca_dir is dir, intermediates_dir (NULL: none) more. */
static enum ca_err
paths(X509 *cert, STACK_OF(X509) *sent, const char *more)
{
	struct ca_cadir *anchors, *helpers = NULL;
	enum ca_err rc;

	tried = 0;
	assert_int_equal(
	    ca_cadir_open(crypto, dir, "ca_dir", NULL, &anchors), CA_OK);
	if (more != NULL)
		assert_int_equal(
		    ca_cadir_open(crypto, more, "more", NULL, &helpers), CA_OK);
	finder = ca_pathfinder_new(anchors, helpers, cert, sent, NOW);
	rc = ca_pathfinder_run(finder, never, NULL);
	ca_pathfinder_free(finder);
	ca_cadir_free(helpers);
	ca_cadir_free(anchors);
	return rc;
}

static void
each_path_once(void **state)
{
	STACK_OF(X509) *sent = sk_X509_new_null();
	EVP_PKEY *key = new_key();
	X509 *under = make(&(struct spec){"under", "Sub", leaf_key, key});
	X509 *sub = make(&(struct spec){"Sub", "Root", key, root_key, true});
	X509 *self = make(&(struct spec){"Sub", "Sub", key, key, true});
	X509 *other =
	    make(&(struct spec){"Other", "Other", other_key, other_key, true});

	(void)state;
	empty_dir();
	put_hashed("Root", 0, root);
	put_cert("other.pem", other); /* so that there is a second round */
	sk_X509_push(sent, sub);
	sk_X509_push(sent, sub);
	assert_int_equal(paths(under, sent, NULL), CA_DENIED);
	assert_int_equal(tried, 1);
	assert_int_equal(first.n, 3);
	/* another certificate of the same CA and key is a detour */
	sk_X509_push(sent, self);
	assert_int_equal(paths(under, sent, NULL), CA_DENIED);
	assert_int_equal(tried, 1);
	sk_X509_free(sent);
	X509_free(under);
	X509_free(sub);
	X509_free(self);
	X509_free(other);
	EVP_PKEY_free(key);
}

/* The likelier issuer, which is valid, is tried first. */
static void
valid_first(void **state)
{
	static const long times[][2] = {{-2 * DAY, -DAY}, {DAY, 2 * DAY}};
	EVP_PKEY *key = new_key();
	X509 *under = make(&(struct spec){"under", "Sub", leaf_key, key});
	X509 *good = make(&(struct spec){"Sub", "Root", key, root_key, true});

	(void)state;
	empty_dir();
	put_hashed("Root", 0, root);
	for (size_t i = 0; i < 2; i++) {
		STACK_OF(X509) *sent = sk_X509_new_null();
		X509 *bad = make(&(struct spec){"Sub", "Root", key, root_key,
		    true, .from = times[i][0], .to = times[i][1]});

		sk_X509_push(sent, bad);
		sk_X509_push(sent, good);
		assert_int_equal(paths(under, sent, NULL), CA_DENIED);
		assert_int_equal(tried, 2);
		assert_ptr_equal(first.cert[1], good);
		assert_ptr_equal(last.cert[1], bad);
		sk_X509_free(sent);
		X509_free(bad);
	}
	X509_free(under);
	X509_free(good);
	EVP_PKEY_free(key);
}

/* More candidates for the issuer of a CRL than the limit are an error: one that
 * is left out may be the one whose CRL revokes. */
static void
named_bound(void **state)
{
	STACK_OF(X509) *sent = sk_X509_new_null(), *out = sk_X509_new_null();
	struct ca_cadir *anchors;

	(void)state;
	empty_dir();
	for (int i = 0; i <= CA_PATH_CANDIDATES_MAX; i++) {
		sk_X509_push(sent, make(&(struct spec){i % 2 ? "H" : "other",
				       "Root", other_key, root_key, true}));
	}
	assert_int_equal(
	    ca_cadir_open(crypto, dir, "ca_dir", NULL, &anchors), CA_OK);
	struct ca_pathfinder *f =
	    ca_pathfinder_new(anchors, NULL, leaf, sent, NOW);
	const X509_NAME *name = X509_get_subject_name(sk_X509_value(sent, 1));
	assert_int_equal(ca_pathfinder_named(f, name, out), CA_OK);
	assert_int_equal(sk_X509_num(out), CA_PATH_CANDIDATES_MAX / 2);
	for (int i = 0; i <= CA_PATH_CANDIDATES_MAX; i++)
		sk_X509_push(sent, make(&(struct spec){"H", "Root", other_key,
				       root_key, true}));
	assert_int_equal(ca_pathfinder_named(f, name, out), CA_ERR_LIMIT);
	sk_X509_free(out);
	ca_pathfinder_free(f);
	ca_cadir_free(anchors);
	sk_X509_pop_free(sent, X509_free);
}

static enum ca_err
refuse(void *ctx, const struct ca_path *path)
{
	(void)path;
	++*(int *)ctx;
	return CA_DENIED;
}

/* The paths of all issuers of CRLs count against the bound of the path that
 * they are for. */
static void
one_bound(void **state)
{
	struct ca_cadir *anchors;
	enum ca_err rc = CA_DENIED;
	int asked = 0, runs = 0;

	(void)state;
	empty_dir();
	put_hashed("Root", 0, root);
	assert_int_equal(
	    ca_cadir_open(crypto, dir, "ca_dir", NULL, &anchors), CA_OK);
	struct ca_pathfinder *f =
	    ca_pathfinder_new(anchors, NULL, leaf, NULL, NOW);
	for (; rc == CA_DENIED && runs <= CA_PATH_COST_MAX; runs++) {
		struct ca_pathfinder *sub = ca_pathfinder_sub(f, anchors, leaf);

		rc = ca_pathfinder_run(sub, refuse, &asked);
		ca_pathfinder_free(sub);
	}
	assert_int_equal(rc, CA_ERR_LIMIT);
	assert_int_equal(asked, CA_PATH_COST_MAX);
	ca_pathfinder_free(f);
	ca_cadir_free(anchors);
}

/*
 * Names are remembered over both rounds.  The first round follows chains of
 * forged certificates without verifying signatures, and then a path that is
 * refused.  So the second round, which verifies them, has steps left for more
 * names.
 */
static void
names_bound(void **state)
{
	enum { TEETH = 62, LONG = 8, MORE = 16 };
	STACK_OF(X509) *sent = sk_X509_new_null();
	char name[32], above[32], more[256];
	X509 *under = make(
	    &(struct spec){"under", "A", leaf_key, other_key, .bare = true});

	(void)state;
	empty_dir();
	put_hashed("Root", 0, root);
	for (int i = 0; i < TEETH; i++) {
		(void)snprintf(above, sizeof above, "%d-0", i);
		sk_X509_push(sent, make(&(struct spec){"A", above, other_key,
				       leaf_key, true, .bare = true}));
		for (int j = 0; j < LONG - 1; j++) {
			(void)snprintf(name, sizeof name, "%d-%d", i, j);
			(void)snprintf(above, sizeof above, "%d-%d", i, j + 1);
			sk_X509_push(
			    sent, make(&(struct spec){name, above, root_key,
				      other_key, true, .bare = true}));
		}
	}
	/* followed last, since it has expired */
	sk_X509_push(
	    sent, make(&(struct spec){"A", "Root", other_key, root_key, true,
		      .from = -2 * DAY, .to = -DAY, .bare = true}));
	assert_int_equal(paths(under, sent, NULL), CA_DENIED);
	assert_int_equal(tried, 1);
	path_of(more, "more");
	assert_int_equal(mkdir(more, 0755), 0);
	for (int i = -1; i < MORE; i++) {
		EVP_PKEY *key = i < 0 ? other_key : root_key;

		(void)snprintf(name, sizeof name, i < 0 ? "A" : "H%d", i);
		(void)snprintf(above, sizeof above, "H%d", i + 1);
		X509 *cert = make(&(struct spec){
		    name, above, key, root_key, true, .bare = true});
		(void)snprintf(name, sizeof name, "more/%d.pem", i + 1);
		put_cert(name, cert);
		X509_free(cert);
	}
	assert_int_equal(paths(under, sent, more), CA_ERR_LIMIT);
	assert_int_equal(tried, 1);
	sk_X509_pop_free(sent, X509_free);
	X509_free(under);
}

static int
start(void **state)
{
	(void)state;
	if (pki_start("path") != 0)
		return -1;
	root_key = new_key();
	leaf_key = new_key();
	other_key = new_key();
	root = make(&(struct spec){"Root", "Root", root_key, root_key, true});
	leaf = make(&(struct spec){"leaf", "Root", leaf_key, root_key});
	return 0;
}

static int
finish(void **state)
{
	(void)state;
	ca_report_free(report);
	X509_free(root);
	X509_free(leaf);
	EVP_PKEY_free(root_key);
	EVP_PKEY_free(leaf_key);
	EVP_PKEY_free(other_key);
	return pki_stop();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(gap),
	    cmocka_unit_test(covered),
	    cmocka_unit_test(files),
	    cmocka_unit_test(names),
	    cmocka_unit_test(subject_of_a_part),
	    cmocka_unit_test(best_report),
	    cmocka_unit_test(each_path_once),
	    cmocka_unit_test(valid_first),
	    cmocka_unit_test(named_bound),
	    cmocka_unit_test(one_bound),
	    cmocka_unit_test(names_bound),
	};

	return cmocka_run_group_tests_name("path", tests, start, finish);
}
