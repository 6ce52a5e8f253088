# The hostile host's PAM module of tests/relay.bats.
testtools: $(B)/tests/relay/pam_relay.so

$(B)/tests/relay/pam_relay.so: tests/relay/pam_relay.c Makefile
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) -D_GNU_SOURCE -std=c11 -fPIC -shared $(WARN) $(OPT) -o $@ $< \
		-lpam
