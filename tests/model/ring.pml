/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ring of a lane within one session: rules L4 to L7 of design section 4. The run never ends:
 * positions and sequence numbers wrap, so the search covers every fill and every lap.
 *
 * A unit is 8 bytes. A record has 1..MAX units: its header, then its payload.
 *
 * Bounds:     -DSIZE=n (units of the ring) -DMAX=n (of a record) -DBURST=n (records of a burst)
 * Memory:     sequential; -DTSO: a first-in first-out store buffer; -DPSO: plain stores to different
 *             units reach memory in any order, and pass a release store; a release store waits for
 *             all that came before it
 * Rules out:  -DNO_..., each at the place where the rule would be
 */
#ifndef SIZE
#define SIZE 8
#endif
#ifndef MAX
#define MAX (SIZE / 2 - 2)
#endif
#ifndef BURST
#define BURST 2
#endif
#define DEPTH 4   /* of the store buffer */

#define LAP       (2 * SIZE)   /* positions are kept modulo two rings */
#define SEQUENCES 16           /* more than records in two laps could confuse */

#define PAD 128
#define make_header(kind, units, seq)  ((kind) + (units) * 16 + (seq))
#define units_of(header)               (((header) / 16) % 8)
#define seq_of(header)                 ((header) % 16)
#define payload(seq, unit)             (256 + (seq) * 8 + (unit))   /* no header looks like this */

short ring[SIZE];
byte position;   /* as the consumer publishes it */

/* ---- memory: only the producer's stores need a buffer, the consumer stores a single word ---- */
#if defined(TSO) || defined(PSO)
byte waiting, where[DEPTH], release[DEPTH];
short what[DEPTH];

inline put(unit, value, is_release) {
    d_step { waiting < DEPTH ->
        where[waiting] = unit; what[waiting] = value; release[waiting] = is_release; waiting++ }
}
inline flush(i) {
    ring[where[i]] = what[i];
    j = i;
    do
    :: j + 1 < waiting ->
        where[j] = where[j + 1]; what[j] = what[j + 1]; release[j] = release[j + 1]; j++
    :: else -> break
    od;
    waiting--;
    where[waiting] = 0; what[waiting] = 0; release[waiting] = 0; j = 0
}
#define same(i, k) (where[i] == where[k])
active proctype Buffer() {
    byte j;
end:
    do
    :: d_step { waiting > 0 -> flush(0) }
#ifdef PSO
    :: d_step { waiting > 1 && !release[1] && !same(1, 0) -> flush(1) }
    :: d_step { waiting > 2 && !release[2] && !same(2, 0) && !same(2, 1) -> flush(2) }
    :: d_step { waiting > 3 && !release[3] && !same(3, 0) && !same(3, 1) && !same(3, 2) -> flush(3) }
#endif
    od
}
#else
#define put(unit, value, is_release) ring[unit] = value
#endif

#ifdef NO_L6_RELEASE
#define put_release(unit, value) put(unit, value, 0)
#else
#define put_release(unit, value) put(unit, value, 1)
#endif

/* ---- producer ---- */
#define used (((pos + LAP) - published) % LAP)
#ifdef NO_L4
#define fits(units) (used + (units) <= SIZE)
#else
#define fits(units) (used + (units) + 1 <= SIZE)   /* L4: the zero behind them too */
#endif

/* L6: the first header of a burst is held back until all else stands. */
inline put_header(header) {
#ifdef NO_L6
    put(pos % SIZE, header, 0);
#else
    if
    :: pos == first -> first_header = header
    :: else -> put(pos % SIZE, header, 0)
    fi;
#endif
}

inline put_pad() {
    put_header(make_header(PAD, pad, seq));
    d_step { pos = (pos + pad) % LAP; seq = (seq + 1) % SEQUENCES }
}

inline put_record() {
    i = 1;
    do
    :: i < units -> put((pos + i) % SIZE, payload(seq, i), 0); i++
    :: else -> i = 0; break
    od;
    put_header(make_header(0, units, seq));
    d_step { pos = (pos + units) % LAP; seq = (seq + 1) % SEQUENCES; units = 0; count++ }
}

inline commit() {
#ifndef NO_ZERO
#ifndef NO_L6_ZERO
    put(pos % SIZE, 0, 0);
#endif
#endif
#ifndef NO_L6
    put_release(first % SIZE, first_header);
#endif
#ifdef NO_L6_ZERO
    put(pos % SIZE, 0, 0);
#endif
    first_header = 0
}

active proctype Producer() {
    byte pos, published;   /* the latter as read last */
    byte seq, first, pad, count, i;
    byte units;            /* of the next record; stays when that finds no room */
    short first_header;

    do
    ::  first = pos;
        do
        :: count < BURST ->
            if
            :: units == 0 -> select(units : 1 .. MAX)
            :: else
            fi;
            atomic {
                pad = SIZE - pos % SIZE;
                pad = (units > pad -> pad : 0);
                if
                :: !fits(pad + units) ->
                    /* Never goes back, never passes ours. */
                    assert(((position + LAP) - published) % LAP <= used);
                    published = position
                :: else
                fi
            }
            if
            :: fits(pad + units) && pad == 0 -> put_record()
            :: fits(pad + units) && pad != 0 -> put_pad(); put_record()
#ifndef NO_L5
            :: !fits(pad + units) && pad != 0 && fits(pad) -> put_pad(); break
            :: !fits(pad + units) && (pad == 0 || !fits(pad)) -> break
#else
            :: else -> break
#endif
            fi
        :: count > 0 -> break
        od;
        pad = 0; count = 0;
        if
        :: pos != first -> commit()
        :: else -> position != published   /* full: nothing else can help */
        fi
    od
}

/* ---- consumer ---- */
active proctype Consumer() {
    byte pos, published, seq, units, i;
    short header;

    do
    :: atomic { ring[pos % SIZE] != 0 ->
            header = ring[pos % SIZE];
            /* A header, the next one, and within the ring. */
            assert(header < 256 && seq_of(header) == seq && units_of(header) <= SIZE - pos % SIZE);
            units = units_of(header) }
#ifdef NO_L7_LATE
        position = (pos + units) % LAP;
#endif
        i = 1;
        do
        :: i < units && header < PAD -> assert(ring[(pos + i) % SIZE] == payload(seq, i)); i++
        :: else -> i = 0; break
        od;
        header = 0;
        d_step { pos = (pos + units) % LAP; seq = (seq + 1) % SEQUENCES; units = 0 }
        if
#ifndef NO_L7
        :: atomic { position = pos; published = pos }
#endif
        :: ((pos + LAP) - published) % LAP < SIZE / 2 -> skip   /* L7: no later than this */
#ifdef NO_L7
        :: else -> skip
#endif
        fi
    od
}
