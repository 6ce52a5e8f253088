/* Reading a log on: each complete entry once, over rotations of all kinds. */
#include "auditmake.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/logfollow.h"
#include "audit/logrecord.h"

static char dir[] = "/tmp/test_logfollow.XXXXXX";
static char path[128];

static const char *
in_dir(const char *name)
{
	static char out[128];

	snprintf(out, sizeof out, "%s/%s", dir, name);
	return out;
}

static void
add(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* A line with this number. */
static void
line(const char *file, unsigned n)
{
	char text[256];

	snprintf(text, sizeof text,
	    "2026-11-29T12:00:00Z h sshd[%u]: pam_certauth(sshd:auth): outcome=denied reason=config detail=\"%u\"\n",
	    n, n);
	add(file, text);
}

/* The numbers that were visited, as text. */
static char seen[4096];

static enum ca_err
see(void *ctx, const struct ca_logrecord *r)
{
	const char *at = strstr(r->message, "detail=\"");

	(void)ctx;
	assert_non_null(at);
	snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%d ",
	    atoi(at + 8));
	return CA_OK;
}

static int
follow(struct ca_logfollow *at)
{
	struct ca_logsource s = {.visit = see};

	seen[0] = '\0';
	at->lost = false;
	return ca_logfollow_file(&s, path, at);
}

