package io.cairn.module.raid.sync;

import io.cairn.bdev.BdevException;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.module.raid.level.ArrayChannels;
import io.cairn.module.raid.level.Layout;
import io.cairn.module.raid.level.MemberRole;
import io.cairn.module.raid.level.RaidLevel;
import io.cairn.module.raid.level.RegionSet;
import io.cairn.module.raid.level.Shape;
import io.cairn.module.raid.level.Xor;
import io.cairn.reactor.Errno;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Poller;
import io.cairn.reactor.Reactor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * One process from its beginning to its end, on one reactor, with channels of its own to the members.
 *
 * <p>It goes through the rows in ranges: a range is locked (changes of it wait), worked on in chunks of which several are under way at a time, and let go. The buffers of all
 * chunks together are small enough for a core's cache, so that what is read is still there when it is written. Alone on the array it locks many windows at a time; while others do I/O
 * a range is short, one chunk is under way at a time, and there are rests.
 */
final class ProcessRun {
    /** What a run tells; posted to the app thread by the one who made it. */
    interface Told {
        void cursor(Goal rest);

        void readError(int slot, long row, long rows, boolean repaired, IoStatus status);

        /** {@link ProcessListener#surrender}; answered on the run's reactor. */
        void surrender(int missing, long row, long rows, Consumer<Boolean> answer);

        void ended(Outcome outcome);
    }

    private static final int CHUNKS = 4;
    private static final int CACHED_BYTES = 1 << 20;
    private static final int LARGEST_CHUNK = 128 << 10;
    private static final int WINDOWS_ALONE = 16;
    private static final int BYTES_SHARED = 256 << 10;

    private static final long CURSOR_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Reactor reactor;
    private final ArrayChannels channels;
    private final Goal goal;
    private final Told told;
    private final Pace pace = new Pace();
    private final MemberIo[] members;
    private final Xor xor;
    private final InPlace inPlace;
    private final BitSet undecided = new BitSet();
    /** A resync of an array that has no parity to compute: what is in doubt is given up. */
    private final boolean givesUp;

    private final List<Chunk> chunks = new ArrayList<>();
    private final ArrayDeque<Chunk> idle = new ArrayDeque<>();
    private Layout layout;
    private ProcessOptions options;
    private Findings findings;
    private int chunkRows;

    /** Rows below are done. */
    private long cursor;
    /** Rows below were done and durable when that was last told. */
    private long savedCursor;

    private long savedAt;
    private long rangeFrom;
    private long rangeEnd;
    private long nextRow;
    private long rowsWorked;
    private int active;
    private int leaving;
    private int unlocking;
    private boolean locked;
    private boolean waiting;
    private boolean pauseWanted;
    private boolean stopWanted;
    private Runnable paused;
    private Poller.Registration timer;
    private Outcome ending;
    private boolean over;
    private volatile Progress progress;
    private final long startedAt;
    private long rateAt;
    private long rateRows;
    private long rate;

    ProcessRun(Reactor reactor, ArrayChannels channels, Goal goal, Layout layout, ProcessOptions options, Told told) {
        this.reactor = reactor;
        this.channels = channels;
        this.goal = goal;
        this.layout = layout;
        this.options = options;
        this.told = told;
        this.members = new MemberIo[layout.positions()];
        this.xor = new Xor(members.length);
        this.inPlace = new InPlace(members, xor);
        this.givesUp = goal instanceof Goal.Resync && lacksOne(layout);
        this.cursor = goal.from();
        this.savedCursor = cursor;
        this.findings = goal instanceof Goal.Scrub scrub ? scrub.found() : Findings.NONE;
        this.startedAt = reactor.clockNanos();
        publish();
    }

    /** Returns how far it is. From any thread. */
    Progress progress() {
        return progress;
    }

    // the life of a run

    void begin() {
        pace.limit(options.bytesPerSecond());
        savedAt = reactor.nowNanos();
        rateAt = savedAt;
        openMembers();
        if (ending == null && !givesUp) {
            makeChunks();
        }
        next();
    }

