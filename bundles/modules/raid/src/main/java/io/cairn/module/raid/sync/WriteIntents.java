package io.cairn.module.raid.sync;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.module.raid.level.RegionSet;
import io.cairn.reactor.Poller;
import io.cairn.reactor.Reactor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The write intents of a redundant array: which regions of rows may differ between its members (rule 1 of decision 0012). App thread.
 *
 * <p>A bit is kept by every member that is IN_SYNC before {@link IntentChannels#intended} is told: written, then flushed. Wishes that arrive while
 * pages are being written are gathered into the next write of their pages; one round of writes is out at a time, so that an older page never comes
 * after a newer one. A page that a member did not take goes to it again, with the next round or after some seconds, as long as the member stays. What waits for such pages goes on
 * when the member has left or has taken them; the next round does not wait for that, since what the array does meanwhile may need one. One that is known to stay gets them once
 * more at once: if it does not take them then, the bits on disk are lost ({@link Owner#intentsLost}) until it has.
 *
 * <p>Bits are taken back by a sweep, every few seconds as long as there is something to take back and no slot is missing: the channels are asked what they
 * count on, all members are flushed, and the pages are written without the rest. An intent that a channel wants again while that goes on keeps its bit,
 * or gets it back in the next round before the channel is told. On an idle array that has no bits nothing runs.
 */
public final class WriteIntents {
    /** How long after a change its bit is looked at, by default; it goes in the second sweep that finds it unused. */
    public static final Duration SWEEP_PERIOD = Duration.ofSeconds(5);

    /** What the array does for its intents. App thread. */
    public interface Owner {
        /**
         * A member could not keep intents, or could not be flushed: it is to be failed out ({@link WriteIntents#leave}), or stays because the array cannot do without it
         * ({@link WriteIntents#refused}). What waits for those intents goes on when that is told. May be told again of the same slot before.
         */
        void memberFailed(int slot, IoType type, IoStatus status);

        /**
         * No member at all could keep intents, or one that stays could not: from now on the bits on disk say less than the truth. May be told again.
         *
         * @param recorded to be run when it has been recorded, as well as that can be done, that the bits are not to be believed; what waits for its intent
         *     goes on then
         */
        void intentsLost(Runnable recorded);

        /** Every member has all bits again, durably, after {@link #intentsLost}. */
        void intentsKept();
    }

    private final Reactor app;
    private final IntentChannels channels;
    private final Owner owner;
    private final boolean onDisk;
    private final int pageRegions;
    private final long sweepNanos;
    private final Map<Integer, Home> homes = new LinkedHashMap<>();

    /** All regions with an intent: on disk or about to be. */
    private RegionSet bits;
    /** Those that channels may count on. */
    private RegionSet kept;

    private RegionSet suspects;
    /** Whether the array's record may say more or fewer rows than there are in the end, and divide them otherwise than {@link #bits} does. */
    private boolean growing;
    /** While it grows: the same intents in each other division that the record may say. */
    private final List<RegionSet> otherDivisions = new ArrayList<>();
    /** Those in {@link #bits} that the next round makes durable, and those that the round that is out does. */
    private BitSet next = new BitSet();

    private BitSet writing = new BitSet();
    private List<Wish> nextWishes = new ArrayList<>();
    private List<Wish> writingWishes = new ArrayList<>();
    private List<Runnable> nextTasks = new ArrayList<>();
    private final BitSet dirtyPages = new BitSet();
    /** Members that did not take the last page that they were given, and are neither gone nor known to stay. */
    private final Set<Home> failing = new HashSet<>();
    /** Those in {@link #bits} that all members have but these, and what waits for them. */
    private BitSet withheld = new BitSet();

    private List<Wish> withheldWishes = new ArrayList<>();

    private Round round;
    /** Whether members are to be given what they did not take before. */
    private boolean again;

    private boolean complete;
    private boolean lost;
    private boolean closed;
    private Sweep sweep;
    private Poller.Registration timer;
    private Poller.Registration retry;

    private record Wish(long row, long rows) {}

    /**
     * Makes intents with no bits.
     *
     * @param app the app thread
     * @param rows how many rows the members have to agree on
     * @param regionRows rows in a region; a power of two
     * @param pageRegions regions in a page of a member's bitmap; 0: the array has no place on disk for its bits, they are in memory only
     * @param channels the array's channels
     * @param owner is told of failures
     */
    public WriteIntents(
            Reactor app, long rows, long regionRows, int pageRegions, IntentChannels channels, Owner owner) {
        this(app, rows, regionRows, pageRegions, channels, owner, SWEEP_PERIOD);
    }

    WriteIntents(
            Reactor app,
            long rows,
            long regionRows,
            int pageRegions,
            IntentChannels channels,
            Owner owner,
            Duration sweepPeriod) {
        this.app = app;
        this.channels = channels;
        this.owner = owner;
        this.onDisk = pageRegions > 0;
        this.pageRegions = onDisk ? pageRegions : Integer.MAX_VALUE;
        this.sweepNanos = sweepPeriod.toNanos();
        this.bits = new RegionSet(rows, regionRows);
        this.kept = new RegionSet(rows, regionRows);
        this.suspects = new RegionSet(rows, regionRows);
    }

    /**
     * Takes over bits that are known from elsewhere: the union of the members' bitmaps at assembly, or {@link #bits} of the module before an upgrade.
     * They are not counted as being on every member: {@link #join} writes them.
     */
    public void load(RegionSet found) {
        addAll(bits, found);
        arm();
    }

    /** Adds what a set has that may divide the rows otherwise. */
    private static void addAll(RegionSet to, RegionSet from) {
        for (int region = from.next(0); region >= 0; region = from.next(region + 1)) {
            addRegion(to, region, from.regionRows());
        }
    }

    /** Adds what another division of the rows calls a region, as far as there are such rows. */
    private static void addRegion(RegionSet to, int region, long regionRows) {
        long row = region * regionRows;
        long end = Math.min(row + regionRows, to.count() * to.regionRows());
        if (row < end) {
            to.addRows(row, end - row);
        }
    }

    /** Returns all regions with an intent, for those who save, hand over or show them. Not to be changed. */
    public RegionSet bits() {
        return bits;
    }

    /**
     * Returns the regions that are to be synchronised, to be shared with the channels ({@code unsynced}), which add to it, and with the process, which
     * takes out what agrees. Another object after {@link #prepareGrowth}.
     */
    public RegionSet suspects() {
        return suspects;
    }

    /** Makes every region that has an intent a suspect: after a start without a clean end before it. */
    public void suspectAll() {
        for (int region = bits.next(0); region >= 0; region = bits.next(region + 1)) {
            suspects.add(region);
        }
    }

    /** Marks rows that a change left in doubt. Their bits stay until they have been synchronised, and come back if they were taken back. */
    public void addSuspect(long row, long rows) {
        suspects.addRows(row, rows);
        if (want(row, rows)) {
            kick();
        }
    }

    /**
     * Returns what a member needs that is a TARGET from now on.
     *
     * @param delta whether it has everything but what changed since it left; ignored if bits were lost
     * @param from without delta: the row up to which it has been rebuilt, durably, before it was interrupted
     * @return a copy, taken now: every channel must have adopted the TARGET, so that later changes go to it
     */
    public RegionSet forTarget(boolean delta, long from) {
        RegionSet due = new RegionSet(bits.count() * bits.regionRows(), bits.regionRows());
        for (int region = bits.next(0); region >= 0; region = bits.next(region + 1)) {
            due.add(region);
        }
        if (!delta || lost) {
            for (int region = bits.regionOf(lost ? 0 : from); region < due.count(); region++) {
                due.add(region);
            }
        }
        return due;
    }

    /** Returns whether a member is IN_SYNC that lacks bits on which channels count, so that nobody can be synchronised by those on disk. */
    public boolean isLost() {
        return lost;
    }

    /**
     * Tells whether every slot has a member that is IN_SYNC. While not, no bit is taken back: they say what the missing member missed. To be told before
     * anything is acknowledged that a member missed.
     */
    public void complete(boolean all) {
        complete = all;
        if (all) {
            arm();
        } else {
            sweep = null;
            disarm();
        }
    }

    /**
     * Adds a member that is about to be IN_SYNC: writes all bits to it, durably; every later round goes to it as well.
     *
     * @param joined told how that ended; after a failure the member has not joined
     */
    public void join(IntentHome home, Consumer<IoStatus> joined) {
        Home joining = new Home(home);
        joining.joined = joined;
        add(joining);
    }

    /**
     * Adds a member that is IN_SYNC already: all bits are written to it, and again if it does not take them, until it {@link #leave leaves}; it is told of as any member that
     * does not keep intents.
     */
    public void keep(IntentHome home) {
        add(new Home(home));
    }

    private void add(Home home) {
        if (onDisk) {
            home.untaken.set(0, pages());
        }
        // with the next round: an older page that is out now must not come after it
        again = true;
        Home before = homes.put(home.place.slot(), home);
        if (before != null) {
            // the round that is out may end with that, and the next one begin
            gone(before);
        }
        kick();
    }

    /** Forgets a member that is no longer IN_SYNC: nothing is given to it from now on, and nobody waits for what it has been given. */
    public void leave(int slot) {
        Home home = homes.remove(slot);
        if (home != null) {
            gone(home);
        }
    }

    private void gone(Home home) {
        failing.remove(home);
        home.gone();
        release();
        kick();
    }

    /**
     * A member of which {@link Owner#memberFailed} was told stays (rule 3). Others may leave: it gets once more what it did not take, since nothing else may say then what they
     * miss. What waits goes on when it has that, or when it is on record that bits are lost.
     */
    public void refused(int slot) {
        Home home = homes.get(slot);
        if (failing.contains(home) && !lost) {
            home.stays = true;
            again = true;
        } else {
            failing.remove(home);
            release();
        }
        kick();
    }

    /**
     * A channel wants to change rows. Answered by {@link IntentChannels#intended} when all members keep the bits; at once where they do.
     */
    public void intend(long row, long rows) {
        answer(new Wish(row, rows));
        kick();
    }

    private void answer(Wish wish) {
        boolean needed = want(wish.row, wish.rows);
        if (!needed && kept.containsAll(wish.row, wish.rows)) {
            tell(wish.row, wish.rows);
        } else if (waitsForNext(wish.row, wish.rows)) {
            nextWishes.add(wish);
        } else if (round != null) {
            writingWishes.add(wish);
        } else {
            withheldWishes.add(wish);
        }
    }

    /** Channels may count on what only members lack that are gone or stay without it. */
    private void release() {
        if (!failing.isEmpty() || closed) {
            return;
        }
        for (int region = withheld.nextSetBit(0); region >= 0; region = withheld.nextSetBit(region + 1)) {
            kept.add(region);
        }
        withheld = new BitSet();
        List<Wish> answered = withheldWishes;
        withheldWishes = new ArrayList<>();
        // a region that was kept when its wish came may have been taken back since
        answered.forEach(this::answer);
    }

    /**
     * Takes all bits back that can be, for an orderly end: like a sweep, without waiting for its time.
     *
     * @param done run when the members have the pages without them, durably, or that could not be done
     */
    public void takeBack(Runnable done) {
        if (closed || !complete) {
            done.run();
            return;
        }
        // twice: a channel counts once more on what it has used since it was last asked
        startSweep(() -> startSweep(() -> {
            // a round with a task flushes
            nextTasks.add(done);
            kick();
        }));
    }

    /**
     * Prepares for more rows: the new ones have an intent from now on, and members keep each intent where it is looked for in the division before as well as in the next one.
     * So they are right after a power cut whatever the array's record says then. No bit is taken back until {@link #endGrowth}. May be called again without that, if the growth
     * before has come to nothing.
     *
     * @param firstNew rows from this one on are new
     * @param rows more than that
     * @param regionRows as before or larger
     * @param prepared run when every member has that durably, or has failed to take it
     */
    public void prepareGrowth(long firstNew, long rows, long regionRows, Runnable prepared) {
        afterRound(() -> {
            RegionSet before = bits;
            RegionSet doubtful = suspects;
            if (before.regionRows() != regionRows) {
                otherDivisions.add(before);
            }
            growing = true;
            sweep = null;
            disarm();
            bits = new RegionSet(rows, regionRows);
            kept = new RegionSet(rows, regionRows);
            suspects = new RegionSet(rows, regionRows);
            next = new BitSet();
            addAll(bits, before);
            addAll(suspects, doubtful);
            withheld = new BitSet();
            nextWishes.addAll(withheldWishes);
            withheldWishes = new ArrayList<>();
            for (Wish wish : nextWishes) {
                want(wish.row, wish.rows);
            }
            want(firstNew, rows - firstNew);
            dirtyAllPages();
            nextTasks.add(prepared);
            kick();
        });
    }

    /** The array's record says durably how many rows there are, of those before {@link #prepareGrowth} or after it, and that they are divided as {@link #bits} are. */
    public void endGrowth() {
        growing = false;
        if (!otherDivisions.isEmpty()) {
            dirtyAllPages();
            otherDivisions.clear();
            kick();
        }
        arm();
    }

    /** Ends it: nothing is written any more, and nothing is told. What members have been given may still be out. */
    public void close() {
        closed = true;
        disarm();
        if (retry != null) {
            retry.close();
            retry = null;
        }
        homes.values().forEach(Home::gone);
        homes.clear();
        failing.clear();
    }

    /** Tells the channels; from then on they may count on it, whatever they answered a sweep that is under way. */
    private void tell(long row, long rows) {
        if (sweep != null) {
            sweep.renewed.set(bits.regionOf(row), bits.regionOf(row + rows - 1) + 1);
        }
        channels.intended(row, rows);
    }

    /** Sees to it that the bits of rows will be durable; returns whether a round is needed for that. */
    private boolean want(long row, long rows) {
        boolean needed = false;
        int last = bits.regionOf(row + rows - 1);
        for (int region = bits.regionOf(row); region <= last; region++) {
            if (kept.contains(region) || writing.get(region) || withheld.get(region)) {
                continue;
            }
            bits.add(region);
            if (!next.get(region)) {
                next.set(region);
                dirtyPages.set(region / pageRegions);
            }
            for (RegionSet division : otherDivisions) {
                addRegion(division, region, bits.regionRows());
                dirtyAllPages();
            }
            needed = true;
        }
        return needed;
    }

    /** Returns the bits that members are to have: those of all divisions that may count, each by its number there. */
    private RegionSet onMembers() {
        if (otherDivisions.isEmpty()) {
            return bits;
        }
        RegionSet all = new RegionSet(numbersInUse(), 1);
        addNumbers(all, bits);
        otherDivisions.forEach(division -> addNumbers(all, division));
        return all;
    }

    private static void addNumbers(RegionSet to, RegionSet from) {
        for (int region = from.next(0); region >= 0; region = from.next(region + 1)) {
            to.add(region);
        }
    }

    private int numbersInUse() {
        return Math.max(
                bits.count(),
                otherDivisions.stream().mapToInt(RegionSet::count).max().orElse(0));
    }

    private boolean waitsForNext(long row, long rows) {
        int waiting = next.nextSetBit(bits.regionOf(row));
        return waiting >= 0 && waiting <= bits.regionOf(row + rows - 1);
    }

    private void dirtyAllPages() {
        dirtyPages.set(0, pages());
    }

    private int pages() {
        return (numbersInUse() - 1) / pageRegions + 1;
    }

    /** Runs something when no round is out and none is needed. */
    private void afterRound(Runnable task) {
        if (round == null && dirtyPages.isEmpty()) {
            task.run();
        } else {
            nextTasks.add(task);
            kick();
        }
    }

    private void kick() {
        if (round == null && !closed && (!dirtyPages.isEmpty() || !nextTasks.isEmpty() || again)) {
            round = new Round();
            round.start();
        }
    }

    private boolean isAnythingUntaken() {
        return homes.values().stream().anyMatch(home -> !home.untaken.isEmpty());
    }

    /** Who did not take something and stays gets it again: the channels may count on it. */
    private void retryIfDue() {
        if (retry == null && !closed && isAnythingUntaken()) {
            retry = app.after(sweepNanos, () -> {
                retry = null;
                again = isAnythingUntaken();
                kick();
            });
        }
    }

    private void arm() {
        if (timer == null && sweep == null && complete && !growing && !closed && bits.next(0) >= 0) {
            timer = app.after(sweepNanos, () -> {
                timer = null;
                startSweep(() -> {});
            });
        }
    }

    private void disarm() {
        if (timer != null) {
            timer.close();
            timer = null;
        }
    }

    private void startSweep(Runnable over) {
        if (closed || !complete || growing) {
            over.run();
            return;
        }
        if (sweep != null) {
            sweep.over.add(over);
            return;
        }
        disarm();
        sweep = new Sweep();
        sweep.over.add(over);
        RegionSet busy = new RegionSet(bits.count() * bits.regionRows(), bits.regionRows());
        Sweep asking = sweep;
        channels.forgetIntents(busy, () -> asking.asked(busy));
    }

    /** A member that keeps bits, with what this object waits for from it. */
    private static final class Home {
        private final IntentHome place;
        /** Pages that it did not take. */
        private final BitSet untaken = new BitSet();

        private Consumer<IoStatus> joined;
        private boolean here = true;
        /** Whether it is known to stay without what it did not take. */
        private boolean stays;

        private Runnable whenGone;

        Home(IntentHome place) {
            this.place = place;
        }

        void gone() {
            here = false;
            tell(IoStatus.ABORTED);
            Runnable waiting = whenGone;
            whenGone = null;
            if (waiting != null) {
                waiting.run();
            }
        }

        void tell(IoStatus status) {
            Consumer<IoStatus> told = joined;
            joined = null;
            if (told != null) {
                told.accept(status);
            }
        }
    }

    /** Writes to all members what is to be written, then flushes them. */
    private final class Round {
        private final BitSet pages = (BitSet) dirtyPages.clone();
        private final RegionSet content = onMembers();
        private final List<Runnable> tasks = nextTasks;
        private final boolean flush;
        private int left;
        private int succeeded;
        /** Whether a member did not take its part that is known to stay. */
        private boolean refused;

        Round() {
            again = false;
            dirtyPages.clear();
            nextTasks = new ArrayList<>();
            writing = next;
            next = new BitSet();
            writingWishes = nextWishes;
            nextWishes = new ArrayList<>();
            // a bit that is on disk for too long does no harm, one that is there too late does
            flush = !writing.isEmpty() || !tasks.isEmpty() || isAnythingUntaken();
        }

        void start() {
            List<Writing> all = onDisk ? writings() : List.of();
            left = 1 + all.size();
            all.forEach(Writing::start);
            one(true);
        }

        private List<Writing> writings() {
            List<Writing> all = new ArrayList<>();
            for (Home home : homes.values()) {
                BitSet due = (BitSet) pages.clone();
                due.or(home.untaken);
                home.untaken.clear();
                if (!due.isEmpty() || !tasks.isEmpty()) {
                    all.add(new Writing(this, home, due));
                }
            }
            return all;
        }

        void one(boolean good) {
            succeeded += good ? 1 : 0;
            if (--left == 0) {
                end();
            }
        }

        private void end() {
            // the first one counted is the round itself
            boolean nobody = onDisk && succeeded == 1 && !writing.isEmpty();
            if ((nobody || refused) && !closed) {
                owner.intentsLost(() -> app.execute(() -> lost(nobody)));
            } else {
                settle();
            }
        }

        /** No bit is believed: nobody is waited for who does not have it and stays. */
        private void lost(boolean nobody) {
            lost = true;
            failing.removeIf(home -> nobody || home.stays);
            homes.values().forEach(home -> home.stays = false);
            settle();
        }

        private void settle() {
            withheld.or(writing);
            writing = new BitSet();
            withheldWishes.addAll(writingWishes);
            writingWishes = new ArrayList<>();
            round = null;
            if (closed) {
                return;
            }
            if (!onDisk) {
                homes.values().forEach(home -> home.tell(IoStatus.SUCCESS));
            }
            if (lost && !homes.isEmpty() && !isAnythingUntaken()) {
                lost = false;
                owner.intentsKept();
            }
            release();
            tasks.forEach(Runnable::run);
            arm();
            kick();
            retryIfDue();
        }
    }

    /** One member's part of a round. */
    private final class Writing {
        private final Round of;
        private final Home home;
        private final BitSet pages;
        private boolean over;
        private int page = -1;

        Writing(Round of, Home home, BitSet pages) {
            this.of = of;
            this.home = home;
            this.pages = pages;
        }

        void start() {
            home.whenGone = () -> end(false);
            nextPage();
        }

        private void nextPage() {
            page = pages.nextSetBit(page + 1);
            if (page >= 0) {
                home.place.writePage(page, of.content, status -> went(IoType.WRITE, status, this::nextPage));
            } else if (of.flush) {
                home.place.flush(status -> went(IoType.FLUSH, status, this::good));
            } else {
                good();
            }
        }

        private void went(IoType type, IoStatus status, Runnable on) {
            if (over) {
                return;
            }
            if (status.isSuccess()) {
                on.run();
                return;
            }
            if (home.joined != null) {
                homes.remove(home.place.slot(), home);
                home.here = false;
                home.tell(status);
            } else {
                home.untaken.or(pages);
                failing.add(home);
                if (home.stays) {
                    of.refused = true;
                } else {
                    owner.memberFailed(home.place.slot(), type, status);
                }
            }
            end(false);
        }

        private void good() {
            failing.remove(home);
            home.stays = false;
            home.tell(IoStatus.SUCCESS);
            end(true);
        }

        private void end(boolean success) {
            if (!over) {
                over = true;
                home.whenGone = null;
                of.one(success);
            }
        }
    }

    /** The way of the bits back. */
    private final class Sweep {
        private final BitSet renewed = new BitSet();
        private final List<Runnable> over = new ArrayList<>();
        private RegionSet busy;
        /** What could go when the members were flushed; what became free only later may have changed after the flush. */
        private BitSet free;

        private int flushing;
        private boolean failed;

        private boolean stands() {
            return sweep == this && !closed;
        }

        void asked(RegionSet counted) {
            busy = counted;
            if (!stands()) {
                // the regions may be others by now
                clear();
                return;
            }
            free = candidates();
            if (free.isEmpty()) {
                clear();
                return;
            }
            List<Home> all = List.copyOf(homes.values());
            flushing = 1 + all.size();
            for (Home home : all) {
                home.place.flush(status -> {
                    if (!status.isSuccess()) {
                        failed = true;
                        if (home.here && !closed) {
                            owner.memberFailed(home.place.slot(), IoType.FLUSH, status);
                        }
                    }
                    flushed();
                });
            }
            flushed();
        }

        private void flushed() {
            if (--flushing == 0) {
                clear();
            }
        }

        /** Returns what nobody counts on and nobody doubts. */
        private BitSet candidates() {
            BitSet found = new BitSet();
            for (int region = bits.next(0); region >= 0; region = bits.next(region + 1)) {
                if (!busy.contains(region)
                        && !renewed.get(region)
                        && !suspects.contains(region)
                        && !next.get(region)
                        && !writing.get(region)
                        && !withheld.get(region)) {
                    found.set(region);
                }
            }
            return found;
        }

        private void clear() {
            if (stands()) {
                sweep = null;
                if (!failed) {
                    free.and(candidates());
                    for (int region = free.nextSetBit(0); region >= 0; region = free.nextSetBit(region + 1)) {
                        kept.remove(region);
                        bits.remove(region);
                        dirtyPages.set(region / pageRegions);
                    }
                }
                kick();
                arm();
            }
            over.forEach(Runnable::run);
        }
    }
}
