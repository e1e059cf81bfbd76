/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The handshake of a lane: rules L1, L2 and L3 of design section 4, on the words of LaneRequest and
 * LaneGrant (layout.h). doc/lane-lifecycle.md has the table of transitions that this checks.
 *
 * One producer and one consumer; either crashes at any step and starts again knowing nothing but
 * what stands in shared memory. Every record has one slot of the ring: ring.pml has the rest of the
 * ring's rules, grant.pml what happens when a ring changes hands.
 *
 * Bounds:     -DP_CRASHES=n -DC_CRASHES=n
 *             -DCLOSES=n     the producer leaves of its own accord
 *             -DREVOKES=n    the consumer ends a session of its own accord
 *             -DSCRIBBLES=n  somebody else destroys a header
 * Memory:     sequential, or -DTSO: a first-in first-out store buffer for each port
 * Variants:   -DEPOCH_FIRST -DEPOCH_LAST -DASK_OVER: other orders, that must be as clean
 * Rules out:  -DNO_..., each at the place where the rule would be
 */
#ifndef P_CRASHES
#define P_CRASHES 1
#endif
#ifndef C_CRASHES
#define C_CRASHES 1
#endif
#ifndef CLOSES
#define CLOSES 0
#endif
#ifndef REVOKES
#define REVOKES 0
#endif
#ifndef SCRIBBLES
#define SCRIBBLES 0
#endif

#define SIZE     3   /* slots of the ring */
#define MESSAGES 3   /* what the producer has to get through in one session: the ring wraps */

/* Shared memory. The producer's line: */
#define REQUEST       0  /* a nonce; 0: closed */
#define REQUEST_EPOCH 1  /* the consumer's epoch that it is meant for */
#define LAST_NONCE    2  /* outlives a close and the producer */
/* The consumer's line: */
#define ACK           3  /* 0: nothing answered since the start; a nonce; a nonce | NAK */
#define POSITION      4  /* what was taken, published lazily */
#define FINAL         5  /* the same, exactly, of the session that has ended */
/* The consumer's entry in the port table: */
#define EPOCH         6
#define RING          7
byte mem[RING + SIZE];

#define NAK 128
#define BAD 255
#define record(nonce, seq) ((nonce) * 4 + (seq))
#define nonce_of(header)   ((header) / 4)
#define seq_of(header)     ((header) % 4)

#define P 0
#define C 1
bool dead[2];

/* ---- the truth, for the assertions: no port reads it ---- */
byte sent_in;      /* the last session in which the producer ran: its nonce, */
byte sent_to;      /* the consumer's epoch, */
byte sent;         /* what was committed in it, */
byte taken;        /* and taken, over all lives of the consumer */
bool running;      /* it has not ended for the producer */
bool scribbled;

/* ---- what is still to go wrong ---- */
byte p_crashes, c_crashes, scribbles, closes, revokes;
bool chosen;

/* ---- memory ---- */
#ifdef TSO
chan buffer[2] = [3] of { byte, byte };
#define store(who, where, what) buffer[who] ! where, what
#define drained(who)            empty(buffer[who])
/* The consumer reads one word that it also writes, and sees its own store before others do. */
#define header_at(slot) (((slot) == 0 && buffer[C] ?? [RING, 0]) -> 0 : mem[RING + (slot)])

active [2] proctype Buffer() {
    byte where, what;
    do
    :: d_step { buffer[_pid] ? where, what -> mem[where] = what; where = 0; what = 0 }
    od
}
#else
#define store(who, where, what) mem[where] = what
#define drained(who)            true
#define header_at(slot)         mem[RING + (slot)]
#endif

