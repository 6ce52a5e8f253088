#include "crladmin/crlbook.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/base64url.h"
#include "base/file.h"
#include "crl/crl.h"
#include "fetch/fetch.h"

#define FILE_MAX ((size_t)4 << 20)
#define LEARNT_MAX 1000
#define LEARNT_OF_CA_MAX 200 /* one CA must not keep out those of others */
#define NAME_MAX_DER 65536

static const char *const kinds[] = {"complete", "indirect", "delta"};

static void
clear_one(struct ca_crladmin_address *a)
{
	free(a->url);
	free(a->from);
	X509_NAME_free(a->issuer);
}

void
ca_crladmin_book_clear(struct ca_crladmin_book *book)
{
	for (size_t i = 0; i < book->n; i++)
		clear_one(&book->v[i]);
	free(book->v);
	*book = (struct ca_crladmin_book){0};
}

static bool
same_ca(
    const struct ca_crladmin_address *a, const struct ca_crladmin_address *b)
{
	if (a->issuer == NULL || b->issuer == NULL)
		return a->issuer == b->issuer;
	return memcmp(a->key, b->key, sizeof a->key) == 0 &&
	       ca_crl_same_name(a->issuer, b->issuer);
}

enum ca_err
ca_crladmin_book_add(
    struct ca_crladmin_book *book, const struct ca_crladmin_address *a)
{
	struct ca_crladmin_address *v, copy = *a;
	size_t of_ca = 0;

	for (size_t i = 0; i < book->n; i++) {
		if (!same_ca(&book->v[i], a))
			continue;
		if (strcmp(book->v[i].url, a->url) == 0 &&
		    book->v[i].kind == a->kind)
			return CA_OK;
		of_ca += book->v[i].learnt;
	}
	if (a->learnt &&
	    (book->learnt >= LEARNT_MAX || of_ca >= LEARNT_OF_CA_MAX))
		return CA_ERR_LIMIT;
	if ((v = realloc(book->v, (book->n + 1) * sizeof *v)) == NULL)
		return CA_ERR_MEMORY;
	book->v = v;
	copy.url = strdup(a->url);
	copy.from = a->from != NULL ? strdup(a->from) : NULL;
	copy.issuer = a->issuer != NULL ? X509_NAME_dup(a->issuer) : NULL;
	if (copy.url == NULL || (a->from != NULL && copy.from == NULL) ||
	    (a->issuer != NULL && copy.issuer == NULL)) {
		clear_one(&copy);
		return CA_ERR_MEMORY;
	}
	v[book->n++] = copy;
	if (a->learnt) {
		book->learnt++;
		book->changed = true;
	}
	return CA_OK;
}

bool
ca_crladmin_can_fetch(const struct ca_crladmin_address *a)
{
	return ca_fetch_can(a->url) &&
	       (!a->learnt || strncasecmp(a->url, "file:", 5) != 0);
}

bool
ca_crladmin_is_of(const struct ca_crladmin_address *a,
    const struct ca_crladmin_ca *ca, bool *other_key)
{
	*other_key = false;
	if (a->issuer == NULL ||
	    !ca_crl_same_name(a->issuer, X509_get_subject_name(ca->cert)))
		return false;
	*other_key = memcmp(a->key, ca->key, sizeof a->key) != 0;
	return !*other_key;
}

/* ---- the file ---- */

/* Decode 64 lower-case hex digits. */
static bool
read_key(const char *text, uint8_t out[32])
{
	static const char digits[] = "0123456789abcdef";

	if (strlen(text) != 64 || strspn(text, digits) != 64)
		return false;
	for (size_t i = 0; i < 32; i++)
		out[i] = (uint8_t)((strchr(digits, text[2 * i]) - digits) << 4 |
				   (strchr(digits, text[2 * i + 1]) - digits));
	return true;
}

static enum ca_err
read_name(const char *text, X509_NAME **out)
{
	struct ca_buf der = CA_BUF_INIT(NAME_MAX_DER);
	enum ca_err rc = ca_base64url_decode(&der, text, strlen(text));
	const unsigned char *p = der.p;

	*out = NULL;
	if (rc == CA_OK) {
		*out = d2i_X509_NAME(NULL, &p, (long)der.len);
		if (*out == NULL || p != der.p + der.len)
			rc = CA_ERR_FORMAT;
	}
	ca_buf_free(&der);
	return rc;
}