    void options(ProcessOptions other) {
        options = other;
        pace.limit(other.bytesPerSecond());
        wake();
    }

    /** Stops after the present range; {@code then} is run when the cursor has been saved. */
    void pause(Runnable then) {
        if (over || ending != null) {
            then.run();
            return;
        }
        pauseWanted = true;
        Runnable before = paused;
        paused = before == null
                ? then
                : () -> {
                    before.run();
                    then.run();
                };
        publish();
        wake();
    }

    void resume() {
        pauseWanted = false;
        answerPause();
        publish();
        wake();
    }

    /** Ends after the chunks that are under way, with the cursor saved. */
    void stop() {
        stopWanted = true;
        wake();
    }

    /**
     * Goes on with other members.
     *
     * @param released run when no I/O is out at a member that is gone, and its channel is closed
     */
    void adopt(Layout other, Runnable released) {
        layout = other;
        int[] left = {1};
        Runnable one = () -> {
            if (--left[0] == 0) {
                released.run();
            }
        };
        boolean needed = !isPossible();
        if (needed && ending == null && !over) {
            end(new Outcome.MembersMissing(rest(cursor)));
        }
        for (int slot = 0; slot < members.length; slot++) {
            if (members[slot] != null && !members[slot].isIn(layout.at(slot))) {
                left[0]++;
                leave(slot, one);
            }
        }
        if (ending == null && !over) {
            openMembers();
        }
        one.run();
        if (ending != null) {
            next();
        }
    }

    private void leave(int slot, Runnable gone) {
        MemberIo member = members[slot];
        members[slot] = null;
        if (member == null) {
            gone.run();
            return;
        }
        leaving++;
        member.leave(() -> {
            leaving--;
            gone.run();
            if (ending != null) {
                next();
            }
        });
    }

    private void openMembers() {
        if (!isPossible()) {
            end(new Outcome.MembersMissing(rest(cursor)));
            return;
        }
        for (int slot = 0; slot < members.length; slot++) {
            if (members[slot] == null && role(slot) != MemberRole.ABSENT) {
                try {
                    members[slot] = new MemberIo(slot, layout);
                } catch (BdevException e) {
                    // it is being removed: a layout without it follows, and a process that can do without it then
                    end(new Outcome.MembersMissing(rest(cursor)));
                    return;
                }
            }
        }
    }

    private boolean isPossible() {
        int inSync = layout.count(MemberRole.IN_SYNC);
        boolean mirror = shape().level() == RaidLevel.RAID1;
        if (goal instanceof Goal.Rebuild rebuild) {
            boolean there = role(rebuild.slot()) == MemberRole.TARGET
                    && (members[rebuild.slot()] == null
                            || members[rebuild.slot()].isIn(layout.slots().get(rebuild.slot())));
            return there && (mirror ? inSync > 0 : inSync == slots() - 1);
        }
        if (goal instanceof Goal.Replace replace) {
            int beside = beside();
            boolean there = layout.replacement()
                            .filter(next -> next.slot() == replace.slot())
                            .isPresent()
                    && beside < members.length
                    && (members[beside] == null || members[beside].isIn(layout.at(beside)));
            return there && role(replace.slot()) == MemberRole.IN_SYNC;
        }
        return givesUp ? lacksOne(layout) : canCompare(layout);
    }

    /** Returns whether there are just enough members of a raid5f to serve it. */
    static boolean lacksOne(Layout layout) {
        return layout.shape().level() == RaidLevel.RAID5F
                && layout.count(MemberRole.IN_SYNC) == layout.slots().size() - 1;
    }

    /** Returns whether there are enough members to tell whether they agree. */
    static boolean canCompare(Layout layout) {
        int inSync = layout.count(MemberRole.IN_SYNC);
        return layout.shape().level() == RaidLevel.RAID1
                ? inSync > 0
                        && layout.slots().stream()
                                        .filter(slot -> slot.link() != null)
                                        .count()
                                > 1
                : inSync == layout.slots().size();
    }

