package io.cairn.module.raid.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.testkit.Seeds;
import io.cairn.module.raid.level.RegionSet;
import io.cairn.reactor.Errno;
import io.cairn.reactor.Reactor;
import io.cairn.reactor.sim.SimulatedReactors;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Bits against channels and members that take their time, in any order that messages can have. */
class WriteIntentsTest {
    private static final int REGIONS = 24;
    private static final int PAGE_REGIONS = 8;
    private static final long ROWS = 4;
    private static final IoStatus BAD = IoStatus.errno(Errno.EIO);

    @Test
    void bitsCoverWhatMayDiffer() {
        Seeds.of(60).forEach(seed -> new World(seed, IntentFault.NONE, true).run());
    }

    /** While rows are added, regions become larger, and the record may say either. */
    @Test
    void bitsCoverWhatMayDifferInEveryDivisionThatTheRecordMaySay() {
        Seeds.of(60)
                .forEach(seed -> new World(seed, IntentFault.NONE, true).grow().run());
    }

    @Test
    void intentsInMemoryAreAnsweredAndTakenBack() {
        Seeds.of(20).forEach(seed -> new World(seed, IntentFault.NONE, false).run());
    }

    @Test
    void findsWhatIsPlanted() {
        for (IntentFault planted :
                List.of(IntentFault.NO_FLUSH_BEFORE_CLEAR, IntentFault.FORGET_USED, IntentFault.TELL_EARLY)) {
            assertThatThrownBy(() -> LongStream.range(1, 60).forEach(seed -> new World(seed, planted, true).run()))
                    .as("%s", planted)
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("no bit");
        }
    }

    @Test
    void manyWishesAreOneWriteOfAPage() {
        World world = new World(1, IntentFault.NONE, true);
        // nothing is taken back
        world.intents.complete(false);
        for (int region = 0; region < PAGE_REGIONS; region++) {
            world.intents.intend(region * ROWS, ROWS);
        }
        world.settle();
        // the first goes alone, all that came while it was being written go together
        assertThat(world.homes.get(0).pagesWritten - world.pagesAtStart).isEqualTo(2);
        assertThat(world.intents.bits().size()).isEqualTo(PAGE_REGIONS);
    }

    @Test
    void nothingRunsOnAnArrayWithoutBits() {
        World world = new World(1, IntentFault.NONE, true);
        world.reactors.advance(Duration.ofMinutes(1));
        assertThat(world.asked).isZero();
        world.intents.intend(0, 1);
        world.reactors.advance(Duration.ofMinutes(1));
        assertThat(world.intents.bits().isEmpty()).isTrue();
        int asked = world.asked;
        world.reactors.advance(Duration.ofMinutes(1));
        assertThat(world.asked).isEqualTo(asked);
    }

    @Test
    void nothingIsTakenBackWhileAMemberIsMissingOrRowsAreSuspect() {
        World world = new World(1, IntentFault.NONE, true);
        world.intents.intend(0, 1);
        world.intents.intend(5 * ROWS, 1);
        world.intents.addSuspect(5 * ROWS, 1);
        world.intents.complete(false);
        world.reactors.advance(Duration.ofMinutes(1));
        assertThat(world.intents.bits().size()).isEqualTo(2);
        world.intents.complete(true);
        world.reactors.advance(Duration.ofMinutes(1));
        assertThat(world.intents.bits().size()).isEqualTo(1);
        assertThat(world.intents.bits().contains(5)).isTrue();
        world.intents.suspects().remove(5);
        world.reactors.advance(Duration.ofMinutes(1));
        assertThat(world.intents.bits().isEmpty()).isTrue();
    }

    @Test
    void aMemberThatDoesNotTakeItIsToldAndTheOthersCount() {
        World world = new World(1, IntentFault.NONE, true);
        // nothing is taken back
        world.intents.complete(false);
        world.homes.get(1).fails = true;
        world.channels.get(0).wish(3);
        world.settle();
        assertThat(world.failed).contains(1);
        assertThat(world.homes.get(0).durable.get(3)).isTrue();
        // what comes later has its round, and waits for the same
        world.intents.intend(4 * ROWS, 1);
        world.settle();
        assertThat(world.homes.get(0).durable.get(4)).isTrue();
        // and what wants the same
        world.intents.intend(3 * ROWS, 2 * ROWS);
        world.settle();
        assertThat(world.told).as("while it is in sync without them").isZero();

        world.intents.leave(1);
        world.settle();

        assertThat(world.told).isEqualTo(3);
        assertThat(world.intents.isLost()).isFalse();
        world.intents.intend(4 * ROWS, 1);
        assertThat(world.told).as("at once").isEqualTo(4);
    }

