# The generator of CRLs for the bench: make build/tests/bench/gencrl
$(B)/tests/bench/gencrl: tests/bench/gencrl.c Makefile
	@mkdir -p $(@D)
	$(say) CC $<
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -pie -o $@ $< -lcrypto
