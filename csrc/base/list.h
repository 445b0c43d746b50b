/* list.h - an intrusive doubly linked list with a head. A link that is in no list points to itself. */
#ifndef OCI_BASE_LIST_H
#define OCI_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct oci_link {
    struct oci_link *prev, *next;
};

/* The struct of type `type` whose member `member` is at `link`. */
#define OCI_OWNER(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

static inline void oci_list_init(struct oci_link *l) { l->prev = l->next = l; }
static inline bool oci_list_empty(const struct oci_link *l) { return l->next == l; }
static inline void oci_list_remove(struct oci_link *l)
{
    l->prev->next = l->next;
    l->next->prev = l->prev;
    oci_list_init(l);
}
static inline void oci_list_append(struct oci_link *head, struct oci_link *l)
{
    l->prev = head->prev;
    l->next = head;
    head->prev->next = l;
    head->prev = l;
}
static inline struct oci_link *oci_list_pop(struct oci_link *head)
{
    struct oci_link *l = head->next;
    if (l == head)
        return NULL;
    oci_list_remove(l);
    return l;
}
/* Moves all of `from` to the end of `to`. */
static inline void oci_list_splice(struct oci_link *to, struct oci_link *from)
{
    if (oci_list_empty(from))
        return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    oci_list_init(from);
}

#endif