    /** Another one may leave: it has to know what that one misses. */
    @Test
    void aMemberThatStaysGetsOnceMoreWhatItDidNotTake() {
        World world = new World(1, IntentFault.NONE, true);
        // nothing is taken back
        world.intents.complete(false);
        world.homes.get(1).fails = true;
        world.intents.intend(3 * ROWS, 1);
        world.reactors.advance(Duration.ofMillis(1));
        assertThat(world.failed).containsExactly(1);
        world.homes.get(1).fails = false;
        world.intents.leave(0);
        world.intents.refused(1);
        assertThat(world.told).as("while nobody has it").isZero();
        world.settle();
        assertThat(world.homes.get(1).durable.get(3)).isTrue();
        assertThat(world.told).isEqualTo(1);
        assertThat(world.intents.isLost()).isFalse();
    }

    @Test
    void bitsThatAMemberWhichStaysDoesNotTakeAreNotBelievedUntilItDoes() {
        World world = new World(1, IntentFault.NONE, true);
        // nothing is taken back
        world.intents.complete(false);
        world.homes.get(1).fails = true;
        world.intents.intend(3 * ROWS, 1);
        world.settle();
        world.intents.refused(1);
        assertThat(world.told).isZero();
        assertThat(world.lossOnRecord).isFalse();
        world.settle();
        assertThat(world.lossOnRecord).isTrue();
        assertThat(world.intents.isLost()).isTrue();
        assertThat(world.told).isEqualTo(1);

        // the next one waits for no more than being told that it stays
        world.intents.intend(4 * ROWS, 1);
        world.settle();
        assertThat(world.told).isEqualTo(1);
        world.intents.refused(1);
        assertThat(world.told).isEqualTo(2);

        // who is in sync does not make up for it
        world.intents.complete(true);
        world.intents.complete(false);
        assertThat(world.intents.isLost()).isTrue();
        world.homes.get(1).fails = false;
        world.settle();
        assertThat(world.homes.get(1).durable.get(3)).isTrue();
        assertThat(world.homes.get(1).durable.get(4)).isTrue();
        assertThat(world.lossOnRecord).isFalse();
        assertThat(world.intents.isLost()).isFalse();
        assertThat(world.intents.forTarget(true, 0).size()).isEqualTo(2);
    }

    @Test
    void aMemberThatTakesThemLaterIsNotWaitedFor() {
        World world = new World(1, IntentFault.NONE, true);
        // nothing is taken back
        world.intents.complete(false);
        world.homes.get(1).fails = true;
        world.intents.intend(3 * ROWS, 1);
        world.settle();
        world.homes.get(1).fails = false;
        world.intents.intend(9 * ROWS, 1);
        world.settle();
        assertThat(world.homes.get(1).durable.get(3)).isTrue();
        assertThat(world.told).isEqualTo(2);
    }

    /** An array that is to grow has the failure of a member wait until it has. */
    @Test
    void growthDoesNotWaitForAMemberThatFails() {
        World world = new World(1, IntentFault.NONE, true);
        // nothing is taken back
        world.intents.complete(false);
        world.homes.get(1).fails = true;
        world.intents.intend(3 * ROWS, 1);
        world.settle();
        boolean[] prepared = {false};
        world.intents.prepareGrowth(REGIONS * ROWS, 2 * REGIONS * ROWS, 2 * ROWS, () -> prepared[0] = true);
        world.settle();
        assertThat(prepared[0]).isTrue();
        assertThat(world.told).isZero();
        world.intents.endGrowth();
        world.intents.leave(1);
        world.settle();
        assertThat(world.told).isEqualTo(1);
    }

    @Test
    void bitsThatNobodyTookAreNotBelieved() {
        World world = new World(1, IntentFault.NONE, true);
        world.homes.forEach(home -> home.fails = true);
        world.intents.intend(3 * ROWS, 1);
        world.settle();
        assertThat(world.intents.isLost()).isTrue();
        assertThat(world.told).isEqualTo(1);
        assertThat(world.intents.forTarget(true, 0).size()).isEqualTo(REGIONS);
    }

