/* One archive, two parsers (tar_agree.h): whatever the stream gives for a name is what unpacking writes under it. Where one refuses
 * what the other takes, it is said here, with the reason; neither may see another file, or other bytes, than the other. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/file.h"
#include "tar_agree.h"
#include "tar_box.h"
#include "test.h"

static size_t last; /* where the last header is */

static void add(struct tar_entry e)
{
    last = tar_made.len;
    tar_add(e);
}

static void file(const char *name, const char *content)
{
    add((struct tar_entry){.name = name, .content = content});
}

static void entry(char type, const char *name, const char *content)
{
    add((struct tar_entry){.name = name, .type = type, .content = content});
}

static void link_to(const char *name, const char *target)
{
    add((struct tar_entry){.name = name, .type = '2', .link = target});
}

static void raw(const void *p, size_t len)
{
    CHECK_INT(oci_buf_add(&tar_made, p, len), OCI_OK);
}

static unsigned last_sum(void)
{
    unsigned sum = 0;
    const char *h = tar_made.p + last;
    for (size_t i = 0; i < 512; i++)
        sum += i >= 148 && i < 156 ? ' ' : (unsigned char)h[i];
    return sum;
}

static void seal(void)
{
    char field[9];
    snprintf(field, sizeof field, "%06o", last_sum());
    field[7] = ' ';
    memcpy(tar_made.p + last + 148, field, 8);
}

/* Changes bytes of the last header. */
static void patch(size_t at, const char *bytes, size_t len)
{
    memcpy(tar_made.p + last + at, bytes, len);
    seal();
}

enum { MODE = 100, SIZE = 124, SUM = 148, LINK = 157, MAGIC = 257, PREFIX = 345, GNU_SPARSE = 386, GNU_EXTENDED = 482,
       GNU_REAL_SIZE = 483 };

static void gnu(void)
{
    patch(MAGIC, "ustar  ", 8);
}

static void size_field(const char *text)
{
    char field[13] = "";
    snprintf(field, sizeof field, "%s", text);
    patch(SIZE, field, 12);
}

static void pax(const char *records)
{
    entry('x', "PaxHeaders/x", records);
}

/* A header and content as a file's content: whoever takes another size for the one in front sees a file here. */
static char inner[1024 + 1];
static const char *hidden(const char *name, const char *content)
{
    struct oci_buf before = tar_made;
    tar_made = (struct oci_buf){0};
    tar_begin();
    tar_add((struct tar_entry){.name = name, .content = content});
    memcpy(inner, tar_made.p, 1024);
    oci_buf_done(&tar_made);
    tar_made = before;
    return inner;
}

static void hidden_entry(char type, const char *name, const char *inside, const char *content)
{
    last = tar_made.len;
    struct tar_entry e = {.name = name, .type = type};
    tar_add_bytes(&e, hidden(inside, content), 1024);
}

static void run(void (*craft)(void), bool ended, unsigned want, const char *reason)
{
    static char why[2048];
    tar_begin();
    craft();
    if (ended)
        tar_end();
    unsigned bits = tar_compare(tar_made.p, tar_made.len, why);
    oci_buf_done(&tar_made);
    bool good = tar_compare_is_exact() ? bits == want : !(bits & TAR_DISAGREE);
    if (!good)
        FAIL("%u instead of %u (%s):\n%s", bits, want, reason, why);
}

