package io.cairn.bdev.testkit;

import io.cairn.bdev.BdevException;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/**
 * Random I/O on a bdev from several channels at once, checked against a {@link BlockModel}. No two I/Os that are out touch one
 * block, so that every read has one right answer; what is written is made of the bdev's write units. For the test's thread.
 */
public final class Workload {
    private static final Set<IoType> STARTABLE = EnumSet.of(
            IoType.READ,
            IoType.WRITE,
            IoType.UNMAP,
            IoType.FLUSH,
            IoType.WRITE_ZEROES,
            IoType.COMPARE,
            IoType.COMPARE_AND_WRITE,
            IoType.SEEK_DATA,
            IoType.SEEK_HOLE,
            IoType.COPY);

    private final TestCore core;
    private final RandomGenerator random;
    private final List<TestChannel> channels;
    private final BlockModel model;
    private final ModuleTraits traits;
    private final int blockSize;
    private final long numBlocks;
    private final long unit;
    private final List<IoType> types;
    private final BitSet busy = new BitSet();
    private final Map<TestIo, Effect> out = new LinkedHashMap<>();
    private Predicate<TestIo> failureExpected = io -> false;
    private long longest = 24;
    private long stamps;

    /** What an I/O that is out will mean for the model. */
    private interface Effect {
        void over(TestIo io);
    }

    /**
     * Makes a load that has started nothing yet.
     *
     * @param channels where it is submitted, at random
     * @param model what the bdev holds now; kept up to date
     * @param supported the types to use, if this class knows how
     */
    public Workload(
            TestCore core,
            RandomGenerator random,
            List<TestChannel> channels,
            BlockModel model,
            ModuleTraits traits,
            Set<IoType> supported) {
        this.core = core;
        this.random = random;
        this.channels = channels;
        this.model = model;
        this.traits = traits;
        this.blockSize = channels.get(0).channel().bdev().blockSize();
        this.numBlocks = channels.get(0).channel().bdev().numBlocks();
        this.unit = Math.max(1, channels.get(0).channel().bdev().limits().writeUnitBlocks());
        this.types = STARTABLE.stream().filter(supported::contains).toList();
    }

    /** Says which I/Os may fail: all others must succeed. */
    public Workload expectFailures(Predicate<TestIo> which) {
        failureExpected = which;
        return this;
    }

    /** Keeps I/Os that are free to be longer. */
    public Workload longest(long blocks) {
        longest = blocks;
        return this;
    }

    /** Starts and ends so many I/Os, at most {@code depth} out at once. */
    public void run(int count, int depth) {
        for (int i = 0; i < count; i++) {
            if (out.size() >= depth) {
                core.until("one of " + out.size() + " I/Os", () -> out.keySet().stream()
                        .anyMatch(TestIo::isDone));
                reap();
            }
            startOne();
        }
        drain();
    }

