/* Which files of crl_dir count, and for whom large ones are read. */
#include "crl/crldirint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "crljudge.h"

/* ---- names ---- */

static void
names(void **state)
{
	static const struct {
		const char *name;
		bool hashed, plain;
	} c[] = {
	    {"01234567.r0", true, false},
	    {"89abcdef.r123", true, false},
	    {"0123456.r0", false, true},
	    {"012345678.r0", false, true},
	    {"0123456g.r0", false, true},
	    {"0123456A.r0", false, true},
	    {"01234567-r0", false, true},
	    {"01234567.s0", false, true},
	    {"01234567.0", false, true},
	    {"01234567.r", false, true},
	    {"01234567.r0x", false, true},
	    {"01234567.rx", false, true},
	    {"01234567", false, true},
	    {"a.crl", false, true},
	    {"a", false, true},
	    {".a.crl", false, false},
	    {".", false, false},
	    {"a.idx", false, false},
	    {"a.crl.idx", false, false},
	    {".idx", false, false},
	    {"aidx", false, true},
	    {"a.idx.crl", false, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
		assert_int_equal(ca_crldir_is_hashed(c[i].name), c[i].hashed);
		assert_int_equal(ca_crldir_is_plain(c[i].name), c[i].plain);
	}
}

/* ---- hashed names ---- */

static void
in_crl(char path[256], const char *name)
{
	(void)snprintf(path, 256, "%s/%s", dir, name);
}

static void
hashed(void **state)
{
	char name[64], other[64], path[256];

	(void)state;
	fresh();
	hashed_name(name, "crl/", "Root", "r", 0);
	put_crl(name, &(struct crl_spec){"Root", root_key});
	is(direct, CA_R_OK, NULL);
	put_crl(name, &(struct crl_spec){"Root", root_key, {{LEAF_SERIAL, 1}}});
	is(direct, CA_R_REVOKED, NULL);
	/* behind a link that leads nowhere: what it led to may revoke too */
	hashed_name(name, "crl/", "Root", "r", 1);
	put_crl(name, &(struct crl_spec){"Root", root_key, {{LEAF_SERIAL, 1}}});
	hashed_name(name, "crl/", "Root", "r", 0);
	in_crl(path, name);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("nothing", path), 0);
	is(direct, CA_R_REVOKED, NULL);
	hashed_name(other, "crl/", "Root", "r", 1);
	put_crl(other, &(struct crl_spec){"Root", root_key});
	is(direct, CA_R_CRL_DIR, name + 4);
	put_crl(
	    other, &(struct crl_spec){"Root", root_key, {{LEAF_SERIAL, 1}}});
	/* one of another CA under that hash is no trouble */
	assert_int_equal(unlink(path), 0);
	put_crl(name, &(struct crl_spec){"Sub", sub_key});
	is(direct, CA_R_REVOKED, NULL);
	/* what may not be read may be the one that revokes */
	hashed_name(name, "crl/", "Root", "r", 1);
	put_crl(name, &(struct crl_spec){"Root", root_key});
	is(direct, CA_R_OK, NULL);
	hashed_name(name, "crl/", "Root", "r", 0);
	in_crl(path, name);
	assert_int_equal(chmod(path, 0646), 0);
	is(direct, CA_R_CRL_DIR, NULL);
	assert_int_equal(unlink(path), 0);
	put_text(name, "rubbish");
	is(direct, CA_R_OK, NULL);
	hashed_name(name, "crl/", "Root", "r", 1);
	put_text(name, "rubbish");
	is(direct, CA_R_CRL_MALFORMED, NULL);
}

/* More of one hash than are looked at. */
static void
too_many(void **state)
{
	char name[64], path[256], first[256];

	(void)state;
	fresh();
	hashed_name(name, "crl/", "Root", "r", 0);
	put_crl(name, &(struct crl_spec){"Sub", sub_key});
	in_crl(first, name);
	for (int i = 1; i < 255; i++) {
		hashed_name(name, "crl/", "Root", "r", i);
		in_crl(path, name);
		assert_int_equal(link(first, path), 0);
	}
	hashed_name(name, "crl/", "Root", "r", 255);
	put_crl(name, &(struct crl_spec){"Root", root_key});
	is(direct, CA_R_OK, NULL);
	put_crl(name, &(struct crl_spec){"Root", root_key, {{LEAF_SERIAL, 1}}});
	is(direct, CA_R_REVOKED, NULL);
	put_crl(name, &(struct crl_spec){"Root", root_key});
	hashed_name(name, "crl/", "Root", "r", 256);
	in_crl(path, name);
	assert_int_equal(link(first, path), 0);
	is(direct, CA_R_CRL_DIR, NULL);
}

