/*
 * A session with a token, and what is told to the user about it.
 */
#include "key/p11.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
ca_p11_tell(
    const struct ca_p11 *p11, const struct ca_key_ui *ui, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	/* NOLINTNEXTLINE(clang-analyzer-valist.*): va_start is above */
	if (vsnprintf(text, sizeof text, fmt, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	if (ui != NULL && ui->info != NULL)
		ui->info(ui->ctx, text);
	else
		ca_log_err(&p11->log, "%-s", text);
}

enum ca_err
ca_p11_failed(const struct ca_p11 *p11, const struct ca_p11_token *t,
    const struct ca_key_ui *ui, const char *what, CK_RV rv)
{
	switch (rv) {
	case CKR_TOKEN_NOT_PRESENT:
	case CKR_TOKEN_NOT_RECOGNIZED:
	case CKR_DEVICE_REMOVED:
	case CKR_SLOT_ID_INVALID:
	case CKR_SESSION_HANDLE_INVALID:
	case CKR_SESSION_CLOSED:
		ca_p11_tell(p11, ui, "\"%s\" was removed.", t->name);
		return CA_ERR_IO;
	case CKR_FUNCTION_CANCELED:
		ca_p11_tell(p11, ui, "\"%s\": cancelled.", t->name);
		return CA_ERR_CANCELLED;
	case CKR_HOST_MEMORY:
		return CA_ERR_MEMORY;
	case CKR_DEVICE_ERROR:
		ca_p11_tell(p11, ui,
		    "\"%s\" failed at %s; it may have been "
		    "removed.",
		    t->name, what);
		return CA_ERR_IO;
	default:
		ca_p11_tell(p11, ui, "\"%s\" failed at %s: %s.", t->name, what,
		    p11_kit_strerror(rv));
		return CA_ERR_CRYPTO;
	}
}
