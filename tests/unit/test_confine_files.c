/* Landlock: what a process may still open, on this kernel and on others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "confinechild.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* ---- a kernel of another version ---- */

static struct {
	int abi;     /* 0: the kernel that runs this */
	int absent;  /* the error of a kernel, or a sandbox, without Landlock */
	int failing; /* number of a call that fails with EPERM */
	unsigned creates, fail_at; /* that one fails with EMFILE */
	uint64_t fs, net, scoped;  /* of the last ruleset */
	uint64_t allowed[8];
	unsigned rules, entered;
} fake;

/* Bits that a version knows. */
static uint64_t
known(char field, int abi)
{
	static const int fs[] = {13, 14, 15, 15, 16, 16, 16, 16, 17, 17, 20};
	static const int net[] = {0, 0, 0, 2, 2, 2, 2, 2, 2, 4, 5};
	static const int scoped[] = {0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 64};
	int n = field == 'f'   ? fs[abi - 1]
		: field == 'n' ? net[abi - 1]
			       : scoped[abi - 1];

	return n == 64 ? ~(uint64_t)0 : ((uint64_t)1 << n) - 1;
}

static long
failed(int error)
{
	errno = error;
	return -1;
}

static long
fake_create(const uint64_t *attr, size_t size, long flags)
{
	if (flags == 1)
		return attr == NULL && size == 0 ? fake.abi : failed(EINVAL);
	if (++fake.creates == fake.fail_at)
		return failed(EMFILE);
	if (size != 3 * sizeof *attr || flags != 0)
		return failed(EINVAL);
	if ((fake.abi < 4 && attr[1] != 0) || (fake.abi < 6 && attr[2] != 0))
		return failed(E2BIG);
	if ((attr[0] & ~known('f', fake.abi)) != 0 ||
	    (attr[1] & ~known('n', fake.abi)) != 0 ||
	    (attr[2] & ~known('s', fake.abi)) != 0)
		return failed(EINVAL);
	fake.fs = attr[0], fake.net = attr[1], fake.scoped = attr[2];
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* It takes six words, however many were passed, as the real one does. */
__attribute__((no_sanitize_address)) long
syscall(long number, ...)
{
	static long (*next)(long, ...);
	long a[6];
	va_list ap;

	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (next == NULL)
		*(void **)&next = dlsym(RTLD_NEXT, "syscall");
	if (number == fake.failing)
		return failed(EPERM);
	if (number == SYS_landlock_create_ruleset && fake.absent != 0)
		return failed(fake.absent);
	if (fake.abi == 0)
		return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (number == SYS_landlock_create_ruleset)
		return fake_create((const uint64_t *)a[0], (size_t)a[1], a[2]);
	if (number == SYS_landlock_add_rule) {
		fake.allowed[fake.rules++ % 8] =
		    ((const struct landlock_path_beneath_attr *)a[2])
			->allowed_access;
		return 0;
	}
	if (number == SYS_landlock_restrict_self) {
		fake.entered++;
		return a[1] == 0 ? 0 : failed(EINVAL);
	}
	return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* ---- a folder: in/file, in/down/file, in/out (a link to out/file), out/file,
 * link (to in), one/file ---- */

static char dir[64];

static const char *
at(const char *name)
{
	static char path[4][256];
	static unsigned n;

	n = (n + 1) % 4;
	(void)snprintf(path[n], sizeof path[n], "%s/%s", dir, name);
	return path[n];
}

static int
make_folder(void **state)
{
	static const char *const files[] = {
	    "in/file", "in/down/file", "out/file", "one/file", "one/other"};

	(void)state;
	(void)snprintf(dir, sizeof dir, "/tmp/certauth-confine.XXXXXX");
	if (mkdtemp(dir) == NULL || chmod(dir, 0755) != 0 ||
	    mkdir(at("in"), 0755) != 0 || mkdir(at("in/down"), 0755) != 0 ||
	    mkdir(at("out"), 0755) != 0 || mkdir(at("one"), 0755) != 0 ||
	    symlink("in", at("link")) != 0 ||
	    symlink("../out/file", at("in/out")) != 0)
		return -1;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		FILE *f = fopen(at(files[i]), "w");

		if (f == NULL || fputs("#!/bin/sh\n", f) < 0 ||
		    fclose(f) != 0 || chmod(at(files[i]), 0755) != 0)
			return -1;
	}
	return 0;
}

static int
remove_folder(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof command, "rm -rf %s", dir);
	return system(command) == 0 ? 0 : -1; // NOLINT(cert-env33-c)
}

static const char *step;

static enum ca_err
confine_to(const char *a, const char *b, bool network)
{
	const char *const paths[] = {a, at("absent"), at("in/file/absent"), b};
	const struct ca_confine_files files = {paths, 4, network};

	return ca_confine_files(&files, &step);
}

