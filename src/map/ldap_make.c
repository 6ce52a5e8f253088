#include "map/ldap_make.h"
#include "data/index_make.h"
#include "map/ldap_makeint.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PER_BUCKET 8 /* values, on average */
#define NAMED_MAX 20 /* logins in messages */

/* ---- logins of two accounts ---- */

static int
compare_ids(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Keep the ids that occur more than once, each once. */
static void
find_twice(struct ca_ldap_maker *m)
{
	if (m->accounts > 0)
		qsort(m->account, m->accounts, sizeof *m->account, compare_ids);
	for (size_t i = 0, end; i < m->accounts; i = end) {
		uint64_t id = m->account[i];

		for (end = i + 1; end < m->accounts && m->account[end] == id;)
			end++;
		if (end - i > 1)
			m->account[m->twice++] = id;
	}
}

static void
name_twice(struct ca_ldap_maker *m, const char *login)
{
	if (strcmp(m->last_named, login) == 0)
		return;
	(void)snprintf(m->last_named, sizeof m->last_named, "%s", login);
	if (m->named++ < NAMED_MAX)
		ca_log_warning(m->log,
		    "%s: two accounts of the directory have this login, so no "
		    "certificate of theirs maps to it; correct the directory, "
		    "or directory_filter",
		    login);
}

/* ---- the stage ---- */

/* Read the record at an offset of the stage.  *skip: its login is in two accounts. */
static enum ca_err
read_record(struct ca_ldap_maker *m, uint64_t offset,
    uint8_t out[CA_LDAP_RECORD_ENDS + UINT8_MAX], size_t *len, bool *skip)
{
	uint64_t left = m->size - offset, id;
	size_t want = left < CA_LDAP_RECORD_ENDS + UINT8_MAX
			  ? (size_t)left
			  : CA_LDAP_RECORD_ENDS + UINT8_MAX;
	char login[UINT8_MAX + 1];
	ssize_t got = pread(fileno(m->stage), out, want, (off_t)offset);
	enum ca_err rc;

	if (got != (ssize_t)want || want < CA_LDAP_RECORD_ENDS)
		return CA_ERR_IO;
	size_t n = out[CA_LDAP_RECORD_ENDS - 1];
	if (CA_LDAP_RECORD_ENDS + n > want)
		return CA_ERR_IO;
	*len = CA_LDAP_RECORD_ENDS + n;
	*skip = false;
	if (m->twice == 0)
		return CA_OK;
	memcpy(login, out + CA_LDAP_RECORD_ENDS, n);
	login[n] = '\0';
	if ((rc = ca_ldap_login_id(m, login, n, &id)) != CA_OK)
		return rc;
	*skip =
	    bsearch(&id, m->account, m->twice, sizeof id, compare_ids) != NULL;
	if (*skip)
		name_twice(m, login);
	return CA_OK;
}

/* Remove the values of logins that two accounts have, and count what remains: the
 * values of one account are staged one after the other. */
static enum ca_err
take_stock(struct ca_ldap_maker *m, struct ca_ldap_facts *out)
{
	uint8_t record[CA_LDAP_RECORD_ENDS + UINT8_MAX];
	char before[UINT8_MAX + 1] = "", login[UINT8_MAX + 1];
	size_t kept = 0, len;
	enum ca_err rc;
	bool skip;

	*out = (struct ca_ldap_facts){.made = time(NULL)};
	for (size_t i = 0; i < m->n; i++) {
		rc = read_record(m, m->v[i].offset, record, &len, &skip);
		if (rc != CA_OK)
			return rc;
		if (skip)
			continue;
		len -= CA_LDAP_RECORD_ENDS;
		memcpy(login, record + CA_LDAP_RECORD_ENDS, len);
		login[len] = '\0';
		if (strcmp(login, before) != 0)
			out->accounts++;
		memcpy(before, login, len + 1);
		out->kinds |= UINT32_C(1) << record[CA_LDAP_KEY];
		m->v[kept++] = m->v[i];
	}
	m->n = kept;
	out->values = kept;
	out->buckets = kept / PER_BUCKET + 1;
	return CA_OK;
}

/* ---- the index ---- */

static int
compare_places(const void *a, const void *b)
{
	const struct ca_ldap_place *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static enum ca_err
put_buckets(struct ca_ldap_maker *m, struct ca_index_maker *index,
    const struct ca_ldap_facts *facts)
{
	struct ca_buf value = CA_BUF_INIT(CA_LDAP_RECORD_MAX);
	uint8_t record[CA_LDAP_RECORD_ENDS + UINT8_MAX];
	enum ca_err rc = CA_OK;
	size_t len, i = 0;
	bool skip;

	for (uint64_t k = 0; k < facts->buckets && rc == CA_OK; k++) {
		const uint8_t key[5] = {'B', (uint8_t)(k >> 24),
		    (uint8_t)(k >> 16), (uint8_t)(k >> 8), (uint8_t)k};

		ca_buf_reset(&value);
		for (; i < m->n && rc == CA_OK; i++) {
			if ((m->v[i].first >> 32) * facts->buckets >> 32 != k)
				break;
			rc =
			    read_record(m, m->v[i].offset, record, &len, &skip);
			if (rc == CA_OK)
				ca_buf_put(&value, record, len);
		}
		if (rc == CA_OK)
			rc = ca_index_maker_put(index, key, sizeof key, &value);
	}
	ca_buf_free(&value);
	return rc;
}

static enum ca_err
write_index(struct ca_ldap_maker *m, const struct ca_ldap_facts *facts)
{
	struct ca_buf temp = CA_BUF_INIT(8192),
		      rest = CA_BUF_INIT(CA_LDAP_REST);
	struct ca_index_source source = {.fd = -1};
	struct ca_index_maker *index = NULL;
	enum ca_err rc;

	/* one name, which the next update replaces; the caller's lock keeps two
	 * updates apart */
	ca_buf_fmt(&temp, "%s.new", m->cfg->directory_index);
	const struct ca_index_place place = {
	    AT_FDCWD, m->cfg->directory_index, ca_buf_text(&temp), 0644};
	ca_buf_u64(&rest, facts->buckets);
	ca_buf_u64(&rest, facts->accounts);
	ca_buf_u64(&rest, facts->values);
	ca_buf_u64(&rest, (uint64_t)facts->made);
	ca_buf_number(&rest, facts->kinds, 4);
	rc = place.temp == NULL ? CA_ERR_MEMORY : ca_buf_err(&rest);
	if (rc == CA_OK)
		rc = ca_ldap_source(m->crypto, m->cfg, source.hash);
	if (rc == CA_OK)
		rc = ca_index_maker_new(&ca_ldap_index_kind,
		    ca_crypto_get0_md(m->crypto, "SHA256"), &source, &place,
		    &index);
	if (rc == CA_OK)
		rc = put_buckets(m, index, facts);
	if (rc == CA_OK)
		rc = ca_index_maker_finish(index, rest.p, rest.len);
	if (rc == CA_ERR_IO)
		ca_log_err(
		    m->log, "cannot write %s: %m", m->cfg->directory_index);
	ca_index_maker_free(index);
	ca_buf_free(&temp);
	ca_buf_free(&rest);
	return rc;
}

/* Is it likely that the directory has so few accounts?  An index of another source says
 * nothing about this one. */
static bool
believe(
    struct ca_ldap_maker *m, const struct ca_ldap_facts *now, uint64_t *before)
{
	struct ca_ldap_facts old = {0};

	if (ca_ldap_index_facts(m->crypto, m->cfg, &old) == CA_OK)
		*before = old.accounts;
	return now->accounts > *before / 10;
}

enum ca_err
ca_ldap_maker_finish(struct ca_ldap_maker *m, bool force,
    struct ca_ldap_facts *out, uint64_t *before)
{
	enum ca_err rc;

	*before = 0;
	if (fflush(m->stage) != 0) {
		ca_log_err(m->log, "cannot write beside %s: %m",
		    m->cfg->directory_index);
		return CA_ERR_IO;
	}
	find_twice(m);
	if ((rc = take_stock(m, out)) != CA_OK)
		return rc;
	if (m->named > NAMED_MAX)
		ca_log_warning(m->log,
		    "%zu more logins are of two accounts of the directory",
		    m->named - NAMED_MAX);
	if (!force && !believe(m, out, before))
		return CA_DENIED;
	if (m->n > 0)
		qsort(m->v, m->n, sizeof *m->v, compare_places);
	return write_index(m, out);
}