static int
begin(void **state)
{
	static const char *const names[] = {"auth.log", "auth.log.1",
	    "auth.log.2", "auth.log-20261129", "auth.logx", "auth.log.dir"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (unlink(in_dir(names[i])) != 0)
			(void)rmdir(in_dir(names[i]));
	snprintf(path, sizeof path, "%s", in_dir("auth.log"));
	return 0;
}

static void
each_line_once(void **state)
{
	struct ca_logfollow at = {0};

	(void)state;
	line(path, 1);
	/* what is there at the first time is not visited */
	assert_int_equal(follow(&at), 0);
	assert_string_equal(seen, "");
	line(path, 2);
	line(path, 3);
	assert_int_equal(follow(&at), 0);
	assert_string_equal(seen, "2 3 ");
	assert_int_equal(follow(&at), 0);
	assert_string_equal(seen, "");
	assert_false(at.lost);
	/* lines of others move the place too */
	add(path, "2026-11-29T12:00:00Z h cron[1]: nothing\n");
	assert_int_equal(follow(&at), 0);
	line(path, 4);
	assert_int_equal(follow(&at), 0);
	assert_string_equal(seen, "4 ");
}

/* A line whose end is still to be written is left for the next time. */
static void
line_in_two_parts(void **state)
{
	struct ca_logfollow at = {0};
	char big[70000];

	(void)state;
	add(path, "2026-11-29T12:00:00Z h sshd[1]: pam_certauth(sshd:auth): ");
	assert_int_equal(follow(&at), 0);
	assert_int_equal(at.offset, 0);
	add(path, "outcome=denied reason=config detail=\"1\"\n");
	assert_int_equal(follow(&at), 0);
	assert_string_equal(seen, "1 ");
	add(path,
	    "2026-11-29T12:00:00Z h sshd[1]: pam_certauth(sshd:auth): outcome=denied reason=config detail=\"2\"");
	assert_int_equal(follow(&at), 0);
	assert_string_equal(seen, "");
	add(path, "\n");
	assert_int_equal(follow(&at), 0);
	assert_string_equal(seen, "2 ");
	/* the rest of a line that is too long is no line */
	memset(big, 'x', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	add(path, big);
	assert_int_equal(follow(&at), 0);
	line(path, 3);
	line(path, 4);
	assert_int_equal(follow(&at), 0);
	assert_string_equal(seen, "4 ");
}

/* The end of a file without a newline for longer than a block. */
static void
begins_at_a_line(void **state)
{
	struct ca_logfollow at = {0};
	char big[10000];
	struct stat st;

	(void)state;
	line(path, 1);
	assert_int_equal(stat(path, &st), 0);
	memset(big, 'x', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	add(path, big);
	assert_int_equal(follow(&at), 0);
	assert_int_equal(at.offset, st.st_size);
	line(path, 2); /* the end of the long line */
	line(path, 3);
	assert_int_equal(follow(&at), 0);
	assert_string_equal(seen, "3 ");
}

static void
rotated(void **state)
{
	static const char *const to[] = {"auth.log.1", "auth.log-20261129"};

	for (int i = 0; i < 2; i++) {
		struct ca_logfollow at = {0};

		begin(state);
		line(path, 1);
		assert_int_equal(follow(&at), 0);
		line(path, 2);
		/* others beside it: a directory, another file, an older one */
		assert_int_equal(mkdir(in_dir("auth.log.dir"), 0700), 0);
		line(in_dir("auth.logx"), 8);
		line(in_dir("auth.log.2"), 9);
		assert_int_equal(rename(path, in_dir(to[i])), 0);
		line(path, 3);
		assert_int_equal(follow(&at), 0);
		assert_string_equal(seen, "2 3 ");
		assert_false(at.lost);
		line(path, 4);
		assert_int_equal(follow(&at), 0);
		assert_string_equal(seen, "4 ");
	}
}

/* Not a copy of what was read: lines may be missing, and none comes twice. */
static void
gone(void **state)
{
	struct ca_logfollow at = {0};

	(void)state;
	line(path, 1);
	assert_int_equal(follow(&at), 0);
	line(path, 2);
	assert_int_equal(unlink(path), 0);
	/* as a rotated file, but compressed */
	add(in_dir("auth.log.1"), "\x1f\x8b");
	line(path, 3);
	line(path, 4);
	assert_int_equal(follow(&at), 0);
	assert_string_equal(seen, "3 4 ");
	assert_true(at.lost);
	/* copytruncate */
	assert_int_equal(truncate(path, 0), 0);
	line(path, 5);
	assert_int_equal(follow(&at), 0);
	assert_string_equal(seen, "5 ");
	assert_true(at.lost);
	assert_int_equal(follow(&at), 0);
	assert_string_equal(seen, "");
	assert_false(at.lost);
}

/* A copy with another inode, as a restored file, is the same file. */
static void
same_by_its_text(void **state)
{
	struct ca_logfollow at = {0};
	char block[4096];
	int fd;
	ssize_t n;

	(void)state;
	for (unsigned i = 0; i < 8; i++)
		line(path, i);
	assert_int_equal(follow(&at), 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = read(fd, block, sizeof block - 1);
	assert_true(n > (ssize_t)CA_LOGFOLLOW_TAIL);
	close(fd);
	block[n] = '\0';
	add(in_dir("auth.logx"), block);
	assert_int_equal(rename(in_dir("auth.logx"), path), 0);
	line(path, 9);
	assert_int_equal(follow(&at), 0);
	assert_string_equal(seen, "9 ");
	assert_false(at.lost);
}

static void
no_file(void **state)
{
	struct ca_logfollow at = {0}, was;

	(void)state;
	assert_int_equal(follow(&at), 2);
	assert_false(at.file);
	line(path, 1);
	assert_int_equal(follow(&at), 0);
	line(path, 2);
	was = at;
	/* between rename and create */
	assert_int_equal(rename(path, in_dir("auth.log.1")), 0);
	assert_int_equal(follow(&at), 2);
	assert_memory_equal(&at, &was, sizeof at);
	line(path, 3);
	assert_int_equal(follow(&at), 0);
	assert_string_equal(seen, "2 3 ");
	/* compressed, a directory, a pipe */
	unlink(path);
	add(path, "\x1f\x8b");
	assert_int_equal(follow(&at), 2);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(follow(&at), 2);
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(follow(&at), 2);
}

/* ---- the export format ---- */

#define ENTRY(cursor, n)                                                       \
	"__CURSOR=" cursor "\n__REALTIME_TIMESTAMP=1795855155320186\n_UID=0\n" \
	"_TRANSPORT=syslog\nSYSLOG_IDENTIFIER=sshd\n"                          \
	"MESSAGE=pam_certauth(sshd:auth): outcome=denied reason=config "       \
	"detail=\"" n "\"\n"

static void export(const char *text, const char *after, bool more,
    struct ca_logrecord_state *state)
{
	int fd = memfd_create("log", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	*state = (struct ca_logrecord_state){.after = after, .follow = more};
	seen[0] = '\0';
	assert_int_equal(ca_logrecord_read(fd, 0, see, NULL, state), CA_OK);
	close(fd);
}

static void
cursors(void **state)
{
	static const char two[] =
	    ENTRY("s=a;i=1", "1") "\n" ENTRY("s=a;i=2", "2") "\n";
	struct ca_logrecord_state s;

	(void)state;
	export(two, NULL, false, &s);
	assert_string_equal(seen, "1 2 ");
	assert_string_equal(s.cursor, "s=a;i=2");
	assert_false(s.passed);
	assert_int_equal(s.used, strlen(two));
	/* an entry that was read before */
	export(two, "s=a;i=1", true, &s);
	assert_string_equal(seen, "2 ");
	assert_true(s.passed);
	/* one that is not there any more */
	export(two, "s=a;i=0", true, &s);
	assert_string_equal(seen, "1 2 ");
	assert_false(s.passed);
	/* entries of other programs have cursors too */
	export(ENTRY("s=a;i=1", "1") "\n__CURSOR=s=a;i=7\nMESSAGE=other\n\n",
	    NULL, true, &s);
	assert_string_equal(seen, "1 ");
	assert_string_equal(s.cursor, "s=a;i=7");
	/* the end of the last one is missing: it is left */
	export(
	    ENTRY("s=a;i=1", "1") "\n" ENTRY("s=a;i=2", "2"), NULL, true, &s);
	assert_string_equal(seen, "1 ");
	assert_string_equal(s.cursor, "s=a;i=1");
	assert_int_equal(s.damaged, 0);
	assert_int_equal(s.used, strlen(ENTRY("s=a;i=1", "1") "\n"));
	export(
	    ENTRY("s=a;i=1", "1") "\n__CURSOR=s=a;i=2\nMESS", NULL, true, &s);
	assert_string_equal(seen, "1 ");
	assert_int_equal(s.damaged, 0);
}

static int
make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int
remove_dir(void **state)
{
	begin(state);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(each_line_once, begin),
	    cmocka_unit_test_setup(line_in_two_parts, begin),
	    cmocka_unit_test_setup(begins_at_a_line, begin),
	    cmocka_unit_test_setup(rotated, begin),
	    cmocka_unit_test_setup(gone, begin),
	    cmocka_unit_test_setup(same_by_its_text, begin),
	    cmocka_unit_test_setup(no_file, begin),
	    cmocka_unit_test(cursors),
	};

	return cmocka_run_group_tests_name(
	    "logfollow", tests, make_dir, remove_dir);
}
