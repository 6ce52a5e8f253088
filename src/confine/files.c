/*
 * Landlock (Linux 5.13): confine.h.  The rights, and the three fields of a
 * ruleset, are written out here, because the headers of the release that this is
 * built on are older than kernels that it runs on.
 */
#include "confine/confine.h"
#include "confine/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* the same numbers on every architecture of calls.c */
#ifdef SYS_landlock_create_ruleset
#define NR_CREATE SYS_landlock_create_ruleset
#define NR_ADD SYS_landlock_add_rule
#define NR_RESTRICT SYS_landlock_restrict_self
#else
#define NR_CREATE 444
#define NR_ADD 445
#define NR_RESTRICT 446
#endif
#define PATH_BENEATH 1 /* LANDLOCK_RULE_PATH_BENEATH */
#define READ_FILE ((uint64_t)1 << 2)
#define READ_DIR ((uint64_t)1 << 3)
/* WRITE_FILE, and from REMOVE_DIR to TRUNCATE: what changes files */
#define CHANGE_FILE ((uint64_t)1 << 1 | (uint64_t)1 << 14)
#define CHANGE (CHANGE_FILE | (((uint64_t)1 << 14) - ((uint64_t)1 << 4)))

/*
 * How many rights each version of Landlock has: to files, to the network, and to
 * what is outside of the process.  Later versions are asked.  Nothing of the network
 * and of the outside is needed: whatever the kernel can refuse is refused.  A
 * further right to files may be one that reading needs, so it is not refused before
 * it has a row here.
 */
static const struct {
	uint8_t fs, net, scoped;
} version_has[] = {
    {13, 0, 0}, /* 1: Linux 5.13 */
    {14, 0, 0}, /* 2: REFER */
    {15, 0, 0}, /* 3: TRUNCATE */
    {15, 2, 0}, /* 4: TCP */
    {16, 2, 0}, /* 5: IOCTL_DEV */
    {16, 2, 2}, /* 6: abstract UNIX sockets, signals */
    {16, 2, 2}, /* 7 */
    {16, 2, 2}, /* 8 */
    {17, 2, 2}, /* 9: RESOLVE_UNIX */
    {17, 4, 2}, /* 10: UDP */
};
#define VERSIONS ((long)(sizeof version_has / sizeof version_has[0]))
#define RESOLVE_UNIX ((uint64_t)1 << 16)
#define SCOPE_SIGNAL ((uint64_t)1 << 1)

struct ruleset { /* struct landlock_ruleset_attr */
	uint64_t fs, net, scoped;
};

struct beneath { /* struct landlock_path_beneath_attr */
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

static int
create(const struct ruleset *rules)
{
	return (int)syscall(NR_CREATE, rules, sizeof *rules, 0U);
}

/* Add to *field, which is one of rules, each bit from that one on until the
 * kernel does not know one.  0, or -1 with errno. */
static int
add_known(const struct ruleset *rules, uint64_t *field, unsigned from)
{
	for (unsigned i = from; i < 64; i++) {
		uint64_t before = *field;
		int fd;

		*field |= (uint64_t)1 << i;
		fd = create(rules);
		if (fd >= 0) {
			(void)close(fd);
			continue;
		}
		*field = before;
		return errno == EINVAL ? 0 : -1;
	}
	return 0;
}

static uint64_t
bits(unsigned n)
{
	return ((uint64_t)1 << n) - 1;
}

/* Everything that this kernel can refuse; -1: errno.  *change is what a path that
 * may be changed allows. */
static int
make_ruleset(
    long version, const struct ca_confine_files *files, uint64_t *change)
{
	long row = (version < VERSIONS ? version : VERSIONS) - 1;
	struct ruleset rules = {.fs = bits(version_has[row].fs),
	    .net = bits(version_has[row].net),
	    .scoped = bits(version_has[row].scoped)};

	if (version > VERSIONS &&
	    (add_known(&rules, &rules.net, version_has[row].net) != 0 ||
		add_known(&rules, &rules.scoped, version_has[row].scoped) != 0))
		return -1;
	if (files->network) {
		rules.net = 0;
		rules.scoped &= SCOPE_SIGNAL;
	}
	if (files->network || files->local)
		rules.fs &= ~RESOLVE_UNIX;
	*change = rules.fs & (CHANGE | READ_FILE | READ_DIR);
	if (files->reading) {
		rules.fs &= CHANGE;
		*change = rules.fs;
	}
	return create(&rules);
}

/* The file or directory may be used so; to a file, the rights of a directory do not
 * apply.  0, or -1 with errno. */
static int
allow_path(int rules, const char *path, uint64_t rights)
{
	struct beneath rule = {.parent = open(path, O_PATH | O_CLOEXEC)};
	struct stat st;
	int rc = -1, saved;

	if (rule.parent < 0)
		/* what this process cannot open needs no permission */
		return errno == ENOENT || errno == ENOTDIR || errno == EACCES ||
			       errno == ELOOP || errno == ENAMETOOLONG
			   ? 0
			   : -1;
	if (fstat(rule.parent, &st) == 0) {
		rule.allowed = rights & (S_ISDIR(st.st_mode)
						? CHANGE | READ_FILE | READ_DIR
						: CHANGE_FILE | READ_FILE);
		rc = (int)syscall(NR_ADD, rules, PATH_BENEATH, &rule, 0U);
	}
	saved = errno;
	(void)close(rule.parent);
	errno = saved;
	return rc;
}

enum ca_err
ca_confine_files(const struct ca_confine_files *files, const char **step)
{
	enum ca_err ret = CA_ERR_UNSET;
	int rules = -1, saved;
	uint64_t change = 0;
	long version;

	*step = "landlock_create_ruleset";
	if ((version = ca_confine_kernel_landlock()) == 0) {
		ret = CA_ERR_UNSUPPORTED;
		goto out;
	}
	if ((rules = make_ruleset(version, files, &change)) < 0) {
		ret = CA_ERR_IO;
		goto out;
	}
	*step = "landlock_add_rule";
	for (size_t i = 0; i < files->n; i++) {
		if (allow_path(rules, files->paths[i], READ_FILE | READ_DIR) !=
		    0) {
			ret = CA_ERR_IO;
			goto out;
		}
	}
	for (size_t i = 0; i < files->nwritable; i++) {
		if (allow_path(rules, files->writable[i], change) != 0) {
			ret = CA_ERR_IO;
			goto out;
		}
	}
	*step = "landlock_restrict_self";
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    syscall(NR_RESTRICT, rules, 0U) != 0) {
		ret = CA_ERR_IO;
		goto out;
	}
	ret = CA_OK;
out:
	saved = errno;
	if (rules >= 0)
		(void)close(rules);
	errno = saved;
	return ret;
}
