/*
 * certauth-fetch: the program that talks to servers for `certauth crl update`.
 * fetchmsg.h says what it reads and writes.
 */
#include "fetch/fetchcurl.h"

#include <errno.h>
#if __has_include(<linux/landlock.h>)
#include <linux/landlock.h>
#endif
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * From here on the process cannot create, change or remove a file.  If the
 * kernel has no Landlock, the limits in confine() and the user nobody, who owns
 * no files, must do.
 */
static void
no_writing(void)
{
#ifdef LANDLOCK_ACCESS_FS_WRITE_FILE
	const struct landlock_ruleset_attr attr = {
	    .handled_access_fs =
		LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_EXECUTE |
		LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
		LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
		LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
		LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
		LANDLOCK_ACCESS_FS_MAKE_SYM};
	long fd = syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0U);

	if (fd < 0)
		return;
	(void)syscall(SYS_landlock_restrict_self, (int)fd, 0U);
	(void)close((int)fd);
#endif
}

static bool
confine(void)
{
	const struct rlimit none = {0, 0};

	/* RLIMIT_FSIZE does not apply to the pipe */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    setrlimit(RLIMIT_FSIZE, &none) != 0 ||
	    setrlimit(RLIMIT_CORE, &none) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return false;
	/* standard error may be a file: writing to it must fail, not kill */
	(void)signal(SIGXFSZ, SIG_IGN);
	no_writing();
	return true;
}

static enum ca_err
read_order(struct ca_buf *b)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	uint8_t block[16384];
	ssize_t n;

	while ((n = read(STDIN_FILENO, block, sizeof block)) != 0) {
		if (n < 0 && errno != EINTR) {
			ret = CA_ERR_IO;
			goto out;
		}
		if (n > 0)
			ca_buf_put(b, block, (size_t)n);
		if ((rc = ca_buf_err(b)) != CA_OK) {
			ret = rc;
			goto out;
		}
	}
	ret = CA_OK;
out:
	return ret;
}

static enum ca_err
work(void)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf order = CA_BUF_INIT(CA_FETCH_ORDER_MAX);
	struct ca_fetch *f = NULL;
	char *text = NULL;
	size_t n, len;
	unsigned timeout;
	uint64_t max;

	if ((rc = read_order(&order)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if ((text = ca_buf_take(&order, &len)) == NULL ||
	    memchr(text, '\0', len) != NULL) {
		ret = CA_ERR_FORMAT;
		goto out;
	}
	rc = ca_fetch_order_parse(text, &f, &n, &timeout, &max);
	if (rc == CA_OK)
		rc = ca_fetch_curl(f, n, timeout, max, STDOUT_FILENO);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	free(f);
	free(text);
	ca_buf_free(&order);
	return ret;
}

int
main(int argc, char **argv)
{
	enum ca_err rc;

	(void)argv;
	if (argc != 1 || isatty(STDIN_FILENO)) {
		(void)fputs(
		    "certauth-fetch cannot be run by hand; run: certauth crl "
		    "update\n",
		    stderr);
		return 2;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	if (!confine()) {
		perror("certauth-fetch: cannot give up its rights");
		return 1;
	}
	if ((rc = work()) == CA_OK)
		return 0;
	(void)fprintf(stderr, "certauth-fetch: %s\n", ca_err_text(rc));
	return 1;
}