/* ---- producer ---- */
active proctype Producer() {
    byte nonce;            /* our own copy of the request */
    byte epoch;            /* the consumer's, as asked for */
    byte pos, published;

start:
    {
        chosen;
#ifdef NO_NONCE
        nonce = mem[REQUEST];                   /* forgotten at a close */
#else
        nonce = mem[LAST_NONCE];
#endif
#ifdef NO_L1_COPY
        nonce = mem[REQUEST];
        epoch = mem[REQUEST_EPOCH];
        if
        :: nonce != 0 -> goto asking            /* the predecessor's request will do */
        :: else
        fi;
#endif

idle:
        epoch = mem[EPOCH];
        nonce++;
        assert(nonce < 16);                     /* nobody asks without a reason for ever */
#ifndef NO_NONCE
        store(P, LAST_NONCE, nonce);
#endif
#ifndef EPOCH_LAST
        store(P, REQUEST_EPOCH, epoch);
#endif
        store(P, REQUEST, nonce);
#ifdef EPOCH_LAST
        store(P, REQUEST_EPOCH, epoch);
#endif

asking:
        do
#ifdef NO_L1
        :: true -> break
#endif
#ifdef NO_L1_ANY
        :: mem[ACK] != 0 && mem[ACK] < NAK -> break
#endif
        :: mem[ACK] == nonce -> break
#ifndef NO_L3_WAIT
        :: mem[ACK] == (nonce | NAK) -> goto leave
#endif
#ifndef NO_WATCH
        :: mem[EPOCH] != epoch -> goto leave
#endif
        :: closes > 0 -> closes--; goto leave
        od;
        atomic {
            pos = 0; published = 0;
            running = true; sent_in = nonce; sent_to = epoch; sent = 0; taken = 0
        }

        /* Running. `ack` is looked at before any burst, and never within one. */
        do
        :: mem[ACK] == (nonce | NAK) ->
            assert(mem[FINAL] == taken);        /* so sent - final messages were lost */
            goto leave
        :: mem[ACK] != nonce && mem[ACK] != (nonce | NAK) -> goto leave
        :: closes > 0 -> closes--; goto leave
        :: pos < MESSAGES && pos - published + 2 > SIZE && mem[POSITION] != published -> d_step {
            assert(mem[POSITION] > published && mem[POSITION] <= pos);
            published = mem[POSITION] }
        :: pos + 1 <= MESSAGES && pos - published + 2 <= SIZE ->
            store(P, RING + (pos + 1) % SIZE, 0);
            atomic {
                store(P, RING + pos % SIZE, record(nonce, pos + 1));
                pos++; sent++
            }
        :: pos + 2 <= MESSAGES && pos - published + 3 <= SIZE ->
            store(P, RING + (pos + 1) % SIZE, record(nonce, pos + 2));
            store(P, RING + (pos + 2) % SIZE, 0);
            atomic {
                store(P, RING + pos % SIZE, record(nonce, pos + 1));
                pos = pos + 2; sent = sent + 2
            }
        od;

leave:
        running = false;
        pos = 0; published = 0;
#ifndef ASK_OVER
        store(P, REQUEST, 0);
#endif
        goto idle
    } unless { dead[P] };
    atomic {
        /* The next incarnation starts when this one can store no more. */
        drained(P) ->
        running = false; nonce = 0; epoch = 0; pos = 0; published = 0;
        dead[P] = false
    }
    goto start
}

/* ---- consumer ---- */
#define CLOSED   0
#define OPEN     1
#define POISONED 2
#ifdef NO_L2B
#define unanswered (mem[REQUEST] != mem[ACK])
#else
#define unanswered (mem[REQUEST] != answered)
#endif
#define header header_at(pos % SIZE)

inline take() {
    /* Nothing lost, doubled, reordered or stale. */
    assert(nonce_of(header) == answered && nonce_of(header) == sent_in);
    assert(seq_of(header) == taken + 1);
    taken++;
    pos++
}

