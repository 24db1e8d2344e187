package io.cairn.module.raid.sync;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.IoVector;
import io.cairn.module.raid.format.JournalEntry;
import io.cairn.module.raid.format.JournalEntryCodec;
import io.cairn.module.raid.format.Reserved;
import io.cairn.module.raid.level.Shape;
import io.cairn.module.raid.level.StripeJournal;
import io.cairn.module.raid.member.ReservedArea;
import io.cairn.reactor.Errno;
import io.cairn.reactor.Reactor;
import io.cairn.reactor.Reactors;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/**
 * The journal of a degraded raid5f array, in the reserved area of its members (rule 6 of decision 0012): the strip that is nowhere else is on the member that has the
 * stripe's parity before the stripe is written.
 *
 * <p>The channels of all reactors ask; places are handed out, and everything is written, on the app thread. A place is used again when its stripe is whole and all
 * members have been flushed since; they are flushed when somebody waits for a place. A stripe whose write ended without success is made whole at once with the strip that the
 * journal has. Where a member does not do its part in that, the place is kept until the stripe is written again, or given up ({@link #giveUp}); while all places of a member are kept
 * so, writes of stripes with their parity there are refused. App thread, but for what says otherwise.
 */
public final class MemberJournal implements StripeJournal {
    /** The array, as far as the journal needs it. App thread. */
    @FunctionalInterface
    public interface Owner {
        /** A member could not take an entry, or be flushed. */
        void memberFailed(int slot, IoType type, IoStatus status);
    }

    private enum State {
        /** Nothing that is needed. */
        FREE,
        /** Being written, or protecting a stripe that is being written. */
        OPEN,
        /** The stripe is whole, not yet durably. */
        WHOLE,
        /** The stripe is not whole, and is being made so. */
        RESTORING,
        /** The stripe is not whole, and could not be made so. */
        TORN
    }

    private final Reactors reactors;
    private final UUID array;
    private final Shape shape;
    private final LongSupplier superblockSequence;
    private final Owner owner;
    private final StripeRepair repair;
    private final LongConsumer restored;
    private final Map<Integer, Home> homes = new HashMap<>();
    private final IdentityHashMap<Entry, Place> protecting = new IdentityHashMap<>();
    private long nextSequence;
    private boolean flushing;
    private boolean closed;

    /** One place on one member. */
    private static final class Place {
        private final Home home;
        private final int index;
        private State state = State.FREE;
        private long sequence;
        private long stripe;
        /** Whether the stripe was whole when the flush that is under way began. */
        private boolean flushed;
        /** To be run when the stripe is not being made whole any more. */
        private final List<Runnable> settled = new ArrayList<>();

        Place(Home home, int index) {
            this.home = home;
            this.index = index;
        }
    }

    private record Wish(long stripe, int missing, IoVector data, Entry entry, Reactor from) {}

    /** A member's places. */
    private static final class Home {
        private final int slot;
        private final ReservedArea area;
        private final Reserved where;
        private final Place[] places;
        private final ArrayDeque<Wish> waiting = new ArrayDeque<>();

        Home(int slot, ReservedArea area, Reserved where) {
            this.slot = slot;
            this.area = area;
            this.where = where;
            this.places = new Place[where.journalSlots()];
            Arrays.setAll(places, index -> new Place(this, index));
        }

        /** Returns the free place with the oldest entry: while a stripe has several on disk, the newest of them must be the last to go. */
        Place free() {
            return Arrays.stream(places)
                    .filter(place -> place.state == State.FREE)
                    .min(Comparator.comparingLong(place -> place.sequence))
                    .orElse(null);
        }

        boolean isRestoring(long stripe) {
            return Arrays.stream(places).anyMatch(place -> place.state == State.RESTORING && place.stripe == stripe);
        }

        boolean isAllTorn() {
            return Arrays.stream(places).allMatch(place -> place.state == State.TORN);
        }
    }

    /**
     * Makes a journal without a place.
     *
     * @param shape of raid5f; what counts of it, the strips and how many members there are, does not change
     * @param nextSequence higher than that of any entry on a member: {@link JournalReplay} tells
     * @param superblockSequence tells the sequence number of the present superblock
     * @param restored is told the number of a stripe that was made whole whose write had failed
     */
    public MemberJournal(
            Reactors reactors,
            UUID array,
            Shape shape,
            long nextSequence,
            LongSupplier superblockSequence,
            LongConsumer restored,
            Owner owner) {
        this.reactors = reactors;
        this.array = array;
        this.shape = shape;
        this.nextSequence = nextSequence;
        this.superblockSequence = superblockSequence;
        this.restored = restored;
        this.repair = new StripeRepair(shape);
        this.owner = owner;
    }

