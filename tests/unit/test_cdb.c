/* The reader of cdb files: files that libcdb wrote, and damaged ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <cdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "data/cdb.h"

static int
make_db(unsigned n)
{
	struct cdb_make m;
	char key[32], value[32];
	int fd = memfd_create("cdb", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(cdb_make_start(&m, fd), 0);
	for (unsigned i = 0; i < n; i++) {
		unsigned k = (unsigned)sprintf(key, "key %u", i);
		unsigned v = (unsigned)sprintf(value, "value %u", i);

		assert_int_equal(cdb_make_add(&m, key, k, value, v), 0);
	}
	assert_int_equal(cdb_make_add(&m, "twice", 5, "one", 3), 0);
	assert_int_equal(cdb_make_add(&m, "twice", 5, "two", 3), 0);
	assert_int_equal(cdb_make_add(&m, "", 0, "", 0), 0);
	assert_int_equal(cdb_make_finish(&m), 0);
	return fd;
}

static void
found(void **state)
{
	(void)state;
	int fd = make_db(5000);
	struct ca_cdb db;
	char key[32], value[32];

	assert_int_equal(ca_cdb_open(fd, &db), CA_OK);
	for (unsigned i = 0; i < 5000; i++) {
		struct ca_buf out = CA_BUF_INIT(100);
		size_t k = (size_t)sprintf(key, "key %u", i);

		sprintf(value, "value %u", i);
		assert_int_equal(ca_cdb_get(&db, key, k, 100, &out), CA_OK);
		assert_string_equal(ca_buf_text(&out), value);
		ca_buf_free(&out);
		key[0] = 'K';
		assert_int_equal(
		    ca_cdb_get(&db, key, k, 100, &out), CA_ERR_NOT_FOUND);
	}
	close(fd);
}

static void
several_empty_and_limit(void **state)
{
	(void)state;
	int fd = make_db(3);
	struct ca_cdb db;
	struct ca_cdb_find find;
	struct ca_buf out = CA_BUF_INIT(100);

	assert_int_equal(ca_cdb_open(fd, &db), CA_OK);
	ca_cdb_find_begin(&db, "twice", 5, &find);
	assert_int_equal(ca_cdb_find_next(&find, 100, &out), CA_OK);
	assert_string_equal(ca_buf_text(&out), "one");
	assert_int_equal(ca_cdb_find_next(&find, 100, &out), CA_OK);
	assert_string_equal(ca_buf_text(&out), "onetwo");
	assert_int_equal(ca_cdb_find_next(&find, 100, &out), CA_ERR_NOT_FOUND);
	ca_buf_reset(&out);
	assert_int_equal(ca_cdb_get(&db, "", 0, 0, &out), CA_OK);
	assert_int_equal(out.len, 0);
	assert_int_equal(ca_cdb_get(&db, "twice", 5, 2, &out), CA_ERR_LIMIT);
	ca_buf_free(&out);
	close(fd);
}

/* Whatever a byte becomes, look-ups end, and stay inside the file. */
static void
every_byte_damaged(void **state)
{
	(void)state;
	static const uint8_t masks[] = {0x01, 0x80, 0xff};
	int fd = make_db(4);
	off_t size = lseek(fd, 0, SEEK_END);

	for (off_t at = 0; at < size; at++)
		for (size_t m = 0; m < sizeof masks; m++) {
			uint8_t was, is;
			struct ca_cdb db;
			struct ca_buf out = CA_BUF_INIT(100);

			assert_int_equal(pread(fd, &was, 1, at), 1);
			is = was ^ masks[m];
			assert_int_equal(pwrite(fd, &is, 1, at), 1);
			if (ca_cdb_open(fd, &db) == CA_OK) {
				(void)!ca_cdb_get(&db, "key 2", 5, 100, &out);
				(void)!ca_cdb_get(&db, "none", 4, 100, &out);
			}
			ca_buf_free(&out);
			assert_int_equal(pwrite(fd, &was, 1, at), 1);
		}
	close(fd);
}

static void
cut_anywhere(void **state)
{
	(void)state;
	int fd = make_db(4);
	off_t size = lseek(fd, 0, SEEK_END);
	struct ca_cdb whole;

	assert_int_equal(ca_cdb_open(fd, &whole), CA_OK);
	for (off_t at = size - 1; at >= 0; at--) {
		struct ca_cdb db;
		struct ca_buf out = CA_BUF_INIT(100);

		assert_int_equal(ftruncate(fd, at), 0);
		/* cut after it was opened: an error or right, never a crash */
		enum ca_err rc = ca_cdb_get(&whole, "key 2", 5, 100, &out);
		if (rc == CA_OK)
			assert_string_equal(ca_buf_text(&out), "value 2");
		/* cut before: the tables reach to the very end */
		assert_int_equal(ca_cdb_open(fd, &db), CA_ERR_FORMAT);
		ca_buf_free(&out);
	}
	close(fd);
}

static void
no_database(void **state)
{
	(void)state;
	struct ca_cdb db;
	int pipes[2];

	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(ca_cdb_open(pipes[0], &db), CA_ERR_FORMAT);
	close(pipes[0]);
	close(pipes[1]);
	assert_int_equal(ca_cdb_open(-1, &db), CA_ERR_IO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(found),
	    cmocka_unit_test(several_empty_and_limit),
	    cmocka_unit_test(every_byte_damaged),
	    cmocka_unit_test(cut_anywhere),
	    cmocka_unit_test(no_database),
	};

	return cmocka_run_group_tests_name("cdb", tests, NULL, NULL);
}