#define ARCHIVE_(id, ended, want, reason) \
    static void craft_##id(void);         \
    TEST(id)                              \
    {                                     \
        run(craft_##id, ended, want, reason); \
    }                                     \
    static void craft_##id(void)
/* What is made in the body, with two zero blocks behind it; and without. */
#define ARCHIVE(id, want, reason) ARCHIVE_(id, true, want, reason)
#define BARE(id, want, reason) ARCHIVE_(id, false, want, reason)

/* ---- what both read ---- */

ARCHIVE(ordinary, TAR_AGREE, "")
{
    entry('5', "d/", "");
    file("d/a", "hello");
    file("./d//b", "world");
    file("empty", "");
    link_to("l", "d/a");
    add((struct tar_entry){.name = "run", .mode = 0755, .content = "x"});
}

ARCHIVE(v7, TAR_AGREE, "")
{
    file("a", "1");
    patch(MAGIC, "\0\0\0\0\0\0\0", 8);
    patch(156, "\0", 1);
    file("prefix-is-not-there", "2");
    patch(MAGIC, "\0\0\0\0\0\0\0", 8);
    patch(PREFIX, "p", 1);
    file("old/", "");
    patch(156, "\0", 1);
    file("old/x", "3");
}

ARCHIVE(prefix, TAR_AGREE, "")
{
    file("name", "1");
    patch(PREFIX, "a/b", 3);
    file("name", "2");
    patch(PREFIX, "c/", 2);
    file("name", "3");
}

ARCHIVE(full_fields, TAR_AGREE, "a name of 100 bytes and a prefix of 155 end without a zero byte")
{
    char name[101], prefix[156];
    memset(name, 'n', 100);
    memset(prefix, 'p', 155);
    prefix[154] = 'q';
    name[100] = prefix[155] = '\0';
    file(name, "1");
    patch(PREFIX, prefix, 155);
    file(name, "2");
}

ARCHIVE(gnu_long_names, TAR_AGREE, "")
{
    entry('L', "././@LongLink", "a/very/long/name");
    file("short", "1");
    entry('K', "././@LongLink", "target");
    entry('L', "././@LongLink", "a/link");
    link_to("short", "t");
    file("short", "2");
    gnu();
}

ARCHIVE(gnu_has_no_prefix, TAR_AGREE, "its times are there")
{
    file("a", "1");
    patch(PREFIX, "14657324013", 12);
    gnu();
}

ARCHIVE(pax_path, TAR_AGREE, "")
{
    pax("12 path=p/q\n");
    file("short", "1");
    file("short", "2");
    pax("14 linkpath=t\n");
    link_to("l", "x");
}

ARCHIVE(pax_size, TAR_AGREE, "")
{
    pax("10 size=3\n");
    file("a", "123");
    pax("10 size=4\n");
    file("b", "4444");
    size_field("00000000000"); /* what is too large for the field */
    file("c", "5");
}

ARCHIVE(pax_for_everybody, TAR_AGREE, "a comment, as git archive writes it")
{
    entry('g', "pax_global_header", "22 comment=0123456789\n");
    file("a", "1");
    entry('g', "pax_global_header", "22 comment=0123456789\n");
}

ARCHIVE(base_256, TAR_AGREE, "")
{
    add((struct tar_entry){.name = "a", .claim = 3, .content = "123"});
    file("b", "4");
}

ARCHIVE(blanks_in_numbers, TAR_AGREE, "")
{
    file("a", "123");
    size_field("         3 ");
    file("b", "1234");
    size_field("4 ");
    file("c", "12345");
    char field[9];
    snprintf(field, sizeof field, "%8o", last_sum());
    memcpy(tar_made.p + last + SUM, field, 8);
    file("d", "");
    snprintf(field, sizeof field, "%07o", last_sum());
    memcpy(tar_made.p + last + SUM, field, 8);
}

ARCHIVE(directories_and_links_with_a_size, TAR_AGREE, "have no content")
{
    entry('5', "d", "");
    size_field("00000001000");
    file("d/a", "1");
    link_to("l", "d/a");
    size_field("00000001000");
    file("b", "2");
}

ARCHIVE(old_directory_with_content, TAR_WE_REFUSE, "libarchive takes the content for entries, POSIX does not")
{
    hidden_entry('0', "d/", "d/x", "hidden");
    file("d/y", "1");
}

ARCHIVE(volume_label, TAR_AGREE, "")
{
    entry('V', "a", "");
    file("a", "1");
    file("b", "2");
}

ARCHIVE(behind_the_end, TAR_AGREE, "nothing counts")
{
    file("a", "1");
    tar_end();
    file("b", "2");
}

BARE(one_zero_block, TAR_AGREE, "is the end")
{
    static const char zeros[512];
    file("a", "1");
    raw(zeros, 512);
    file("b", "2");
    file("a", "3");
}

BARE(rubbish_behind_the_end, TAR_AGREE, "")
{
    file("a", "1");
    tar_end();
    raw("rubbish", 7);
}

BARE(no_end, TAR_AGREE, "")
{
    file("a", "1");
}

BARE(nothing, TAR_AGREE, "") { }

BARE(extension_at_the_end, TAR_AGREE, "")
{
    file("a", "1");
    pax("10 path=b\n");
}

ARCHIVE(extension_before_the_end, TAR_AGREE, "")
{
    file("a", "1");
    pax("10 path=b\n");
}

ARCHIVE(long_name_before_the_end, TAR_AGREE, "")
{
    file("a", "1");
    entry('L', "././@LongLink", "a");
}

ARCHIVE(same_directory_again, TAR_AGREE, "")
{
    entry('5', "d", "");
    file("d/a", "1");
    entry('5', "d/", "");
    file("d/b", "2");
}

ARCHIVE(unicode, TAR_AGREE, "names are bytes: one accent in two ways is two names")
{
    file("\xc3\xa9", "1");
    file("e\xcc\x81", "2");
    pax("18 path=p/caf\xc3\xa9/x\n");
    file("x", "3");
    pax("19 path=q/cafe\xcc\x81/x\n");
    file("y", "4");
    pax("21 hdrcharset=BINARY\n13 path=\xc3\xb6\xcc\x81\n");
    file("z", "5");
}

ARCHIVE(a_name_ends_at_its_zero_byte, TAR_AGREE, "")
{
    add((struct tar_entry){.name = "a\0b", .name_len = 3, .content = "1"});
    add((struct tar_entry){.name = "././@LongLink", .type = 'L', .content = "c"});
    file("x", "2");
}

/* ---- what programs write: both read it ---- */

static void check_program(const char *dir, const char *command)
{
    static char why[2048];
    char path[TREE_PATH + 32];
    struct oci_bytes *tar = NULL;
    snprintf(path, sizeof path, "%s/out.tar", dir);
    if (tree_shell("cd %s && rm -f out.tar && (%s) >/dev/null 2>&1", dir, command) != 0)
        return; /* it is not there, or knows no such format */
    CHECK_INT(oci_file_read_all(OCI_CWD, path, 1u << 20, &tar, NULL), OCI_OK);
    unsigned bits = tar_compare(tar->p, tar->len, why);
    if (bits != TAR_AGREE)
        FAIL("%s: %s", command, why);
    oci_bytes_unref(tar);
}

TEST(what_programs_write)
{
    static const char *const formats[] = {"v7", "oldgnu", "gnu", "ustar", "pax"};
    char dir[TREE_PATH], command[600], part[91];
    memset(part, 'n', 90);
    part[90] = '\0';
    tree_put(tree_temporary(dir), "in/a", "hello", 0644);
    tree_put(dir, "in/empty", "", 0755);
    tree_put(dir, "in/d/\xc3\xa4", "not ASCII", 0644);
    tree_link(dir, "in/l", "d/\xc3\xa4");
    for (int format = 0; format < 10; format++) {
        if (format % 5 == 1) { /* what a header cannot hold, from the second format on */
            snprintf(command, sizeof command, "in/%s/%s/%s", part, part, part);
            tree_put(dir, command, "long", 0644);
        }
        snprintf(command, sizeof command, "tar --format=%s%s -cf out.tar in", formats[format % 5],
                 format < 5 ? "" : " --mtime=2001-01-01T00:00:00.5 -g /dev/null");
        check_program(dir, command);
        snprintf(command, sizeof command, "bsdtar --format=%s -cf out.tar in", formats[format % 5]);
        check_program(dir, command);
    }
    for (int format = 0; format < 3; format++) {
        snprintf(command, sizeof command, "python3 -c 'import tarfile; t = tarfile.open(\"out.tar\", \"w\", format=%d); "
                 "t.add(\"in\"); t.close()'", format);
        check_program(dir, command);
    }
    check_program(dir, "cd in && git init -q . && git add . && git -c user.name=x -c user.email=x commit -qm x && "
                       "git archive -o ../out.tar HEAD");
    check_program(dir, "tar -V label -cf out.tar in/a");
    tree_remove(dir);
}

/* ---- what both refuse ---- */

ARCHIVE(twice, TAR_AGREE, "")
{
    file("a", "1");
    file("./a", "2");
}

ARCHIVE(wrong_sum, TAR_AGREE, "")
{
    file("a", "1");
    file("b", "2");
    tar_made.p[last] = 'c';
}

ARCHIVE(negative_size, TAR_AGREE, "")
{
    file("a", "");
    patch(SIZE, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12);
    file("b", "1");
}

ARCHIVE(huge_size, TAR_AGREE, "")
{
    file("a", "1");
    patch(SIZE, "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", 12);
    file("b", "1");
}

ARCHIVE(size_of_more_than_64_bits, TAR_AGREE, "")
{
    file("a", "1");
    patch(SIZE, "\x80\0\1\0\0\0\0\0\0\0\0\1", 12);
    file("b", "1");
}

ARCHIVE(pax_size_negative, TAR_AGREE, "")
{
    pax("11 size=-1\n");
    file("a", "1");
}

TEST(cut_anywhere)
{
    static char why[2048];
    tar_begin();
    pax("10 path=b\n");
    file("a", "12345");
    file("c", "6");
    for (size_t i = 3; i / 3 * 128 < tar_made.len; i++) {
        size_t len = i / 3 * 128 + i % 3 - 1;
        if (tar_compare(tar_made.p, len, why) != TAR_AGREE)
            FAIL("%zu bytes: %s", len, why);
    }
    oci_buf_done(&tar_made);
}

ARCHIVE(leaving_names, TAR_AGREE, "")
{
    file("a", "1");
    file("../b", "2");
}

ARCHIVE(absolute_names, TAR_AGREE, "")
{
    file("a", "1");
    file("/b", "2");
}

ARCHIVE(through_a_link, TAR_AGREE, "")
{
    link_to("d", "e");
    file("d/a", "1");
}

ARCHIVE(a_link_where_it_was, TAR_AGREE, "")
{
    file("d/a", "1");
    link_to("d", "e");
}

ARCHIVE(file_and_directory, TAR_AGREE, "")
{
    file("a", "1");
    file("a/b", "2");
}

ARCHIVE(directory_and_file, TAR_AGREE, "")
{
    file("a/b", "1");
    file("a", "2");
}

ARCHIVE(sparse_of_gnu, TAR_WE_REFUSE, "libarchive takes one that has no holes")
{
    entry('S', "a", "12345");
    gnu();
    patch(GNU_SPARSE, "00000000000\0" "00000000005", 24);
    patch(GNU_REAL_SIZE, "00000000005", 12);
}

ARCHIVE(sparse_of_pax_0_0, TAR_AGREE, "")
{
    file("before", "1");
    pax("22 GNU.sparse.size=10\n26 GNU.sparse.numblocks=1\n23 GNU.sparse.offset=8\n25 GNU.sparse.numbytes=2\n");
    file("a", "12");
}

ARCHIVE(sparse_of_pax_0_1, TAR_AGREE, "")
{
    file("before", "1");
    pax("22 GNU.sparse.size=10\n26 GNU.sparse.map=0,1,9,1\n21 GNU.sparse.name=b\n");
    file("a", "12");
}

ARCHIVE(sparse_of_pax_1_0, TAR_AGREE, "")
{
    char map[514] = "1\n8\n2\n";
    file("before", "1");
    pax("22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n21 GNU.sparse.name=b\n26 GNU.sparse.realsize=10\n");
    map[512] = map[513] = 'x';
    last = tar_made.len;
    tar_add_bytes(&(struct tar_entry){.name = "a"}, map, 514);
}

ARCHIVE(sparse_of_pax_without_holes, TAR_WE_REFUSE, "libarchive takes one that has none")
{
    pax("21 GNU.sparse.size=2\n22 GNU.sparse.map=0,2\n21 GNU.sparse.name=b\n");
    file("a", "12");
}

ARCHIVE(an_empty_path, TAR_WE_REFUSE, "libarchive takes the header's name then")
{
    pax("8 path=\n");
    file("a", "1");
}

ARCHIVE(a_path_with_a_zero_byte, TAR_WE_REFUSE, "libarchive ends the name there")
{
    last = tar_made.len;
    tar_add_bytes(&(struct tar_entry){.name = "x", .type = 'x'}, "12 path=a\0b\n", 12);
    file("c", "1");
}

/* ---- where somebody could be shown something else: we refuse ---- */

ARCHIVE(path_said_twice_in_one_header, TAR_WE_REFUSE, "POSIX lets the last one count; nobody writes two")
{
    pax("10 path=a\n10 path=b\n");
    file("c", "1");
}

ARCHIVE(path_said_twice, TAR_WE_REFUSE, "libarchive takes the one that is said first: GNU's name")
{
    entry('L', "././@LongLink", "a");
    pax("10 path=b\n");
    file("c", "1");
}

ARCHIVE(path_said_twice_the_other_way_round, TAR_WE_REFUSE, "libarchive takes the one that is said first: pax's name")
{
    pax("10 path=b\n");
    entry('L', "././@LongLink", "a");
    file("c", "1");
}

ARCHIVE(two_long_names, TAR_WE_REFUSE, "libarchive takes the last one")
{
    entry('L', "././@LongLink", "a");
    entry('L', "././@LongLink", "b");
    file("c", "1");
}

ARCHIVE(two_pax_headers, TAR_WE_REFUSE, "of two pax headers libarchive forgets the first: here the size")
{
    pax("13 size=1536\n");
    pax("10 path=a\n");
    last = tar_made.len;
    tar_add_bytes(&(struct tar_entry){.name = "x"}, "12345", 5);
    hidden_entry('0', "b", "c", "hidden");
}

ARCHIVE(pax_size_of_a_directory, TAR_WE_REFUSE, "libarchive passes over so many bytes; POSIX gives directories none")
{
    pax("13 size=1024\n");
    hidden_entry('5', "d", "d/x", "hidden");
    file("d/x", "shown");
}

ARCHIVE(pax_size_of_a_link, TAR_WE_REFUSE, "the same")
{
    pax("13 size=1024\n");
    last = tar_made.len;
    struct tar_entry e = {.name = "l", .type = '2', .link = "x"};
    tar_add_bytes(&e, hidden("y", "hidden"), 1024);
    file("x", "shown");
}

ARCHIVE(odd_magic, TAR_WE_REFUSE, "libarchive takes the prefix of everything that begins with ustar")
{
    file("a", "1");
    patch(PREFIX, "b", 1);
    patch(MAGIC, "ustarX00", 8);
    file("c", "2");
}

ARCHIVE(odd_magic_of_gnu, TAR_WE_REFUSE, "the same")
{
    file("a", "1");
    patch(PREFIX, "b", 1);
    patch(MAGIC, "ustar 00", 8);
    file("c", "2");
}

ARCHIVE(solaris_acl, TAR_WE_REFUSE, "what belongs to the next entry for libarchive would have been one of its own: its size and name")
{
    pax("13 size=1024\n");
    entry('A', "acl", "1000003\0user::rw-,group::r--,other::r--");
    hidden_entry('0', "a", "b", "hidden");
}

ARCHIVE(volume_label_behind_a_pax_header, TAR_AGREE, "which is the next entry's")
{
    pax("13 size=1024\n");
    entry('V', "label", "");
    hidden_entry('0', "a", "b", "hidden");
}

ARCHIVE(volume_label_with_content, TAR_WE_REFUSE, "")
{
    file("a", "1");
    hidden_entry('V', "label", "b", "hidden");
    file("c", "2");
}

ARCHIVE(extended_by_gnu, TAR_WE_REFUSE, "libarchive reads a block of holes behind a file's header, whatever the type")
{
    static const char zeros[512];
    last = tar_made.len;
    char content[1024];
    memset(content, 'x', 512);
    memset(content + 512, 'y', 512);
    tar_add_bytes(&(struct tar_entry){.name = "a"}, zeros, 512);
    raw(content, 512);
    gnu();
    patch(GNU_SPARSE, "00000000000\0" "00000001000", 24);
    patch(GNU_EXTENDED, "\1", 1);
    file("b", "1");
}

ARCHIVE(gnu_holes_in_an_ordinary_file, TAR_WE_REFUSE, "libarchive takes one that has none")
{
    file("a", "12345");
    gnu();
    patch(GNU_SPARSE, "00000000000\0" "00000000005", 24);
}

ARCHIVE(gnu_real_size, TAR_AGREE, "a size that is not that of the content")
{
    file("a", "12345");
    gnu();
    patch(GNU_REAL_SIZE, "00000000003", 12);
}

ARCHIVE(real_size_of_star, TAR_AGREE, "the same")
{
    tar_pax("SCHILY.realsize", "3");
    file("a", "12345");
}

ARCHIVE(holes_of_sun, TAR_AGREE, "")
{
    tar_pax("SUN.holesdata", " 0 1 2");
    file("a", "12345");
}

ARCHIVE(path_for_everybody, TAR_WE_REFUSE, "pax gives it to all entries behind it, libarchive to none")
{
    entry('g', "pax_global_header", "10 path=b\n");
    file("a", "1");
}

ARCHIVE(size_for_everybody, TAR_WE_REFUSE, "the same")
{
    entry('g', "pax_global_header", "13 size=1024\n");
    file("a", "1");
}

ARCHIVE(sum_in_base_256, TAR_AGREE, "")
{
    file("a", "1");
    unsigned sum = last_sum();
    char *h = tar_made.p + last;
    memset(h + SUM, 0, 8);
    h[SUM] = (char)0x80;
    h[SUM + 6] = (char)(sum >> 8);
    h[SUM + 7] = (char)sum;
}

ARCHIVE(rubbish_behind_the_sum, TAR_AGREE, "")
{
    file("a", "1");
    tar_made.p[last + SUM + 7] = 'x';
}

/* ---- where we are the stricter ones ---- */

ARCHIVE(rubbish_behind_a_size, TAR_WE_REFUSE, "libarchive stops at what is no digit")
{
    file("first", "");
    file("a", "123");
    size_field("3x");
}

ARCHIVE(tab_before_a_size, TAR_WE_REFUSE, "libarchive takes it for a blank")
{
    file("first", "");
    file("a", "123");
    size_field("\t3");
}

ARCHIVE(rubbish_behind_a_pax_size, TAR_WE_REFUSE, "libarchive stops at what is no digit")
{
    pax("11 size=3x\n");
    file("a", "123");
}

ARCHIVE(damaged_pax_header, TAR_WE_REFUSE, "libarchive passes over it")
{
    pax("99 path=b\n");
    file("a", "1");
}

ARCHIVE(empty_pax_header, TAR_WE_REFUSE, "nobody writes one")
{
    pax("");
    file("a", "1");
}

ARCHIVE(unknown_types, TAR_WE_REFUSE, "POSIX makes files of them; we give only what is one")
{
    entry('Z', "z", "1");
    entry('N', "n", "2");
    file("a", "4");
}

ARCHIVE(contiguous, TAR_AGREE, "")
{
    entry('7', "a", "1");
}

ARCHIVE(gnu_incremental, TAR_AGREE, "a directory, whose list is passed over")
{
    hidden_entry('D', "d", "d/x", "hidden");
    file("d/x", "1");
}

ARCHIVE(second_volume, TAR_THEY_REFUSE, "the rest of a file is none; asked for, it is refused")
{
    entry('M', "a", "the rest");
    gnu();
    patch(369, "00000000100", 12);
    file("b", "1");
}

ARCHIVE(a_name_of_no_bytes, TAR_AGREE, "")
{
    file("", "1");
    file("a", "2");
}

/* ---- what unpacking refuses, and the stream passes over ---- */

ARCHIVE(hard_links, TAR_THEY_REFUSE, "layers of images are full of them; asked for, one is refused")
{
    file("a", "1");
    add((struct tar_entry){.name = "b", .type = '1', .link = "a"});
}

ARCHIVE(hard_link_with_content, TAR_AGREE, "")
{
    file("a", "1");
    add((struct tar_entry){.name = "b", .type = '1', .link = "a", .content = "2"});
    file("c", "3");
}

ARCHIVE(devices, TAR_THEY_REFUSE, "as hard links")
{
    file("a", "1");
    entry('6', "b", "");
    entry('3', "c", "");
}

ARCHIVE(links_that_leave, TAR_THEY_REFUSE, "the stream follows none")
{
    file("a", "1");
    link_to("b", "/etc/passwd");
    link_to("c", "../../x");
}

ARCHIVE(others_that_are_there_twice, TAR_THEY_REFUSE, "only the file that is asked for must be there once")
{
    file("a", "1");
    link_to("b", "a");
    link_to("b", "c");
}

ARCHIVE(fields_that_are_no_numbers, TAR_THEY_REFUSE, "libarchive wants them in the first header, to know a tar; nothing depends on them")
{
    file("a", "1");
    patch(MODE, "rw-r--r-", 8);
}