/* "KIND<tab>KEY<tab>NAME<tab>URL<tab>FROM" */
static enum ca_err
read_line(struct ca_crladmin_book *book, char *line)
{
	struct ca_crladmin_address a = {.learnt = true};
	char *field[5] = {NULL};
	size_t n = 0, kind = 0;
	enum ca_err rc = CA_OK;

	while (n < 5 && line != NULL)
		field[n++] = strsep(&line, "\t");
	if (n < 5 || line != NULL)
		return CA_OK;
	while (kind < 3 && strcmp(kinds[kind], field[0]) != 0)
		kind++;
	if (kind == 3 || !read_key(field[1], a.key) ||
	    !ca_crladmin_is_url(field[3], strlen(field[3])))
		return CA_OK;
	a.kind = (enum ca_crladmin_kind)kind;
	a.url = field[3];
	a.from = field[4];
	if (read_name(field[2], &a.issuer) == CA_OK)
		rc = ca_crladmin_book_add(book, &a);
	X509_NAME_free(a.issuer);
	return rc == CA_ERR_LIMIT ? CA_OK : rc;
}

enum ca_err
ca_crladmin_book_read(
    struct ca_crladmin_run *run, struct ca_crladmin_book *book)
{
	struct ca_buf b = CA_BUF_INIT(FILE_MAX);
	bool changed = book->changed;
	enum ca_err rc =
	    ca_file_read(run->dir, CA_CRLADMIN_BOOK_NAME, FILE_MAX, &b);
	char *text, *line, *rest;

	if (rc == CA_OK && b.len > 0 && memchr(b.p, '\0', b.len) == NULL &&
	    (text = (char *)(uintptr_t)ca_buf_text(&b)) != NULL)
		for (rest = text;
		     rc == CA_OK && (line = strsep(&rest, "\n")) != NULL;)
			rc = read_line(book, line);
	book->changed = changed;
	ca_buf_free(&b);
	return rc == CA_ERR_NOT_FOUND ? CA_OK : rc;
}

static enum ca_err
write_line(struct ca_buf *b, const struct ca_crladmin_address *a)
{
	const unsigned char *der;
	size_t len;

	if (X509_NAME_get0_der(a->issuer, &der, &len) != 1)
		return CA_ERR_CRYPTO;
	ca_buf_fmt(b, "%s\t", kinds[a->kind]);
	ca_buf_hex(b, a->key, sizeof a->key);
	ca_buf_u8(b, '\t');
	ca_base64url_encode(b, der, len);
	ca_buf_fmt(b, "\t%s\t", a->url);
	/* a path may contain a tab or a line feed */
	ca_buf_printable(b, a->from, strlen(a->from));
	ca_buf_u8(b, '\n');
	return CA_OK;
}

enum ca_err
ca_crladmin_book_write(
    struct ca_crladmin_run *run, struct ca_crladmin_book *book)
{
	struct ca_buf b = CA_BUF_INIT(FILE_MAX), path = CA_BUF_INIT(8192);
	enum ca_err rc = CA_OK;

	ca_buf_str(&b, "# Addresses of CRLs that were learnt from "
		       "certificates.  `certauth crl addresses' lists\n"
		       "# them; `certauth crl addresses --forget URL' removes "
		       "one.\n");
	for (size_t i = 0; rc == CA_OK && i < book->n; i++)
		if (book->v[i].learnt)
			rc = write_line(&b, &book->v[i]);
	ca_buf_fmt(&path, "%s/" CA_CRLADMIN_BOOK_NAME, run->cfg->crl_dir);
	if (rc == CA_OK)
		rc = ca_buf_err(&b);
	if (rc == CA_OK && ca_buf_text(&path) == NULL)
		rc = CA_ERR_MEMORY;
	if (rc == CA_OK)
		rc = ca_file_replace(ca_buf_text(&path), b.p, b.len, 0644);
	if (rc == CA_OK)
		book->changed = false;
	ca_buf_free(&b);
	ca_buf_free(&path);
	return rc;
}

bool
ca_crladmin_book_forget(struct ca_crladmin_book *book, const char *url)
{
	size_t n = 0;

	for (size_t i = 0; i < book->n; i++) {
		struct ca_crladmin_address *a = &book->v[i];

		if (a->learnt && strcmp(a->url, url) == 0)
			clear_one(a);
		else
			book->v[n++] = *a;
	}
	bool found = n < book->n;
	book->learnt -= book->n - n;
	book->changed = book->changed || found;
	book->n = n;
	return found;
}
