/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rules S1 to S6: a receiver that sleeps, and those who have something for it.
 *
 * A receiver and two senders. A sender asks for its lane, waits for the answer, sends, and leaves a
 * mark in the port table; sender 1 may end or stop at any step. When nobody can do anything any
 * more, everything must have been seen. Senders do not sleep here: towards a sleeping one an answer
 * is one more word to be looked at.
 *
 * Bounds:     -DMESSAGES=n (of each sender) -DTABLES=0 (no marks) -DLATE (the receiver begins
 *             awake and says so; else it may sleep from the beginning)
 *             -DCRASHES=1 (sender 1 ends, and the server sees it)
 *             -DSTOPS=1 (it stops for ever and nobody sees it)
 *             -DHOSTILE=n (a stranger drains the eventfd or clears `sleeping`, n times)
 * Memory:     sequential, or -DTSO: a first-in first-out store buffer for each
 * Variants:   -DTIMER (the slow timer fires when all is quiet; always so with HOSTILE)
 *             -DKEEP_WORD (senders ring and leave the word alone: memory that is not write-back)
 *             -DLEAVE_WORD (a receiver whose last look finds something leaves the word set)
 * Rules out:  -DNO_S..., each at the place where the rule would be
 */
#ifndef MESSAGES
#define MESSAGES 1
#endif
#ifndef TABLES
#define TABLES 1
#endif
#ifndef CRASHES
#define CRASHES 0
#endif
#ifndef STOPS
#define STOPS 0
#endif
#ifndef HOSTILE
#define HOSTILE 0
#endif
#if HOSTILE && !defined(NO_S6_TIMER)
#define TIMER
#endif

/* Shared memory: the port table, and a lane for each sender i. */
#define SLEEPING   0           /* the receiver's: 0 awake, else the generation of this sleep */
#define CAPABLE    1           /* the receiver's capability: may sleep */
#define TABLE      2           /* the table's generation: no two writers store the same */
#define REQUEST(i) (3 + (i))
#define ACK(i)     (5 + (i))
#define LANE(i)    (7 + (i))   /* records committed: what the headers say */
byte mem[9];

/* The receiver's eventfd, edge triggered: `edge` since the last wait returned. */
bool count, edge;
#define ring() d_step { count = true; edge = true }

/* What the receiver has seen. */
byte seen, taken[2];
bool answered[2];

byte held[2];   /* what a sender has read of `sleeping` */
bool done[2], dead, stopped;

/* ---- memory ---- */
#define RECEIVER 2
#define SERVER   3
#ifdef TSO
chan buffer[4] = [3] of { byte, byte };
#define store(who, where, what) buffer[who] ! where, what
#define drained(who)            empty(buffer[who])
#define first_pid 4

active [4] proctype Buffer() {
    byte where, what;
    do
    :: d_step { buffer[_pid] ? where, what -> mem[where] = what; where = 0; what = 0 }
    od
}
#else
#define store(who, where, what) mem[where] = what
#define drained(who)            true
#define first_pid 0
#endif

/* ---- senders ---- */
#define me (_pid - first_pid)

/* Behind each store that the receiver is to see: S1, S2. */
inline wake() {
    atomic {
#ifndef NO_S1_SENDER
        drained(me) ->
#endif
#ifdef NO_S2_ORDER
        drained(me) ->
#endif
        held[me] = (mem[CAPABLE] == 0 -> 0 : mem[SLEEPING]);
#ifdef NO_S2_ORDER
        mem[SLEEPING] = 0;
#endif
        if
        :: held[me] == 0 -> goto awake
        :: else
        fi
    }
    ring();
    atomic {
        drained(me);   /* a locked operation */
#ifdef NO_S2_COMPARE
        mem[SLEEPING] = 0;
#elif !defined(KEEP_WORD) && !defined(NO_S2_ORDER)
        mem[SLEEPING] = (mem[SLEEPING] == held[me] -> 0 : mem[SLEEPING]);
#endif
        held[me] = 0
    }
}

active [2] proctype Sender() {
    byte sent, step;

    {
        do
        ::
            if
            :: atomic { step == 0 -> store(me, REQUEST(me), 1); step = 1 }
            :: atomic { step == 1 && sent < MESSAGES && mem[ACK(me)] != 0 ->
                sent++; store(me, LANE(me), sent) }
            :: atomic { step == 1 && sent == MESSAGES && TABLES ->
                store(me, TABLE, 1 + me); step = 2 }
            :: atomic { step == 2 || (step == 1 && sent == MESSAGES && !TABLES) -> break }
            fi;
#ifdef NO_S6_PORTS
            if
            :: step == 2 -> goto awake
            :: else
            fi;
#endif
#ifdef NO_S1_CAPABLE
            if
            :: mem[CAPABLE] == 0 -> goto awake
            :: else
            fi;
#endif
            wake();
awake:
            skip
        od
    } unless { me == 1 && (dead || stopped) };
    atomic { done[me] = true; held[me] = 0; sent = 0; step = 0 }
}