static enum ca_err
confine_to_in(bool network)
{
	return confine_to(at("in"), at("one/file"), network);
}

static int version;

static bool
refused(const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	if (fd >= 0)
		(void)close(fd);
	return fd < 0 && errno == EACCES;
}

static bool
read_works(const char *path)
{
	char line[32] = "";
	FILE *f = fopen(path, "re");

	if (f == NULL)
		return false;
	bool ok = fgets(line, sizeof line, f) != NULL &&
		  strcmp(line, "#!/bin/sh\n") == 0;
	(void)fclose(f);
	return ok;
}

static int
names_in(const char *path)
{
	DIR *d = opendir(path);
	int n = 0;

	if (d == NULL)
		return -1;
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n;
}

static int
reads(void)
{
	if (confine_to_in(false) != CA_OK)
		return 1;
	if (!read_works(at("in/file")) || !read_works(at("in/down/file")) ||
	    !read_works(at("link/file")) || !read_works(at("one/file")))
		return 2;
	if (names_in(at("in")) != 5 || names_in(at("in/down")) != 3)
		return 3;
	/* what is beside, above and behind a link */
	if (!refused(at("out/file"), O_RDONLY) ||
	    !refused(at("in/out"), O_RDONLY) ||
	    !refused(at("in/../out/file"), O_RDONLY) ||
	    !refused(at("one/other"), O_RDONLY) ||
	    !refused("/etc/passwd", O_RDONLY))
		return 4;
	return names_in(at("out")) == -1 && names_in(at("one")) == -1 &&
		       names_in("/") == -1 && errno == EACCES
		   ? 0
		   : 5;
}

static int
reads_behind_a_link(void)
{
	if (confine_to(at("link"), at("in/out"), false) != CA_OK)
		return 1;
	return read_works(at("in/file")) && read_works(at("in/out")) &&
		       !read_works(at("one/file"))
		   ? 0
		   : 2;
}

static int
reads_nothing(void)
{
	const struct ca_confine_files none = {NULL, 0, false};

	if (ca_confine_files(&none, &step) != CA_OK)
		return 1;
	return refused(at("in/file"), O_RDONLY) ? 0 : 2;
}

/* What the owner, or root, could do otherwise. */
static int
writes(void)
{
	char *const argv[] = {NULL};

	if (confine_to_in(false) != CA_OK)
		return 1;
	if (!refused(at("in/file"), O_WRONLY) ||
	    !refused(at("in/file"), O_RDWR) ||
	    !refused(at("in/file"), O_WRONLY | O_TRUNC) ||
	    !refused(at("in/new"), O_RDONLY | O_CREAT) ||
	    !refused(at("new"), O_WRONLY | O_CREAT) ||
	    !refused(at("in"), O_TMPFILE | O_RDWR))
		return 2;
	if (unlink(at("in/file")) == 0 || errno != EACCES ||
	    mkdir(at("in/new"), 0700) == 0 || errno != EACCES ||
	    rmdir(at("in/down")) == 0 || errno != EACCES ||
	    symlink("x", at("in/new")) == 0 || errno != EACCES ||
	    rename(at("in/file"), at("in/new")) == 0 || errno != EACCES ||
	    mkfifo(at("in/new"), 0600) == 0 || errno != EACCES)
		return 3;
	if (execve(at("in/file"), argv, argv) != -1 || errno != EACCES)
		return 4;
	if (link(at("in/file"), at("in/down/new")) == 0)
		return 5;
	if (version >= 3 &&
	    (truncate(at("in/file"), 0) == 0 || errno != EACCES))
		return 6;
	return 0;
}

static int port;

static int
connects(int fd)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int rc = connect(fd, (const struct sockaddr *)&to, sizeof to);

	return rc == 0 ? 0 : errno;
}

static int
reaches_nobody(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (confine_to_in(false) != CA_OK)
		return 1;
	if (version >= 4 &&
	    (connects(fd) != EACCES ||
		bind(fd, (const struct sockaddr *)&any, sizeof any) == 0 ||
		errno != EACCES))
		return 2;
	return version < 6 || (kill(getppid(), 0) == -1 && errno == EPERM) ? 0
									   : 3;
}

static int
reaches_the_network(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (confine_to("/", at("one/file"), true) != CA_OK)
		return 1;
	if (connects(fd) != 0)
		return 2;
	if (!read_works(at("out/file")) || !refused(at("in/file"), O_WRONLY))
		return 3;
	return version < 6 || (kill(getppid(), 0) == -1 && errno == EPERM) ? 0
									   : 4;
}

static int
listener(void)
{
	struct sockaddr_in any = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof any;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (const struct sockaddr *)&any, len), 0);
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&any, &len), 0);
	port = ntohs(any.sin_port);
	return fd;
}

