/* Kannel's SMPP codec (Debian's kannel-dev), timed over a file of submit_sm PDUs.
 *
 * Prints a line for each operation: its name, PDUs a second (the best of some rounds), and what shows that it was done:
 * the sum of the octets of four fields, or how many PDUs came out other than they went in.
 * It is linked without the libraries that the rest of Kannel wants, none of which the codec calls.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "gwlib/gwlib.h"
#include "gw/smsc/smpp_pdu.h"

enum { ROUNDS = 30, MOST = 100000 };

static SMPP_PDU *pdus[MOST];
static char octets[1 << 25];

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static long length(const char *at)
{
    const unsigned char *p = (const unsigned char *)at;
    return (long)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

static SMPP_PDU *unpack(const char *at, long size)
{
    Octstr *one = octstr_create_from_data(at + 4, size - 4);
    SMPP_PDU *pdu = smpp_pdu_unpack(NULL, one);
    octstr_destroy(one);
    return pdu;
}

static unsigned long sum(Octstr *text)
{
    unsigned long total = 0;
    for (long at = 0; at < octstr_len(text); at++)
        total += octstr_get_char(text, at);
    return total;
}

int main(int count, char **arguments)
{
    FILE *file = count == 2 ? fopen(arguments[1], "rb") : NULL;
    if (file == NULL)
        return 2;
    long size = fread(octets, 1, sizeof octets, file), number = 0, other = 0;
    unsigned long check = 0;
    volatile unsigned long read = 0;
    double best = 1e9;

    gw_init_mem();
    octstr_init();
    gwthread_init();
    cfg_init();
    smpp_pdu_init(cfg_create(octstr_create("none")));
    for (int round = 0; round < ROUNDS; round++) {
        double began = now();
        number = 0;
        for (long at = 0; at < size && number < MOST; at += length(octets + at)) {
            SMPP_PDU *pdu = unpack(octets + at, length(octets + at));
            struct submit_sm *sm = &pdu->u.submit_sm;
            read += octstr_len(sm->source_addr) + octstr_len(sm->destination_addr) + octstr_len(sm->short_message);
            read += sm->data_coding;
            smpp_pdu_destroy(pdu);
            number++;
        }
        double took = now() - began;
        best = took < best ? took : best;
    }
    number = 0;
    for (long at = 0; at < size && number < MOST; at += length(octets + at)) {
        SMPP_PDU *pdu = pdus[number++] = unpack(octets + at, length(octets + at));
        struct submit_sm *sm = &pdu->u.submit_sm;
        check += sum(sm->source_addr) + sum(sm->destination_addr) + sm->data_coding + sum(sm->short_message);
    }
    printf("decode\t%.0f\t%lu\n", number / best, check);

    best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double began = now();
        for (long at = 0; at < number; at++)
            octstr_destroy(smpp_pdu_pack(NULL, pdus[at]));
        double took = now() - began;
        best = took < best ? took : best;
    }
    for (long each = 0, at = 0; each < number; at += length(octets + at), each++) {
        Octstr *one = smpp_pdu_pack(NULL, pdus[each]);
        other += octstr_len(one) != length(octets + at) || memcmp(octstr_get_cstr(one), octets + at, octstr_len(one));
        octstr_destroy(one);
    }
    printf("encode\t%.0f\t%ld\n", number / best, other);
    return 0;
}
