/* The text form, from both sides.  The first byte chooses what to try. */
#include "fuzz.h"

#include "base/base64url.h"
#include "channel/pieces.h"
#include "client/prompt.h"

#include <string.h>

/* Lines are answers, as a hostile client would give them.  ignore: first_answer =
 * ignore. */
static void
host(char *text, bool ignore)
{
	struct ca_pieces *ps = ca_pieces_new("AAAA", 500);
	struct ca_buf out = CA_BUF_INIT(1 << 16);
	bool done = false;
	size_t n = 0, chars = 0;
	char *line;

	while (!done && (line = strsep(&text, "\n")) != NULL) {
		if (ignore && ca_pieces_ignore(ps, line)) {
			size_t len = strlen(line);

			/* the first one alone, and no piece */
			FUZZ_CHECK(n == 0 && strstr(ca_pieces_prompt(ps),
						 " next=0 ") != NULL);
			FUZZ_CHECK(len < 2 || !strchr("+.", line[len - 1]) ||
				   ca_base64url_span(line, len) + 1 != len);
			ignore = false;
			FUZZ_CHECK(!ca_pieces_ignore(ps, line));
			continue;
		}
		enum ca_err rc = ca_pieces_add(ps, line, &done);

		FUZZ_CHECK(rc == CA_OK || !ca_pieces_ignore(ps, line));
		FUZZ_CHECK(rc != CA_ERR_UNSET);
		if (rc != CA_OK) {
			FUZZ_CHECK(!done);
			FUZZ_CHECK(
			    ca_pieces_add(ps, "AA.", &done) == CA_ERR_USAGE);
			break;
		}
		chars += strlen(line) - 1;
		n++;
		FUZZ_CHECK(
		    n <= CA_ANSWERS_MAX && chars <= CA_RESPONSE_CHARS_MAX);
		FUZZ_CHECK(ca_pieces_prompt(ps) != NULL);
	}
	enum ca_err rc = ca_pieces_response(ps, &out);
	FUZZ_CHECK(done || rc == CA_ERR_USAGE);
	if (rc == CA_OK) {
		struct ca_buf again = CA_BUF_INIT(1 << 16);

		/* one byte string, one text */
		ca_base64url_encode(&again, out.p, out.len);
		FUZZ_CHECK(again.len == chars);
		ca_buf_free(&again);
	}
	ca_buf_free(&out);
	ca_pieces_free(ps);
}

/* What a hostile host shows. */
static void
finder(const char *text)
{
	struct ca_prompt prompt;
	enum ca_err rc = ca_prompt_find(text, &prompt);

	if (rc != CA_OK) {
		FUZZ_CHECK(prompt.request == NULL);
		FUZZ_CHECK(rc == CA_ERR_NOT_FOUND || rc == CA_ERR_FORMAT);
		if (rc == CA_ERR_NOT_FOUND)
			FUZZ_CHECK(strncmp(text, "certauth1 ", 10) != 0);
		return;
	}
	struct ca_buf line = CA_BUF_INIT(1 << 20);
	ca_buf_fmt(&line, "certauth1 %s next=%zu max=%zu:", prompt.request,
	    prompt.next, prompt.max);
	FUZZ_CHECK(prompt.end <= strlen(text));
	FUZZ_CHECK(prompt.end - prompt.start == line.len);
	FUZZ_CHECK(memcmp(text + prompt.start, line.p, line.len) == 0);
	/* it stands alone: cut out, nothing like it is left */
	const char *rest = text + prompt.start + 10;
	for (rest = strstr(rest, "certauth1 "); rest != NULL;
	     rest = strstr(rest + 1, "certauth1 "))
		FUZZ_CHECK(strchr("-_", rest[-1]) != NULL ||
			   (rest[-1] | 32) >= 'a' ||
			   (rest[-1] >= '0' && rest[-1] <= '9'));
	FUZZ_CHECK(prompt.next <= CA_RESPONSE_CHARS_MAX && prompt.max >= 2);
	ca_buf_free(&line);
	free(prompt.request);
}

/* A response of any bytes by way of pieces of any size. */
static void
both(const uint8_t *data, size_t size)
{
	struct ca_buf text = CA_BUF_INIT(1 << 20), got = CA_BUF_INIT(1 << 20);
	bool done = false;
	enum ca_err rc = CA_OK;
	size_t max = 2;

	if (size < 3)
		return;
	max += (size_t)(data[0] << 8 | data[1]) % 1100;
	data += 2;
	size -= 2;
	ca_base64url_encode(&text, data, size);
	struct ca_pieces *ps = ca_pieces_new("AAAA", (unsigned)max);
	size_t next = 0;
	for (size_t n = 0; !done; n++) {
		struct ca_prompt prompt;
		struct ca_buf answer = CA_BUF_INIT(1 << 20);

		FUZZ_CHECK(
		    ca_prompt_find(ca_pieces_prompt(ps), &prompt) == CA_OK);
		FUZZ_CHECK(prompt.next == next && prompt.max == max);
		free(prompt.request);
		rc = ca_answer_cut(ca_buf_text(&text), next, max, &answer);
		if (text.len > CA_RESPONSE_CHARS_MAX) {
			FUZZ_CHECK(rc == CA_ERR_LIMIT);
			ca_buf_free(&answer);
			break;
		}
		FUZZ_CHECK(rc == CA_OK && answer.len <= max);
		rc = ca_pieces_add(ps, ca_buf_text(&answer), &done);
		next += answer.len - 1;
		ca_buf_free(&answer);
		if (rc == CA_ERR_LIMIT) {
			FUZZ_CHECK(n + 1 == CA_ANSWERS_MAX);
			break;
		}
		if (max == 2 && rc == CA_DENIED)
			break; /* one character twice: no way around it */
		FUZZ_CHECK(rc == CA_OK);
	}
	if (done) {
		FUZZ_CHECK(ca_pieces_response(ps, &got) == CA_OK);
		FUZZ_CHECK(got.len == size && memcmp(got.p, data, size) == 0);
	}
	ca_pieces_free(ps);
	ca_buf_free(&text);
	ca_buf_free(&got);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	char *text = malloc(size);
	FUZZ_CHECK(text != NULL);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	if (data[0] % 3 == 0)
		host(text, data[0] >= 128);
	else if (data[0] % 3 == 1)
		finder(text);
	else
		both(data + 1, size - 1);
	free(text);
	return 0;
}
