/* certauth.conf and the client's file: whatever stands in it, it is read or refused; what was read
 * can be shown and set again. */
#include "fuzz.h"

#include "client/clientconf.h"
#include "config/config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ca_config *cfg = ca_config_new();
	char path[64];
	int fd = memfd_create("conf", MFD_CLOEXEC);

	FUZZ_CHECK(cfg != NULL && fd >= 0);
	FUZZ_CHECK(write(fd, data, size) == (ssize_t)size);
	FUZZ_CHECK(fchmod(fd, 0644) == 0);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	enum ca_err rc = ca_config_read(cfg, path, "sshd", true, NULL);
	FUZZ_CHECK(rc == CA_OK || rc == CA_ERR_CONFIG || rc == CA_ERR_LIMIT);
	for (size_t i = 0; rc == CA_OK && ca_config_key_name(i) != NULL; i++) {
		char *v = ca_config_key_value(cfg, i);

		FUZZ_CHECK(v != NULL);
		FUZZ_CHECK(ca_config_set(cfg, ca_config_key_name(i), v, "f",
			       NULL) == CA_OK);
		char *again = ca_config_key_value(cfg, i);
		FUZZ_CHECK(strcmp(v, again) == 0);
		free(v);
		free(again);
	}
	ca_config_free(cfg);
	struct ca_client_conf *conf = ca_client_conf_new();
	const char *host = "web1";
	FUZZ_CHECK(conf != NULL);
	rc = ca_client_conf_read(conf, path, &host, 1, NULL);
	FUZZ_CHECK(rc == CA_OK || rc == CA_ERR_CONFIG);
	ca_client_conf_free(conf);
	close(fd);
	return 0;
}
