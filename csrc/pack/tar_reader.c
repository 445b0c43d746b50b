#include "pack/tar_reader.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

#define MAX_EXTENSION (1u << 20)

/* Fields of a header block: where, and how long. */
enum { NAME = 0, NAME_LEN = 100, SIZE = 124, NUMBER_LEN = 12, SUM = 148, SUM_LEN = 8, TYPE = 156, MAGIC = 257, MAGIC_LEN = 8,
       PREFIX = 345, PREFIX_LEN = 155, GNU_HOLES = 386, GNU_HOLES_LEN = 109 };

void oci_tar_reader_init(struct oci_tar_reader *r)
{
    *r = (struct oci_tar_reader){.state = OCI_TAR_AT_HEADER};
    oci_buf_init(&r->name, OCI_MAX_PATH + 1);
    oci_buf_init(&r->path, OCI_MAX_PATH + 1);
    oci_buf_init(&r->extension, MAX_EXTENSION + 1);
}

void oci_tar_reader_done(struct oci_tar_reader *r)
{
    oci_buf_done(&r->name);
    oci_buf_done(&r->path);
    oci_buf_done(&r->extension);
}

static int broken(const char *what, struct oci_err *reterr)
{
    return oci_err_set(reterr, OCI_INVALID, "it is not a proper tar: %s", what);
}

static int holes(struct oci_err *reterr)
{
    return oci_err_set(reterr, OCI_UNSUPPORTED, "a file in it has holes, which is not supported");
}

static int no_room(int rc, struct oci_err *reterr)
{
    return rc == OCI_LIMIT ? oci_err_set(reterr, rc, "a path in it is too long") : oci_err_no_memory(reterr);
}

/* ---- fields ---- */

static struct oci_str text_field(const unsigned char *p, size_t max)
{
    return (struct oci_str){(const char *)p, strnlen((const char *)p, max)};
}

/* Octal digits among blanks, or with the first bit set a binary number (GNU's and star's). False: neither. */
static bool number_field(const unsigned char *p, size_t len, uint64_t *ret_n)
{
    uint64_t n = 0;
    size_t i = 0;
    if (*p & 0x80) {
        n = *p & 0x3f; /* a set second bit is a minus */
        for (i = 1; i < len && n <= UINT64_MAX >> 8; i++)
            n = n << 8 | p[i];
        *ret_n = n;
        return !(*p & 0x40) && i == len;
    }
    while (i < len && p[i] == ' ')
        i++;
    for (; i < len && p[i] >= '0' && p[i] <= '7' && n <= UINT64_MAX >> 3; i++)
        n = n << 3 | (unsigned)(p[i] - '0');
    *ret_n = n;
    return i == len || p[i] == ' ' || p[i] == '\0';
}

/* Some old programs added the bytes as signed numbers. */
static bool sum_is_right(const unsigned char *block)
{
    uint64_t want;
    for (size_t i = SUM; i < SUM + SUM_LEN; i++) {
        if (block[i] != ' ' && block[i] != '\0' && (block[i] < '0' || block[i] > '7'))
            return false;
    }
    long sum = 0, signed_sum = 0;
    for (size_t i = 0; i < OCI_TAR_BLOCK; i++) {
        unsigned char c = i >= SUM && i < SUM + SUM_LEN ? ' ' : block[i];
        sum += c;
        signed_sum += (signed char)c;
    }
    return number_field(block + SUM, SUM_LEN, &want) && (want == (uint64_t)sum || (long)want == signed_sum);
}

static bool is_zero(const unsigned char *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (p[i])
            return false;
    }
    return true;
}

/* ---- extensions ---- */

static int set_path(struct oci_tar_reader *r, struct oci_str path, struct oci_err *reterr)
{
    if (r->has_path)
        return broken("a path is given twice", reterr);
    if (path.len == 0)
        return broken("a path is empty", reterr);
    if (memchr(path.p, '\0', path.len))
        return broken("a path has a zero byte", reterr);
    oci_buf_clear(&r->path);
    int rc = oci_buf_add(&r->path, path.p, path.len);
    r->has_path = rc == OCI_OK;
    return rc == OCI_OK ? rc : no_room(rc, reterr);
}

static int set_size(struct oci_tar_reader *r, struct oci_str size, struct oci_err *reterr)
{
    if (r->has_size)
        return broken("a size is given twice", reterr);
    r->has_size = oci_str_to_u64(size, OCI_MAX_SIZE, &r->next_size) == OCI_OK;
    return r->has_size ? OCI_OK : broken("a size is no size", reterr);
}

