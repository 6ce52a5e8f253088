/* A cdb file of anybody's making: look-ups end, and stay inside. */
#include "fuzz.h"

#include "data/cdb.h"

#include <sys/mman.h>
#include <unistd.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ca_cdb db;
	struct ca_buf out = CA_BUF_INIT(4096);
	int fd = memfd_create("cdb", MFD_CLOEXEC);
	static const char *const keys[] = {"M", "S", "B\0\0\0\0", "key", ""};
	static const size_t lens[] = {1, 1, 5, 3, 0};

	FUZZ_CHECK(fd >= 0);
	FUZZ_CHECK(write(fd, data, size) == (ssize_t)size);
	enum ca_err rc = ca_cdb_open(fd, &db);
	FUZZ_CHECK(rc == CA_OK || rc == CA_ERR_FORMAT);
	for (int i = 0; rc == CA_OK && i < 5; i++) {
		struct ca_cdb_find find;
		enum ca_err got;
		size_t n = 0;

		ca_cdb_find_begin(&db, keys[i], lens[i], &find);
		do {
			ca_buf_reset(&out);
			got = ca_cdb_find_next(&find, 4000, &out);
			FUZZ_CHECK(out.len <= 4000);
		} while ((got == CA_OK || got == CA_ERR_LIMIT) && n++ <= size);
		FUZZ_CHECK(n <= size / 8 + 1);
		FUZZ_CHECK(got == CA_ERR_NOT_FOUND || got == CA_ERR_FORMAT);
	}
	ca_buf_free(&out);
	close(fd);
	return 0;
}
