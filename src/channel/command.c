#include "channel/channel.h"

/* Not built yet: there is nothing here to sign with. */
enum ca_err
ca_channel_command(const struct ca_config *cfg, const struct ca_log *log,
    const struct ca_request *req, const struct ca_channel_user *user,
    const struct ca_prompter *prompter, struct ca_buf *out,
    enum ca_reason *reason)
{
	(void)cfg;
	(void)log;
	(void)req;
	(void)user;
	(void)prompter;
	(void)out;
	*reason = CA_R_NO_CREDENTIAL;
	return CA_ERR_NOT_FOUND;
}