/* ---- other names ---- */

static void
plain(void **state)
{
	char name[64], path[256];

	(void)state;
	/* beside a hashed one, which alone does not revoke */
	fresh();
	hashed_name(name, "crl/", "Root", "r", 0);
	put_crl(name,
	    &(struct crl_spec){"Root", root_key, .from = -2 * DAY, .to = DAY});
	put_crl("crl/late",
	    &(struct crl_spec){"Root", root_key, {{LEAF_SERIAL, 1}}});
	is(direct, CA_R_REVOKED, NULL);
	in_crl(path, "crl/late");
	assert_int_equal(chmod(path, 0664), 0);
	is(direct, CA_R_CRL_DIR, NULL);
	/* an index and a hidden file are none */
	assert_int_equal(chmod(path, 0644), 0);
	for (int i = 0; i < 2; i++) {
		char to[256];
		in_crl(to, i == 0 ? "crl/late.idx" : "crl/.late");
		assert_int_equal(rename(path, to), 0);
		is(direct, CA_R_OK, NULL);
		memcpy(path, to, sizeof path);
	}
}

/* ---- for whom files are read ---- */

#define LARGE 4000 /* entries, of 23 bytes and more */

static void
large(const char *name, long revoked)
{
	struct stat st;
	char path[256];

	put_crl(name, &(struct crl_spec){
			  "Root", root_key, {{revoked, 1}}, .filler = LARGE});
	in_crl(path, name);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size > 65536);
}

/* A certificate that is made up in a CA's name has no CRL read. */
static void
made_up(void **state)
{
	static const char *const names[] = {
	    "crl/a.crl", "crl/a.der", NULL, NULL};
	X509 *forged = make_forged(&(struct spec){
	    "forged", "Root", leaf_key, root_key, .serial = LEAF_SERIAL});

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		char hash[64];
		const char *name = names[i];

		hashed_name(hash, "crl/", "Root", "r", 0);
		if (name == NULL)
			name = hash;
		fresh();
		large(name, 7);
		is(direct, CA_R_OK, NULL);
		is(forged, CA_R_CHAIN_SIGNATURE, NULL);
		assert_string_equal(detail, "");
		large(name, LEAF_SERIAL);
		is(direct, CA_R_REVOKED, NULL);
		is(forged, CA_R_CHAIN_SIGNATURE, NULL);
		assert_string_equal(detail, "");
		put_crl(name,
		    &(struct crl_spec){"Root", root_key, {{LEAF_SERIAL, 1}}});
		is(forged, CA_R_CHAIN_SIGNATURE, NULL);
		assert_string_equal(detail, "");
	}
	X509_free(forged);
}

/* A path that is forged does not keep the next one from its CRLs: the good
 * intermediate is in a file that is read in the second round. */
static void
made_up_intermediate(void **state)
{
	static const char *const names[] = {"crl/a.crl", "crl/a.der"};
	X509 *forged =
	    make_forged(&(struct spec){"Sub", "Root", sub_key, root_key, true});
	STACK_OF(X509) *sent = sk_X509_new_null();
	char path[256];

	(void)state;
	sk_X509_push(sent, forged);
	for (size_t i = 0; i < 2; i++) {
		fresh();
		in_crl(path, "helpers");
		settings[0] = "intermediates_dir";
		settings[1] = path;
		put_hashed("Root", 0, root);
		sub_crl(.from = 0);
		large(names[i], 7);
		judged(__LINE__, leaf, sent, CA_R_CHAIN_SIGNATURE, NULL);
		assert_string_equal(detail, "");
		put_cert("helpers/sub.pem", sub);
		judged(__LINE__, leaf, sent, CA_R_OK, NULL);
		large(names[i], SUB_SERIAL);
		judged(__LINE__, leaf, sent, CA_R_REVOKED, "for CN=Sub");
	}
	sk_X509_free(sent);
	X509_free(forged);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names),
	    cmocka_unit_test(hashed),
	    cmocka_unit_test(too_many),
	    cmocka_unit_test(plain),
	    cmocka_unit_test(made_up),
	    cmocka_unit_test(made_up_intermediate),
	};

	return cmocka_run_group_tests_name("crl_files", tests, start, finish);
}
