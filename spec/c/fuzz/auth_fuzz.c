/* A config.json of any bytes: no crash, no leak, and a result or an error with a text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth.h"
#include "sys/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char dir[64];
    static int fd = -1;
    if (fd < 0) {
        strcpy(dir, "auth-XXXXXX"); /* beside the program */
        if (!mkdtemp(dir) || setenv("DOCKER_CONFIG", dir, 1) != 0 ||
            oci_dir_open(OCI_CWD, dir, false, &fd, NULL) != OCI_OK)
            abort();
    }
    if (oci_file_write_atomic(fd, "config.json", data, size, 0600, false, NULL) != OCI_OK)
        abort();
    static const char *const registries[] = {"docker.io", "r.io", "localhost:5000"};
    for (size_t i = 0; i < 3; i++) {
        struct oci_credential c;
        struct oci_err err = {0};
        int rc = oci_auth_find(registries[i], i ? "ns/repo" : NULL, &c, &err);
        if (rc != err.code || (rc != OCI_OK && !err.text[0]) || (!c.username != !c.password))
            abort();
        if (rc != OCI_OK && (c.username || c.token || c.identity_token))
            abort();
        oci_credential_done(&c);
    }
    return 0;
}