    /** Starts so many I/Os and leaves them out. */
    public List<TestIo> start(int count) {
        List<TestIo> started = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            TestIo io = startOne();
            if (io != null) {
                started.add(io);
            }
        }
        return started;
    }

    /** Waits for all that is out. */
    public void drain() {
        core.until("all of " + out.size() + " I/Os: " + some(), () -> out.keySet().stream()
                .allMatch(TestIo::isDone));
        reap();
    }

    /** Reads everything and checks it. */
    public void readAll() {
        drain();
        long at = 0;
        while (at < numBlocks) {
            long length = Math.min(1 + random.nextLong(longest), numBlocks - at);
            startRead(at, length);
            if (out.size() > 16) {
                drain();
            }
            at += length;
        }
        drain();
    }

    private String some() {
        return out.keySet().stream()
                .filter(io -> !io.isDone())
                .limit(4)
                .toList()
                .toString();
    }

    private void reap() {
        for (Iterator<Map.Entry<TestIo, Effect>> each = out.entrySet().iterator(); each.hasNext(); ) {
            Map.Entry<TestIo, Effect> one = each.next();
            if (one.getKey().isDone()) {
                each.remove();
                one.getValue().over(one.getKey());
            }
        }
    }

    private TestIo startOne() {
        IoType type = random.nextInt(3) > 0
                ? types.contains(IoType.WRITE) && random.nextBoolean() ? IoType.WRITE : IoType.READ
                : types.get(random.nextInt(types.size()));
        long length = 1 + random.nextLong(Math.min(longest, numBlocks));
        long first = random.nextInt(8) == 0 ? numBlocks - length : random.nextLong(numBlocks - length + 1);
        if (unit > 1 && type.changesData() && type != IoType.UNMAP) {
            first -= first % unit;
            length = Math.min((length + unit - 1) / unit * unit, numBlocks - first);
        }
        return switch (type) {
            case READ -> startRead(first, length);
            case WRITE -> startWrite(first, length);
            case WRITE_ZEROES -> startChange(IoRequest.writeZeroes(first, length), null);
            case UNMAP -> startUnmap(first, length);
            case FLUSH -> startFlush();
            case COPY -> startCopy(first, length);
            case COMPARE -> startCompare(first, length);
            case COMPARE_AND_WRITE -> startCompareAndWrite(first, length);
            case SEEK_DATA -> startSeek(IoRequest.seekData(first));
            case SEEK_HOLE -> startSeek(IoRequest.seekHole(first));
            default -> throw new IllegalStateException(type.toString());
        };
    }

    private TestIo startRead(long first, long length) {
        if (!lock(first, length)) {
            return null;
        }
        return start(IoRequest.read(first, length).in(memory()), io -> {
            unlock(first, length);
            if (succeeded(io)) {
                checkRead(io);
            }
        });
    }

    private void checkRead(TestIo io) {
        String wrong = model.check(io.request().offset(), io.request().blocks(), io.data());
        if (wrong != null) {
            throw new AssertionError(io + ": " + wrong + " (" + core + ")");
        }
    }

    private TestIo startWrite(long first, long length) {
        byte[] data = fresh(length);
        IoRequest.Memory memory = random.nextInt(3) == 0 ? IoRequest.Memory.PIECES : IoRequest.Memory.ONE_PIECE;
        return startChange(IoRequest.write(first, length, data).in(memory), data);
    }

    private TestIo startChange(IoRequest request, byte[] data) {
        long first = request.offset();
        long length = request.blocks();
        if (!lock(first, length)) {
            return null;
        }
        writing(first, length, data);
        return start(request, io -> {
            unlock(first, length);
            changed(io, first, length, data);
        });
    }

    private TestIo startUnmap(long first, long length) {
        if (!lock(first, length)) {
            return null;
        }
        writing(first, length, null);
        return start(IoRequest.unmap(first, length), io -> {
            unlock(first, length);
            if (succeeded(io) && traits.unmapZeroes()) {
                written(first, length, null);
            } else if (traits.keepsData()) {
                model.failed(first, length, null);
            }
        });
    }

    private TestIo startFlush() {
        BlockModel.FlushPoint point = model.flushing();
        return start(IoRequest.flush(), io -> {
            if (succeeded(io)) {
                model.flushed(point);
            }
        });
    }

    private TestIo startCopy(long from, long length) {
        long to = random.nextLong((numBlocks - length) / unit + 1) * unit;
        boolean overlap = from < to + length && to < from + length;
        if (overlap || !lock(from, length)) {
            return null;
        }
        byte[] data = model.known(from, length);
        if (data == null || !lock(to, length)) {
            unlock(from, length);
            return null;
        }
        writing(to, length, data);
        return start(IoRequest.copy(to, from, length), io -> {
            unlock(from, length);
            unlock(to, length);
            changed(io, to, length, data);
        });
    }

    private TestIo startCompare(long first, long length) {
        byte[] data = model.known(first, length);
        if (data == null || !lock(first, length)) {
            return null;
        }
        boolean equal = random.nextBoolean();
        return start(IoRequest.compare(first, length, equal ? data : altered(data)), io -> {
            unlock(first, length);
            compared(io, equal);
        });
    }

    private TestIo startCompareAndWrite(long first, long length) {
        byte[] data = model.known(first, length);
        if (data == null || !lock(first, length)) {
            return null;
        }
        boolean equal = random.nextBoolean();
        byte[] next = fresh(length);
        if (equal) {
            writing(first, length, next);
        }
        IoRequest request = IoRequest.compareAndWrite(first, length, equal ? data : altered(data), next);
        return start(request, io -> {
            unlock(first, length);
            if (compared(io, equal)) {
                written(first, length, next);
            } else if (equal) {
                model.failed(first, length, next);
            }
        });
    }

    private TestIo startSeek(IoRequest request) {
        return start(request, io -> {
            long found = io.result();
            boolean answers = found == -1 || (found >= io.request().offset() && found < numBlocks);
            if (succeeded(io) && !answers) {
                throw new AssertionError(io + " found block " + io.result() + " (" + core + ")");
            }
        });
    }

    private TestIo start(IoRequest request, Effect effect) {
        TestIo io = channels.get(random.nextInt(channels.size())).start(request);
        out.put(io, effect);
        return io;
    }

    /** Returns whether the data were equal and written; a mismatch that was meant is no failure. */
    private boolean compared(TestIo io, boolean equal) {
        if (!equal && statusOf(io) == IoStatus.MISCOMPARE) {
            return false;
        }
        if (succeeded(io)) {
            if (!equal) {
                throw new AssertionError(io + " found equal what differs (" + core + ")");
            }
            return true;
        }
        return false;
    }

    private void changed(TestIo io, long first, long length, byte[] data) {
        if (succeeded(io)) {
            written(first, length, data);
        } else if (traits.keepsData()) {
            model.failed(first, length, data);
        }
    }

    private void writing(long first, long length, byte[] data) {
        if (traits.keepsData()) {
            model.writing(first, length, data);
        }
    }

    private void written(long first, long length, byte[] data) {
        if (traits.keepsData()) {
            model.written(first, length, data);
        }
    }

    private boolean succeeded(TestIo io) {
        IoStatus status = statusOf(io);
        if (status != null && status.isSuccess()) {
            return true;
        }
        if (!failureExpected.test(io)) {
            throw new AssertionError(io + " failed" + (status == null ? ": " + refusal(io) : "") + " (" + core + ")");
        }
        return false;
    }

    /** Returns how an I/O ended; null if it was refused. */
    private static IoStatus statusOf(TestIo io) {
        return io.status();
    }

    private static String refusal(TestIo io) {
        try {
            io.done().toCompletableFuture().join();
            return "";
        } catch (CompletionException e) {
            return e.getCause() instanceof BdevException refused ? refused.getMessage() : e.toString();
        }
    }

    private IoRequest.Memory memory() {
        return switch (random.nextInt(4)) {
            case 0 -> IoRequest.Memory.LENT;
            case 1 -> IoRequest.Memory.PIECES;
            default -> IoRequest.Memory.ONE_PIECE;
        };
    }

    /** Data that was never written before. */
    private byte[] fresh(long length) {
        byte[] data = new byte[Math.toIntExact(length * blockSize)];
        random.nextBytes(data);
        for (int i = 0; i < length; i++) {
            long stamp = ++stamps;
            for (int b = 0; b < 8; b++) {
                data[i * blockSize + b] = (byte) (stamp >>> (8 * b));
            }
        }
        return data;
    }

    private byte[] altered(byte[] data) {
        byte[] other = data.clone();
        other[random.nextInt(other.length)] ^= (byte) (1 + random.nextInt(255));
        return other;
    }

    private boolean lock(long first, long length) {
        int next = busy.nextSetBit(Math.toIntExact(first));
        if (next >= 0 && next < first + length) {
            return false;
        }
        busy.set((int) first, (int) (first + length));
        return true;
    }

    private void unlock(long first, long length) {
        busy.clear((int) first, (int) (first + length));
    }
}
