/* The machine: all threads take one character together. A thread is a step; no step is in the list twice, so the list
 * is never longer than the program. */
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/regex.h"
#include "base/regex_inside.h"

struct threads {
    size_t *at; /* steps that consume a character */
    size_t count;
};

struct machine {
    const struct oci_regex *r;
    struct threads now, next;
    size_t *stack;   /* steps still to be followed */
    uint64_t *turns; /* when a step was last put into the list */
    uint64_t turn;
    uint64_t work;
    bool before_word, after_word; /* beside the place: is it a character of a word? */
    bool begin, end;
    bool found;
};

static bool is_word(uint32_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool in_ranges(const struct oci_regex *r, const struct oci_regex_step *s, uint32_t c)
{
    for (int32_t i = 0; i < s->y; i++) {
        if (c >= r->ranges[s->x + i].low && c <= r->ranges[s->x + i].high)
            return true;
    }
    return false;
}

static bool consumes(struct machine *m, const struct oci_regex_step *s, uint32_t c)
{
    switch (s->op) {
    case OCI_RE_CHAR:
        return c == (uint32_t)s->x;
    case OCI_RE_ANY:
        return c != '\n' && c != '\r' && c != 0x2028 && c != 0x2029;
    case OCI_RE_SET:
    case OCI_RE_UNSET:
        m->work += (uint64_t)s->y;
        return in_ranges(m->r, s, c) == (s->op == OCI_RE_SET);
    case OCI_RE_SPLIT:
    case OCI_RE_JUMP:
    case OCI_RE_BEGIN:
    case OCI_RE_END:
    case OCI_RE_WORD:
    case OCI_RE_NOWORD:
    case OCI_RE_MATCH:
        break;
    }
    return false;
}

/* May a thread go on behind a step that takes no character? */
static bool passes(const struct machine *m, enum oci_regex_op op)
{
    bool edge = m->before_word != m->after_word;
    return op == OCI_RE_BEGIN ? m->begin : op == OCI_RE_END ? m->end : op == OCI_RE_WORD ? edge : !edge;
}

static void push(struct machine *m, size_t *top, size_t step)
{
    if (m->turns[step] == m->turn)
        return;
    m->turns[step] = m->turn;
    m->stack[(*top)++] = step;
}

/* Adds a thread at `step`: all steps that consume a character and that it comes to without one. */
static void follow(struct machine *m, struct threads *list, size_t step)
{
    size_t top = 0;
    push(m, &top, step);
    while (top > 0) {
        size_t at = m->stack[--top];
        const struct oci_regex_step *s = &m->r->steps[at];
        m->work++;
        switch (s->op) {
        case OCI_RE_MATCH:
            m->found = true;
            break;
        case OCI_RE_SPLIT:
            push(m, &top, at + (size_t)s->y); /* negative ones wrap around, which is what they mean */
            push(m, &top, at + (size_t)s->x);
            break;
        case OCI_RE_JUMP:
            push(m, &top, at + (size_t)s->x);
            break;
        case OCI_RE_BEGIN:
        case OCI_RE_END:
        case OCI_RE_WORD:
        case OCI_RE_NOWORD:
            if (passes(m, s->op))
                push(m, &top, at + 1);
            break;
        case OCI_RE_CHAR:
        case OCI_RE_ANY:
        case OCI_RE_SET:
        case OCI_RE_UNSET:
            list->at[list->count++] = at;
            break;
        }
    }
}

/* All threads take `c`; then m stands behind it. */
static void take(struct machine *m, uint32_t c)
{
    m->turn++;
    m->next.count = 0;
    for (size_t i = 0; i < m->now.count; i++) {
        m->work++;
        if (consumes(m, &m->r->steps[m->now.at[i]], c))
            follow(m, &m->next, m->now.at[i] + 1);
    }
    follow(m, &m->next, 0); /* a match may begin anywhere */
    struct threads swap = m->now;
    m->now = m->next;
    m->next = swap;
}

static int run(struct machine *m, const char *text, size_t len)
{
    size_t at = 0, n = 0, n_after = 0;
    uint32_t c = len ? oci_regex_char(text, len, &n) : 0;
    m->begin = true;
    m->end = len == 0;
    m->after_word = len && is_word(c);
    m->turn = 1;
    follow(m, &m->now, 0);
    while (!m->found && at < len) {
        size_t behind = at + n;
        uint32_t after = behind < len ? oci_regex_char(text + behind, len - behind, &n_after) : 0;
        m->begin = false;
        m->end = behind == len;
        m->before_word = is_word(c);
        m->after_word = behind < len && is_word(after);
        take(m, c);
        if (m->work > OCI_MAX_REGEX_WORK)
            return OCI_LIMIT;
        at = behind;
        c = after;
        n = n_after;
    }
    return OCI_OK;
}

int oci_regex_find(const struct oci_regex *r, const char *text, size_t len, bool *ret_found, struct oci_err *reterr)
{
    struct machine m = {.r = r};
    size_t *lists = oci_calloc(r->count * 3, sizeof *lists);
    m.turns = oci_calloc(r->count, sizeof *m.turns);
    int rc = OCI_NO_MEMORY;
    if (lists && m.turns) {
        m.now.at = lists;
        m.next.at = lists + r->count;
        m.stack = lists + 2 * r->count;
        rc = run(&m, text, len);
    }
    oci_free(lists);
    oci_free(m.turns);
    if (rc == OCI_LIMIT)
        return oci_err_set(reterr, rc, "the regular expression takes too long on a text of %zu bytes", len);
    if (rc)
        return oci_err_no_memory(reterr);
    *ret_found = m.found;
    return OCI_OK;
}
