#include "client/remember.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"

#define FILE_MAX_BYTES 65536
#define HEX_LEN 64

static enum ca_err
put_state_dir(struct ca_buf *b)
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	const struct passwd *pw;

	if (state != NULL && state[0] == '/') {
		ca_buf_str(b, state);
		return ca_buf_err(b);
	}
	if ((home == NULL || home[0] != '/') &&
	    (pw = getpwuid(getuid())) != NULL)
		home = pw->pw_dir;
	if (home == NULL)
		return CA_ERR_NOT_FOUND;
	ca_buf_fmt(b, "%s/.local/state", home);
	return ca_buf_err(b);
}

static char *
file_path(void)
{
	struct ca_buf b = CA_BUF_INIT(4096);
	char *path = NULL;

	if (put_state_dir(&b) == CA_OK) {
		ca_buf_str(&b, "/certauth/choices");
		path = ca_buf_take(&b, NULL);
	}
	ca_buf_free(&b);
	return path;
}

/* Create the directory of path and its parents, accessible only to the user. */
static enum ca_err
make_dirs(char *path)
{
	for (char *at = strchr(path + 1, '/'); at != NULL;
	     at = strchr(at + 1, '/')) {
		*at = '\0';
		int failed = mkdir(path, 0700) != 0 && errno != EEXIST;
		*at = '/';
		if (failed)
			return CA_ERR_IO;
	}
	return CA_OK;
}

/* A host name that fits into a line; other names are not remembered. */
static bool
plain(const char *host)
{
	return host[0] != '\0' && host[strcspn(host, " \t\r\n#")] == '\0';
}

static enum ca_err
fingerprint(X509 *cert, struct ca_buf *hex)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	if (X509_digest(cert, EVP_sha256(), md, &n) != 1)
		return CA_ERR_CRYPTO;
	ca_buf_hex(hex, md, n);
	return ca_buf_err(hex);
}

static enum ca_err
read_choices(const char *path, struct ca_buf *text, const struct ca_log *log)
{
	enum ca_err rc = ca_file_read(AT_FDCWD, path, FILE_MAX_BYTES, text);

	if (rc != CA_OK && rc != CA_ERR_NOT_FOUND)
		ca_log_warning(log, "%s: %-s; remembered choices are not used",
		    path, ca_err_text(rc));
	return rc;
}

/* Does the line name the host?  *hex: the HEX_LEN characters after it. */
static bool
line_is(const char *line, const char *host, const char **hex)
{
	size_t n = strlen(host);

	if (strncasecmp(line, host, n) != 0 || line[n] != ' ' ||
	    strcspn(line + n + 1, "\n") != HEX_LEN)
		return false;
	*hex = line + n + 1;
	return true;
}

/* The last line for the host, or NULL. */
static const char *
find_line(const char *text, const char *host)
{
	const char *hex, *found = NULL;

	while (*text != '\0') {
		if (line_is(text, host, &hex))
			found = hex;
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return found;
}

enum ca_err
ca_remember_find(const char *host, X509 *const *cert, size_t n,
    const struct ca_log *log, size_t *index)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf text = CA_BUF_INIT(FILE_MAX_BYTES);
	char *path = file_path();
	const char *hex;

	if (path == NULL || !plain(host) ||
	    read_choices(path, &text, log) != CA_OK ||
	    ca_buf_text(&text) == NULL ||
	    (hex = find_line(ca_buf_text(&text), host)) == NULL) {
		ret = CA_ERR_NOT_FOUND;
		goto out;
	}
	for (*index = 0; *index < n; (*index)++) {
		struct ca_buf own = CA_BUF_INIT(HEX_LEN);

		rc = fingerprint(cert[*index], &own);
		bool same = rc == CA_OK && own.len == HEX_LEN &&
			    memcmp(own.p, hex, HEX_LEN) == 0;
		ca_buf_free(&own);
		if (same)
			break;
	}
	if (*index == n) {
		ret = CA_ERR_NOT_FOUND;
		goto out;
	}
	ret = CA_OK;
out:
	ca_buf_free(&text);
	free(path);
	return ret;
}

/* Copy all lines except the host's own, then append its new line. */
static enum ca_err
rewrite(const char *old, const char *host, X509 *cert, struct ca_buf *out)
{
	const char *hex;

	while (*old != '\0') {
		size_t n = strcspn(old, "\n");

		n += old[n] == '\n';
		if (!line_is(old, host, &hex))
			ca_buf_put(out, old, n);
		old += n;
	}
	ca_buf_fmt(out, "%s ", host);
	enum ca_err rc = fingerprint(cert, out);
	ca_buf_str(out, "\n");
	return rc != CA_OK ? rc : ca_buf_err(out);
}

void
ca_remember_keep(const char *host, X509 *cert, const struct ca_log *log)
{
	struct ca_buf old = CA_BUF_INIT(FILE_MAX_BYTES);
	struct ca_buf now = CA_BUF_INIT(FILE_MAX_BYTES);
	char *path = file_path();
	enum ca_err rc;

	if (path == NULL || !plain(host))
		goto out;
	rc = read_choices(path, &old, log);
	if (rc == CA_ERR_NOT_FOUND)
		rc = make_dirs(path);
	if (rc == CA_OK && ca_buf_text(&old) != NULL)
		rc = rewrite(ca_buf_text(&old), host, cert, &now);
	if (rc == CA_OK)
		rc = ca_file_replace(path, now.p, now.len, 0600);
	if (rc == CA_OK)
		ca_log(log, CA_LOG_INFO,
		    "this choice is remembered for %s in %s; remove the "
		    "host's line from that file to be asked again",
		    host, path);
	else
		ca_log_warning(log, "%s: the choice cannot be remembered: %-s",
		    path, ca_err_text(rc));
out:
	ca_buf_free(&old);
	ca_buf_free(&now);
	free(path);
}
