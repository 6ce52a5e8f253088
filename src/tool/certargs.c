#include "tool/certargs.h"
#include "base/file.h"
#include "data/pem.h"
#include "crypto/crypto.h"
#include "crypto/filekind.h"
#include "tool/cli.h"
#include "verify/certfile.h"
#include "verify/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The file is input of the user and is not trusted, so any owner is allowed. */
enum ca_err
ca_certargs_read(const char *path, struct ca_buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return errno == ENOENT ? CA_ERR_NOT_FOUND : CA_ERR_IO;
	enum ca_err rc = ca_file_read_fd(fd, CA_CERTFILE_MAX, out);
	int saved = errno;
	(void)close(fd);
	errno = saved;
	return rc;
}

bool
ca_certargs_other(const char *path, const struct ca_buf *content)
{
	enum ca_file_kind kind = ca_file_kind(content->p, content->len);
	const char *next = ca_file_kind_next(
	    kind, CA_WANT_SHOW, ca_pem_is(content->p, content->len));

	if (kind == CA_FILE_EMPTY)
		(void)ca_cli_fail("%s is empty", path);
	else if (next != NULL)
		(void)ca_cli_fail(
		    "%s is %s; %s", path, ca_file_kind_name(kind), next);
	return kind == CA_FILE_EMPTY || next != NULL;
}

const char *
ca_certargs_why(enum ca_err err)
{
	if (err == CA_ERR_NOT_FOUND)
		return "the file has no certificate";
	if (err == CA_ERR_FORMAT)
		return "the file has no certificate in PEM or DER, or a block "
		       "of it is damaged; was it copied completely?";
	return ca_err_text(err);
}

/* The trust anchor comes first, each certificate below its issuer. */
void
ca_certargs_chain(const STACK_OF(X509) *chain, struct ca_buf *out)
{
	int n = sk_X509_num(chain);

	for (int i = n - 1; i >= 0; i--) {
		X509 *cert = sk_X509_value(chain, i);
		struct ca_buf name = CA_BUF_INIT(65536);
		struct tm from = {0}, to = {0};
		char validity[64] = "";
		const char *text;

		ca_name_rfc4514(X509_get_subject_name(cert), &name);
		text = ca_buf_text(&name);
		ca_buf_fmt(out, "  %*s%s", 2 * (n - 1 - i), "",
		    i == n - 1 ? "" : "`- ");
		ca_buf_printable(out, text != NULL ? text : "?",
		    text != NULL ? strlen(text) : 1);
		if (ASN1_TIME_to_tm(X509_get0_notBefore(cert), &from) == 1 &&
		    ASN1_TIME_to_tm(X509_get0_notAfter(cert), &to) == 1)
			(void)snprintf(validity, sizeof validity,
			    "  (%04d-%02d-%02d to %04d-%02d-%02d)",
			    from.tm_year + 1900, from.tm_mon + 1, from.tm_mday,
			    to.tm_year + 1900, to.tm_mon + 1, to.tm_mday);
		ca_buf_fmt(out, "%s%s\n", validity,
		    i == n - 1 ? "  [trust anchor]" : "");
		ca_buf_free(&name);
	}
}

int
ca_certargs_each(const char *path, int none,
    enum ca_err (*visit)(void *ctx, const uint8_t *der, size_t len), void *ctx)
{
	struct ca_buf text = CA_BUF_INIT(CA_CERTFILE_MAX);
	enum ca_err rc = ca_certargs_read(path, &text);
	int status = CA_EXIT_OK;

	if (rc != CA_OK)
		status = ca_cli_fail("%s: %s", path,
		    rc == CA_ERR_LIMIT ? ca_err_text(rc) : strerror(errno));
	else if (ca_certargs_other(path, &text))
		status = none;
	else if ((rc = ca_certfile_each(text.p, text.len, visit, ctx)) !=
		 CA_OK) {
		(void)ca_cli_fail("%s: %s", path, ca_certargs_why(rc));
		status = none;
	}
	ca_buf_free(&text);
	return status;
}
