/* A signed password, as anybody may send it to a service. */
#include "fuzz.h"

#include "base/base64url.h"
#include "wire/password.h"

#include <stdlib.h>
#include <string.h>

#define CONTENT_MAX (CA_RESPONSE_MAX + 1024)

static bool
inside(const struct ca_buf *bytes, const struct ca_bytes *part)
{
	return part->p >= bytes->p && part->len <= bytes->len &&
	       (size_t)(part->p - bytes->p) <= bytes->len - part->len;
}

/* One text for these fields, and every certificate is a part of the text. */
static void
taken(const char *text, size_t size, const struct ca_buf *bytes,
    const struct ca_password *p)
{
	struct ca_buf again = CA_BUF_INIT(CA_PASSWORD_TEXT_MAX);
	struct ca_buf entries = CA_BUF_INIT(CA_RESPONSE_MAX);
	struct ca_buf content = CA_BUF_INIT(CONTENT_MAX);
	const struct ca_password_for meant = {"host.example", "pam", "alice"};

	FUZZ_CHECK(size <= CA_PASSWORD_TEXT_MAX);
	FUZZ_CHECK(p->signature.len == 0 || inside(bytes, &p->signature));
	FUZZ_CHECK(p->ncerts <= CA_CERTS_MAX);
	for (size_t i = 0; i < p->ncerts; i++)
		FUZZ_CHECK(p->cert[i].len > 0 && inside(bytes, &p->cert[i]));
	FUZZ_CHECK(ca_password_write(&again, p) == CA_OK);
	FUZZ_CHECK(again.len == size && memcmp(again.p, text, size) == 0);
	FUZZ_CHECK(ca_password_entries(&entries, p->cert, p->ncerts) == CA_OK);
	FUZZ_CHECK(entries.len == p->entries.len);
	FUZZ_CHECK(entries.len == 0 ||
		   memcmp(entries.p, p->entries.p, entries.len) == 0);
	FUZZ_CHECK(ca_password_content(&content, p, &meant) == CA_OK);
	ca_buf_free(&again);
	ca_buf_free(&entries);
	ca_buf_free(&content);
}

static enum ca_err
judge(const char *text, size_t size)
{
	struct ca_buf bytes = CA_BUF_INIT(CA_PASSWORD_TEXT_MAX);
	struct ca_password p;
	enum ca_err rc = ca_password_parse(text, size, &bytes, &p);

	FUZZ_CHECK(rc == CA_OK || rc == CA_ERR_TRUNCATED ||
		   rc == CA_ERR_FORMAT || rc == CA_ERR_LIMIT);
	if (rc == CA_OK) {
		taken(text, size, &bytes, &p);
		/* what a service cuts is told from what was changed */
		for (size_t n = 4; n < size; n += 1 + size / 16)
			FUZZ_CHECK(judge(text, n) == CA_ERR_TRUNCATED);
	} else {
		FUZZ_CHECK(p.signature.p == NULL && p.entries.p == NULL);
		FUZZ_CHECK(p.ncerts == 0);
	}
	ca_buf_free(&bytes);
	return rc;
}

/* An even first byte: the text.  An odd one: its BODY, which base64url hides from a
 * fuzzer. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct ca_buf text = CA_BUF_INIT(1 << 20);
	if (data[0] % 2 == 0) {
		ca_buf_put(&text, data + 1, size - 1);
	} else {
		ca_buf_str(&text, CA_PASSWORD_PREFIX);
		ca_base64url_encode(&text, data + 1, size - 1);
		ca_buf_str(&text, ".");
	}
	if (ca_buf_err(&text) == CA_OK)
		(void)judge(text.len > 0 ? (const char *)text.p : "", text.len);
	ca_buf_free(&text);
	return 0;
}