    /** Ends the process when what is under way is over. The first reason counts. */
    void end(Outcome outcome) {
        if (ending == null && !over) {
            ending = outcome;
        }
    }

    boolean isEnding() {
        return ending != null;
    }

    private Goal rest(long row) {
        return goal instanceof Goal.Scrub scrub
                ? new Goal.Scrub(scrub.repair(), scrub.suspects(), row, findings)
                : goal.continued(row);
    }

    /** Looks what is to be done now. Called whenever something has come to an end. */
    private void next() {
        if (over || waiting || active > 0) {
            return;
        }
        if (locked) {
            rangeOver();
        }
        if (ending != null) {
            finish();
        } else if (stopWanted || pauseWanted) {
            save(this::atRest);
        } else if (cursor > savedCursor && reactor.nowNanos() - savedAt >= CURSOR_NANOS) {
            save(this::next);
        } else {
            range();
        }
    }

    private void atRest() {
        if (ending != null) {
            next();
        } else if (stopWanted) {
            end(new Outcome.Stopped(rest(cursor)));
            next();
        } else if (pauseWanted) {
            answerPause();
            // until it is woken
        } else {
            next();
        }
    }

    private void wake() {
        if (timer != null) {
            timer.close();
            timer = null;
        }
        next();
    }

    private void finish() {
        for (int slot = 0; slot < members.length; slot++) {
            if (members[slot] != null) {
                leave(slot, () -> {});
            }
        }
        if (leaving > 0 || unlocking > 0 || over) {
            return;
        }
        over = true;
        wake();
        chunks.forEach(Chunk::free);
        chunks.clear();
        answerPause();
        told.ended(ending);
    }

    private void answerPause() {
        Runnable then = paused;
        paused = null;
        if (then != null) {
            then.run();
        }
    }

    // ranges

    private void range() {
        long now = reactor.clockNanos();
        pace.saw(channels.ios(), now);
        if (pace.next() > now) {
            if (timer == null) {
                timer = reactor.after(pace.next() - now, () -> {
                    timer = null;
                    next();
                });
            }
            return;
        }
        // whole regions, but at the end: the last one may be shorter than the others, and has been done then
        boolean aligned = shrinks() && cursor < shape().rows();
        long from = dueFrom(aligned ? suspects().regionOf(cursor) * suspects().regionRows() : cursor);
        if (from < 0) {
            cursor = Math.max(cursor, shape().rows());
            waiting = true;
            flushAll(() -> {
                waiting = false;
                end(new Outcome.Done(findings));
                next();
            });
            return;
        }
        long window = Math.max(1, options.windowBytes() / shape().blockSize());
        // whether there are others is not known before the first range is done
        long most = rowsWorked == 0 || pace.isShared(now)
                ? Math.max(1, Math.min(window, BYTES_SHARED / shape().blockSize()))
                : window * WINDOWS_ALONE;
        rangeFrom = from;
        // to where ranges of this size would end, so that chunks lie as they would in a member's memory
        rangeEnd = dueEnd(from, most - from % most);
        RegionSet doubtful = doubtful();
        boolean surrenders = doubtful != null && (givesUp || doubtful.contains(doubtful.regionOf(from)));
        if (surrenders && !givesUp) {
            // as a whole: it leaves the set of suspects while nothing of it can change
            long region = doubtful.regionOf(from) * doubtful.regionRows();
            rangeFrom = region;
            rangeEnd = Math.min(shape().rows(), region + doubtful.regionRows());
        }
        waiting = true;
        channels.lock(rangeFrom, rangeEnd - rangeFrom).thenRun(() -> {
            waiting = false;
            locked = true;
            nextRow = rangeFrom;
            pace.begin(reactor.clockNanos());
            if (surrenders) {
                surrender();
            } else if (!isInDoubt()) {
                moreChunks();
                next();
            } else {
                // since it was locked; the next range is for that
                next();
            }
        });
    }

    // rows in doubt that a member is missing to