/* ---- receiver ---- */
/* A poll: takes what is there, answers who asks. */
inline serve(i) {
    if
    :: mem[LANE(i)] != taken[i] -> taken[i] = mem[LANE(i)]; busy[i] = true
    :: else
    fi;
    if
    :: mem[REQUEST(i)] != 0 && !answered[i] ->
        store(RECEIVER, ACK(i), 1); answered[i] = true; busy[i] = true
    :: else
    fi
}

#ifdef NO_S3_REQUESTS
#define asked(i) false
#else
#define asked(i) (mem[REQUEST(i)] != 0 && !answered[i])
#endif
#ifdef NO_S3_LANES
#define polled(i) busy[i]
#else
#define polled(i) true
#endif
#ifdef NO_S3_TABLE
#define moved false
#else
#define moved (mem[TABLE] != seen)
#endif

/* A generation that nobody holds is as good as one that never was: what counts stays small. */
#define is_free(g) \
    (held[0] != g && held[1] != g && mem[SLEEPING] != g && generation != g)
#ifdef NO_S2_GENERATION
#define fresh 1
#else
#define fresh (is_free(1) -> 1 : (is_free(2) -> 2 : (is_free(3) -> 3 : (is_free(4) -> 4 : 5))))
#endif

active proctype Receiver() {
    byte generation;
    bool found, busy[2];

#ifdef LATE
    store(RECEIVER, CAPABLE, 1);
#else
    mem[CAPABLE] = 1;
#endif
    do
    ::
#if !defined(NO_S4) && !defined(NO_S4_LATE)
        count = false;
#endif
        /* Not what decides: one step will do. */
        atomic { seen = mem[TABLE]; serve(0); serve(1) }
        atomic { generation = fresh; store(RECEIVER, SLEEPING, generation) }
#ifdef NO_S4
        count = false;
#endif
        /* The last look. */
        atomic {
#ifndef NO_S1_RECEIVER
            drained(RECEIVER) ->
#endif
            found = (polled(0) && mem[LANE(0)] != taken[0]) || asked(0)
        }
        found = found || (polled(1) && mem[LANE(1)] != taken[1]) || asked(1);
        found = found || moved;
#ifdef NO_S4_LATE
        count = false;
#endif
        if
        :: atomic { found ->
#ifndef LEAVE_WORD
            store(RECEIVER, SLEEPING, 0);
#endif
#ifndef NO_S5
            ring();
#endif
            found = false }
        :: else
        fi;
        atomic {
            count && edge ->
            edge = false; busy[0] = false; busy[1] = false;
            store(RECEIVER, SLEEPING, 0)
        }
    od
}

/* ---- the server ---- */
inline ring_sleeper() {
    if
    :: atomic { mem[SLEEPING] != 0 -> ring() }
    :: else
    fi
}

/* It sees the end of a port when that can store no more, and rings those who sleep. */
active proctype Server() {
    dead && drained(1);
#ifdef NO_S6_ORDER
    ring_sleeper();
#endif
    store(SERVER, TABLE, 3);
#if !defined(NO_S6_SERVER) && !defined(NO_S6_ORDER)
#ifndef NO_S1_SERVER
    drained(SERVER);
#endif
    ring_sleeper()
#endif
}

/* ---- fate ---- */
#define heard(i) (mem[LANE(i)] == taken[i] && (mem[REQUEST(i)] == 0 || answered[i]))

active proctype Fate() {
    byte hostile = HOSTILE;
    bool fired;

    do
#if CRASHES
    :: atomic { !dead && !done[1] -> dead = true }
#endif
#if STOPS
    :: atomic { !stopped && !done[1] -> stopped = true }
#endif
#if HOSTILE
    /* What it breaks is mended by the next firing of the timer. */
    :: d_step { hostile > 0 && count -> hostile--; count = false; fired = false }
    :: d_step { hostile > 0 && mem[SLEEPING] != 0 -> hostile--; mem[SLEEPING] = 0; fired = false }
#endif
#ifdef TIMER
    :: atomic { timeout && !fired -> fired = true; ring() }
    :: atomic { timeout && fired -> break }
#else
    :: timeout -> break
#endif
    od;
    assert(done[0] && taken[0] == MESSAGES);
    assert(done[1] && (dead || stopped || taken[1] == MESSAGES));
#ifndef TIMER
    /* Who stops between its store and the ring is heard when the timer fires, not before. */
    !stopped;
#endif
    assert(heard(0) && heard(1) && mem[TABLE] == seen)
}
