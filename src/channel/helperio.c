/*
 * The helper's own end of its messages (channel/helper.h): the module has its end in
 * channel/session.c, and waits with a deadline.
 */
#include "channel/helper.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum ca_err
ca_helper_recv(int fd, struct ca_helper_input *in, struct ca_helper_msg *msg)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	uint8_t block[4096];

	while ((rc = ca_helper_input_next(in, msg)) == CA_ERR_NOT_FOUND) {
		ssize_t n = read(fd, block, sizeof block);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			ret = n < 0 ? CA_ERR_IO : CA_ERR_CANCELLED;
			goto out;
		}
		rc = ca_helper_input_add(in, block, (size_t)n);
		if (rc != CA_OK) {
			ret = rc;
			goto out;
		}
	}
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	explicit_bzero(block, sizeof block);
	return ret;
}

enum ca_err
ca_helper_send(int fd, struct ca_buf *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	size_t done = 0;

	if ((rc = ca_buf_err(out)) != CA_OK) {
		ret = rc;
		goto out;
	}
	while (done < out->len) {
		ssize_t n = write(fd, out->p + done, out->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			ret = CA_ERR_IO;
			goto out;
		}
		done += (size_t)n;
	}
	ret = CA_OK;
out:;
	size_t max = out->max;

	ca_buf_free(out);
	*out = CA_BUF_INIT(max);
	return ret;
}