    /** Returns the rows in doubt that are given up before anything is made of them; null: nothing is. */
    private RegionSet doubtful() {
        boolean fills = goal instanceof Goal.Rebuild && shape().level() == RaidLevel.RAID5F;
        return fills || givesUp ? channels.unsynced(reactor) : null;
    }

    private boolean isInDoubt() {
        RegionSet doubtful = doubtful();
        return doubtful != null && doubtful.containsAny(rangeFrom, rangeEnd - rangeFrom);
    }

    /** Has the array give up what is in doubt of the range, which is whole regions. */
    private void surrender() {
        waiting = true;
        told.surrender(missingSlot(), rangeFrom, rangeEnd - rangeFrom, done -> {
            waiting = false;
            surrendered(done);
            next();
        });
    }

    private void surrendered(boolean done) {
        RegionSet doubtful = doubtful();
        if (ending != null) {
            return;
        }
        int last = doubtful.regionOf(rangeEnd - 1);
        for (int region = doubtful.regionOf(rangeFrom); region <= last; region++) {
            if (done) {
                doubtful.remove(region);
            } else {
                undecided.set(region);
            }
        }
        if (givesUp) {
            nextRow = rangeEnd;
        } else if (done) {
            moreChunks();
        } else {
            end(new Outcome.MemberFailed(((Goal.Rebuild) goal).slot(), IoType.WRITE, IoStatus.errno(Errno.EIO)));
        }
    }

    private int missingSlot() {
        int slot = 0;
        while (role(slot) == MemberRole.IN_SYNC) {
            slot++;
        }
        return slot;
    }

    /** Returns the first row from this one on that is to be done; -1: none. */
    private long dueFrom(long row) {
        long rows = shape().rows();
        RegionSet regions = regions();
        if (row >= rows || regions == null) {
            return row < rows ? row : -1;
        }
        int region = regions.regionOf(row);
        while (region < regions.count() && !isDue(region)) {
            region++;
        }
        long first = Math.max(row, region * regions.regionRows());
        return region < regions.count() && first < rows ? first : -1;
    }

    /** Returns the end of the rows from this one on, which is to be done, that are to be done with it. */
    private long dueEnd(long row, long most) {
        long rows = beforeDoubt(row, Math.min(shape().rows(), row + most));
        RegionSet regions = regions();
        if (regions == null) {
            return rows;
        }
        int region = regions.regionOf(row);
        while (region < regions.count() && region * regions.regionRows() < rows && isDue(region)) {
            region++;
        }
        long end = Math.min(shape().rows(), region * regions.regionRows());
        // whole regions, where they are taken out of the set while they are locked
        return shrinks() ? end : Math.min(rows, end);
    }

    /** Rows in doubt that a rebuild comes to are a range of their own. */
    private long beforeDoubt(long row, long end) {
        RegionSet doubtful = givesUp ? null : doubtful();
        int first = doubtful == null ? -1 : doubtful.next(doubtful.regionOf(row));
        return first < 0 ? end : Math.min(end, Math.max(row + 1, first * doubtful.regionRows()));
    }

    /** Returns how the rows are divided for this goal; null: they are not. */
    private RegionSet regions() {
        RegionSet due = toFill();
        return due != null ? due : suspects();
    }

    /** Returns the regions that a TARGET is to be given; null: all, or the goal is another one. */
    private RegionSet toFill() {
        if (goal instanceof Goal.Rebuild rebuild) {
            return rebuild.due();
        }
        return goal instanceof Goal.Replace replace ? replace.due() : null;
    }

    private boolean isDue(int region) {
        if (toFill() != null) {
            return toFill().contains(region);
        }
        if (goal instanceof Goal.Resync) {
            return suspects().contains(region);
        }
        if (goal instanceof Goal.Repair repair
                && !(region < repair.due().count() && repair.due().contains(region))) {
            return false;
        }
        return goal instanceof Goal.Grow || !suspects().contains(region);
    }

