/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rule G1: a ring goes to another producer only when its last holder is known to have let go of it.
 *
 * Two producers, one consumer, one ring. Both producers want to send; the consumer takes the ring
 * back from one for the other. Everyone may crash and start again. The words are those of
 * handshake.pml, for each producer, and the port table's epochs of all three.
 *
 * Bounds:     -DP_CRASHES=n (of one of them: the other's would be the same) -DC_CRASHES=n
 *             -DCLOSES=n -DREVOKES=n -DMESSAGES=n
 * Memory:     sequential, or -DTSO: a first-in first-out store buffer for each port
 * Variant:    -DTABLE_FIRST (must be as clean)
 * Rules out:  -DNO_G1_..., each at the place where the rule would be
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

#ifndef MESSAGES
#define MESSAGES 1   /* that each producer has to send in one session */
#endif

/* Shared memory: a lane block for each producer i, the port table, and the ring. */
#define REQUEST(i)        (0 + (i))
#define REQUEST_EPOCH(i)  (2 + (i))
#define PRODUCER_EPOCH(i) (4 + (i))   /* who asks */
#define ACK(i)            (6 + (i))
#define RING_OFFSET(i)    (8 + (i))   /* 0: no ring granted; 1: the ring */
#define EPOCH(port)       (10 + (port))
#define RING              13
byte mem[RING + MESSAGES + 1];

#define C    2
#define NAK  128
#define record(i, nonce, seq) (((i) + 1) * 64 + (nonce) * 4 + (seq))

bool dead[3];
byte last_nonce[2];   /* handshake.pml shows why it must outlive the producer */
bool done[2];         /* has sent everything, or has nothing to send: no reason to ask any more */

/* ---- what is still to go wrong ---- */
byte p_crashes, c_crashes, closes, revokes;
bool chosen;

/* ---- memory ---- */
#ifdef TSO
chan buffer[3] = [2] of { byte, byte };
#define store(who, where, what) buffer[who] ! where, what
#define drained(who)            empty(buffer[who])
#define header_at(slot)         (((slot) == 0 && buffer[C] ?? [RING, 0]) -> 0 : mem[RING + (slot)])

active [3] proctype Buffer() {
    byte where, what;
    do
    :: d_step { buffer[_pid] ? where, what -> mem[where] = what; where = 0; what = 0 }
    od
}
#define first_pid 3
#else
#define store(who, where, what) mem[where] = what
#define drained(who)            true
#define header_at(slot)         mem[RING + (slot)]
#define first_pid 0
#endif

/* ---- producers ---- */
#define me (_pid - first_pid)

active [2] proctype Producer() {
    byte nonce, epoch, own_epoch, pos;

start:
    {
        chosen;
        atomic { own_epoch = mem[EPOCH(me)] + 1; mem[EPOCH(me)] = own_epoch }
idle:
        atomic { !done[me] -> epoch = mem[EPOCH(C)] }
        atomic {
            last_nonce[me]++; nonce = last_nonce[me];
            assert(nonce < 16);   /* nobody asks without a reason for ever */
            store(me, PRODUCER_EPOCH(me), own_epoch)
        }
        store(me, REQUEST_EPOCH(me), epoch);
        store(me, REQUEST(me), nonce);
        do
        :: mem[ACK(me)] == nonce -> break
        :: mem[ACK(me)] == (nonce | NAK) -> goto leave
        :: mem[EPOCH(C)] != epoch -> goto leave
        od;
        do
        :: mem[ACK(me)] != nonce -> goto leave
        :: closes > 0 -> closes--; goto leave
        :: pos < MESSAGES ->
            store(me, RING + pos + 1, 0);
            atomic {
                store(me, RING + pos, record(me, nonce, pos + 1));
                pos++;
                done[me] = done[me] || pos == MESSAGES
            }
        od;
leave:
        atomic { store(me, REQUEST(me), 0); pos = 0; nonce = 0; epoch = 0 }
        goto idle
    } unless { dead[me] };
    /* The server sees its end, when it can store no more. */
    atomic {
        drained(me) ->
        mem[EPOCH(me)] = mem[EPOCH(me)] + 1;
        nonce = 0; epoch = 0; own_epoch = 0; pos = 0
    }
    atomic {
        if
        :: done[me] = true   /* the next holder never has anything to say, or never comes */
        :: skip
        fi;
        dead[me] = false
    }
    goto start
}

/* ---- consumer ---- */
#define nobody 2

/* Is there something to do for lane i? It is looked at once more, word by word, when it is done. */
#define ended(i)  (mem[EPOCH(i)] != source[i])
#ifdef NO_G1_CLOSED
#define closed(i) (mem[REQUEST(i)] == 0 && answered[i] != 0 && (holder == i || open[i]))
#else
#define closed(i) (mem[REQUEST(i)] == 0 && (holder == i || open[i]))
#endif
#define asks(i) \
    (mem[REQUEST(i)] != 0 && mem[REQUEST(i)] != answered[i] && mem[REQUEST_EPOCH(i)] == epoch)
#ifdef NO_G1_ZOMBIE
#define by_living(i) true
#else
#define by_living(i) (mem[PRODUCER_EPOCH(i)] == mem[EPOCH(i)])
#endif
#define servable(i) (asks(i) && by_living(i) && (open[i] || holder == nobody || holder == i))
#define in_want(i) \
    (asks(i) && by_living(i) && holder == 1 - i && open[1 - i] && (pos == MESSAGES || revokes > 0))

inline end_session(i) {   /* L2: drain, then NAK */
    if
    :: open[i] ->
        do
        :: atomic { header_at(pos) != 0 -> take(i) }
        :: else -> break
        od;
        atomic { store(C, ACK(i), answered[i] | NAK); open[i] = false; pos = 0 }
    :: else
    fi
}

inline release(i) {
    if
    :: holder == i ->
#ifndef NO_G1_CLEAR
        store(C, RING_OFFSET(i), 0);
#endif
        holder = nobody
    :: else
    fi
}

/* The slab is full and somebody asks: the other's session ends. Its ring is not free by that. */
inline revoke(i) {
    revokes = (pos == MESSAGES -> revokes : revokes - 1);   /* a quiet lane, if not by bad luck */
    end_session(i);
#ifdef NO_G1_REVOKE
    release(i)
#endif
}

inline take(i) {
    /* The record of this producer, in this session, and the next one. */
    assert(header_at(pos) == record(i, answered[i], pos + 1));
    pos++
}

inline serve(i) {
#ifdef TABLE_FIRST
    now = mem[EPOCH(i)];
    request = mem[REQUEST(i)];
#else
    request = mem[REQUEST(i)];
    now = mem[EPOCH(i)];   /* behind the request: at least as new */
#endif
    d_step { request_epoch = mem[REQUEST_EPOCH(i)]; by = mem[PRODUCER_EPOCH(i)] }
#ifdef NO_G1_ZOMBIE
    by = now;
#endif
    if
    :: now != source[i] ->
        end_session(i);
        release(i);
        source[i] = now
    :: now == source[i] && request == 0 ->
        end_session(i);
        release(i)
    :: now == source[i] && request != 0 && request != answered[i] &&
       request_epoch == epoch && by == now ->
        end_session(i);
        if
        :: holder == nobody || holder == i ->
            atomic { holder = i; store(C, RING_OFFSET(i), 1) }
            store(C, RING, 0);
            atomic { store(C, ACK(i), request); answered[i] = request; open[i] = true }
        :: else
        fi
    :: else
    fi;
    request = 0; now = 0; request_epoch = 0; by = 0
}

active proctype Consumer() {
    byte epoch, pos;
    byte holder = nobody;   /* of the ring, in this slab's private book */
    byte answered[2], source[2];
    bool open[2];
    byte request, request_epoch, now, by;

start:
    {
        chosen;
        atomic {
        epoch = mem[EPOCH(C)] + 1;
#ifndef NO_G1_RESTART
        /* What an earlier life gave away is still given away. */
        if
        :: mem[RING_OFFSET(0)] != 0 -> holder = 0
        :: mem[RING_OFFSET(0)] == 0 && mem[RING_OFFSET(1)] != 0 -> holder = 1
        :: else
        fi
#endif
        }
        d_step { source[0] = mem[PRODUCER_EPOCH(0)]; source[1] = mem[PRODUCER_EPOCH(1)] }
        atomic { store(C, ACK(0), 0); store(C, ACK(1), 0) }
        store(C, EPOCH(C), epoch);
        do
        :: atomic { open[0] && header_at(pos) != 0 -> take(0) }
        :: atomic { open[1] && header_at(pos) != 0 -> take(1) }
#ifdef NO_G1_ENDED
        :: closed(0) || servable(0) -> serve(0)
        :: closed(1) || servable(1) -> serve(1)
#else
        :: ended(0) || closed(0) || servable(0) -> serve(0)
        :: ended(1) || closed(1) || servable(1) -> serve(1)
#endif
        :: in_want(0) -> revoke(1)
        :: in_want(1) -> revoke(0)
        od
    } unless { dead[C] };
    atomic {
        drained(C) ->
        epoch = 0; pos = 0; holder = nobody; request = 0; request_epoch = 0; now = 0; by = 0;
        answered[0] = 0; answered[1] = 0; source[0] = 0; source[1] = 0; open[0] = 0; open[1] = 0;
        dead[C] = false
    }
    goto start
}

/* ---- fate ---- */
active proctype Fate() {
    atomic {
        select(p_crashes : 0 .. P_CRASHES);
        select(c_crashes : 0 .. C_CRASHES);
        select(closes : 0 .. CLOSES);
        select(revokes : 0 .. REVOKES);
        chosen = true
    }
    do
    :: atomic { p_crashes > 0 && !dead[0] -> p_crashes--; dead[0] = true }
    :: atomic { c_crashes > 0 && !dead[C] -> c_crashes--; dead[C] = true }
    :: timeout ->
        assert(done[0] && done[1]);   /* nobody waits for the ring for ever */
        break
    od
}
