/* Archives that are put together from what tars are made of, a byte of a header changed here and there: both parsers see the same
 * files in them (tar_agree.h), or one of them refuses. */
#include "../tar_agree.c"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char types[] = "00000001234567xxxgLLKXAVDMNSZ5";
static const char *const names[] = {"a", "b", "c", "d/", "d", "d/x", "a/", "", "././@LongLink", "../a", "\xc3\xa9", "e\xcc\x81"};
static const char *const contents[] = {
    "",
    "1",
    "a longer content",
    "a",
    "d/x",
    "10 path=a\n",
    "12 path=d/x\n",
    "8 path=\n",
    "10 size=3\n",
    "12 size=512\n",
    "13 size=1024\n",
    "10 size=0\n",
    "10 path=b\n12 size=512\n",
    "14 linkpath=c\n",
    "99 path=b\n",
    "21 hdrcharset=BINARY\n11 path=\xc3\xa9\n",
    "11 path=\xc3\xa9\n",
    "21 GNU.sparse.size=1\n22 GNU.sparse.map=0,1\n21 GNU.sparse.name=b\n",
    "21 SCHILY.realsize=1\n",
    "30 SCHILY.xattr.user.x=value\n\n",
    "22 comment=0123456789\n",
};
static const char *const magics[] = {"ustar\0" "00", "ustar\0" "00", "ustar\0" "00", "ustar  ", "\0\0\0\0\0\0\0", "ustarX00", "ustar 00"};
static const size_t fields[] = {0, 1, 99, 100, 107, 124, 125, 135, 136, 148, 155, 156, 257, 262, 263, 264, 345, 346, 369, 386, 397,
                                398, 409, 482, 483, 494, 508};
#define COUNT(array) (sizeof(array) / sizeof *(array))

struct maker {
    const uint8_t *in;
    size_t left, len;
    char tar[48u << 10];
};

static unsigned next(struct maker *m)
{
    if (m->left == 0)
        return 0;
    m->left--;
    return *m->in++;
}

static void seal(char *h)
{
    unsigned sum = 0;
    memset(h + 148, ' ', 8);
    for (size_t i = 0; i < 512; i++)
        sum += (unsigned char)h[i];
    snprintf(h + 148, 7, "%06o", sum & 0777777);
}

static char *header(struct maker *m, char type, const char *name, size_t size)
{
    char *h = m->tar + m->len;
    memset(h, 0, 512);
    memcpy(h, name, strlen(name));
    memcpy(h + 100, "0000644\0" "0000000\0" "0000000\0", 24);
    snprintf(h + 124, 12, "%011zo", size & 077777777);
    memcpy(h + 136, "00000000000", 12);
    h[156] = type;
    h[157] = type == '1' || type == '2' ? 'a' : 0;
    memcpy(h + 257, magics[0], 8);
    m->len += 512;
    return h;
}

/* Content; one of the choices is a whole entry, for whoever takes another size for what is around it. */
static void content(struct maker *m, unsigned choice)
{
    if (choice % 8 == 7) {
        char *h = header(m, '0', names[choice / 8 % COUNT(names)], 6);
        seal(h);
        memset(m->tar + m->len, 0, 512);
        memcpy(m->tar + m->len, "hidden", 6);
        m->len += 512;
        return;
    }
    const char *text = contents[choice / 8 % COUNT(contents)];
    memset(m->tar + m->len, 0, 512);
    memcpy(m->tar + m->len, text, strlen(text));
    m->len += *text ? 512 : 0;
}

static void entry(struct maker *m)
{
    char type = types[next(m) % (COUNT(types) - 1)];
    const char *name = names[next(m) % COUNT(names)];
    unsigned choice = next(m), odd = next(m);
    size_t at = m->len;
    header(m, type, name, 0);
    content(m, choice);
    const char *text = contents[choice / 8 % COUNT(contents)];
    size_t size = odd & 1 ? next(m) * 16u : choice % 8 == 7 ? 1024 : strlen(text);
    char *h = m->tar + at;
    snprintf(h + 124, 12, "%011zo", size);
    memcpy(h + 257, magics[odd / 2 % COUNT(magics)], 8);
    if (odd & 0x40) {
        h[345] = 'p';
        h[346] = odd & 0x20 ? '/' : 0;
    }
    if (odd & 0x80) {
        size_t field = fields[next(m) % COUNT(fields)];
        h[field] = (char)next(m);
    }
    seal(h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct maker m;
    static char why[2048];
    m = (struct maker){.in = data, .left = size};
    while (m.left > 0 && m.len < sizeof m.tar - 4096)
        entry(&m);
    memset(m.tar + m.len, 0, 1024);
    m.len += 1024;
    if (tar_compare(m.tar, m.len, why) & TAR_DISAGREE) {
        fprintf(stderr, "%s", why);
        abort();
    }
    return 0;
}