    /** Channels count on a bit that they were told of: whoever stays gets it, though nobody asks for it again. */
    @Test
    void whatAMemberDidNotTakeIsWrittenAgainAsLongAsItStays() {
        World world = new World(1, IntentFault.NONE, true);
        // nothing is taken back
        world.intents.complete(false);
        world.homes.forEach(home -> home.fails = true);
        world.intents.intend(3 * ROWS, 1);
        world.settle();
        assertThat(world.homes.get(0).durable.get(3)).isFalse();
        world.homes.forEach(home -> home.fails = false);
        world.settle();
        assertThat(world.homes).allMatch(home -> home.durable.get(3));
        int written = world.homes.get(0).pagesWritten;
        world.settle();
        assertThat(world.homes.get(0).pagesWritten).as("once").isEqualTo(written);
    }

    @Test
    void aMemberThatKeepsThemGetsThemUntilItTakesThem() {
        World world = new World(1, IntentFault.NONE, true);
        // nothing is taken back
        world.intents.complete(false);
        world.intents.intend(3 * ROWS, 1);
        World.Home third = world.new Home(2);
        third.fails = true;
        world.intents.keep(third);
        world.settle();
        assertThat(world.failed).contains(2);
        assertThat(third.durable.get(3)).isFalse();
        third.fails = false;
        world.settle();
        assertThat(third.durable.get(3)).isTrue();
    }

    @Test
    void bitsOfWhichNobodyIsThereToTakeThemAreNotBelieved() {
        World world = new World(1, IntentFault.NONE, true);
        world.intents.leave(0);
        world.intents.leave(1);
        world.intents.intend(3 * ROWS, 1);
        world.settle();
        assertThat(world.intents.isLost()).isTrue();
        assertThat(world.told).isEqualTo(1);
    }

    @Test
    void aTargetGetsWhatChangedOrAllThatIsLeft() {
        World world = new World(1, IntentFault.NONE, true);
        world.intents.intend(3 * ROWS, 1);
        assertThat(world.intents.forTarget(true, 0).size()).isEqualTo(1);
        RegionSet rest = world.intents.forTarget(false, 20 * ROWS);
        assertThat(rest.size()).isEqualTo(5);
        assertThat(rest.contains(3)).as("changed since it was copied").isTrue();
    }

    @Test
    void aMemberThatJoinsHasAllBitsBeforeItIsTold() {
        World world = new World(1, IntentFault.NONE, true);
        // nothing is taken back
        world.intents.complete(false);
        world.intents.intend(3 * ROWS, 1);
        world.settle();
        World.Home third = world.new Home(2);
        List<IoStatus> joined = new ArrayList<>();
        world.intents.join(third, status -> {
            assertThat(third.durable.get(3)).isTrue();
            joined.add(status);
        });
        world.settle();
        assertThat(joined).containsExactly(IoStatus.SUCCESS);
    }

    @Test
    void moreRowsKeepTheirBits() {
        World world = new World(1, IntentFault.NONE, true);
        // nothing is taken back
        world.intents.complete(false);
        world.intents.intend(3 * ROWS, 1);
        world.intents.addSuspect(9 * ROWS, 1);
        boolean[] resized = {false};
        world.intents.prepareGrowth(REGIONS * ROWS, 2 * REGIONS * ROWS, 2 * ROWS, () -> resized[0] = true);
        world.settle();
        assertThat(resized[0]).isTrue();
        assertThat(world.intents.bits().contains(1)).isTrue();
        assertThat(world.intents.suspects().contains(4)).isTrue();
        assertThat(world.homes.get(0).durable.get(1)).isTrue();
        assertThat(world.homes.get(0).durable.get(3)).as("where it was before").isTrue();
        assertThat(world.homes.get(0).durable.get(REGIONS - 1))
                .as("the new rows")
                .isTrue();
        world.intents.endGrowth();
        world.settle();
        assertThat(world.homes.get(0).cached.get(1)).isTrue();
        assertThat(world.homes.get(0).cached.get(3)).isFalse();
    }

    @Test
    void newRowsKeepTheirBitsUntilTheRecordIsThere() {
        World world = new World(1, IntentFault.NONE, true);
        world.intents.prepareGrowth(REGIONS * ROWS, REGIONS * ROWS + 1, ROWS, () -> {});
        world.reactors.advance(Duration.ofMillis(100));
        world.intents.complete(true);
        world.intents.takeBack(() -> {});
        world.reactors.advance(Duration.ofMillis(100));
        assertThat(world.homes.get(0).cached.get(REGIONS)).isTrue();
        world.intents.endGrowth();
        world.reactors.advance(Duration.ofMillis(100));
        assertThat(world.homes.get(0).cached.isEmpty()).isTrue();
    }

