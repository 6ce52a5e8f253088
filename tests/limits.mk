# Counts signature verifications: tests/limits.bats.
testtools: $(B)/tests/limits/count.so

$(B)/tests/limits/%.so: tests/limits/%.c Makefile
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) -D_GNU_SOURCE -std=c11 -fPIC -shared $(WARN) \
		-Wno-deprecated-declarations $(OPT) -o $@ $< -lcrypto
