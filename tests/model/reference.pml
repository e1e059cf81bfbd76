/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * References: rules Z1 to Z6 of design section 6. doc/lane-lifecycle.md, section 6, has the table
 * that this checks.
 *
 * A sender lends its buffers (slots) to a receiver over one lane; the receiver's application keeps
 * each as long as it likes; its credits bring them back. Either end crashes at any step and starts
 * again knowing nothing but what stands in shared memory. No slot may be written while the living
 * application has it, or while it lies in a lane from which a living receiver could still take it;
 * none is lent twice at once; and when all is quiet and the application has let go, all are free again.
 *
 * The lane is a queue here, asked for and answered as in handshake.pml, which has the orders within
 * that: a request is one word with its epoch, an answer is one step. Records other than references
 * are left out. That the application finds its bytes unchanged is asserted where they would be
 * written.
 *
 * Bounds:     -DSENDS=n      references in all
 *             -DS_CRASHES=n -DR_CRASHES=n
 *             -DCLOSES=n     the sender leaves, or gives up asking, of its own accord
 *             -DNAKS=n       the receiver poisons the lane
 *             -DREOPENS=n    the receiver takes a new epoch without having died
 *             -DCREDITS=n    words in the credit ring
 * Variants:   -DSTEP_OVER    the credit before the count; a receiver that starts counts what it finds
 *             -DSEEN_END     the server changes the epoch of a receiver that died, before it returns
 * Rules out:  -DNO_..., each at the place where the rule would be
 */
#ifndef SENDS
#define SENDS 3
#endif
#ifndef S_CRASHES
#define S_CRASHES 0
#endif
#ifndef R_CRASHES
#define R_CRASHES 0
#endif
#ifndef CLOSES
#define CLOSES 0
#endif
#ifndef NAKS
#define NAKS 0
#endif
#ifndef REOPENS
#define REOPENS 0
#endif
#ifndef CREDITS
#define CREDITS 2
#endif

#define SLOTS 2

/* Shared memory. The sender's line of the lane: */
byte request;          /* a nonce; 0: closed */
byte request_epoch;    /* the receiver's epoch that it is meant for */
byte last_nonce;       /* outlives a close and the sender */
/* The receiver's line, and its entry in the port table: */
byte ack;
byte epoch_of_r;
#ifdef NO_Z2_LAST
byte final, final_request;
#endif
/* The ring. Room for all slots is enough: none is lent again before the next answer. */
byte lane[SLOTS];      /* cookies; 0: nothing yet */
/* The credit block: in the sender's arena, written by the receiver. */
byte taken;            /* references that the receiver has moved past, ever */
byte returned;         /* credits, ever: its position in the ring */
byte stamp[CREDITS];   /* a word of the ring: the number of the credit, from 1, */
byte credit[CREDITS];  /* and the cookie. Written and read as one */
/* The slot table, written by the sender: */
byte table_use[SLOTS];
byte table_epoch[SLOTS];  /* of the receiver that it was lent to; 0: never lent */

#define NAK 128
#define cookie(slot, use) ((use) * SLOTS + (slot))
#define slot_of(c)        ((c) % SLOTS)
#define use_of(c)         ((c) / SLOTS)

#define S 0
#define R 1
bool dead[2];

/* The sender's book. A slot is FREE, OUT or in QUARANTINE: kept. */
bool out[SLOTS], kept[SLOTS];
byte use[SLOTS];       /* of the lending that lasts, or of the next */
byte number[SLOTS];    /* of its reference, counted as `taken` counts */
#ifdef NO_Z2_LAST
byte session[SLOTS];   /* that it went out in: `number` begins at 0 in each */
#endif
bool running;
bool resting;          /* nothing to send: the lane is closed */

/* The receiver's: the use in which it has a slot, 0: it has it not. */
byte with_app[SLOTS];  /* the application reads it */
byte let_go[SLOTS];    /* the application freed it, the credit is not given yet */
bool open;             /* in a session: what lies in the lane may still be taken */

#define in_lane(slot) \
    ((lane[0] != 0 && slot_of(lane[0]) == slot) || (lane[1] != 0 && slot_of(lane[1]) == slot))
#define untouchable(slot) (with_app[slot] != 0 || (open && in_lane(slot)))

/* ---- what is still to happen ---- */
byte sends = SENDS;
byte s_crashes, r_crashes, closes, naks, reopens;
bool chosen;

/* ---- sender ---- */

/* Z1: a slot leaves OUT (or QUARANTINE) here only, and its use count moves on. */
inline come_back(s) {
    assert(out[s] || kept[s]);
    assert(!untouchable(s));
    out[s] = false; kept[s] = false; number[s] = 0;
#ifdef BESIDE
    table_epoch[s] = 0;   /* a successor need not wait for it */
#endif
    use[s]++
}

