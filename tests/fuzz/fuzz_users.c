/* Lines of the users file: refused with a reason, or a rule that is whole. */
#include "fuzz.h"

#include "map/rule.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ca_rule rule;
	const char *p = (const char *)data, *end = p + size;

	ca_rule_init(&rule);
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((nl != NULL ? nl : end) - p);
		enum ca_err rc = ca_rule_parse(&rule, p, len);

		FUZZ_CHECK(rc == CA_OK || rc == CA_ERR_FORMAT ||
			   rc == CA_ERR_NOT_FOUND);
		FUZZ_CHECK((rc == CA_ERR_FORMAT) == (rule.why[0] != '\0'));
		if (rc == CA_OK) {
			FUZZ_CHECK(
			    rule.pattern == (strcmp(rule.login, "*") == 0));
			FUZZ_CHECK(rule.pattern || ca_login_valid(rule.login,
						       strlen(rule.login)));
			FUZZ_CHECK(rule.len > 0 && rule.star <= rule.len);
			if (rule.from != NULL) {
				FUZZ_CHECK(ca_from_check(rule.from) == NULL);
				(void)ca_from_match(
				    rule.from, "::ffff:10.0.0.1");
				(void)ca_from_match(rule.from, "a.b.example");
			}
		}
		p += len + 1;
	}
	ca_rule_free(&rule);
	return 0;
}
