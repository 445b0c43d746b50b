/* tar_agree.h - one archive read by both parsers: libarchive's, which unpacking uses, and our own, which gives a file out of a
 * stream (pack/untar_file.h). For a test and a fuzzer: what cannot be compared ends the program. */
#ifndef TAR_AGREE_H
#define TAR_AGREE_H

#include <stdbool.h>
#include <stddef.h>

/* Bits, of every name that either of them knows. */
enum tar_agreement {
    TAR_AGREE = 0,        /* both give it, the same bytes; or neither */
    TAR_WE_REFUSE = 1,    /* unpacking makes the file, the stream refuses it or the archive (and does not say "not there") */
    TAR_THEY_REFUSE = 2,  /* the stream gives it, unpacking refuses the archive for something else that is in it */
    TAR_DISAGREE = 4      /* other bytes, or a file that is there for one of them only: this must never be */
};

/* `why` gets a line for each bit. A tar that is not compressed, below 1 MiB. */
unsigned tar_compare(const void *p, size_t len, char why[2048]);

/* Is it the libarchive (3.6) whose every refusal is known here? Another one may refuse more, or less. */
bool tar_compare_is_exact(void);

#endif
