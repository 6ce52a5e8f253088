/*
 * The line protocol of the helper.  The first byte says whose lines they are
 * and in what portions they come.
 */
#include "fuzz.h"

#include <string.h>

#include "channel/helper.h"

/* One line has one meaning, and one meaning one line. */
static void
write_again(const struct ca_helper_msg *msg, const uint8_t *line, size_t len)
{
	struct ca_buf out = CA_BUF_INIT(1 << 20);
	struct ca_buf arg = CA_BUF_INIT(1 << 20);

	ca_buf_put(&arg, msg->arg.p, msg->arg.len);
	if (memchr(line, ' ', len) == NULL) {
		ca_helper_put(&out, msg->verb);
	} else {
		ca_helper_put_number(&out, msg->verb, msg->number);
		if (ca_buf_err(&out) != CA_OK) {
			ca_buf_reset(&out);
			ca_helper_put_text(&out, msg->verb, ca_buf_text(&arg));
		}
		if (ca_buf_err(&out) != CA_OK) {
			ca_buf_reset(&out);
			ca_helper_put_bytes(&out, msg->verb, arg.p, arg.len);
		}
	}
	FUZZ_CHECK(ca_buf_err(&out) == CA_OK);
	FUZZ_CHECK(out.len == len + 1 && out.p[len] == '\n');
	FUZZ_CHECK(memcmp(out.p, line, len) == 0);
	ca_buf_free(&out);
	ca_buf_free(&arg);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ca_helper_input in;
	struct ca_helper_msg msg = {0};
	enum ca_helper_side from;
	size_t portion, at = 0, line = 0;
	enum ca_err rc = CA_OK;

	if (size == 0)
		return 0;
	from = data[0] & 1 ? CA_HELPER_HOST : CA_HELPER_CHILD;
	portion = (size_t)(data[0] >> 1) * 7 + 1;
	data++;
	size--;
	ca_helper_input_init(&in, from);
	while (at < size && rc != CA_ERR_LIMIT) {
		size_t n = portion < size - at ? portion : size - at;

		rc = ca_helper_input_add(&in, data + at, n);
		FUZZ_CHECK(rc == CA_OK || rc == CA_ERR_LIMIT);
		at += n;
		while (rc == CA_OK || rc == CA_ERR_FORMAT) {
			const uint8_t *end =
			    memchr(data + line, '\n', at - line);

			rc = ca_helper_input_next(&in, &msg);
			FUZZ_CHECK((rc == CA_OK || rc == CA_ERR_FORMAT) ==
				   (end != NULL));
			FUZZ_CHECK(
			    (rc == CA_OK) == (msg.verb != CA_HELPER_UNSET));
			if (end == NULL)
				break;
			if (rc == CA_OK)
				write_again(&msg, data + line,
				    (size_t)(end - data) - line);
			line = (size_t)(end - data) + 1;
			ca_helper_msg_clear(&msg);
		}
	}
	ca_helper_input_clear(&in);
	ca_helper_msg_clear(&msg);
	return 0;
}