/* The receiver's end: its process is gone, or its application had let go of everything. */
inline receiver_ended() {
#ifdef NO_Z5_END
    skip
#else
    if
    :: out[0] || kept[0] ->
#ifdef NO_Z1_MOVES
        use[0]--;
#endif
        come_back(0)
    :: else
    fi;
    if
    :: out[1] || kept[1] ->
#ifdef NO_Z1_MOVES
        use[1]--;
#endif
        come_back(1)
    :: else
    fi
#endif
}

/* Z2: the session before is over for the receiver: what it has not taken it never will. */
#if defined(NO_Z2_BACK)
#define never_taken(s) false
#elif defined(NO_Z2_ALL)
#define never_taken(s) out[s]
#elif defined(NO_Z2_LAST)
/* `final` speaks of the receiver's last session only: we may never have run in that. */
#define never_taken(s) (out[s] && session[s] == final_request && number[s] >= final)
#else
#define never_taken(s) (out[s] && number[s] >= taken)
#endif
inline settle() {
    atomic {
        if
        :: never_taken(0) -> come_back(0)
        :: else
        fi;
        if
        :: never_taken(1) -> come_back(1)
        :: else
        fi
    }
}

#define credit_there (read_epoch != 0 && stamp[read % CREDITS] == read + 1)
#ifdef NO_Z1_COUNT
#define matches(c) (out[slot_of(c)])
#else
#define matches(c) (use_of(c) == use[slot_of(c)])
#endif
inline read_credit() {
    c = credit[read % CREDITS];
    read++;
    if
    :: matches(c) -> come_back(slot_of(c))
    :: else                                  /* counted and ignored */
    fi;
    c = 0
}

/*
 * Z4: nobody can take any more of what the last incarnation lent, and the application has none of
 * it. `taken` stands still: nothing is lent before this.
 */
#ifdef NO_Z4_ANSWER
#define answered_us true
#else
#define answered_us answered
#endif
#ifdef NO_Z4_HELD
#define none_held true
#else
#define none_held (taken == returned)
#endif
/*
 * BESIDE, as the code does it: lends beside what is kept, which then counts among what is out; and
 * when none is held, its own that were taken are back as well, for their credits are skipped too.
 */
#ifdef BESIDE
#define taken_and_back(s) (kept[s] || (out[s] && number[s] < taken))
#else
#define taken_and_back(s) (kept[s])
#endif
#define quarantine_over \
    ((taken_and_back(0) || taken_and_back(1)) && answered_us && none_held)
inline end_quarantine() {
    if
    :: taken_and_back(0) -> come_back(0)
    :: else
    fi;
    if
    :: taken_and_back(1) -> come_back(1)
    :: else
    fi;
#ifndef NO_Z4_READ
    read = returned      /* none of the credits up to here is for us */
#endif
}

#if defined(NO_Z4_INLINE) || defined(BESIDE)
#define may_lend true
#else
#define may_lend (!kept[0] && !kept[1])
#endif
#ifdef NO_Z6_LIMIT
#define has_credit true
#elif defined(BESIDE)
#define has_credit (out[0] + out[1] + kept[0] + kept[1] < CREDITS)
#else
#define has_credit (out[0] + out[1] < CREDITS)
#endif
#define can_lend(s) (sends > 0 && ack == nonce && !out[s] && !kept[s] && may_lend && has_credit)

/* What is looked at in every state. */
#ifdef NO_Z5_HEARTBEAT
#define STALE :: atomic { out[0] || out[1] -> receiver_ended() }
#else
#define STALE
#endif
#define HOUSEKEEPING \
    :: atomic { credit_there -> read_credit() } \
    :: atomic { quarantine_over -> end_quarantine() } \
    STALE

inline write_table(s) {
    d_step { table_use[s] = use[s]; table_epoch[s] = epoch }
}
inline commit(s) {
    d_step {
        if
        :: lane[0] == 0 -> lane[0] = cookie(s, use[s])
        :: else -> assert(lane[1] == 0); lane[1] = cookie(s, use[s])
        fi;
#ifdef NO_Z2_LAST
        session[s] = nonce;
#endif
        out[s] = true; number[s] = next; next++; sends--
    }
}

inline lend(s) {
    assert(!untouchable(s));   /* the buffer is written */
#ifdef NO_Z4_TABLE
    commit(s);
    write_table(s)
#else
    write_table(s);
    commit(s)
#endif
}

