# What a login's messages and signatures cost: medians, part by part.
.PHONY: bench-wire
bench-wire: $(B)/tests/bench/bench_wire
	@$(B)/tests/bench/bench_wire

$(B)/tests/bench/bench_wire: $(B)/tests/bench/bench_wire.o $(LIB)
	$(say) LD $@
	$(Q)$(CC) -pie $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $< $(LIB) -lcrypto
