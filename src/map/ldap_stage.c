/*
 * Stage the values of a directory, in the order in which they come.
 */
#include "map/ldap_makeint.h"
#include "map/ascii.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum ca_err
ca_ldap_login_id(
    struct ca_ldap_maker *m, const char *login, size_t len, uint64_t *out)
{
	char folded[UINT8_MAX];
	uint8_t hash[32];
	struct ca_reader r;
	enum ca_err rc;

	memcpy(folded, login, len);
	ca_ascii_lower(folded, len);
	rc = ca_crypto_sha256(m->crypto, folded, len, hash);
	if (rc != CA_OK)
		return rc;
	r = ca_reader_of(hash, sizeof hash);
	return ca_read_u64(&r, out);
}

enum ca_err
ca_ldap_maker_account(struct ca_ldap_maker *m, const char *login, size_t len)
{
	uint64_t id;
	enum ca_err rc;

	m->len = 0;
	if (ca_ldap_login_refusal(login, len) != NULL)
		return CA_ERR_FORMAT;
	if (m->accounts == CA_LDAP_ACCOUNTS_MAX)
		return CA_ERR_LIMIT;
	if ((rc = ca_ldap_login_id(m, login, len, &id)) != CA_OK)
		return rc;
	if (m->accounts == m->accounts_cap) {
		size_t cap = m->accounts_cap == 0 ? 1024 : 2 * m->accounts_cap;
		uint64_t *v = realloc(m->account, cap * sizeof *v);

		if (v == NULL)
			return CA_ERR_MEMORY;
		m->account = v;
		m->accounts_cap = cap;
	}
	m->account[m->accounts++] = id;
	memcpy(m->login, login, len);
	m->login[len] = '\0';
	m->len = len;
	return CA_OK;
}

enum ca_err
ca_ldap_maker_value(
    struct ca_ldap_maker *m, uint8_t kind, const uint8_t key[CA_LDAP_KEY])
{
	struct ca_reader r = ca_reader_of(key, CA_LDAP_KEY);
	const uint8_t ends[2] = {kind, (uint8_t)m->len};
	struct ca_ldap_place at = {0, m->size};

	if (m->len == 0)
		return CA_ERR_USAGE;
	if (kind >= CA_LDAP_KINDS ||
	    (!m->cfg->directory_weak &&
		!ca_ldap_kind_strong((enum ca_ldap_kind)kind)) ||
	    ca_read_u64(&r, &at.first) != CA_OK)
		return CA_ERR_FORMAT;
	if (m->n == CA_LDAP_ALL_VALUES_MAX)
		return CA_ERR_LIMIT;
	if (m->n == m->cap) {
		size_t cap = m->cap == 0 ? 1024 : 2 * m->cap;
		struct ca_ldap_place *v = realloc(m->v, cap * sizeof *v);

		if (v == NULL)
			return CA_ERR_MEMORY;
		m->v = v;
		m->cap = cap;
	}
	if (fwrite(key, 1, CA_LDAP_KEY, m->stage) != CA_LDAP_KEY ||
	    fwrite(ends, 1, sizeof ends, m->stage) != sizeof ends ||
	    fwrite(m->login, 1, m->len, m->stage) != m->len) {
		ca_log_err(m->log, "cannot write beside %s: %m",
		    m->cfg->directory_index);
		return CA_ERR_IO;
	}
	m->v[m->n++] = at;
	m->size += CA_LDAP_RECORD_ENDS + m->len;
	return CA_OK;
}

/* ---- begin and end ---- */

enum ca_err
ca_ldap_maker_new(struct ca_crypto *crypto, const struct ca_config *cfg,
    const struct ca_log *log, struct ca_ldap_maker **out)
{
	struct ca_buf name = CA_BUF_INIT(8192);
	struct ca_ldap_maker *m = calloc(1, sizeof *m);
	const char *path;
	int fd = -1;

	*out = m;
	if (m == NULL)
		return CA_ERR_MEMORY;
	m->crypto = crypto;
	m->cfg = cfg;
	m->log = log;
	ca_buf_fmt(&name, "%s.stage", cfg->directory_index);
	if ((path = ca_buf_text(&name)) != NULL) {
		(void)unlink(path);
		fd = open(path,
		    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	}
	if (fd < 0)
		ca_log_err(
		    log, "cannot write beside %s: %m", cfg->directory_index);
	else
		(void)unlink(path);
	ca_buf_free(&name);
	if (fd < 0)
		return CA_ERR_IO;
	if ((m->stage = fdopen(fd, "w+")) == NULL) {
		(void)close(fd);
		return CA_ERR_MEMORY;
	}
	return CA_OK;
}

void
ca_ldap_maker_free(struct ca_ldap_maker *m)
{
	if (m == NULL)
		return;
	if (m->stage != NULL)
		(void)fclose(m->stage);
	free(m->v);
	free(m->account);
	free(m);
}