active proctype Sender() {
    byte nonce;        /* our own copy of the request */
    byte epoch;        /* the receiver's, as last looked at: all that is out or kept went to it */
    byte next;         /* the number of the next reference */
    byte read;         /* our position in the credit ring, */
    byte read_epoch;   /* good for this epoch of the receiver; 0: for none yet */
    bool answered;     /* the receiver takes nothing more of an earlier incarnation's */
    byte c;

start:
    {
        chosen;
        d_step {
            epoch = epoch_of_r;
            use[0] = table_use[0] + 1;
            use[1] = table_use[1] + 1;
#ifdef NO_Z4_USE
            use[0] = 1; use[1] = 1;
#endif
#ifndef NO_Z4_QUARANTINE
            kept[0] = table_epoch[0] != 0 && table_epoch[0] == epoch;
            kept[1] = table_epoch[1] != 0 && table_epoch[1] == epoch;
#endif
#ifdef NO_Z4_CLEAR
            taken = 0; returned = 0      /* the server cleared the arena for the new holder */
#endif
        }

idle:
        atomic {
            if
            :: epoch_of_r != epoch -> receiver_ended()
            :: else
            fi;
            epoch = epoch_of_r
        }
        atomic {
            last_nonce++; nonce = last_nonce;
            assert(nonce < 16);          /* nobody asks without a reason for ever */
            request_epoch = epoch; request = nonce
        }

        do                               /* asking */
        :: ack == nonce -> break
        :: ack == (nonce | NAK) -> goto refused
        :: epoch_of_r != epoch -> goto leave
        :: closes > 0 -> closes--; goto leave
        HOUSEKEEPING
        od;

        settle();
        d_step {
#ifdef NO_Z2_LAST
            next = 0;
#else
            next = taken;
#endif
            if
#if defined(NO_Z5_READ)
            :: read_epoch == 0 -> read = returned
#elif defined(NO_Z2_CREDITS)
            :: true -> read = returned
#else
            :: read_epoch != epoch -> read = returned
#endif
            :: else
            fi;
            read_epoch = epoch;
            answered = true; running = true
        }

        do                               /* running. `ack` is looked at before a burst */
        :: ack == (nonce | NAK) -> goto refused
        :: ack != nonce && ack != (nonce | NAK) -> goto leave
        :: closes > 0 -> closes--;
#ifdef NO_Z2_CLOSE
            goto refused
#else
            goto leave
#endif
        :: can_lend(0) -> lend(0)
        :: can_lend(1) -> lend(1)
        HOUSEKEEPING
        od;

refused:
        settle();
        answered = true;
leave:
        atomic { running = false; request = 0; nonce = 0 }
        if
        :: true -> goto idle
        :: sends == 0 && !kept[0] && !kept[1] -> resting = true
        fi;

        do                               /* resting */
#ifndef NO_Z2_REST
        /* Any NAK will do: the receiver has been in our last session, and that is over. */
        :: atomic { (ack & NAK) != 0 && (never_taken(0) || never_taken(1)) -> settle() }
#endif
        :: atomic { epoch_of_r != epoch && (out[0] || out[1]) ->
            receiver_ended(); epoch = epoch_of_r }
        HOUSEKEEPING
        od
    } unless { dead[S] };
    atomic {
        running = false; resting = false; nonce = 0; epoch = 0; next = 0; read = 0; read_epoch = 0;
        answered = false; c = 0;
        out[0] = false; out[1] = false; kept[0] = false; kept[1] = false;
        number[0] = 0; number[1] = 0;
        dead[S] = false
    }
    goto start
}

/* ---- receiver ---- */

inline take() {
    /* Z3: counted before the position moves. */
    d_step {
        got++;
#if !defined(NO_Z2_FINAL) && !defined(NO_Z3_TAKEN)
        taken = got
#endif
    }
    d_step {
        c = lane[0];
        lane[0] = lane[1]; lane[1] = 0;
#ifdef NO_Z2_LAST
        pos++;
#endif
        assert(with_app[slot_of(c)] == 0);   /* lent twice */
        with_app[slot_of(c)] = use_of(c);
        c = 0
    }
#ifdef NO_Z2_DROPPED
    if
    :: with_app[0] = 0       /* it belonged to a message whose rest was lost */
    :: skip
    fi
#endif
}

inline drain() {
    do
    :: open && lane[0] != 0 -> take()
    :: else -> break
    od
}

/* Z2: what was taken first, then the word that ends the session. */
inline say_nak() {
#ifdef NO_Z3_TAKEN
    taken = got;
#endif
#ifdef NO_Z2_LAST
    atomic { final = pos; final_request = answered };
#endif
    atomic { ack = answered | NAK; open = false }
#ifdef NO_Z2_FINAL
    taken = got
#endif
}