static void
this_kernel(void **state)
{
	int fd;

	(void)state;
	version = (int)syscall(SYS_landlock_create_ruleset, NULL, 0UL, 1U);
	if (version < 1) {
		assert_int_equal(confine_to_in(false), CA_ERR_UNSUPPORTED);
		print_message("# SKIP: this kernel has no Landlock\n");
		skip();
	}
	child_returns(reads, 0);
	child_returns(reads_behind_a_link, 0);
	child_returns(reads_nothing, 0);
	child_returns(writes, 0);
	fd = listener();
	child_returns(reaches_nobody, 0);
	child_returns(reaches_the_network, 0);
	(void)close(fd);
}

/* Each version: what it knows is refused, as far as we know it. */
static void
each_version(void **state)
{
	(void)state;
	for (int abi = 1; abi <= 11; abi++) {
		uint64_t fs = known('f', abi) & 0x1ffff;

		memset(&fake, 0, sizeof fake);
		fake.abi = abi;
		assert_int_equal(confine_to_in(false), CA_OK);
		assert_int_equal(fake.entered, 1);
		assert_true(fake.fs == fs);
		assert_true(fake.net == known('n', abi));
		assert_true(fake.scoped == known('s', abi));
		assert_int_equal(fake.rules, 2);
		assert_true(
		    fake.allowed[0] == (LANDLOCK_ACCESS_FS_READ_FILE |
					   LANDLOCK_ACCESS_FS_READ_DIR));
		assert_true(fake.allowed[1] == LANDLOCK_ACCESS_FS_READ_FILE);
		assert_int_equal(confine_to_in(true), CA_OK);
		assert_true(fake.fs == (fs & 0xffff));
		assert_true(fake.net == 0);
		assert_true(fake.scoped == (known('s', abi) & 2));
		assert_int_equal(fake.entered, 2);
	}
	memset(&fake, 0, sizeof fake);
}

static void
none(void **state)
{
	static const int errors[] = {ENOSYS, EOPNOTSUPP, EPERM};

	(void)state;
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
		fake.absent = errors[i];
		assert_int_equal(confine_to_in(false), CA_ERR_UNSUPPORTED);
		assert_int_equal(errno, errors[i]);
		fake.absent = 0;
	}
	assert_true(read_works(at("out/file")));
}

/* A call that fails at any place is an error, and never a kernel that knows
 * less. */
static void
failures(void **state)
{
	static const struct {
		int call;
		const char *step;
	} row[] = {
	    {SYS_landlock_add_rule, "landlock_add_rule"},
	    {SYS_landlock_restrict_self, "landlock_restrict_self"},
	};
	unsigned creates;

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		fake.abi = 7;
		fake.failing = row[i].call;
		assert_int_equal(confine_to_in(false), CA_ERR_IO);
		assert_int_equal(errno, EPERM);
		assert_string_equal(step, row[i].step);
	}
	memset(&fake, 0, sizeof fake);
	fake.abi = 11;
	assert_int_equal(confine_to_in(false), CA_OK);
	creates = fake.creates;
	assert_true(creates >= 5 && creates <= 100);
	for (unsigned i = 1; i <= creates; i++) {
		fake.creates = 0, fake.fail_at = i, fake.entered = 0;
		assert_int_equal(confine_to_in(false), CA_ERR_IO);
		assert_int_equal(errno, EMFILE);
		assert_int_equal(fake.entered, 0);
		assert_string_equal(step, "landlock_create_ruleset");
	}
	memset(&fake, 0, sizeof fake);
}

static int
without_descriptors(void)
{
	struct rlimit lim = {8, 8};
	const char *file = at("one/file");
	const struct ca_confine_files files = {&file, 1, false};

	if (setrlimit(RLIMIT_NOFILE, &lim) != 0)
		return 1;
	while (dup(0) >= 0)
		;
	(void)close(7);
	/* one for the ruleset, none for the path */
	return ca_confine_files(&files, &step) == CA_ERR_IO &&
		       errno == EMFILE && strcmp(step, "landlock_add_rule") == 0
		   ? 0
		   : 2;
}

static void
descriptors(void **state)
{
	(void)state;
	if (syscall(SYS_landlock_create_ruleset, NULL, 0UL, 1U) < 1) {
		print_message("# SKIP: this kernel has no Landlock\n");
		skip();
	}
	child_returns(without_descriptors, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(this_kernel),
	    cmocka_unit_test(each_version),
	    cmocka_unit_test(none),
	    cmocka_unit_test(failures),
	    cmocka_unit_test(descriptors),
	};

	return cmocka_run_group_tests_name(
	    "confine_files", tests, make_folder, remove_folder);
}