static int read_record(struct oci_tar_reader *r, struct oci_str key, struct oci_str value, struct oci_err *reterr)
{
    bool path = oci_str_eq(key, "path"), size = oci_str_eq(key, "size");
    if (r->extension_type == 'g' && (path || size))
        return oci_err_set(reterr, OCI_UNSUPPORTED, "all of its entries are given one path or size, which is not supported");
    if (path)
        return set_path(r, value, reterr);
    if (size)
        return set_size(r, value, reterr);
    bool sparse = key.len > 11 && memcmp(key.p, "GNU.sparse.", 11) == 0;
    return sparse || oci_str_eq(key, "SUN.holesdata") || oci_str_eq(key, "SCHILY.realsize") ? holes(reterr) : OCI_OK;
}

/* pax: "LENGTH KEY=VALUE\n", where the length is that of all of it. */
static int read_records(struct oci_tar_reader *r, struct oci_err *reterr)
{
    struct oci_str rest = {r->extension.p, r->extension.len};
    while (rest.len > 0) {
        struct oci_str digits, record, key, value;
        uint64_t len;
        if (!oci_str_cut(rest, ' ', &digits, &record) || oci_str_to_u64(digits, rest.len, &len) != OCI_OK ||
            len < digits.len + 3 || rest.p[len - 1] != '\n')
            return broken("a pax header is damaged", reterr);
        record.len = (size_t)len - digits.len - 2;
        if (!oci_str_cut(record, '=', &key, &value))
            return broken("a pax header is damaged", reterr);
        int rc = read_record(r, key, value, reterr);
        if (rc != OCI_OK)
            return rc;
        rest.p += len;
        rest.len -= (size_t)len;
    }
    return OCI_OK;
}

static int end_extension(struct oci_tar_reader *r, struct oci_err *reterr)
{
    const char type = r->extension_type;
    if (type == 'g')
        return read_records(r, reterr);
    r->extended = true;
    if (type == 'L')
        return set_path(r, text_field((const unsigned char *)r->extension.p, r->extension.len), reterr);
    if (type == 'K')
        return OCI_OK; /* a link's target: nothing that counts here */
    if (r->has_records)
        return broken("an entry has two pax headers", reterr);
    r->has_records = true;
    return read_records(r, reterr);
}

static bool is_extension(char type)
{
    return type == 'x' || type == 'X' || type == 'g' || type == 'L' || type == 'K';
}

/* ---- headers ---- */

static void go_into(struct oci_tar_reader *r, unsigned state, uint64_t size)
{
    r->left = size;
    r->padding = (OCI_TAR_BLOCK - size % OCI_TAR_BLOCK) % OCI_TAR_BLOCK;
    r->state = OCI_TAR_AT_HEADER;
    if (size > 0)
        r->state = state;
}

static int begin_extension(struct oci_tar_reader *r, char type, uint64_t size, struct oci_err *reterr)
{
    if (size > MAX_EXTENSION)
        return oci_err_set(reterr, OCI_LIMIT, "a header in it is too long");
    if (size == 0)
        return broken("a header's extension is empty", reterr);
    oci_buf_clear(&r->extension);
    r->extension_type = type;
    go_into(r, OCI_TAR_IN_EXTENSION, size);
    return OCI_TAR_NOTHING;
}

static bool is_ustar(const unsigned char *block)
{
    return memcmp(block + MAGIC, "ustar", 6) == 0;
}

static bool is_gnu(const unsigned char *block)
{
    return memcmp(block + MAGIC, "ustar  ", MAGIC_LEN) == 0;
}

static enum oci_tar_kind kind_of(char type, const struct oci_buf *name)
{
    switch (type) {
    case '0':
    case '\0':
    case '7':
        return name->len > 0 && name->p[name->len - 1] == '/' ? OCI_TAR_DIRECTORY : OCI_TAR_FILE;
    case '1':
        return OCI_TAR_HARDLINK;
    case '2':
        return OCI_TAR_SYMLINK;
    case '5':
    case 'D': /* GNU's, with a list of what is in it as its content */
        return OCI_TAR_DIRECTORY;
    default:
        return OCI_TAR_OTHER;
    }
}

static int take_name(struct oci_tar_reader *r, struct oci_err *reterr)
{
    const struct oci_str name = text_field(r->block + NAME, NAME_LEN);
    const struct oci_str prefix = text_field(r->block + PREFIX, PREFIX_LEN);
    int rc = OCI_OK;
    oci_buf_clear(&r->name);
    if (r->has_path) {
        rc = oci_buf_add(&r->name, r->path.p, r->path.len);
    } else {
        if (prefix.len > 0 && is_ustar(r->block)) {
            rc = oci_buf_add(&r->name, prefix.p, prefix.len);
            rc = rc == OCI_OK ? oci_buf_add(&r->name, "/", 1) : rc;
        }
        rc = rc == OCI_OK ? oci_buf_add(&r->name, name.p, name.len) : rc;
    }
    return rc == OCI_OK ? rc : no_room(rc, reterr);
}

