/* SASL: whatever a server says, a client ends in an error or in a proof. */
#include "fuzz.h"

/* The door that the fuzzers' build has: Sources/SASL/Fuzzing.swift. */
int plait_fuzz_sasl(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    (void)plait_fuzz_sasl(data, len);
    return 0;
}
