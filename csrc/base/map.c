#include "base/map.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

/* Open addressing, linear probing. A slot was never used (key NULL, not removed), holds an entry, or is the mark of a
 * removed one, over which a search goes on. cap is 0 or a power of two; at most three quarters are used. */
struct oci_map_slot {
    char *key;
    void *value;
    uint64_t hash;
    bool removed;
};

static uint64_t rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

/* SipHash-1-3. The key is the slots' address (and this program's): an attacker does not know it, and nothing needs
 * to be asked of the system. */
static uint64_t hash_key(const struct oci_map_slot *slots, const char *key, size_t len)
{
    uint64_t k0 = (uint64_t)(uintptr_t)slots;
    uint64_t k1 = rotate(k0, 29) ^ (uint64_t)(uintptr_t)&rotate;
    uint64_t v[4] = {k0 ^ 0x736f6d6570736575ull, k1 ^ 0x646f72616e646f6dull, k0 ^ 0x6c7967656e657261ull,
                     k1 ^ 0x7465646279746573ull};
    uint64_t last = (uint64_t)len << 56;
    for (size_t i = 0; i + 8 <= len; i += 8) {
        uint64_t m;
        memcpy(&m, key + i, 8);
        v[3] ^= m;
        sip_round(v);
        v[0] ^= m;
    }
    for (size_t i = len & ~(size_t)7; i < len; i++)
        last |= (uint64_t)(unsigned char)key[i] << 8 * (i & 7);
    v[3] ^= last;
    sip_round(v);
    v[0] ^= last;
    v[2] ^= 0xFF;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void oci_map_init(struct oci_map *m, size_t max)
{
    *m = (struct oci_map){.max = max};
}

void oci_map_done(struct oci_map *m, void (*free_value)(void *))
{
    if (!m)
        return;
    for (size_t i = 0; i < m->cap; i++) {
        if (m->slots[i].key && free_value)
            free_value(m->slots[i].value);
        oci_free(m->slots[i].key);
    }
    oci_free(m->slots);
    oci_map_init(m, m->max);
}

static struct oci_map_slot *find(const struct oci_map *m, const char *key)
{
    if (m->count == 0)
        return NULL;
    uint64_t hash = hash_key(m->slots, key, strlen(key));
    for (size_t i = (size_t)hash & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
        struct oci_map_slot *s = &m->slots[i];
        if (!s->key && !s->removed)
            return NULL;
        if (s->key && s->hash == hash && strcmp(s->key, key) == 0)
            return s;
    }
}

void *oci_map_get(const struct oci_map *m, const char *key)
{
    struct oci_map_slot *s = find(m, key);
    return s ? s->value : NULL;
}

/* Into a table that has room and does not hold the key. */
static void put(struct oci_map *m, char *take_key, void *value)
{
    uint64_t hash = hash_key(m->slots, take_key, strlen(take_key));
    size_t i = (size_t)hash & (m->cap - 1);
    while (m->slots[i].key)
        i = (i + 1) & (m->cap - 1);
    m->used += !m->slots[i].removed;
    m->slots[i] = (struct oci_map_slot){.key = take_key, .value = value, .hash = hash};
    m->count++;
}

static int make_room(struct oci_map *m)
{
    if ((m->used + 1) * 4 <= m->cap * 3)
        return OCI_OK;
    size_t cap = 16;
    while (cap / 2 < m->count + 1)
        cap *= 2;
    struct oci_map bigger = {.max = m->max, .cap = cap};
    bigger.slots = oci_calloc(cap, sizeof *bigger.slots);
    if (!bigger.slots)
        return OCI_NO_MEMORY;
    for (size_t i = 0; i < m->cap; i++) {
        if (m->slots[i].key)
            put(&bigger, m->slots[i].key, m->slots[i].value);
    }
    oci_free(m->slots);
    *m = bigger;
    return OCI_OK;
}

int oci_map_set(struct oci_map *m, const char *key, void *value, void **ret_old)
{
    struct oci_map_slot *s = find(m, key);
    if (s) {
        if (ret_old)
            *ret_old = s->value;
        s->value = value;
        return OCI_OK;
    }
    if (m->count >= m->max)
        return OCI_LIMIT;
    char *copy = oci_strdup(key);
    if (!copy)
        return OCI_NO_MEMORY;
    int rc = make_room(m);
    if (rc) {
        oci_free(copy);
        return rc;
    }
    put(m, copy, value);
    if (ret_old)
        *ret_old = NULL;
    return OCI_OK;
}

void *oci_map_remove(struct oci_map *m, const char *key)
{
    struct oci_map_slot *s = find(m, key);
    if (!s)
        return NULL;
    void *value = s->value;
    oci_free(s->key);
    *s = (struct oci_map_slot){.removed = true};
    m->count--;
    return value;
}

int oci_map_next(const struct oci_map *m, size_t *pos, const char **ret_key, void **ret_value)
{
    while (*pos < m->cap) {
        const struct oci_map_slot *s = &m->slots[(*pos)++];
        if (!s->key)
            continue;
        if (ret_key)
            *ret_key = s->key;
        if (ret_value)
            *ret_value = s->value;
        return 1;
    }
    return 0;
}