    private RegionSet suspects() {
        if (goal instanceof Goal.Resync resync) {
            return resync.suspects();
        }
        if (goal instanceof Goal.Grow grow) {
            return grow.suspects();
        }
        if (goal instanceof Goal.Repair repair) {
            return repair.suspects();
        }
        return goal instanceof Goal.Scrub scrub ? scrub.suspects() : null;
    }

    /** Returns whether the process takes regions out of the set of suspects. */
    private boolean shrinks() {
        return goal instanceof Goal.Resync || goal instanceof Goal.Grow;
    }

    /** Takes out the regions of the range that are done. Nobody can have changed them since the range was locked. */
    private void takeOut() {
        RegionSet regions = suspects();
        int region = regions.regionOf(rangeFrom);
        while (region < regions.count() && Math.min((region + 1) * regions.regionRows(), shape().rows()) <= nextRow) {
            if (!undecided.get(region)) {
                regions.remove(region);
            }
            region++;
        }
        // a region that was not finished is begun again
        nextRow = region < regions.count() ? Math.min(nextRow, region * regions.regionRows()) : nextRow;
    }

    /**
     * Begins chunks of the range while it is locked: called when its lock has been answered, and when a chunk has ended, which no chunk does inside of its beginning; the range is let go of
     * only when none is under way.
     */
    private void moreChunks() {
        int most = pace.isShared(reactor.nowNanos()) ? 1 : CHUNKS;
        while (ending == null && !stopWanted && !pauseWanted && active < most && nextRow < rangeEnd) {
            Chunk chunk = idle.poll();
            int rows = (int) Math.min(chunkRows, rangeEnd - nextRow);
            long first = nextRow;
            nextRow += rows;
            active++;
            chunk.start(first, rows);
        }
    }

    void chunkDone(Chunk chunk, boolean done) {
        active--;
        idle.add(chunk);
        if (done) {
            moreChunks();
        }
        next();
    }

    private void rangeOver() {
        locked = false;
        long now = reactor.clockNanos();
        if (ending == null) {
            // all that were begun are done
            if (shrinks()) {
                takeOut();
            }
            rowsWorked += nextRow - rangeFrom;
            cursor = nextRow;
            pace.saw(channels.ios(), now);
            pace.end((nextRow - rangeFrom) * shape().blockSize(), now);
            publish();
        }
        // the next range waits by itself: what one reactor asks for is done in order. Another reactor's does not
        unlocking++;
        channels.unlock().thenRun(() -> {
            unlocking--;
            if (ending != null) {
                next();
            }
        });
    }

    // what is durable

    private void save(Runnable then) {
        if (cursor == savedCursor) {
            then.run();
            return;
        }
        long saving = cursor;
        waiting = true;
        flushAll(() -> {
            waiting = false;
            if (ending == null) {
                savedCursor = saving;
                savedAt = reactor.nowNanos();
                told.cursor(rest(saving));
            }
            then.run();
        });
    }

    private void flushAll(Runnable flushed) {
        int[] left = {1};
        Runnable one = () -> {
            if (--left[0] == 0) {
                flushed.run();
            }
        };
        for (MemberIo member : members) {
            if (member != null) {
                left[0]++;
                member.flush(status -> {
                    if (!status.isSuccess() && members[member.slot()] == member) {
                        end(new Outcome.MemberFailed(member.slot(), IoType.FLUSH, status));
                    }
                    one.run();
                });
            }
        }
        one.run();
    }

    // what chunks ask

    private void makeChunks() {
        int blockSize = shape().blockSize();
        int buffers = fills() && shape().level() == RaidLevel.RAID1 ? 2 : members.length + 1;
        int share = Integer.highestOneBit(Math.max(1, CACHED_BYTES / CHUNKS / buffers));
        chunkRows = Math.max(1, Math.min(LARGEST_CHUNK, share) / blockSize);
        for (int i = 0; i < CHUNKS; i++) {
            IoBuffer[] memory = new IoBuffer[buffers];
            for (int j = 0; j < buffers; j++) {
                memory[j] = IoBuffer.allocate(chunkRows * blockSize);
            }
            Chunk chunk = makeChunk(blockSize, memory);
            chunks.add(chunk);
            idle.add(chunk);
        }
    }

