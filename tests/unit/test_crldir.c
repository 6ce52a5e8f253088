/*
 * Which files of a directory of CRLs are looked at for an issuer, and what is
 * said about those that cannot be.
 */
#include "crlmake.h"
#include "crl/crldir.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define ALG "30{06{2a8648ce3d040302}}"
#define CRL(cn, more)                                                          \
	"30{30{02{01}" ALG "30{31{30{06{550403} 0c{'" cn "'}}}}"               \
	"17{'261124000000Z'}" more "}" ALG "03{00 30}}"
#define ONE CRL("One", "")
#define TWO CRL("Two", "")

static struct {
	char path[64];
	int dir;
	struct ca_crypto *crypto;
	struct ca_crldir *crldir;
	int warnings;
	unsigned long hash; /* of One */
} t;

static X509_NAME *
name_of(const char *cn)
{
	X509_NAME *name = X509_NAME_new();

	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
			     (const unsigned char *)cn, -1, -1, 0),
	    1);
	return name;
}

static int
set_up(void **state)
{
	(void)state;
	/* one test makes many files: where that costs least */
	strcpy(t.path, "/dev/shm/certauth-test-crldir.XXXXXX");
	if (mkdtemp(t.path) == NULL) {
		strcpy(t.path, "/tmp/certauth-test-crldir.XXXXXX");
		assert_non_null(mkdtemp(t.path));
	}
	t.dir = open(t.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(ca_crypto_new(&t.crypto), CA_OK);
	X509_NAME *name = name_of("One");
	t.hash = X509_NAME_hash_ex(name, NULL, NULL, NULL);
	X509_NAME_free(name);
	t.warnings = 0;
	return 0;
}

static int
tear_down(void **state)
{
	char command[128];

	(void)state;
	ca_crldir_free(t.crldir);
	t.crldir = NULL;
	close(t.dir);
	(void)snprintf(command, sizeof command, "rm -rf '%s'", t.path);
	assert_int_equal(system(command), 0);
	ca_crypto_free(t.crypto);
	return 0;
}

static void
warned(void *ctx, enum ca_log_level level, const char *line)
{
	(void)ctx;
	t.warnings +=
	    level == CA_LOG_WARNING && strstr(line, "no hashed name") != NULL;
}

static void
put_bytes(const char *name, const void *p, size_t len)
{
	int fd = openat(t.dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, len), (ssize_t)len);
	close(fd);
}

static void
put_crl(const char *name, const char *text)
{
	struct ca_buf b = CA_BUF_INIT(1 << 20);

	der_make(text, NULL, &b);
	put_bytes(name, b.p, b.len);
	ca_buf_free(&b);
}

/* CRLs one after the other, in PEM. */
static void
put_pem(const char *name, const char *const *text, size_t n, size_t cut)
{
	struct ca_buf pem = CA_BUF_INIT(1 << 20);

	for (size_t i = 0; i < n; i++) {
		struct ca_buf b = CA_BUF_INIT(1 << 20);
		der_make(text[i], NULL, &b);
		char *line = malloc(2 * b.len + 8);
		int len = EVP_EncodeBlock((uint8_t *)line, b.p, (int)b.len);
		ca_buf_str(&pem, "-----BEGIN X509 CRL-----\n");
		ca_buf_put(&pem, line, (size_t)len);
		ca_buf_str(&pem, "\n-----END X509 CRL-----\n");
		free(line);
		ca_buf_free(&b);
	}
	put_bytes(name, pem.p, pem.len - cut);
	ca_buf_free(&pem);
}

static void
put_link(int number, const char *target)
{
	char name[32];

	(void)snprintf(name, sizeof name, "%08lx.r%d", t.hash, number);
	assert_int_equal(symlinkat(target, t.dir, name), 0);
}

static void
open_dir(void)
{
	static const struct ca_log log = {warned, NULL, false};

	ca_crldir_free(t.crldir);
	t.crldir = NULL;
	t.warnings = 0;
	assert_int_equal(
	    ca_crldir_new(t.crypto, &log, t.path, CA_CRL_STREAM, &t.crldir),
	    CA_OK);
}