    /** Adds a member that is IN_SYNC. What entries it has are not needed any more: to be told after a replay. */
    public void join(int slot, ReservedArea area, Reserved where) {
        homes.put(slot, new Home(slot, area, where));
    }

    /** Forgets a member. What waits for a place on it, or is being written there, is refused. */
    public void leave(int slot) {
        Home home = homes.remove(slot);
        if (home != null) {
            List<Wish> refused = new ArrayList<>(home.waiting);
            home.waiting.clear();
            refused.forEach(wish -> answer(wish, IoStatus.NO_DEVICE));
        }
    }

    /** Ends it: what waits is refused. */
    public void close() {
        closed = true;
        List.copyOf(homes.keySet()).forEach(this::leave);
    }

    /** On any reactor. */
    @Override
    public void protect(long stripe, int missingSlot, IoVector data, Entry entry) {
        Reactor from = reactors.current().orElseThrow();
        reactors.app().execute(() -> wish(new Wish(stripe, missingSlot, data, entry, from)));
    }

    /** On any reactor. */
    @Override
    public void done(long stripe, Entry entry, boolean good) {
        reactors.app().execute(() -> {
            Place place = protecting.remove(entry);
            place.state = good ? State.WHOLE : State.TORN;
            if (good) {
                supersede(place);
            }
            for (Place torn : place.home.places) {
                if (torn.state == State.TORN && torn.stripe == stripe) {
                    restore(torn);
                }
            }
            serve(place.home);
        });
    }

    // ---- stripes that are not whole ----

    /**
     * Makes a stripe whole. Nobody writes it meanwhile: whoever wants to waits for a place. (A process that reads it has it locked, and waits for this: see {@link #giveUp}.)
     */
    private void restore(Place place) {
        Home home = place.home;
        boolean all = homes.size() == shape.members().size() - 1 && homes.get(home.slot) == home;
        if (closed || !all || Arrays.stream(home.places).anyMatch(other -> isOpen(other, place.stripe))) {
            return;
        }
        place.state = State.RESTORING;
        Map<Integer, StripeRepair.Part> members = new HashMap<>();
        homes.forEach((slot, member) -> members.put(slot, new StripeRepair.Part(member.area, member.where)));
        home.area
                .read(home.where.journalSlotOffset(place.index) + home.where.unit(), repair.stripBytes())
                .thenCompose(strip -> repair.restore(place.stripe, members, strip))
                .thenCompose(written -> home.area.flush())
                .whenComplete((done, failure) -> {
                    place.state = failure == null ? State.WHOLE : State.TORN;
                    if (failure == null) {
                        restored.accept(place.stripe);
                    }
                    List<Runnable> told = List.copyOf(place.settled);
                    place.settled.clear();
                    told.forEach(Runnable::run);
                    serve(home);
                });
    }

    private static boolean isOpen(Place place, long stripe) {
        return place.state == State.OPEN && place.stripe == stripe;
    }

    /**
     * Gives up what is not whole of some rows and cannot be made so: its places are free. The rows are locked; what is being made whole is waited for.
     *
     * @return completes when nothing of these rows is being written here; the rows that were made whole have been told then
     */
    public CompletionStage<Void> giveUp(long row, long rows) {
        List<CompletableFuture<Void>> waits = new ArrayList<>();
        for (Home home : List.copyOf(homes.values())) {
            for (Place place : home.places) {
                long first = place.stripe * shape.stripBlocks();
                if (first >= row + rows || first + shape.stripBlocks() <= row) {
                    continue;
                }
                if (place.state == State.RESTORING) {
                    CompletableFuture<Void> settled = new CompletableFuture<>();
                    place.settled.add(() -> {
                        giveUp(place);
                        settled.complete(null);
                    });
                    waits.add(settled);
                } else {
                    giveUp(place);
                }
            }
            serve(home);
        }
        return CompletableFuture.allOf(waits.toArray(CompletableFuture[]::new));
    }

    private static void giveUp(Place place) {
        if (place.state == State.TORN) {
            place.state = State.FREE;
        }
    }

    // ---- places ----

    private static void answer(Wish wish, IoStatus status) {
        wish.from.execute(() -> wish.entry.onProtected(status));
    }

    private void wish(Wish wish) {
        Home home = homes.get(shape.paritySlot(wish.stripe));
        if (home == null || home.places.length == 0 || closed) {
            answer(wish, IoStatus.NO_DEVICE);
        } else {
            home.waiting.add(wish);
            serve(home);
        }
    }

