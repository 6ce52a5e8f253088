/*
 * Questions that every source of keys asks in the same way.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <strings.h>

#include "base/format.h"
#include "base/tr.h"
#include "key/key.h"

#define CHOICES_MAX 3 /* answers that name no line */
#define TEXT_BYTES 1024

void
ca_key_tell(
    const struct ca_key_ui *ui, const struct ca_log *log, const char *fmt, ...)
{
	char text[TEXT_BYTES], english[TEXT_BYTES];
	va_list ap;

	va_start(ap, fmt);
	/* NOLINTNEXTLINE(clang-analyzer-valist.*): va_start is above */
	ca_vformat(english, sizeof english, NULL, fmt, ap);
	va_end(ap);
	va_start(ap, fmt);
	/* NOLINTNEXTLINE(clang-analyzer-valist.*): va_start is above */
	ca_vformat(text, sizeof text, ca_tr, fmt, ap);
	va_end(ap);
	if (ui != NULL && ui->error != NULL)
		ui->error(ui->ctx, text, english);
	else
		ca_log_err(log, "%-s", english);
}

/* "yes" is right in every language: who writes a script knows no other. */
bool
ca_key_is_yes(const char *answer)
{
	static const char *const yes[] = {"yes", "y", N_("yes"), N_("y")};
	bool is = false;

	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		is = is || strcasecmp(answer, i < 2 ? yes[i] : _(yes[i])) == 0;
	return is;
}

enum ca_err
ca_key_confirm(const struct ca_key_ui *ui, const char *question)
{
	struct ca_buf text = CA_BUF_INIT(65536);
	struct ca_secret *answer = NULL;
	enum ca_err rc = CA_ERR_MEMORY;

	if (ui == NULL || ui->ask == NULL)
		return CA_ERR_CANCELLED;
	ca_buf_fmt(&text, _("%s [yes/no] "), question);
	if (ca_buf_text(&text) != NULL)
		rc = ui->ask(ui->ctx, ca_buf_text(&text), true, &answer);
	if (rc == CA_OK &&
	    (answer == NULL || !ca_key_is_yes(ca_secret_get0(answer))))
		rc = CA_ERR_CANCELLED;
	ca_secret_free(answer);
	ca_buf_free(&text);
	return rc;
}

static void
put_list(const struct ca_key_ui *ui, const char *title, const char *const *line,
    size_t n)
{
	ui->note(ui->ctx, title);
	for (size_t i = 0; i < n; i++) {
		struct ca_buf text = CA_BUF_INIT(65536);

		ca_buf_fmt(&text, "%3zu  %s", i + 1, line[i]);
		if (ca_buf_text(&text) != NULL)
			ui->note(ui->ctx, ca_buf_text(&text));
		ca_buf_free(&text);
	}
}

/* The answer, which is freed, and what came of asking for it.  CA_ERR_FORMAT: it names
 * no line. */
static enum ca_err
take_choice(enum ca_err rc, struct ca_secret *answer, size_t n, size_t *index)
{
	if (rc == CA_OK && (answer == NULL || ca_secret_len(answer) == 0))
		rc = CA_ERR_CANCELLED;
	if (rc == CA_OK) {
		const char *text = ca_secret_get0(answer);
		char *end = NULL;
		unsigned long number = strtoul(text, &end, 10);

		if (text[0] >= '0' && text[0] <= '9' && *end == '\0' &&
		    number >= 1 && number <= n)
			*index = number - 1;
		else
			rc = CA_ERR_FORMAT;
	}
	ca_secret_free(answer);
	return rc;
}

static enum ca_err
read_choice(const struct ca_key_ui *ui, size_t n, size_t *index)
{
	struct ca_buf prompt = CA_BUF_INIT(64);
	struct ca_secret *answer = NULL;
	enum ca_err rc = CA_ERR_MEMORY;

	ca_buf_fmt(&prompt, _("Which one, 1 to %zu? "), n);
	if (ca_buf_text(&prompt) != NULL)
		rc = ui->ask(ui->ctx, ca_buf_text(&prompt), true, &answer);
	ca_buf_free(&prompt);
	return take_choice(rc, answer, n, index);
}

/* By a list with numbers, of which the user enters one. */
static enum ca_err
choose_number(const struct ca_key_ui *ui, const char *title,
    const char *const *line, size_t n, size_t *index)
{
	enum ca_err rc = CA_ERR_FORMAT;

	for (int i = 0; i < CHOICES_MAX && rc == CA_ERR_FORMAT; i++) {
		put_list(ui, title, line, n);
		rc = read_choice(ui, n, index);
		if (rc == CA_ERR_FORMAT)
			ca_key_tell(
			    ui, NULL, "That is no number from 1 to %zu.", n);
	}
	return rc;
}

enum ca_err
ca_key_choose(const struct ca_key_ui *ui, const char *title,
    const char *const *line, size_t n, size_t *index)
{
	struct ca_secret *answer = NULL;
	enum ca_err rc = CA_ERR_UNSUPPORTED;

	if (ui == NULL || ui->ask == NULL)
		return CA_ERR_CANCELLED;
	if (ui->choose != NULL)
		rc = ui->choose(ui->ctx, title, line, n, &answer);
	rc = take_choice(rc, answer, n, index);
	if (rc == CA_ERR_UNSUPPORTED)
		rc = choose_number(ui, title, line, n, index);
	if (rc == CA_ERR_IO)
		ca_key_tell(ui, NULL,
		    "More than one certificate fits, and nobody can be asked for "
		    "one. Name one by its URI; to see the URIs, run: certauth "
		    "tokens");
	return rc == CA_ERR_MEMORY || rc == CA_OK ? rc : CA_ERR_CANCELLED;
}