/* How many CRLs there are of an issuer; *trouble: what is wrong. */
static size_t
find(const char *cn, enum ca_reason *trouble)
{
	struct ca_crl_wanted nothing = {NULL, 0};
	struct ca_crls found = {NULL, 0};
	X509_NAME *name = name_of(cn);

	*trouble = CA_R_OK;
	enum ca_err rc =
	    ca_crldir_find(t.crldir, name, &nothing, &found, trouble);
	if (rc != CA_OK)
		fail_msg("%s: %s", cn, ca_err_text(rc));
	X509_NAME_free(name);
	free(found.v); /* the CRLs are the directory's */
	return found.n;
}

static void
assert_found(const char *cn, size_t n, enum ca_reason reason)
{
	enum ca_reason trouble;

	/* once more is the same, and said once */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(find(cn, &trouble), n);
		assert_int_equal(trouble, reason);
	}
}

/* What was wrong in the last look-up. */
static void
assert_said(const char *text)
{
	const char *said = ca_crldir_get0_trouble(t.crldir);

	if (text == NULL)
		assert_null(said);
	else
		assert_string_equal(said, text);
}

static void
plain_names(void **state)
{
	(void)state;
	put_crl("b.crl", ONE);
	put_crl("a", TWO);
	put_crl(".hidden", ONE);
	put_crl("c.idx", ONE);
	put_crl("0123456.r0", ONE); /* seven digits: a name like any other */
	open_dir();
	assert_found("One", 2, CA_R_OK);
	assert_found("Two", 1, CA_R_OK);
	assert_found("Three", 0, CA_R_OK);
	assert_int_equal(t.warnings, 0); /* nothing is linked here */
}

static void
linked_names(void **state)
{
	static const char *const name[] = {
	    "q", "c", "x", "a", "k", "z", "b", "m", "d", "y", "e", "w"};

	(void)state;
	for (int i = 0; i < 12; i++) {
		put_crl(name[i], ONE);
		put_link(i, name[i]);
	}
	open_dir();
	assert_found("One", 12, CA_R_OK);
	assert_int_equal(t.warnings, 0);
	/* none by its hash: all files, each once */
	assert_found("Two", 0, CA_R_OK);
	/* put beside them */
	put_crl("new.crl", ONE);
	put_crl("other.crl", TWO);
	open_dir();
	assert_found("One", 13, CA_R_OK);
	assert_int_equal(t.warnings, 2);
	assert_found("Two", 1, CA_R_OK);
	/* behind a gap no look-up comes to it */
	put_link(20, "new.crl");
	unlinkat(t.dir, "other.crl", 0);
	put_crl("00000000.r1", ONE);
	open_dir();
	assert_found("One", 15, CA_R_OK);
}

/* A stamp says that every file is linked; what it says is believed. */
static void
the_stamp(void **state)
{
	struct ca_buf b = CA_BUF_INIT(256);

	(void)state;
	put_crl("a.crl", ONE);
	put_link(0, "a.crl");
	put_crl("b.crl", ONE);
	put_bytes(CA_CRLDIR_STAMP, "", 0);
	assert_int_equal(ca_crldir_stamp(t.dir, &b), CA_OK);
	put_bytes(CA_CRLDIR_STAMP, b.p, b.len);
	open_dir();
	assert_found("One", 1, CA_R_OK);
	assert_found("Two", 0, CA_R_OK); /* and now all were looked at */
	/* of another time, cut, or with more behind it */
	b.p[b.len - 2] ^= 1;
	put_bytes(CA_CRLDIR_STAMP, b.p, b.len);
	open_dir();
	assert_found("One", 2, CA_R_OK);
	b.p[b.len - 2] ^= 1;
	put_bytes(CA_CRLDIR_STAMP, b.p, b.len - 1);
	open_dir();
	assert_found("One", 2, CA_R_OK);
	ca_buf_str(&b, "x");
	put_bytes(CA_CRLDIR_STAMP, b.p, b.len);
	open_dir();
	assert_found("One", 2, CA_R_OK);
	/* others may write it */
	put_bytes(CA_CRLDIR_STAMP, b.p, b.len - 1);
	assert_int_equal(fchmodat(t.dir, CA_CRLDIR_STAMP, 0646, 0), 0);
	open_dir();
	assert_found("One", 2, CA_R_OK);
	/* a file has come since */
	assert_int_equal(fchmodat(t.dir, CA_CRLDIR_STAMP, 0644, 0), 0);
	open_dir();
	assert_found("One", 1, CA_R_OK);
	put_crl("c.crl", ONE);
	open_dir();
	assert_found("One", 3, CA_R_OK);
	ca_buf_free(&b);
}