/* Everything about an entry that programs read differently: somebody would be shown another file than his neighbour. */
static int check_entry(const struct oci_tar_reader *r, char type, uint64_t size, struct oci_err *reterr)
{
    bool slash = r->name.len > 0 && r->name.p[r->name.len - 1] == '/';
    if (type == 'S' || (is_gnu(r->block) && !is_zero(r->block + GNU_HOLES, GNU_HOLES_LEN)))
        return holes(reterr);
    /* Whether a hard link brings its content cannot be told for sure. */
    if (type == '1' && size > 0)
        return oci_err_set(reterr, OCI_UNSUPPORTED, "a hard link in it has content, which is not supported");
    if (type >= '2' && type <= '6' && r->has_size && size > 0)
        return broken("a pax header gives a size to what has no content", reterr);
    if (slash && size > 0 && (type < '2' || type > '6') && type != 'D')
        return broken("a directory has content", reterr);
    return size > OCI_MAX_SIZE ? broken("a size is no size", reterr) : OCI_OK;
}

static int begin_entry(struct oci_tar_reader *r, char type, uint64_t size, struct oci_err *reterr)
{
    int rc = take_name(r, reterr);
    if (r->has_size)
        size = r->next_size;
    if (rc == OCI_OK)
        rc = check_entry(r, type, size, reterr);
    if (rc != OCI_OK)
        return rc;
    r->has_path = r->has_size = r->has_records = r->extended = false;
    r->kind = kind_of(type, &r->name);
    if (type >= '2' && type <= '6') /* has none, whatever the field says */
        size = 0;
    r->size = size;
    go_into(r, OCI_TAR_IN_CONTENT, size);
    return OCI_TAR_ENTRY;
}

static int begin_any(struct oci_tar_reader *r, char type, uint64_t size, struct oci_err *reterr)
{
    if (memcmp(r->block + MAGIC, "ustar", 5) == 0 && !is_ustar(r->block) && !is_gnu(r->block))
        return broken("a header is of no known kind", reterr);
    if (is_extension(type))
        return begin_extension(r, type, size, reterr);
    if (type == 'V' && size == 0) /* the volume's name: what is said of the next entry is not said of it */
        return OCI_TAR_NOTHING;
    if (type == 'V' || type == 'A')
        return oci_err_set(reterr, OCI_UNSUPPORTED, "it has entries of the type %c, which is not supported", type);
    return begin_entry(r, type, size, reterr);
}

static int read_header(struct oci_tar_reader *r, struct oci_err *reterr)
{
    uint64_t size;
    r->have = 0;
    if (is_zero(r->block, sizeof r->block)) {
        r->state = OCI_TAR_AT_END;
        return r->extended ? broken("it ends where an entry should begin", reterr) : OCI_TAR_OVER;
    }
    if (!sum_is_right(r->block))
        return broken("the sum of a header is wrong", reterr);
    if (!number_field(r->block + SIZE, NUMBER_LEN, &size))
        return broken("a size is no size", reterr);
    return begin_any(r, (char)r->block[TYPE], size, reterr);
}

/* ---- reading ---- */

static int fill_block(struct oci_tar_reader *r, const void *p, size_t len, size_t *ret_used, struct oci_err *reterr)
{
    size_t n = OCI_TAR_BLOCK - r->have;
    *ret_used = n < len ? n : len;
    memcpy(r->block + r->have, p, *ret_used);
    r->have += *ret_used;
    return r->have == OCI_TAR_BLOCK ? read_header(r, reterr) : OCI_TAR_NOTHING;
}

/* What the state is about is over. */
static void leave(struct oci_tar_reader *r)
{
    r->left = r->padding;
    r->padding = 0;
    r->state = r->left > 0 ? OCI_TAR_IN_PADDING : OCI_TAR_AT_HEADER;
}

int oci_tar_reader_next(struct oci_tar_reader *r, const void *p, size_t len, size_t *ret_used, struct oci_err *reterr)
{
    int rc = OCI_TAR_NOTHING;
    *ret_used = 0;
    if (r->state == OCI_TAR_AT_END)
        return OCI_TAR_OVER;
    if (r->state == OCI_TAR_AT_HEADER)
        return fill_block(r, p, len, ret_used, reterr);
    size_t n = r->left < len ? (size_t)r->left : len;
    bool extension = r->state == OCI_TAR_IN_EXTENSION;
    if (r->state == OCI_TAR_IN_CONTENT)
        rc = OCI_TAR_DATA;
    else if (extension && oci_buf_add(&r->extension, p, n) != OCI_OK)
        return oci_err_no_memory(reterr);
    *ret_used = n;
    r->left -= n;
    if (r->left > 0)
        return rc;
    leave(r);
    int ended = extension ? end_extension(r, reterr) : OCI_OK;
    return ended == OCI_OK ? rc : ended;
}

int oci_tar_reader_end(const struct oci_tar_reader *r, struct oci_err *reterr)
{
    bool at_header = r->state == OCI_TAR_AT_HEADER && r->have == 0 && !r->extended;
    return at_header || r->state == OCI_TAR_AT_END ? OCI_OK : broken("it ends too early", reterr);
}
