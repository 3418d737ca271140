// SHA-1 (FIPS 180-4) of a few octets: formats ask for it by name. It is no protection against anybody.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SHA1_LEN 20

// The digest of `len` octets, all at once. Any thread.
void sha1(const void *data, size_t len, uint8_t digest[SHA1_LEN]);
