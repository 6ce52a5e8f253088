#include <dirent.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app.h"
#include "base/file.h"
#include "crypto/crypto.h"
#include "map/map.h"
#include "verify/certfile.h"
#include "crl/index_read.h"

#define INDEX_MAX ((size_t)1 << 22)

static struct ca_crypto *crypto;
static char folder[4096], source[256], index_name[300];
static STACK_OF(X509) *cas; /* NULL: it is a users file */
static struct ca_buf right; /* the index, as it has to be */
static int names;           /* in the folder, with the index */

static int
count_names(void)
{
	DIR *d = opendir(folder);
	int n = 0;

	while (d != NULL && readdir(d) != NULL)
		n++;
	if (d != NULL)
		closedir(d);
	return n;
}

static enum ca_err
make(void)
{
	char path[4400];
	int dir;
	enum ca_err rc;

	if (cas == NULL) {
		(void)snprintf(path, sizeof path, "%s/%s", folder, source);
		return ca_map_compile(crypto, path, NULL, NULL);
	}
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rc = ca_crl_index_make(crypto, NULL, dir, source, cas, NULL);
	close(dir);
	return rc;
}

static enum ca_err
read_index(struct ca_buf *out)
{
	char path[4400];

	(void)snprintf(path, sizeof path, "%s/%s", folder, index_name);
	return ca_file_read(AT_FDCWD, path, INDEX_MAX, out);
}

static void
remove_index(void)
{
	char path[4400];

	(void)snprintf(path, sizeof path, "%s/%s", folder, index_name);
	(void)unlink(path);
}

/* What is wrong in the folder after make said rc, or NULL. */
static const char *
look(enum ca_err rc, bool was_there)
{
	struct ca_buf now = CA_BUF_INIT(INDEX_MAX);
	enum ca_err read = read_index(&now);
	const char *what = NULL;

	if (read == CA_ERR_NOT_FOUND) {
		if (rc == CA_OK)
			what = "made, and not there";
		else if (was_there)
			what = "the old index is gone";
	} else if (read != CA_OK) {
		what = "the index cannot be read";
	} else if (now.len != right.len ||
		   memcmp(now.p, right.p, now.len) != 0) {
		what = "the index is not what it has to be";
	}
	if (what == NULL && count_names() != names - (read == CA_ERR_NOT_FOUND))
		what = "left a file";
	ca_buf_free(&now);
	return what;
}

bool
make_begin(const char *kind, const char *file, const char *ca_file)
{
	const char *slash = strrchr(file, '/');
	struct ca_buf pem = CA_BUF_INIT(INDEX_MAX);
	size_t bad;

	right = CA_BUF_INIT(INDEX_MAX);
	if (slash == NULL || ca_crypto_new(&crypto) != CA_OK)
		return false;
	(void)snprintf(
	    folder, sizeof folder, "%.*s", (int)(slash - file), file);
	(void)snprintf(source, sizeof source, "%s", slash + 1);
	(void)snprintf(index_name, sizeof index_name, "%s.%s", source,
	    strcmp(kind, "crl") == 0 ? "idx" : "cdb");
	if (strcmp(kind, "crl") == 0) {
		cas = sk_X509_new_null();
		if (cas == NULL || ca_file == NULL ||
		    ca_file_read(AT_FDCWD, ca_file, INDEX_MAX, &pem) != CA_OK ||
		    ca_certfile_parse(crypto, pem.p, pem.len, cas, &bad) !=
			CA_OK)
			return false;
		ca_buf_free(&pem);
	}
	if (make() != CA_OK || read_index(&right) != CA_OK)
		return false;
	names = count_names();
	return true;
}

void
make_finish(void)
{
	sk_X509_pop_free(cas, X509_free);
	ca_buf_free(&right);
	ca_crypto_free(crypto);
}

const char *
make_once(bool *made)
{
	const char *wrong = NULL;
	enum ca_err rc = CA_ERR_UNSET;

	/* without an old index, and over an old one */
	remove_index();
	for (int i = 0; i < 2 && wrong == NULL; i++) {
		bool there = i > 0 && rc == CA_OK;

		fault_arm(true);
		rc = make();
		fault_arm(false);
		wrong = look(rc, there);
	}
	*made = rc == CA_OK;
	return wrong;
}