inline count() { gave++; returned = gave }
#if defined(STEP_OVER) || defined(NO_Z3_ORDER)
#define write_credit(s) \
    d_step { stamp[gave % CREDITS] = gave + 1; credit[gave % CREDITS] = cookie(s, let_go[s]) }
#else
#define write_credit(s) \
    d_step { stamp[(gave - 1) % CREDITS] = gave; credit[(gave - 1) % CREDITS] = cookie(s, let_go[s]) }
#endif
inline give_credit(s) {
#if defined(STEP_OVER) || defined(NO_Z3_ORDER)
    write_credit(s);
    d_step { count(); let_go[s] = 0 }
#else
    /* Z3: the count before the credit, so that one that dies in between leaves no credit behind. */
    d_step { count() };
    d_step { write_credit(s); let_go[s] = 0 }
#endif
}

active proctype Receiver() {
    byte epoch, answered, asked;
    byte got, gave;    /* own copies of `taken` and `returned` */
    byte c;
#ifdef NO_Z2_LAST
    byte pos;
#endif

start:
    {
        chosen;
#ifdef NO_Z3_CONTINUE
        returned = 0;
#endif
        gave = returned;
#ifdef STEP_OVER
        atomic {
            do
            :: stamp[gave % CREDITS] == gave + 1 -> gave++
            :: else -> break
            od;
            returned = gave
        }
#endif
#ifdef NO_Z3_START
        got = taken;
#else
        atomic { got = gave; taken = got }
#endif
        ack = 0;
        d_step { epoch = epoch_of_r + 1; epoch_of_r = epoch }

        do
        :: open && lane[0] != 0 -> take()
        :: let_go[0] != 0 -> give_credit(0)
        :: let_go[1] != 0 -> give_credit(1)
        :: open && naks > 0 -> naks--; say_nak()
        :: request == 0 && open ->
            drain();
            say_nak()
        :: atomic { request != 0 && request != answered && request_epoch == epoch ->
            asked = request }
            drain();
            atomic {
                open = false;
                lane[0] = 0; lane[1] = 0;
#ifdef NO_Z2_LAST
                if
                :: answered != 0 -> final = pos; final_request = answered
                :: else
                fi;
                pos = 0;
#endif
#ifdef NO_Z2_FINAL
                taken = got;
#endif
#ifdef NO_Z2_SURVIVE
                got = gave; taken = got;     /* all begins anew with the session */
#endif
            }
            d_step { ack = asked; answered = asked; asked = 0; open = true }
#ifdef NO_Z3_TAKEN
            taken = got
#endif
#ifdef NO_Z5_BUSY
        :: atomic { reopens > 0 -> reopens--;
#else
        :: atomic { reopens > 0 && with_app[0] == 0 && with_app[1] == 0 -> reopens--;
#endif
#ifndef NO_Z5_QUEUE
            let_go[0] = 0; let_go[1] = 0;    /* theirs are back by the new epoch itself */
#endif
            open = false; answered = 0; epoch = 0; got = 0; gave = 0;
            goto start }
        od
    } unless { dead[R] };
    atomic {
        epoch = 0; answered = 0; asked = 0; got = 0; gave = 0; c = 0;
        dead[R] = false
    }
    goto start
}

active proctype Application() {
    do
    :: atomic { with_app[0] != 0 && let_go[0] == 0 -> let_go[0] = with_app[0]; with_app[0] = 0 }
    :: atomic { with_app[1] != 0 && let_go[1] == 0 -> let_go[1] = with_app[1]; with_app[1] = 0 }
    od
}

/* ---- fate ---- */
active proctype Fate() {
    /* Each run has its own measure of bad luck: more of it could save one that is stuck. */
    atomic {
        select(s_crashes : 0 .. S_CRASHES);
        select(r_crashes : 0 .. R_CRASHES);
        select(closes : 0 .. CLOSES);
        select(naks : 0 .. NAKS);
        select(reopens : 0 .. REOPENS);
        chosen = true
    }
    do
    :: atomic { s_crashes > 0 && !dead[S] -> s_crashes--; dead[S] = true }
    :: atomic { r_crashes > 0 && !dead[R] -> r_crashes--; dead[R] = true;
        /* The application dies with it. */
        open = false;
        with_app[0] = 0; with_app[1] = 0; let_go[0] = 0; let_go[1] = 0;
#ifdef SEEN_END
        epoch_of_r++
#endif
        }
    :: timeout ->
        /* Nothing more can happen: everything was lent, and is back. */
        assert((running || resting) && sends == 0);
        assert(!out[0] && !out[1] && !kept[0] && !kept[1]);
        break
    od
}