/* Several in one file, also where the one that is asked for is not the first;
 * the first bytes of each tell. */
static void
several_in_a_file(void **state)
{
	static const char *const text[] = {ONE, TWO, ONE};

	(void)state;
	put_pem("a.pem", text, 3, 0);
	open_dir();
	assert_found("Three", 0, CA_R_OK);
	assert_found("Two", 1, CA_R_OK);
	assert_found("One", 2, CA_R_OK);
	/* cut: what can be read counts, but it may not be all */
	put_pem("a.pem", text, 3, 40);
	open_dir();
	assert_found("Two", 1, CA_R_CRL_MALFORMED);
	assert_found("Three", 0, CA_R_CRL_MALFORMED);
}

static void
what_cannot_be_read(void **state)
{
	(void)state;
	put_crl("a.crl", ONE);
	open_dir();
	assert_said(NULL);
	assert_found("One", 1, CA_R_OK);
	assert_said(NULL);
	put_bytes("notes", "no CRL", 6);
	open_dir();
	assert_found("One", 1, CA_R_CRL_MALFORMED);
	assert_said("notes contains no CRL");
	put_bytes("notes", "", 0);
	open_dir();
	assert_found("One", 1, CA_R_CRL_MALFORMED);
	assert_said(
	    "notes contains a CRL that is truncated or not valid DER (RFC 5280 "
	    "section 5)");
	/* a name that OpenSSL cannot read may be anybody's */
	put_crl("notes", "30{30{02{01}" ALG "30{31{05{}}}"
			 "17{'261124000000Z'}}" ALG "03{00 30}}");
	open_dir();
	assert_found("One", 1, CA_R_CRL_MALFORMED);
	put_crl("notes", TWO);
	assert_int_equal(fchmodat(t.dir, "notes", 0666, 0), 0);
	open_dir();
	assert_found("One", 1, CA_R_CRL_DIR);
	assert_said("notes is writable by its group");
	/* which weighs more than a file that is no CRL, whoever came first */
	put_bytes("m", "no CRL", 6);
	put_bytes("z", "no CRL", 6);
	open_dir();
	assert_found("One", 1, CA_R_CRL_DIR);
	assert_said("notes is writable by its group");
	unlinkat(t.dir, "notes", 0);
	open_dir();
	assert_found("One", 1, CA_R_CRL_MALFORMED);
	assert_said("m contains no CRL");
	unlinkat(t.dir, "m", 0);
	unlinkat(t.dir, "z", 0);
	/* what has gone since its issuer was seen is no trouble */
	put_crl("two.crl", TWO);
	open_dir();
	assert_found("One", 1, CA_R_OK);
	unlinkat(t.dir, "two.crl", 0);
	assert_found("Two", 0, CA_R_OK);
	/* but one that others may write by now is */
	put_crl("two.crl", TWO);
	open_dir();
	assert_found("One", 1, CA_R_OK);
	assert_int_equal(fchmodat(t.dir, "two.crl", 0666, 0), 0);
	assert_found("Two", 0, CA_R_CRL_DIR);
}

/* A link to what is not there may have led to the CRL that revokes: on a disk
 * that is not mounted, say. */
static void
links_to_nothing(void **state)
{
	static const char *const target[] = {"gone", "notes", "a.crl/x"};
	char text[128], name[32];

	(void)state;
	put_crl("a.crl", ONE);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(symlinkat(target[i], t.dir, "notes"), 0);
		open_dir();
		assert_found("One", 1, CA_R_CRL_DIR);
		assert_said(
		    i == 1 ? "notes cannot be read: Too many levels of "
			     "symbolic links"
			   : "notes is a symbolic link to a file that does not "
			     "exist");
		unlinkat(t.dir, "notes", 0);
	}
	/* with a hashed name; what is behind it is found */
	put_link(0, "gone");
	put_link(1, "a.crl");
	(void)snprintf(text, sizeof text,
	    "%08lx.r0 is a symbolic link to a file that does not exist",
	    t.hash);
	open_dir();
	assert_found("One", 1, CA_R_CRL_DIR);
	assert_said(text);
	assert_found("Two", 0, CA_R_OK);
	assert_said(NULL);
	(void)snprintf(name, sizeof name, "%08lx.r0", t.hash);
	unlinkat(t.dir, name, 0);
}

