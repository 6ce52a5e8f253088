# Timings, as ratios in one run: tests/bench/bench.sh.
.PHONY: bench
BENCH_TOOLS := $(B)/tests/bench/drive $(B)/tests/bench/gencrl

bench:
	@tests/lib/deps.sh bench
	@$(MAKE) --no-print-directory B='$(B)' all testtools $(BENCH_TOOLS)
	@tests/bench/bench.sh '$(B)'

$(B)/tests/bench/drive: $(B)/tests/bench/drive.o $(LIB)
	$(say) LD $@
	$(Q)$(CC) -pie $(CFLAGS_ALL) $(LDFLAGS_ALL) -Wl,--as-needed -o $@ $< \
		$(LIB) $(LIBS_CLI)

$(B)/tests/bench/gencrl: tests/bench/gencrl.c Makefile
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) -D_GNU_SOURCE -std=c11 $(WARN) $(OPT) -o $@ $< -lcrypto
