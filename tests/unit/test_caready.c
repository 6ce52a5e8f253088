/* CA certificates that were decoded before: taken only while the file is the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "chainjudge.h"
#include "verify/caready.h"

static char file[4200];

/* A change of a file is older than a second after this. */
static void
settle(void)
{
	const struct timespec t = {1, 200000000};

	assert_int_equal(nanosleep(&t, NULL), 0);
}

static void
read_all(void)
{
	const char *path[] = {dir, NULL};

	ca_caready_read(crypto, geteuid(), path, 2);
}

/* How many certificates are there for the file as it is now? */
static int
ready(void)
{
	STACK_OF(X509) *out = sk_X509_new_null();
	struct stat st;

	assert_int_equal(stat(file, &st), 0);
	bool taken = ca_caready_take(&st, out);
	int n = sk_X509_num(out);
	assert_int_equal(taken, n > 0);
	sk_X509_pop_free(out, X509_free);
	return n;
}

/* One CA in root.pem, decoded. */
static void
begin(void)
{
	ca_caready_clear();
	empty_dir();
	put_cert("root.pem", root);
	(void)snprintf(file, sizeof file, "%s/root.pem", dir);
	settle();
	read_all();
}

static void
test_taken_once(void **state)
{
	(void)state;
	begin();
	assert_int_equal(ready(), 1);
	assert_int_equal(ready(), 0);
	begin();
	accepts(leaf, NULL);
	assert_int_equal(ready(), 0); /* the judgement took it */
	accepts(leaf, NULL);          /* and this one read the file */
}

static void
test_young_file(void **state)
{
	(void)state;
	ca_caready_clear();
	empty_dir();
	put_cert("root.pem", root);
	read_all();
	assert_int_equal(ready(), 0);
	accepts(leaf, NULL);
	settle();
	read_all();
	assert_int_equal(ready(), 1);
}

static void
test_removed(void **state)
{
	(void)state;
	begin();
	assert_int_equal(unlink(file), 0);
	refuses(leaf, NULL, CA_R_CHAIN_UNKNOWN_CA);
	read_all();
	refuses(leaf, NULL, CA_R_CHAIN_UNKNOWN_CA);
}

/* Another CA of the same name, whose file has the same size and time. */
static void
test_replaced(void **state)
{
	X509 *other = NULL;
	struct stat st, now;

	(void)state;
	/* the length of a signature varies */
	for (int i = 0; i < 200 && (other == NULL || i2d_X509(other, NULL) !=
							 i2d_X509(root, NULL));
	     i++) {
		X509_free(other);
		other = make(
		    &(struct spec){"Root", "Root", other_key, other_key, true});
	}
	for (int in_place = 0; in_place < 2; in_place++) {
		begin();
		assert_int_equal(stat(file, &st), 0);
		if (!in_place)
			assert_int_equal(unlink(file), 0);
		put_cert("root.pem", other);
		const struct timespec t[2] = {st.st_atim, st.st_mtim};
		assert_int_equal(utimensat(AT_FDCWD, file, t, 0), 0);
		assert_int_equal(stat(file, &now), 0);
		assert_int_equal(now.st_size, st.st_size);
		assert_int_equal(now.st_mtim.tv_nsec, st.st_mtim.tv_nsec);
		assert_int_equal(ready(), 0);
		refuses(leaf, NULL, CA_R_CHAIN_UNKNOWN_CA);
	}
	X509_free(other);
}

static void
test_untrusted(void **state)
{
	(void)state;
	begin();
	assert_int_equal(chmod(file, 0666), 0);
	refuses(leaf, NULL, CA_R_CHAIN_DIR);
	settle();
	read_all();
	assert_int_equal(ready(), 0);
}

/* What is not a certificate is left to who needs it. */
static void
test_not_certificates(void **state)
{
	(void)state;
	ca_caready_clear();
	empty_dir();
	put_text("root.pem", "-----BEGIN CERTIFICATE-----\nMAA=\n"
			     "-----END CERTIFICATE-----\n");
	put_cert("README", root);
	(void)snprintf(file, sizeof file, "%s/root.pem", dir);
	settle();
	read_all();
	assert_int_equal(ready(), 0);
	(void)snprintf(file, sizeof file, "%s/README", dir);
	assert_int_equal(ready(), 0);
}

/* Nor a file of which only a part is. */
static void
test_bad_part(void **state)
{
	FILE *f;

	(void)state;
	ca_caready_clear();
	empty_dir();
	put_cert("root.pem", root);
	(void)snprintf(file, sizeof file, "%s/root.pem", dir);
	f = fopen(file, "a");
	assert_non_null(f);
	assert_true(fputs("-----BEGIN CERTIFICATE-----\nMAA=\n"
			  "-----END CERTIFICATE-----\n",
			f) >= 0);
	assert_int_equal(fclose(f), 0);
	settle();
	read_all();
	assert_int_equal(ready(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_taken_once),
	    cmocka_unit_test(test_young_file),
	    cmocka_unit_test(test_removed),
	    cmocka_unit_test(test_replaced),
	    cmocka_unit_test(test_untrusted),
	    cmocka_unit_test(test_not_certificates),
	    cmocka_unit_test(test_bad_part),
	};

	return cmocka_run_group_tests(tests, start, finish);
}