/* Something of that kind under a name. */
static void
put_special(int kind, const char *name)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int s;

	switch (kind) {
	case 0:
		assert_int_equal(mkdirat(t.dir, name, 0777), 0);
		return;
	case 1:
		assert_int_equal(mkfifoat(t.dir, name, 0666), 0);
		return;
	case 2:
		(void)snprintf(
		    to.sun_path, sizeof to.sun_path, "%s/%s", t.path, name);
		s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(bind(s, (struct sockaddr *)&to, sizeof to), 0);
		close(s);
		return;
	case 3:
		assert_int_equal(symlinkat("/dev/null", t.dir, name), 0);
		return;
	default:
		assert_int_equal(symlinkat(".", t.dir, name), 0);
	}
}

/* Directories, FIFOs, sockets and devices hold no CRL and nobody up, and keep
 * nobody out, whatever their owner, mode and name. */
static void
no_files(void **state)
{
	static const char *const what[] = {"is a directory", "is a FIFO",
	    "is a socket", "is a device", "is a directory"};
	char name[32], buf[256];
	struct stat st;
	int fd;

	(void)state;
	put_crl("a.crl", ONE);
	for (int i = 0; i < 5; i++)
		for (int hashed = 0; hashed < 2; hashed++) {
			(void)snprintf(name, sizeof name,
			    hashed ? "%08lx.r0" : "lost+found", t.hash);
			put_special(i, name);
			assert_int_equal(ca_crldir_open(t.dir, name, &fd, &st),
			    CA_ERR_UNSUPPORTED);
			assert_string_equal(
			    ca_crldir_why(CA_ERR_UNSUPPORTED, &st, buf),
			    what[i]);
			open_dir();
			assert_found("One", 1, CA_R_OK);
			assert_found("Two", 0, CA_R_OK);
			/* the names behind it count */
			if (hashed) {
				put_link(1, "a.crl");
				open_dir();
				assert_found("One", 1, CA_R_OK);
				(void)snprintf(
				    buf, sizeof buf, "%08lx.r1", t.hash);
				unlinkat(t.dir, buf, 0);
			}
			unlinkat(t.dir, name, i == 0 ? AT_REMOVEDIR : 0);
		}
	assert_int_equal(
	    ca_crldir_open(t.dir, "gone", &fd, &st), CA_ERR_NOT_FOUND);
}

/* What keeps a file from being read is not forgotten by the next look-up. */
static void
remembered(void **state)
{
	const char *crl[1025];
	char name[32];

	(void)state;
	for (size_t i = 0; i < 1025; i++)
		crl[i] = ONE;
	(void)snprintf(name, sizeof name, "%08lx.r0", t.hash);
	put_pem(name, crl, 1025, 0);
	open_dir();
	assert_found("One", 1024, CA_R_CRL_DIR);
	put_pem(name, crl, 1024, 0);
	open_dir();
	assert_found("One", 1024, CA_R_OK);
}

/* More files than are looked through may hold what revokes. */
static void
too_many(void **state)
{
	char name[32];

	(void)state;
	put_crl("a.crl", ONE);
	for (int i = 1; i <= 65536; i++) {
		(void)snprintf(name, sizeof name, "f%d", i);
		assert_int_equal(symlinkat(".", t.dir, name), 0);
	}
	open_dir();
	assert_found("Two", 0, CA_R_CRL_DIR);
	assert_said("crl_dir has too many files");
	unlinkat(t.dir, "f1", 0);
	open_dir();
	assert_found("One", 1, CA_R_OK);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(plain_names),
	    EACH(linked_names),
	    EACH(the_stamp),
	    EACH(several_in_a_file),
	    EACH(what_cannot_be_read),
	    EACH(links_to_nothing),
	    EACH(no_files),
	    EACH(remembered),
	    EACH(too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