active proctype Consumer() {
    byte epoch, answered, state, pos, request, request_epoch;
    byte seen, seen_epoch;   /* the pair last looked at and left alone: polls must end */

start:
    {
        chosen;
#ifdef NO_L2_FRESH
        d_step {
            answered = mem[ACK] & (NAK - 1); pos = mem[POSITION];
            state = (answered -> OPEN : CLOSED)
        }
#endif
#ifdef EPOCH_FIRST
        atomic { epoch = mem[EPOCH] + 1; store(C, EPOCH, epoch) }
#endif
#ifndef NO_CLEAR
        store(C, ACK, 0);
#endif
#ifndef EPOCH_FIRST
        atomic { epoch = mem[EPOCH] + 1; store(C, EPOCH, epoch) }
#endif

polling:
        request = 0; request_epoch = 0;
        do
        :: atomic { state == OPEN && header != 0 && header != BAD -> take() }
            if
            :: store(C, POSITION, pos)
            :: pos % 2 != 0 -> skip             /* L7: at least every so often */
            fi
        :: state == OPEN && header == BAD -> goto poison
        :: atomic { state == OPEN && header == 0 && mem[POSITION] != pos && drained(C) ->
            store(C, POSITION, pos) }           /* the slow sweep */
        :: state == OPEN && revokes > 0 -> revokes--; request = answered; goto drain
        :: atomic { unanswered && (mem[REQUEST] != seen || mem[REQUEST_EPOCH] != seen_epoch) ->
            request = mem[REQUEST] }
            request_epoch = mem[REQUEST_EPOCH];
            if
            :: request == 0 && state == OPEN -> goto drain
            :: request == 0 && state != OPEN -> state = CLOSED
#ifdef NO_L2A
            :: request != 0 && state == OPEN -> goto drain
            :: request != 0 && state != OPEN -> goto answer
#else
            :: request != 0 && request_epoch == epoch && state == OPEN -> goto drain
            :: request != 0 && request_epoch == epoch && state != OPEN -> goto answer
            :: request != 0 && request_epoch != epoch -> skip
#endif
            fi;
            seen = request; seen_epoch = request_epoch
        od;

poison:
        store(C, FINAL, pos);
#ifdef NO_L3_ZERO
        store(C, ACK, 0);
#else
        store(C, ACK, answered | NAK);
#endif
#ifdef NO_L3
        pos++;
#else
        state = POISONED;
#endif
        goto polling;

drain:
#ifndef NO_L2C
        do
        :: atomic { header != 0 && header != BAD -> take() }
        :: else -> break
        od;
#endif
        /* A producer that left or died has lost nothing. */
        assert(request == answered || scribbled || sent_in != answered || sent_to != epoch ||
               taken == sent);
        store(C, FINAL, pos);
        store(C, ACK, answered | NAK);
        state = CLOSED;
        goto polling;

answer:
#ifdef NO_L2_ORDER
        store(C, ACK, request);
#endif
#ifndef NO_L2_HEADER
        store(C, RING, 0);
#endif
#ifndef NO_L2_POSITION
        store(C, POSITION, 0);
#endif
#ifndef NO_L2_ORDER
        store(C, ACK, request);
#endif
        d_step { answered = request; pos = 0; state = OPEN; seen = 0; seen_epoch = 0 }
        goto polling
    } unless { dead[C] };
    atomic {
        drained(C) ->
        epoch = 0; answered = 0; state = CLOSED; pos = 0; request = 0; request_epoch = 0;
        seen = 0; seen_epoch = 0;
        dead[C] = false
    }
    goto start
}

/* ---- fate ---- */
active proctype Fate() {
    /* Each run has its own measure of bad luck: more of it could save one that is stuck. */
    atomic {
        select(p_crashes : 0 .. P_CRASHES);
        select(c_crashes : 0 .. C_CRASHES);
        select(scribbles : 0 .. SCRIBBLES);
        select(closes : 0 .. CLOSES);
        select(revokes : 0 .. REVOKES);
        chosen = true
    }
    do
    :: atomic { p_crashes > 0 && !dead[P] -> p_crashes--; dead[P] = true }
    :: atomic { c_crashes > 0 && !dead[C] -> c_crashes--; dead[C] = true }
    :: atomic { scribbles > 0 -> scribbles--; scribbled = true;
        if
        :: mem[RING] = BAD
        :: mem[RING + 1] = BAD
        :: mem[RING + 2] = BAD
        fi }
    :: timeout ->
        /* Nothing more can happen: the producer has got everything through. */
        assert(running && sent == MESSAGES && taken == MESSAGES);
        break
    od
}