    /** The channels answer by the regions that there were when they were asked. */
    @Test
    void rowsAreAddedWhileBitsAreTakenBack() {
        World world = new World(1, IntentFault.NONE, true);
        world.channels.get(0).wish(3);
        world.settle();
        boolean[] over = {false};
        world.intents.takeBack(() -> over[0] = true);
        world.intents.prepareGrowth(REGIONS * ROWS, 100 * ROWS, ROWS, () -> {});
        world.settle();
        assertThat(over[0]).isTrue();
        assertThat(world.homes.get(0).durable.get(99)).isTrue();
    }

    @Test
    void anOrderlyEndLeavesNoBits() {
        World world = new World(1, IntentFault.NONE, true);
        world.channels.get(0).wish(3);
        world.channels.get(1).wish(7);
        world.settle();
        boolean[] over = {false};
        world.intents.takeBack(() -> over[0] = true);
        world.settle();
        assertThat(over[0]).isTrue();
        assertThat(world.homes.get(0).durable.isEmpty()).isTrue();
        assertThat(world.homes.get(1).durable.isEmpty()).isTrue();
    }

    /** Two members, two channels beside the app thread. */
    private static final class World implements WriteIntents.Owner, IntentChannels {
        private final SimulatedReactors reactors;
        private final Random random;
        private final long seed;
        private final List<Home> homes = new ArrayList<>();
        private final List<Channel> channels = new ArrayList<>();
        private final List<String> wrong = new ArrayList<>();
        private final List<Integer> failed = new ArrayList<>();
        private final WriteIntents intents;
        private final boolean onDisk;
        private final int[] out = new int[REGIONS];
        /** Rows in a region of the intents, by what the record may say. */
        private final BitSet divisions = new BitSet();

        private long rows = REGIONS * ROWS;
        private boolean grows;
        private int asked;
        private int told;
        private boolean lossOnRecord;
        private final int pagesAtStart;

        World(long seed, IntentFault planted, boolean onDisk) {
            this.seed = seed;
            this.onDisk = onDisk;
            this.random = new Random(seed);
            this.reactors = new SimulatedReactors(3, seed);
            divisions.set((int) ROWS);
            this.intents = new WriteIntents(
                    reactors.app(),
                    REGIONS * ROWS,
                    ROWS,
                    onDisk ? PAGE_REGIONS : 0,
                    planted.in(this),
                    this,
                    Duration.ofMillis(1));
            channels.add(new Channel(reactors.all().get(1)));
            channels.add(new Channel(reactors.all().get(2)));
            for (int slot = 0; slot < 2; slot++) {
                homes.add(new Home(slot));
                intents.join(planted.in(homes.get(slot)), status -> {});
            }
            settle();
            pagesAtStart = homes.get(0).pagesWritten;
            intents.complete(true);
        }

        void settle() {
            reactors.advance(Duration.ofMillis(5));
        }

        World grow() {
            grows = true;
            return this;
        }

        /** Regions become twice as large; it takes a while until the record says so. */
        private void growOnce() {
            long before = rows;
            long larger = 2 * intents.bits().regionRows();
            rows *= 2;
            intents.prepareGrowth(before, rows, larger, () -> {
                divisions.set((int) larger);
                check("when the new rows are prepared");
                reactors.app().after(random.nextLong(1_000, 4_000_000), () -> {
                    divisions.clear(0, (int) larger);
                    intents.endGrowth();
                });
            });
        }

        void run() {
            for (int round = 0; round < 150; round++) {
                if (grows && round % 50 == 20) {
                    growOnce();
                }
                int hot = random.nextInt(4);
                for (int i = random.nextInt(3); i > 0; i--) {
                    channels.get(random.nextInt(2)).wish(hot * 6 + random.nextInt(6));
                }
                reactors.advance(Duration.ofNanos(random.nextInt(2_000_000)));
            }
            reactors.advance(Duration.ofMillis(100));
            // a reactor reports what its messages throw and goes on
            assertThat(wrong).isEmpty();
            assertThat(channels).allMatch(channel -> channel.waiting.isEmpty());
            assertThat(intents.bits().isEmpty()).as("seed %s", seed).isTrue();
            assertThat(homes).allMatch(home -> home.cached.isEmpty());
        }

        @Override
        public void memberFailed(int slot, IoType type, IoStatus status) {
            failed.add(slot);
        }

        @Override
        public void intentsLost(Runnable recorded) {
            lossOnRecord = true;
            recorded.run();
        }

