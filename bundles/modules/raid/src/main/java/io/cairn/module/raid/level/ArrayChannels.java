package io.cairn.module.raid.level;

import io.cairn.bdev.spi.BackendChannel;
import io.cairn.reactor.Reactor;
import io.cairn.reactor.Reactors;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * The channels of an array, one per reactor at most, for the array and its background process: a call visits all of them and
 * completes when all have answered.
 *
 * <p>Calls come from any reactor (usually the app thread, or the one on which the process runs) and complete on that one, never from inside the
 * call. Calls of one reactor are carried out in their order on every channel. A reactor that has no channel keeps what it was told for the
 * one that is opened there later, so that a channel knows everything before its first I/O, whenever it is opened; a channel that is closed in the middle of a call
 * has answered by that.
 */
public final class ArrayChannels {
    private final Reactors reactors;
    private final ChannelSettings settings;
    private final List<Place> places;
    private final ResetGate resetGate = new ResetGate();
    /** Null: the level has no stripes to be put together. */
    private final StripeWrites writes;

    /** What is known on one reactor, and its channel. Touched on that reactor only. */
    private static final class Place {
        private final Reactor reactor;
        private final List<Answer> unanswered = new ArrayList<>();
        private Layout layout;
        private RegionSet unsynced;
        private LostRows lost = LostRows.NONE;
        private boolean locked;
        private long lockedRow;
        private long lockedRows;
        /** How many layouts this reactor has adopted and some other may not have. */
        private int spreading;

        private final AtomicLong ios = new AtomicLong();
        private RaidChannel channel;

        Place(Reactor reactor, Layout layout, RegionSet unsynced) {
            this.reactor = reactor;
            this.layout = layout;
            this.unsynced = unsynced;
        }
    }

    /** One channel's answer to one call; counts once. On the channel's reactor. */
    private static final class Answer implements Runnable {
        private final Place place;
        private final Runnable answered;
        private boolean given;

        Answer(Place place, Runnable answered) {
            this.place = place;
            this.answered = answered;
        }

        @Override
        public void run() {
            if (!given) {
                given = true;
                place.unanswered.remove(this);
                answered.run();
            }
        }
    }

    /**
     * Makes the registry without a channel. On any thread.
     *
     * @param first the layout until another one is adopted
     * @param unsynced the rows that the members do not agree on, as {@link RaidChannel#unsynced} has it; null for a level without redundancy
     */
    public ArrayChannels(Reactors reactors, ChannelSettings settings, Layout first, RegionSet unsynced) {
        if (first.shape().level().isRedundant() != (unsynced != null)) {
            throw new IllegalArgumentException(
                    first.shape().level() + (unsynced == null ? " without" : " with") + " a set of unsynced rows");
        }
        this.reactors = reactors;
        this.settings = settings;
        this.writes = first.shape().level() == RaidLevel.RAID5F
                ? new StripeWrites(reactors.all().size())
                : null;
        this.places = reactors.all().stream()
                .map(reactor -> new Place(reactor, first, unsynced))
                .toList();
    }

    /**
     * Opens the array's channel of a reactor, on that reactor: what the array's {@code BdevBackend.openChannel} returns.
     *
     * @throws io.cairn.bdev.BdevException a member has no channel for it; on a redundant level a member that is being removed is no reason
     */
    public BackendChannel open(Reactor reactor) {
        reactor.requireCurrent();
        Place place = places.get(reactor.index());
        if (place.channel != null) {
            throw new IllegalStateException("a second channel on " + reactor.name());
        }
        RaidChannel channel = RaidChannels.open(
                place.layout,
                settings,
                new Opening(reactor, place.ios, resetGate, writes, this::changesEnded, () -> closed(place)));
        channel.unsynced(place.unsynced);
        channel.lost(place.lost);
        channel.spreading(place.spreading > 0);
        if (place.locked) {
            channel.lock(place.lockedRow, place.lockedRows, () -> {});
        }
        place.channel = channel;
        return channel;
    }

    private static void closed(Place place) {
        place.channel = null;
        List.copyOf(place.unanswered).forEach(Answer::run);
    }

    /**
     * Adopts a layout everywhere. A change that a member missed which is gone is acknowledged only when no channel uses the older layout any more:
     * another reactor would read the old data from that member.
     *
     * @return completes when no I/O of the array is out at a member that is gone, no channel to it is open, and what waited for its failure has ended
     */
    public CompletionStage<Void> adopt(Layout next) {
        CompletionStage<Void> left = visit((place, answer) -> {
            place.layout = next;
            place.spreading++;
            if (place.channel == null) {
                answer.run();
            } else {
                place.channel.spreading(true);
                place.channel.adopt(next, answer);
            }
        });
        // behind the visit above on every reactor, and not waiting for what is out at members as that does
        CompletionStage<Void> everywhere = visit((place, answer) -> answer.run());
        CompletionStage<Void> settled = everywhere.thenCompose(all -> visit((place, answer) -> {
            if (--place.spreading == 0 && place.channel != null) {
                place.channel.spreading(false);
            }
            answer.run();
        }));
        return left.thenCombine(settled, (one, other) -> null);
    }