    /** Gives places to those that wait, first come first served. */
    private void serve(Home home) {
        while (!home.waiting.isEmpty() && homes.get(home.slot) == home) {
            Place place = home.free();
            if (home.isRestoring(home.waiting.peek().stripe)) {
                return;
            } else if (place != null) {
                write(home.waiting.poll(), place);
            } else if (home.isAllTorn()) {
                answer(home.waiting.poll(), IoStatus.errno(Errno.EIO));
            } else {
                flush();
                return;
            }
        }
    }

    private void write(Wish wish, Place place) {
        place.state = State.OPEN;
        place.sequence = nextSequence++;
        place.stripe = wish.stripe;
        protecting.put(wish.entry, place);
        byte[] content = content(wish, place.sequence);
        Home home = place.home;
        home.area
                .writeDurably(home.where.journalSlotOffset(place.index), content)
                .whenComplete((nothing, failure) -> {
                    if (failure == null) {
                        supersede(place);
                        answer(wish, IoStatus.SUCCESS);
                        return;
                    }
                    protecting.remove(wish.entry);
                    place.state = State.FREE;
                    IoStatus status = MemberIntents.statusOf(failure);
                    answer(wish, status);
                    if (homes.get(home.slot) == home) {
                        owner.memberFailed(home.slot, IoType.WRITE, status);
                        serve(home);
                    }
                });
    }

    /** What was torn is protected by the newer entry of the same stripe. */
    private static void supersede(Place newer) {
        for (Place place : newer.home.places) {
            if (place.state == State.TORN && place.stripe == newer.stripe && place.sequence < newer.sequence) {
                place.state = State.FREE;
            }
        }
    }

    private byte[] content(Wish wish, long sequence) {
        int unit = homes.get(shape.paritySlot(wish.stripe)).where.unit();
        int bytes = Math.toIntExact(wish.data.totalLength());
        byte[] content = new byte[unit + bytes];
        ByteBuffer strip = ByteBuffer.wrap(content, unit, bytes);
        int at = unit;
        for (int i = 0; i < wish.data.count(); i++) {
            wish.data.buffer(i).bytes().get(wish.data.offset(i), content, at, wish.data.length(i));
            at += wish.data.length(i);
        }
        byte[] header = JournalEntryCodec.encode(new JournalEntry(
                array,
                superblockSequence.getAsLong(),
                sequence,
                oldestOpen(sequence),
                wish.stripe,
                wish.missing,
                bytes,
                JournalEntryCodec.dataCrc(strip)));
        System.arraycopy(header, 0, content, 0, header.length);
        return content;
    }

    private long oldestOpen(long own) {
        long oldest = own;
        for (Home home : homes.values()) {
            for (Place place : home.places) {
                if (place.state != State.FREE) {
                    oldest = Math.min(oldest, place.sequence);
                }
            }
        }
        return oldest;
    }

    /** Flushes all members, so that places can be used again whose stripes are whole. */
    private void flush() {
        boolean useful = homes.values().stream()
                .flatMap(home -> Arrays.stream(home.places))
                .anyMatch(place -> place.state == State.WHOLE);
        if (flushing || !useful) {
            // a stripe that becomes whole comes here again
            return;
        }
        flushing = true;
        List<Home> all = List.copyOf(homes.values());
        all.forEach(home -> {
            for (Place place : home.places) {
                place.flushed = place.state == State.WHOLE;
            }
        });
        int[] left = {all.size()};
        boolean[] good = {true};
        for (Home home : all) {
            home.area.flush().whenComplete((nothing, failure) -> {
                if (failure != null && homes.get(home.slot) == home) {
                    good[0] = false;
                    owner.memberFailed(home.slot, IoType.FLUSH, MemberIntents.statusOf(failure));
                }
                if (--left[0] == 0) {
                    flushed(all, good[0]);
                }
            });
        }
    }

    private void flushed(List<Home> all, boolean good) {
        flushing = false;
        if (!good) {
            // the member leaves, and with it what it makes impossible; or it stays, and nothing can be written
            all.forEach(home -> {
                while (!home.waiting.isEmpty()) {
                    answer(home.waiting.poll(), IoStatus.errno(Errno.EIO));
                }
            });
            return;
        }
        for (Home home : all) {
            for (Place place : home.places) {
                if (place.flushed && place.state == State.WHOLE) {
                    place.state = State.FREE;
                }
                place.flushed = false;
            }
        }
        all.forEach(this::serve);
    }
}
