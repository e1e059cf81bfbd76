/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ring of a lane within one session: rules L4 to L7 of design section 4. The run never ends:
 * positions wrap, so the search covers every fill of the ring at every point of its laps.
 *
 * A unit is 8 bytes. A record has 1..MAX units: its header, then its payload. Instead of numbers in
 * the records (which would only multiply the states) the model marks what the consumer has taken as
 * STALE. A header that is stale or out of place, a payload that is not the header's, and a store
 * into what was not yet taken are errors; that leaves no way to lose, double or reorder a record.
 *
 * Bounds:     -DSIZE=n (units of the ring) -DMAX=n (of a record) -DBURST=n (records of a burst)
 * Memory:     sequential; -DTSO: a first-in first-out store buffer; -DPSO: plain stores to
 *             different units reach memory in any order, and pass a release store; a release
 *             store waits for all that came before it
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
#ifndef DEPTH
#define DEPTH 4   /* of the store buffer */
#endif

#define LAP (2 * SIZE)   /* positions are kept modulo two rings */

#define ZERO                0
#define STALE               1
#define data(units)         (16 + (units))
#define pad_of(units)       (32 + (units))
#define payload(units, i)   (64 + (units) * 8 + (i))
#define is_header(unit)     ((unit) >= 16 && (unit) < 64)
#define units_of(header)    ((header) % 16)

byte ring[SIZE];   /* garbage at first, but for header 0 (L2) */
byte position;     /* as the consumer publishes it */

inline to_memory(unit, value) {
    assert(ring[unit] <= STALE);   /* free: nothing that still has to be taken */
    ring[unit] = value
}

/* ---- memory: only the producer needs a buffer, the consumer stores no more than one word ---- */
#if defined(TSO) || defined(PSO)
byte waiting, where[DEPTH], what[DEPTH], release[DEPTH];

inline put(unit, value, is_release) {
    d_step { waiting < DEPTH ->
        where[waiting] = unit; what[waiting] = value; release[waiting] = is_release; waiting++ }
}
inline flush(i) {
    to_memory(where[i], what[i]);
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
/* Steps that nobody else could tell from one: the producer's, since Buffer may come later, and the
   consumer's, that looks at each payload as soon as it may. */
#define merged atomic

active proctype Buffer() {
    byte j;
end:
    do
    :: d_step { waiting > 0 -> flush(0) }
#ifdef PSO
    :: d_step { waiting > 1 && !release[1] && !same(1, 0) -> flush(1) }
    :: d_step { waiting > 2 && !release[2] && !same(2, 0) && !same(2, 1) -> flush(2) }
#if DEPTH > 3
    :: d_step {
        waiting > 3 && !release[3] && !same(3, 0) && !same(3, 1) && !same(3, 2) -> flush(3) }
#endif
#endif
    od
}
#else
#define put(unit, value, is_release) to_memory(unit, value)
#define merged
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
    put_header(pad_of(pad));
    pos = (pos + pad) % LAP
}

inline put_record() {
    i = 1;
    do
    :: i < units -> put((pos + i) % SIZE, payload(units, i), 0); i++
    :: else -> break
    od;
    put_header(data(units));
    d_step { pos = (pos + units) % LAP; units = 0; i = 0; count++ }
}

inline commit() {
#ifdef NO_L6_ZERO
    put(first % SIZE, first_header, 1);
    put(pos % SIZE, ZERO, 0);
#else
#ifndef NO_ZERO
    put(pos % SIZE, ZERO, 0);
#endif
#ifdef NO_L6_RELEASE
    put(first % SIZE, first_header, 0);
#else
#ifndef NO_L6
    put(first % SIZE, first_header, 1);
#endif
#endif
#endif
}

active proctype Producer() {
    byte pos, published;   /* the latter as read last */
    byte first, first_header, pad, count, i;
    byte units;            /* of the next record; stays when that finds no room */

    i = 1;
    do
    :: i < SIZE -> ring[i] = STALE; i++
    :: else -> i = 0; break
    od;
    do
    ::  first = pos;
        do
        :: atomic { count < BURST ->
            if
            :: units == 0 -> select(units : 1 .. MAX)
            :: else
            fi;
            pad = SIZE - pos % SIZE;
            pad = (units > pad -> pad : 0);
            if
            :: !fits(pad + units) ->
                /* Never goes back, never passes ours. */
                assert(((position + LAP) - published) % LAP <= used);
                published = position
            :: else
            fi }
            merged {
            if
            :: fits(pad + units) && pad == 0 -> put_record()
            :: fits(pad + units) && pad != 0 -> put_pad(); put_record()
#ifndef NO_L5
            :: !fits(pad + units) && pad != 0 && fits(pad) -> put_pad(); break
            :: !fits(pad + units) && (pad == 0 || !fits(pad)) -> break
#else
            :: else -> break
#endif
            fi }
        :: count > 0 -> break
        od;
        merged {
        pad = 0; count = 0;
        if
        :: pos != first -> commit(); first_header = 0; first = 0
        :: else -> first = 0; position != published   /* full: nothing else can help */
        fi }
    od
}

/* ---- consumer ---- */
inline take_units() {   /* marks them; a step of the model, not of the program */
    i = 0;
    do
    :: i < units -> ring[(pos + i) % SIZE] = STALE; i++
    :: else -> break
    od;
    pos = (pos + units) % LAP; units = 0; i = 0
}

active proctype Consumer() {
    byte pos, published, header, units, i;

    do
    :: merged {
        atomic { ring[pos % SIZE] != ZERO -> header = ring[pos % SIZE] }
        /* A header, and one of the present lap. */
        assert(is_header(header) && units_of(header) <= SIZE - pos % SIZE);
        units = units_of(header);
#ifdef NO_L7_LATE
        position = (pos + units) % LAP;
#endif
        i = 1;
        do
        :: i < units && header < 32 -> assert(ring[(pos + i) % SIZE] == payload(units, i)); i++
        :: else -> break
        od;
        atomic { header = 0; take_units() } }
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
