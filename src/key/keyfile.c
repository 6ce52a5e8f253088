#include "key/keyfile.h"
#include "data/pem.h"
#include "key/key.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/tr.h"
#include "crypto/sigalg.h"

#define HANDLE "handle:"

/* tpm2-openssl names a persistent key of the TPM so. */
static void
cannot_open(const char *path, const struct ca_log *log)
{
	if (strncmp(path, HANDLE, strlen(HANDLE)) == 0)
		ca_log_err(log,
		    "%s names a key in a TPM, and certauth uses keys in a TPM "
		    "as PKCS#11 tokens: make a token with tpm2_ptool "
		    "(tpm2-pkcs11): tpm2_ptool init, addtoken, and addkey or "
		    "link; then use --key pkcs11:token=TOKEN (`key =' in the "
		    "configuration)",
		    path);
	else
		ca_log_err(log, "%s: %m", path);
}

enum ca_err
ca_keyfile_read(const char *path, struct ca_buf *out, mode_t *mode,
    const struct ca_log *log)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0) {
		ret = errno == ENOENT || errno == ENOTDIR ? CA_ERR_NOT_FOUND
							  : CA_ERR_IO;
		cannot_open(path, log);
		goto out;
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		ca_log_err(log, "%s is not a regular file", path);
		ret = CA_ERR_FORMAT;
		goto out;
	}
	if ((rc = ca_file_read_fd(fd, out->max, out)) != CA_OK) {
		if (rc == CA_ERR_LIMIT)
			ca_log_err(log,
			    "%s is larger than a key file may be (%zu bytes)",
			    path, out->max);
		else
			ca_log_err(log, "%s: %m", path);
		ret = rc;
		goto out;
	}
	if (mode != NULL)
		*mode = st.st_mode;
	ret = CA_OK;
out:
	if (fd >= 0)
		(void)close(fd);
	return ret;
}

const char *
ca_keyfile_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;

	return name[0] == '\0' || strlen(name) > CA_KEYFILE_NAME_MAX
		   ? _("the key file")
		   : name;
}

bool
ca_keyfile_tell(const char *path, const struct ca_buf *content,
    enum ca_file_want want, const struct ca_log *log)
{
	enum ca_file_kind kind = ca_file_kind(content->p, content->len);
	const char *next = ca_file_kind_next(kind, want,
	    content->len > 0 && ca_pem_is(content->p, content->len));

	if (kind == CA_FILE_EMPTY)
		ca_log_err(log, "%s is empty", path);
	else if (next != NULL)
		ca_log_err(
		    log, "%s is %-s; %-s", path, ca_file_kind_name(kind), next);
	return kind == CA_FILE_EMPTY || next != NULL;
}

bool
ca_key_is_p12(const char *path)
{
	struct ca_buf text = CA_BUF_INIT(CA_KEY_FILE_MAX);
	const struct ca_log silent = {NULL, NULL, false};
	bool p12 = ca_keyfile_read(path, &text, NULL, &silent) == CA_OK &&
		   ca_file_kind(text.p, text.len) == CA_FILE_P12;

	ca_buf_free(&text);
	return p12;
}

void
ca_keyfile_newer(const char *path, const char *type, const struct ca_log *log)
{
	struct ca_buf text = CA_BUF_INIT(256);
	const char *lack;

	ca_sigalg_put_newer(type, &text);
	if ((lack = ca_buf_text(&text)) == NULL)
		lack = type;
	ca_log_err(log, "%s: its private key is for %-s", path, lack);
	ca_buf_free(&text);
}
