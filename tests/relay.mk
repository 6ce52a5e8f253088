# The hostile host's PAM module of tests/relay.bats, and a clock for a client.
testtools: $(B)/tests/relay/pam_relay.so $(B)/tests/relay/later.so

$(B)/tests/relay/%.so: tests/relay/%.c Makefile
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) -D_GNU_SOURCE -std=c11 -fPIC -shared $(WARN) $(OPT) -o $@ $< \
		-lpam
