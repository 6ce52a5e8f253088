/*
 * certauth-fetch: the program that talks to servers for `certauth crl update`.
 * fetchmsg.h says what it reads and writes.
 */
#include "confine/confine.h"
#include "fetch/fetchcurl.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/*
 * From here on the process cannot create, change or remove a file, nor run one.  If
 * the kernel has no Landlock, the limits in confine() and the user nobody, who owns
 * no files, must do.
 */
static enum ca_err
no_writing(const char **step)
{
	static const char *const everything[] = {"/"};
	static const struct ca_confine_files files = {everything, 1, true};
	enum ca_err rc = ca_confine_files(&files, step);

	return rc == CA_ERR_UNSUPPORTED ? CA_OK : rc;
}

/* Returns 0, or -1 with errno and the step that failed. */
static int
confine(const char **step)
{
	const struct rlimit none = {0, 0};

	*step = "setting limits";
	/* RLIMIT_FSIZE does not apply to the pipe */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    setrlimit(RLIMIT_FSIZE, &none) != 0 ||
	    setrlimit(RLIMIT_CORE, &none) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return -1;
	/* standard error may be a file: writing to it must fail, not kill */
	(void)signal(SIGXFSZ, SIG_IGN);
	return no_writing(step) == CA_OK ? 0 : -1;
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
	const char *step = "";

	(void)argv;
	if (argc != 1 || isatty(STDIN_FILENO)) {
		(void)fputs(
		    "certauth-fetch cannot be run by hand; run: certauth crl "
		    "update\n",
		    stderr);
		return 2;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	if (confine(&step) != 0) {
		(void)fprintf(stderr,
		    "certauth-fetch: cannot give up its rights: %s: %s\n", step,
		    strerror(errno));
		return 1;
	}
	if ((rc = work()) == CA_OK)
		return 0;
	(void)fprintf(stderr, "certauth-fetch: %s\n", ca_err_text(rc));
	return 1;
}
