#include "metrics/metricstext.h"
#include "base/text.h"

#include <string.h>

void
ca_metrics_head(
    struct ca_buf *out, const char *name, const char *type, const char *help)
{
	ca_buf_fmt(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* The format knows the escapes \\, \" and \n; a line feed is not printable. */
static void
put_value(struct ca_buf *out, const char *text)
{
	size_t len = strlen(text), done = 0, n;
	char step[CA_TEXT_STEP];

	for (size_t i = 0; i < len;) {
		i += ca_text_next(
		    (const uint8_t *)text + i, len - i, "", step, &n);
		if ((done += n) > CA_METRICS_LABEL_MAX) {
			ca_buf_str(out, "...");
			return;
		}
		for (size_t k = 0; k < n; k++) {
			if (step[k] == '\\' || step[k] == '"')
				ca_buf_u8(out, '\\');
			ca_buf_put(out, step + k, 1);
		}
	}
}

void
ca_metrics_sample(struct ca_buf *out, const char *name,
    const struct ca_metrics_label *labels, long long value)
{
	const char *before = "{";

	ca_buf_str(out, name);
	for (; labels != NULL && labels->name != NULL; labels++) {
		ca_buf_fmt(out, "%s%s=\"", before, labels->name);
		put_value(out, labels->value);
		ca_buf_str(out, "\"");
		before = ",";
	}
	ca_buf_fmt(out, "%s %lld\n", *before == ',' ? "}" : "", value);
}

void
ca_metrics_single(struct ca_buf *out, const char *name, const char *type,
    const char *help, long long value)
{
	ca_metrics_head(out, name, type, help);
	ca_metrics_sample(out, name, NULL, value);
}