    private Chunk makeChunk(int blockSize, IoBuffer[] memory) {
        boolean mirror = shape().level() == RaidLevel.RAID1;
        if (goal instanceof Goal.Rebuild rebuild) {
            return mirror
                    ? new MirrorFill(this, blockSize, memory, rebuild.slot())
                    : new ParityFill(this, blockSize, memory, rebuild.slot(), rebuild.slot());
        }
        if (goal instanceof Goal.Replace replace) {
            return mirror
                    ? new MirrorFill(this, blockSize, memory, beside())
                    : new ParityCopy(this, blockSize, memory, replace.slot(), beside());
        }
        boolean scrub = !shrinks();
        boolean repair = !(goal instanceof Goal.Scrub check) || check.repair();
        return mirror
                ? new MirrorCheck(this, blockSize, memory, repair, scrub)
                : new ParityCheck(this, blockSize, memory, repair, scrub);
    }

    private boolean fills() {
        return goal instanceof Goal.Rebuild || goal instanceof Goal.Replace;
    }

    /** Returns the position of the one who is beside a member. */
    private int beside() {
        return slots();
    }

    private Shape shape() {
        return layout.shape();
    }

    int slots() {
        return Math.min(members.length, layout.slots().size());
    }

    MemberRole role(int slot) {
        return layout.at(slot).role();
    }

    MemberIo member(int slot) {
        return members[slot];
    }

    /** Returns whether the members may differ on some rows. */
    boolean isSuspect(long row, long rows) {
        RegionSet unsynced = channels.unsynced(reactor);
        return unsynced != null && unsynced.containsAny(row, rows);
    }

    boolean canZero(int slot) {
        return layout.at(slot).link().base().supportedTypes().contains(IoType.WRITE_ZEROES);
    }

    int paritySlot(long row) {
        return shape().paritySlot(row / shape().stripBlocks());
    }

    /**
     * Lets a target hold the sum of what others hold, for the first of some rows, see {@link InPlace#fill}: as many as one turn may be taken for.
     *
     * @return for how many rows; 0: it has to be done by I/O
     */
    int fillInPlace(int target, BitSet sources, long row, int rows, IoBuffer spare) {
        long began = reactor.clockNanos();
        boolean shared = pace.isShared(began);
        int now = shared ? Math.max(1, Math.min(rows, pace.bytesInATurn() / shape().blockSize())) : rows;
        if (!inPlace.fill(target, sources, row, now, spare)) {
            pace.worksByIo();
            return 0;
        }
        pace.workedInPlace((long) now * shape().blockSize(), began, reactor.clockNanos());
        return now;
    }

    /** Returns what adds memory up; empty when it is lent. */
    Xor xor() {
        return xor;
    }

    void defer(Runnable work) {
        reactor.defer(work);
    }

    void readError(int slot, long row, long rows, boolean repaired, IoStatus status) {
        told.readError(slot, row, rows, repaired, status);
    }

    /** The members do not agree on a row, and will not by this process. */
    void undecided(long row) {
        if (shrinks()) {
            undecided.set(suspects().regionOf(row));
        }
    }

    void found(long mismatches, long repaired, long unreadable) {
        findings = findings.plus(mismatches, repaired, unreadable);
    }

    private void publish() {
        long now = reactor.clockNanos();
        if (now - rateAt >= TimeUnit.SECONDS.toNanos(1)) {
            rate = (long) ((double) (rowsWorked - rateRows)
                    * shape().blockSize()
                    * TimeUnit.SECONDS.toNanos(1)
                    / (now - rateAt));
            rateAt = now;
            rateRows = rowsWorked;
        }
        progress = new Progress(goal.type(), cursor, shape().rows(), cursor, startedAt, rate, pauseWanted);
    }
}