    /** Tells that a member that was reported as failed stays. */
    public CompletionStage<Void> failureRefused(int slot) {
        return visitChannels(channel -> channel.failureRefused(slot));
    }

    /**
     * Keeps all changes of some rows back. One range at a time: until {@link #unlock} has been called.
     *
     * @return completes when none that began before is out
     */
    public CompletionStage<Void> lock(long row, long rows) {
        return visit((place, answer) -> {
            place.locked = true;
            place.lockedRow = row;
            place.lockedRows = rows;
            if (place.channel == null) {
                answer.run();
            } else {
                place.channel.lock(row, rows, answer);
            }
        });
    }

    /**
     * Waits for changes without keeping any back; whether rows are locked does not matter.
     *
     * @return completes when no change that has begun before on any reactor is out: what has begun since uses the layout that was adopted last
     */
    public CompletionStage<Void> changesEnded() {
        return visit((place, answer) -> {
            if (place.channel == null) {
                answer.run();
            } else {
                place.channel.whenChangesEnded(answer);
            }
        });
    }

    /** Lets go what {@link #lock} has kept back. */
    public CompletionStage<Void> unlock() {
        return visit((place, answer) -> {
            place.locked = false;
            if (place.channel != null) {
                place.channel.unlock();
            }
            answer.run();
        });
    }

    /** Tells that the intent to change these rows is on disk. */
    public CompletionStage<Void> intended(long row, long rows) {
        return visitChannels(channel -> channel.intended(row, rows));
    }

    /**
     * Has all channels forget the intents that they do not need.
     *
     * @param busy gets the regions that some channel counts on
     */
    public CompletionStage<Void> forgetIntents(RegionSet busy) {
        return visitChannels(channel -> channel.forgetIntents(busy));
    }

    /** Exchanges the set of the rows on which the members do not agree; with one that covers all rows, before a layout with more of them. */
    public CompletionStage<Void> unsynced(RegionSet regions) {
        return visit((place, answer) -> {
            place.unsynced = regions;
            if (place.channel != null) {
                place.channel.unsynced(regions);
            }
            answer.run();
        });
    }

    /** Returns the rows that are in doubt, as the present reactor has been told. On a reactor of the array. */
    public RegionSet unsynced(Reactor reactor) {
        reactor.requireCurrent();
        return places.get(reactor.index()).unsynced;
    }

    /** Tells which rows of members are lost, as {@link RaidChannel#lost} has it. */
    public CompletionStage<Void> lost(LostRows rows) {
        return visit((place, answer) -> {
            place.lost = rows;
            if (place.channel != null) {
                place.channel.lost(rows);
            }
            answer.run();
        });
    }

    /** Tells what became of rows that were written again, as {@link RaidChannel#rewriteRecorded} has it; all channels have been told before what is lost now. */
    public CompletionStage<Void> rewriteRecorded(long row, long rows, boolean recorded) {
        return visitChannels(channel -> channel.rewriteRecorded(row, rows, recorded));
    }

    /** Completes when what the channels have reported to this reactor before has arrived. */
    public CompletionStage<Void> reportsArrived() {
        return visit((place, answer) -> answer.run());
    }

    /**
     * Returns how many I/Os the array was ever given on all reactors, roughly: two answers tell whether somebody was there in between. From any
     * thread.
     */
    public long ios() {
        long sum = 0;
        for (Place place : places) {
            sum += place.ios.getOpaque();
        }
        return sum;
    }

    private CompletionStage<Void> visitChannels(Consumer<RaidChannel> call) {
        return visit((place, answer) -> {
            if (place.channel != null) {
                call.accept(place.channel);
            }
            answer.run();
        });
    }

    private CompletionStage<Void> visit(BiConsumer<Place, Answer> call) {
        Reactor from = reactors.current()
                .orElseThrow(() -> new IllegalStateException("the channels of an array are told from a reactor"));
        CompletableFuture<Void> all = new CompletableFuture<>();
        int[] left = {places.size()};
        Runnable arrived = () -> {
            if (--left[0] == 0) {
                all.complete(null);
            }
        };
        for (Place place : places) {
            place.reactor.execute(() -> {
                Answer answer = new Answer(place, () -> from.execute(arrived));
                place.unanswered.add(answer);
                try {
                    call.accept(place, answer);
                } catch (RuntimeException | Error e) {
                    // a defect, which the reactor reports; the caller does not wait for ever
                    answer.run();
                    throw e;
                }
            });
        }
        return all;
    }
}
