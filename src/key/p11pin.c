/*
 * The PIN that a URI has, or the file that it names.
 */
#include "key/p11.h"

#include <fcntl.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"

/* The path of a file: URI of this machine (RFC 8089 section 2), or the text. */
static const char *
plain_path(const char *source)
{
	const char *path = source;

	if (strncasecmp(path, "file:", 5) == 0)
		path += 5;
	if (strncasecmp(path, "//localhost/", 12) == 0)
		return path + 11;
	return strncmp(path, "///", 3) == 0 ? path + 2 : path;
}

/* RFC 7512 section 2.4: a file: URI, or a path.  "|program" is not run. */
static enum ca_err
pin_from_file(
    const struct ca_p11 *p11, const char *source, struct ca_secret **pin)
{
	struct ca_buf text = CA_BUF_INIT(CA_P11_PIN_MAX + 2);
	const char *path = plain_path(source);
	enum ca_err rc;

	if (path[0] != '/') {
		ca_log_err(&p11->log,
		    "pin-source=%s is not the absolute path of a file", source);
		return CA_ERR_USAGE;
	}
	rc = ca_file_read(AT_FDCWD, path, CA_P11_PIN_MAX + 2, &text);
	if (rc != CA_OK) {
		ca_log_err(
		    &p11->log, "pin-source=%s: %-s", source, ca_err_text(rc));
		ca_buf_free(&text);
		return rc;
	}
	while (text.len > 0 &&
	       (text.p[text.len - 1] == '\n' || text.p[text.len - 1] == '\r'))
		text.len--;
	*pin = ca_secret_new(text.p, text.len);
	ca_buf_free(&text);
	return *pin != NULL ? CA_OK : CA_ERR_MEMORY;
}

enum ca_err
ca_p11_uri_pin(const struct ca_p11 *p11, struct ca_secret **pin)
{
	const char *value, *source;

	*pin = NULL;
	if (p11->uri == NULL || p11->pin == CA_KEY_PIN_REQUIRED)
		return CA_OK;
	value = p11_kit_uri_get_pin_value(p11->uri);
	source = p11_kit_uri_get_pin_source(p11->uri);
	if (value != NULL) {
		*pin = ca_secret_new(value, strlen(value));
		return *pin != NULL ? CA_OK : CA_ERR_MEMORY;
	}
	return source != NULL ? pin_from_file(p11, source, pin) : CA_OK;
}