        @Override
        public void intentsKept() {
            lossOnRecord = false;
            assertThat(homes).allMatch(home -> home.durable.equals(homes.get(0).durable));
        }

        @Override
        public void intended(long row, long rows) {
            told++;
            channels.forEach(channel -> channel.reactor.execute(() -> channel.intended((int) (row / ROWS))));
        }

        @Override
        public void forgetIntents(RegionSet busy, Runnable answered) {
            asked++;
            int[] left = {channels.size()};
            for (Channel channel : channels) {
                channel.reactor.execute(() -> {
                    channel.forget(busy);
                    reactors.app().execute(() -> {
                        if (--left[0] == 0) {
                            answered.run();
                        }
                    });
                });
            }
        }

        /** Every region that may differ has its bit, wherever the power goes. */
        private void check(String when) {
            for (Home home : homes) {
                for (int region = 0; onDisk && region < REGIONS; region++) {
                    boolean mayDiffer = out[region] > 0 || home.unflushed.get(region);
                    int first = region * (int) ROWS;
                    boolean hasBits = divisions.stream()
                            .map(regionRows -> first / regionRows)
                            .allMatch(bit -> home.durable.get(bit) && home.cached.get(bit));
                    if (mayDiffer && !hasBits) {
                        wrong.add("no bit of region " + region + " on " + home.slot + " " + when + "; seed " + seed);
                    }
                }
            }
        }

        /** A member. */
        private final class Home implements IntentHome {
            private final int slot;
            private final BitSet cached = new BitSet();
            private final BitSet durable = new BitSet();
            /** Regions that were changed since the last flush. */
            private final BitSet unflushed = new BitSet();

            private boolean fails;
            private int pagesWritten;

            Home(int slot) {
                this.slot = slot;
            }

            @Override
            public int slot() {
                return slot;
            }

            @Override
            public void writePage(int page, RegionSet bits, Consumer<IoStatus> done) {
                BitSet content = new BitSet();
                for (int region = page * PAGE_REGIONS; region < (page + 1) * PAGE_REGIONS; region++) {
                    content.set(region, region < bits.count() && bits.contains(region));
                }
                later(() -> {
                    if (fails) {
                        done.accept(BAD);
                        return;
                    }
                    pagesWritten++;
                    cached.clear(page * PAGE_REGIONS, (page + 1) * PAGE_REGIONS);
                    cached.or(content);
                    check("when a page is written");
                    done.accept(IoStatus.SUCCESS);
                });
            }

            @Override
            public void flush(Consumer<IoStatus> done) {
                BitSet before = (BitSet) unflushed.clone();
                later(() -> {
                    durable.clear();
                    durable.or(cached);
                    unflushed.andNot(before);
                    for (int region = 0; region < REGIONS; region++) {
                        // what was changed again meanwhile may be there in part
                        if (before.get(region) && out[region] > 0) {
                            unflushed.set(region);
                        }
                    }
                    check("when a member was flushed");
                    done.accept(IoStatus.SUCCESS);
                });
            }

            private void later(Runnable what) {
                reactors.app().after(random.nextLong(1_000, 200_000), what);
            }
        }

        /** A channel that changes one region at a time, and knows intents as the real one does. */
        private final class Channel {
            private final Reactor reactor;
            private final BitSet known = new BitSet();
            private final BitSet used = new BitSet();
            private final BitSet waiting = new BitSet();
            private final int[] own = new int[REGIONS];

            Channel(Reactor reactor) {
                this.reactor = reactor;
            }

            void wish(int region) {
                reactor.execute(() -> {
                    if (known.get(region)) {
                        change(region);
                    } else if (!waiting.get(region)) {
                        waiting.set(region);
                        reactors.app().execute(() -> intents.intend((long) region * ROWS, 1 + region % ROWS));
                    }
                });
            }

            private void intended(int region) {
                known.set(region);
                if (waiting.get(region)) {
                    waiting.clear(region);
                    change(region);
                }
            }

            private void change(int region) {
                used.set(region);
                own[region]++;
                out[region]++;
                check("when a change begins");
                reactor.after(random.nextLong(1_000, 300_000), () -> {
                    own[region]--;
                    out[region]--;
                    homes.forEach(home -> home.unflushed.set(region));
                });
            }

            private void forget(RegionSet busy) {
                for (int region = 0; region < REGIONS; region++) {
                    if (own[region] > 0 || used.get(region) || waiting.get(region)) {
                        busy.addRows(region * ROWS, ROWS);
                        used.clear(region);
                    } else {
                        known.clear(region);
                    }
                }
            }
        }
    }
}
