/* src/base: cursors, text, secrets, the log, and checked files. */
#include "vectors.h"

#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- reader ---- */

static void
reader_numbers(void **state)
{
	static const uint8_t in[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
	struct ca_reader r = ca_reader_of(in, sizeof in);
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	(void)state;
	assert_int_equal(ca_read_u8(&r, &u8), CA_OK);
	assert_int_equal(u8, 1);
	assert_int_equal(ca_read_u16(&r, &u16), CA_OK);
	assert_int_equal(u16, 0x0203);
	uint64_t n;
	assert_int_equal(ca_read_number(&r, 3, &n), CA_OK);
	assert_int_equal(n, 0x040506);
	/* short: nothing moves */
	u32 = 42;
	assert_int_equal(ca_read_u32(&r, &u32), CA_ERR_FORMAT);
	assert_int_equal(u32, 42);
	assert_int_equal(r.left, 3);
	assert_int_equal(ca_read_end(&r), CA_ERR_FORMAT);
	r = ca_reader_of(in, 8);
	assert_int_equal(ca_read_u64(&r, &u64), CA_OK);
	assert_true(u64 == 0x0102030405060708);
	assert_int_equal(ca_read_end(&r), CA_OK);
	assert_int_equal(ca_read_u8(&r, &u8), CA_ERR_FORMAT);
	r = ca_reader_of(in, 7);
	assert_int_equal(ca_read_u64(&r, &u64), CA_ERR_FORMAT);
	r = ca_reader_of(in, 4);
	assert_int_equal(ca_read_u32(&r, &u32), CA_OK);
	assert_int_equal(u32, 0x01020304);
}

static void
reader_vectors(void **state)
{
	static const uint8_t in[] = {0, 0, 3, 'a', 'b', 'c', 'd'};
	const uint8_t *p;
	struct ca_reader r, v;

	(void)state;
	r = ca_reader_of(in, 7);
	assert_int_equal(ca_read_vector(&r, 3, 0, 10, &v), CA_OK);
	assert_int_equal(v.left, 3);
	assert_memory_equal(v.p, "abc", 3);
	assert_int_equal(r.left, 1);
	static const struct {
		size_t len, min, max;
		enum ca_err want;
	} cases[] = {{7, 3, 3, CA_OK}, {7, 4, 9, CA_ERR_FORMAT},
	    {7, 0, 2, CA_ERR_FORMAT}, {6, 0, 9, CA_OK},
	    {5, 0, 9, CA_ERR_FORMAT}, {2, 0, 9, CA_ERR_FORMAT},
	    {0, 0, 9, CA_ERR_FORMAT}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		r = ca_reader_of(in, cases[i].len);
		assert_int_equal(
		    ca_read_vector(&r, 3, cases[i].min, cases[i].max, &v),
		    cases[i].want);
		if (cases[i].want != CA_OK)
			assert_int_equal(r.left, cases[i].len);
	}
	r = ca_reader_of(in, 7);
	assert_int_equal(ca_read_bytes(&r, 8, &p), CA_ERR_FORMAT);
	assert_int_equal(ca_read_bytes(&r, SIZE_MAX, &p), CA_ERR_FORMAT);
	assert_int_equal(ca_read_bytes(&r, 7, &p), CA_OK);
	assert_int_equal(ca_read_bytes(&r, 0, &p), CA_OK);
}

/* ---- writer ---- */

static void
writer_numbers(void **state)
{
	struct ca_buf b = CA_BUF_INIT(100);

	(void)state;
	ca_buf_u8(&b, 1);
	ca_buf_u16(&b, 0x0203);
	ca_buf_u24(&b, 0x040506);
	ca_buf_u64(&b, 0x0708090a0b0c0d0e);
	assert_int_equal(b.len, 14);
	for (size_t i = 0; i < 14; i++)
		assert_int_equal(b.p[i], i + 1);
	ca_buf_u24(&b, 0x1000000);
	assert_int_equal(ca_buf_err(&b), CA_ERR_LIMIT);
	assert_int_equal(b.len, 14);
	ca_buf_free(&b);
	ca_buf_free(&b);
}

static void
writer_bound(void **state)
{
	struct ca_buf b = CA_BUF_INIT(5);

	(void)state;
	ca_buf_put(&b, "abc", 3);
	ca_buf_fmt(&b, "%d", 12);
	assert_int_equal(ca_buf_err(&b), CA_OK);
	assert_string_equal(ca_buf_text(&b), "abc12");
	/* a failure stays, and nothing is cut to fit */
	ca_buf_put(&b, "d", 1);
	assert_int_equal(ca_buf_err(&b), CA_ERR_LIMIT);
	assert_null(ca_buf_text(&b));
	assert_null(ca_buf_take(&b, NULL));
	assert_int_equal(b.len, 5);
	ca_buf_reset(&b);
	ca_buf_put(&b, "x", 1);
	assert_string_equal(ca_buf_text(&b), "x");
	ca_buf_put(&b, "y", SIZE_MAX);
	assert_int_equal(ca_buf_err(&b), CA_ERR_LIMIT);
	ca_buf_free(&b);
	/* a zeroed one never worked */
	struct ca_buf zero = {0};
	ca_buf_put(&zero, "x", 1);
	assert_int_not_equal(ca_buf_err(&zero), CA_OK);
	assert_null(ca_buf_text(&zero));
	ca_buf_free(&zero);
	/* as large as can be: the NUL behind it must not wrap */
	struct ca_buf huge = CA_BUF_INIT(SIZE_MAX);
	ca_buf_put(&huge, "x", SIZE_MAX);
	assert_int_not_equal(ca_buf_err(&huge), CA_OK);
	ca_buf_free(&huge);
}

static void
writer_vectors(void **state)
{
	struct ca_buf b = CA_BUF_INIT(1000);
	char longest[256];

	(void)state;
	size_t outer = ca_buf_vector_begin(&b, 3);
	size_t inner = ca_buf_vector_begin(&b, 1);
	ca_buf_str(&b, "abc");
	ca_buf_vector_end(&b, inner, 1);
	ca_buf_vector_end(&b, outer, 3);
	assert_int_equal(b.len, 7);
	assert_memory_equal(b.p, "\0\0\4\3abc", 7);
	ca_buf_reset(&b);
	memset(longest, 'a', sizeof longest);
	inner = ca_buf_vector_begin(&b, 1);
	ca_buf_put(&b, longest, 255);
	ca_buf_vector_end(&b, inner, 1);
	assert_int_equal(ca_buf_err(&b), CA_OK);
	inner = ca_buf_vector_begin(&b, 1);
	ca_buf_put(&b, longest, 256);
	ca_buf_vector_end(&b, inner, 1);
	assert_int_equal(ca_buf_err(&b), CA_ERR_LIMIT);
	ca_buf_free(&b);
}

static void
writer_take(void **state)
{
	struct ca_buf b = CA_BUF_INIT(100);
	size_t len = 0;

	(void)state;
	ca_buf_hex(&b, "\x00\xff\x7a", 3);
	char *p = ca_buf_take(&b, &len);
	assert_string_equal(p, "00ff7a");
	assert_int_equal(len, 6);
	assert_int_equal(b.len, 0);
	ca_buf_str(&b, "again");
	assert_string_equal(ca_buf_text(&b), "again");
	free(p);
	ca_buf_free(&b);
}

/* ---- text ---- */

typedef void put_fn(struct ca_buf *, const void *, size_t);

static void
expect(put_fn *put, const char *in, size_t len, const char *want)
{
	struct ca_buf b = CA_BUF_INIT(1000);

	put(&b, in, len);
	assert_string_equal(ca_buf_text(&b), want);
	ca_buf_free(&b);
}

static void
escapes(void **state)
{
	(void)state;
	expect(ca_buf_escape, "a b~", 4, "a b~");
	expect(ca_buf_escape, "\0\n\x1b\x7f", 4, "\\x00\\x0a\\x1b\\x7f");
	expect(ca_buf_escape, "\\", 1, "\\\\");
	expect(ca_buf_escape, "\"", 1, "\"");
	expect(ca_buf_escape, "\xc3\xa4", 2, "\xc3\xa4");
	expect(ca_buf_escape, "\xc2\x9b", 2, "\\xc2\\x9b");          /* C1 */
	expect(ca_buf_escape, "\xe2\x80\xae", 3, "\\xe2\\x80\\xae"); /* RLO */
	expect(ca_buf_escape, "\xd8\x9c", 2, "\\xd8\\x9c");          /* ALM */
	expect(ca_buf_escape, "\xff\xc3", 2, "\\xff\\xc3");
	expect(ca_buf_escape, "\xc3z", 2, "\\xc3z"); /* z survives */
	expect(ca_buf_printable, "a\\x0a\n", 6, "a\\x0a\\x0a");
	expect(ca_buf_quote, "a\"\\\n=", 5, "\"a\\\"\\\\\\x0a\\=\"");
	expect(ca_buf_json, "a\"\\\n\0", 5, "\"a\\\"\\\\\\u000a\\u0000\"");
	expect(ca_buf_json, "\xff", 1, "\"\\ufffd\"");
	expect(ca_buf_json, "\xe2\x80\xa8", 3, "\"\\u2028\"");
	expect(ca_buf_json, "\xf0\x9f\x98\x80", 4, "\"\xf0\x9f\x98\x80\"");
	expect(ca_buf_json, "", 0, "\"\"");
}

static void
utf8(void **state)
{
	static const struct {
		const char *in;
		size_t len, n;
		uint32_t c;
	} cases[] = {
	    {"", 0, 0, 0},
	    {"a", 1, 1, 'a'},
	    {"\0", 1, 1, 0},
	    {"\xc2\x80", 2, 2, 0x80},
	    {"\xdf\xbf", 2, 2, 0x7ff},
	    {"\xe0\xa0\x80", 3, 3, 0x800},
	    {"\xef\xbf\xbd", 3, 3, 0xfffd},
	    {"\xf0\x90\x80\x80", 4, 4, 0x10000},
	    {"\xf4\x8f\xbf\xbf", 4, 4, 0x10ffff},
	    {"\x80", 1, 0, 0},
	    {"\xc3", 1, 0, 0},
	    {"\xc3(", 2, 0, 0},
	    {"\xc0\xaf", 2, 0, 0},
	    {"\xc1\xbf", 2, 0, 0}, /* overlong */
	    {"\xe0\x9f\xbf", 3, 0, 0},
	    {"\xf0\x8f\xbf\xbf", 4, 0, 0},
	    {"\xed\xa0\x80", 3, 0, 0},
	    {"\xed\xbf\xbf", 3, 0, 0},
	    {"\xf4\x90\x80\x80", 4, 0, 0},
	    {"\xf8\x88\x80\x80\x80", 5, 0, 0},
	    {"\xfe", 1, 0, 0},
	    {"\xe2\x80", 2, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint32_t c = 0;
		size_t n = ca_utf8_next(
		    (const uint8_t *)cases[i].in, cases[i].len, &c);

		assert_int_equal(n, cases[i].n);
		if (n > 0)
			assert_int_equal(c, cases[i].c);
	}
	static const uint32_t unprintable[] = {0, 9, 0x1f, 0x7f, 0x80, 0x9f,
	    0x61c, 0x200b, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202e,
	    0x2060, 0x2066, 0x2069, 0xfdd0, 0xfdef, 0xfeff, 0xfff9, 0xfffb,
	    0xfffe, 0xffff, 0x1fffe, 0xe0001, 0xe007f, 0x10ffff};
	for (size_t i = 0; i < sizeof unprintable / sizeof *unprintable; i++)
		assert_false(ca_utf8_printable(unprintable[i]));
	static const uint32_t printable[] = {' ', '~', 0xa0, 0xe4, 0x3b1, 0x61b,
	    0x4e2d, 0xfdcf, 0xfdf0, 0xfffd, 0x1f600};
	for (size_t i = 0; i < sizeof printable / sizeof *printable; i++)
		assert_true(ca_utf8_printable(printable[i]));
	assert_true(ca_utf8_text("", 0));
	assert_true(ca_utf8_text("J\xc3\xbcrgen", 7));
	assert_false(ca_utf8_text("J\xc3", 2));
	assert_false(ca_utf8_text("a\0b", 3));
}

static void
base64url(void **state)
{
	static const struct {
		const char *bytes, *text;
	} good[] = {{"", ""}, {"f", "Zg"}, {"fo", "Zm8"}, {"foo", "Zm9v"},
	    {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"},
	    {"\xfb\xef\xff", "--__"}, {"\xff\xe0", "_-A"}};
	static const char *const bad[] = {"A", "AAAAA", "Zg==", "Zm8=", "Z+8A",
	    "Z/8A", "Zm 9", "Zm9\n", " Zm9", "Zm9v\n",
	    ("\xc3\xa4"
	     "AA"),
	    /* bits that stand for nothing */
	    "Zh", "Zv", "Z_", "Zm9vYh", "Zm9", "Zm-", "Zm_"};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct ca_buf b = CA_BUF_INIT(100);

		ca_base64url_encode(&b, good[i].bytes, strlen(good[i].bytes));
		assert_string_equal(ca_buf_text(&b), good[i].text);
		ca_buf_reset(&b);
		assert_int_equal(
		    ca_base64url_decode(&b, good[i].text, strlen(good[i].text)),
		    CA_OK);
		assert_string_equal(ca_buf_text(&b), good[i].bytes);
		ca_buf_free(&b);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct ca_buf b = CA_BUF_INIT(100);

		if (ca_base64url_decode(&b, bad[i], strlen(bad[i])) !=
		    CA_ERR_FORMAT)
			fail_msg("accepted: %s", bad[i]);
		ca_buf_free(&b);
	}
	struct ca_buf small = CA_BUF_INIT(2);
	assert_int_equal(ca_base64url_decode(&small, "Zm9v", 4), CA_ERR_LIMIT);
	assert_int_equal(ca_base64url_decode(&small,
			     "Z\0"
			     "AA",
			     4),
	    CA_ERR_FORMAT);
	ca_buf_free(&small);
}

/* ---- secrets ---- */

static void
secrets(void **state)
{
	struct ca_secret *s = ca_secret_new("1\0"
					    "2",
	    3);

	(void)state;
	assert_int_equal(ca_secret_len(s), 3);
	assert_memory_equal(ca_secret_get0(s),
	    "1\0"
	    "2",
	    4);
	ca_secret_free(s);
	ca_secret_free(NULL);
	s = ca_secret_take(strdup("1234"));
	assert_string_equal(ca_secret_get0(s), "1234");
	ca_secret_free(s);
	s = ca_secret_new(NULL, 0);
	assert_string_equal(ca_secret_get0(s), "");
	ca_secret_free(s);
	assert_null(ca_secret_take(NULL));
	assert_null(ca_secret_new("x", SIZE_MAX));
	ca_secret_wipe_text(NULL);
	ca_secret_wipe_text(strdup("1234"));
}

/* ---- the log ---- */

struct sink {
	char line[40000];
	size_t n;
};

static void
emit(void *ctx, enum ca_log_level level, const char *line)
{
	struct sink *sink = ctx;

	(void)level;
	sink->n++;
	(void)snprintf(sink->line, sizeof sink->line, "%s", line);
	errno = EINVAL;
}

static void
logging(void **state)
{
	static struct sink sink;
	struct ca_log log = {emit, &sink, false};
	static char big[20000];

	(void)state;
	errno = ENOENT;
	ca_log_err(&log, "%s: %m", "a\nb\x1b[0m");
	assert_int_equal(errno, ENOENT);
	assert_string_equal(
	    sink.line, "\"a\\x0ab\\x1b[0m\": No such file or directory");
	ca_log_debug(&log, "hidden");
	assert_int_equal(sink.n, 1);
	log.debug = true;
	ca_log_debug(&log, "seen");
	assert_string_equal(sink.line, "seen");
	memset(big, '\n', sizeof big - 1);
	ca_log_warning(&log, "%s", big);
	/* cut in its quotes */
	assert_int_equal(strlen(sink.line), 1 + 4000 + 3 + 1);
	assert_string_equal(sink.line + 1 + 4000, "...\"");
	ca_log_err(NULL, "nowhere");
	log.emit = NULL;
	ca_log_err(&log, "nowhere");
	assert_int_equal(sink.n, 3);
}

static void
errors(void **state)
{
	(void)state;
	for (int e = CA_ERR_UNSET; e <= CA_ERR_SIGNATURE; e++) {
		assert_string_not_equal(
		    ca_err_text((enum ca_err)e), "unknown error");
		for (int f = CA_ERR_UNSET; f < e; f++)
			assert_string_not_equal(ca_err_text((enum ca_err)e),
			    ca_err_text((enum ca_err)f));
	}
	assert_string_equal(ca_err_text((enum ca_err)1000), "unknown error");
	assert_int_not_equal(CA_OK, 0);
}

/* ---- files ---- */

static char dir[64];

static int
make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/certauth-base-XXXXXX");
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static int
remove_dir(void **state)
{
	char command[100];

	(void)state;
	(void)snprintf(command, sizeof command, "rm -rf '%s'", dir);
	return system(command) == 0 ? 0 : -1;
}

static const char *
in_dir(const char *name)
{
	static char path[4][128];
	static int next;

	next = (next + 1) % 4;
	(void)snprintf(path[next], sizeof path[next], "%s/%s", dir, name);
	return path[next];
}

static void
make_file(const char *name, const char *content, mode_t mode)
{
	FILE *f = fopen(in_dir(name), "w");

	assert_non_null(f);
	fputs(content, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(in_dir(name), mode), 0);
}

static enum ca_err
try_open(const char *name)
{
	struct stat st;
	int fd = -1;
	enum ca_err rc = ca_file_open(AT_FDCWD, in_dir(name), &fd, &st);

	if (rc == CA_OK) {
		assert_int_not_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
		assert_int_equal(close(fd), 0);
	} else {
		assert_int_equal(fd, -1);
	}
	return rc;
}

static void
file_modes(void **state)
{
	static const struct {
		mode_t mode;
		enum ca_err want;
	} cases[] = {{0644, CA_OK}, {0600, CA_OK}, {0444, CA_OK}, {0640, CA_OK},
	    {0664, CA_ERR_UNTRUSTED}, {0646, CA_ERR_UNTRUSTED},
	    {0620, CA_ERR_UNTRUSTED}, {0602, CA_ERR_UNTRUSTED},
	    {0777, CA_ERR_UNTRUSTED}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		make_file("modes", "x", cases[i].mode);
		assert_int_equal(try_open("modes"), cases[i].want);
	}
}

static void
file_kinds(void **state)
{
	int fd;

	(void)state;
	make_file("file", "content", 0644);
	assert_int_equal(try_open("absent"), CA_ERR_NOT_FOUND);
	assert_int_equal(try_open("file/below"), CA_ERR_NOT_FOUND);
	/* a directory is no file, and the other way round */
	assert_int_equal(mkdir(in_dir("sub"), 0755), 0);
	assert_int_equal(try_open("sub"), CA_ERR_UNTRUSTED);
	assert_int_equal(
	    ca_file_opendir(AT_FDCWD, in_dir("sub"), &fd, NULL), CA_OK);
	make_file("sub/inner", "x", 0644);
	struct ca_buf b = CA_BUF_INIT(100);
	assert_int_equal(ca_file_read(fd, "inner", 100, &b), CA_OK);
	assert_string_equal(ca_buf_text(&b), "x");
	ca_buf_free(&b);
	assert_int_equal(close(fd), 0);
	assert_int_equal(ca_file_opendir(AT_FDCWD, in_dir("file"), &fd, NULL),
	    CA_ERR_NOT_FOUND);
	static struct sink sink;
	const struct ca_log log = {emit, &sink, false};
	ca_file_log(&log, in_dir("file"), CA_ERR_NOT_FOUND);
	assert_non_null(strstr(sink.line, "file is not a directory, or "));
	assert_int_equal(try_open("absent"), CA_ERR_NOT_FOUND);
	ca_file_log(&log, in_dir("absent"), CA_ERR_NOT_FOUND);
	assert_non_null(strstr(sink.line, "absent does not exist"));
	assert_int_equal(chmod(in_dir("sub"), 01777), 0);
	assert_int_equal(ca_file_opendir(AT_FDCWD, in_dir("sub"), &fd, NULL),
	    CA_ERR_UNTRUSTED);
	assert_int_equal(chmod(in_dir("sub"), 0775), 0);
	assert_int_equal(ca_file_opendir(AT_FDCWD, in_dir("sub"), &fd, NULL),
	    CA_ERR_UNTRUSTED);
	ca_file_log(&log, in_dir("sub"), CA_ERR_UNTRUSTED);
	assert_non_null(strstr(
	    sink.line, "sub is writable by its group; run: chmod go-w /"));
	/* a FIFO does not hold us up (it would until the alarm) */
	assert_int_equal(mkfifo(in_dir("fifo"), 0644), 0);
	alarm(20);
	assert_int_equal(try_open("fifo"), CA_ERR_UNTRUSTED);
	alarm(0);
	/* a link is followed, and what it leads to is judged */
	assert_int_equal(symlink("file", in_dir("link")), 0);
	assert_int_equal(try_open("link"), CA_OK);
	assert_int_equal(chmod(in_dir("file"), 0666), 0);
	assert_int_equal(try_open("link"), CA_ERR_UNTRUSTED);
	assert_int_equal(symlink("nowhere", in_dir("dangling")), 0);
	assert_int_equal(try_open("dangling"), CA_ERR_NOT_FOUND);
	assert_int_equal(symlink("loop", in_dir("loop")), 0);
	assert_int_equal(try_open("loop"), CA_ERR_IO);
	assert_int_equal(symlink("/dev/zero", in_dir("device")), 0);
	assert_int_equal(try_open("device"), CA_ERR_UNTRUSTED);
}

static void
file_owner(void **state)
{
	(void)state;
	make_file("owned", "x", 0644);
	assert_int_equal(try_open("owned"), CA_OK);
	if (geteuid() != 0) {
		print_message("# SKIP: only root can give files away\n");
		skip();
	}
	assert_int_equal(chown(in_dir("owned"), 12345, 0), 0);
	assert_int_equal(try_open("owned"), CA_ERR_UNTRUSTED);
	/* its owner trusts it, and root's files */
	assert_int_equal(chmod(dir, 0755), 0);
	make_file("roots", "x", 0644);
	make_file("hidden", "x", 0600);
	assert_int_equal(seteuid(12345), 0);
	assert_int_equal(try_open("owned"), CA_OK);
	assert_int_equal(try_open("roots"), CA_OK);
	/* unreadable is not absent */
	errno = 0;
	assert_int_equal(try_open("hidden"), CA_ERR_IO);
	assert_int_equal(errno, EACCES);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(chown(in_dir("owned"), 0, 12345), 0);
	assert_int_equal(try_open("owned"), CA_OK);
}

static void
file_read(void **state)
{
	struct ca_buf b = CA_BUF_INIT(100000);
	static char big[40000];

	(void)state;
	memset(big, 'a', sizeof big - 1);
	make_file("big", big, 0644);
	assert_int_equal(
	    ca_file_read(AT_FDCWD, in_dir("big"), sizeof big - 1, &b), CA_OK);
	assert_int_equal(b.len, sizeof big - 1);
	assert_string_equal(ca_buf_text(&b), big);
	ca_buf_reset(&b);
	assert_int_equal(
	    ca_file_read(AT_FDCWD, in_dir("big"), sizeof big - 2, &b),
	    CA_ERR_LIMIT);
	ca_buf_reset(&b);
	b.max = 100;
	assert_int_equal(ca_file_read(AT_FDCWD, in_dir("big"), sizeof big, &b),
	    CA_ERR_LIMIT);
	ca_buf_reset(&b);
	make_file("none", "", 0644);
	assert_int_equal(ca_file_read(AT_FDCWD, in_dir("none"), 0, &b), CA_OK);
	assert_int_equal(b.len, 0);
	assert_int_equal(ca_file_read_fd(-1, 10, &b), CA_ERR_IO);
	ca_buf_free(&b);
}

static void
file_replace(void **state)
{
	struct stat st;
	struct ca_buf b = CA_BUF_INIT(100);

	(void)state;
	make_file("replaced", "old", 0644);
	assert_int_equal(
	    ca_file_replace(in_dir("replaced"), "new", 3, 0640), CA_OK);
	assert_int_equal(stat(in_dir("replaced"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(
	    ca_file_read(AT_FDCWD, in_dir("replaced"), 10, &b), CA_OK);
	assert_string_equal(ca_buf_text(&b), "new");
	ca_buf_free(&b);
	/* what cannot be replaced leaves nothing behind */
	assert_int_equal(mkdir(in_dir("full"), 0755), 0);
	make_file("full/x", "x", 0644);
	assert_int_equal(
	    ca_file_replace(in_dir("full"), "new", 3, 0644), CA_ERR_IO);
	assert_int_equal(
	    ca_file_replace(in_dir("absent/x"), "new", 3, 0644), CA_ERR_IO);
	/* a path that is too long is no lack of memory */
	char path[9000];
	memset(path, 'x', sizeof path - 1);
	path[sizeof path - 1] = '\0';
	assert_int_equal(ca_file_replace(path, "new", 3, 0644), CA_ERR_LIMIT);
	char command[200];
	(void)snprintf(command, sizeof command,
	    "test -z \"$(ls -A '%s' | "
	    "grep -E '\\.[A-Za-z0-9]{6}$')\"",
	    dir);
	assert_int_equal(system(command), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reader_numbers),
	    cmocka_unit_test(reader_vectors),
	    cmocka_unit_test(writer_numbers),
	    cmocka_unit_test(writer_bound),
	    cmocka_unit_test(writer_vectors),
	    cmocka_unit_test(writer_take),
	    cmocka_unit_test(escapes),
	    cmocka_unit_test(utf8),
	    cmocka_unit_test(base64url),
	    cmocka_unit_test(secrets),
	    cmocka_unit_test(logging),
	    cmocka_unit_test(errors),
	    cmocka_unit_test(file_modes),
	    cmocka_unit_test(file_kinds),
	    cmocka_unit_test(file_owner),
	    cmocka_unit_test(file_read),
	    cmocka_unit_test(file_replace),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
