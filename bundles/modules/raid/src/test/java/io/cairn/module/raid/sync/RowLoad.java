package io.cairn.module.raid.sync;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.testkit.BlockModel;
import io.cairn.bdev.testkit.IoRequest;
import io.cairn.bdev.testkit.TestChannel;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.bdev.testkit.TestIo;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;

/** Random reads, changes and flushes in whole write units, checked against a model; no two that are out touch one block. */
final class RowLoad {
    private final TestCore core;
    private final Random random;
    private final List<TestChannel> channels;
    private final BlockModel model;
    private final long unit;
    private final long blocks;
    private final BitSet busy = new BitSet();
    private final Map<TestIo, Consumer<TestIo>> out = new LinkedHashMap<>();
    /** Whether I/O may fail: the power is off. */
    private boolean failures;

    private long hot;

    RowLoad(TestCore core, Random random, List<TestChannel> channels, BlockModel model) {
        this.core = core;
        this.random = random;
        this.channels = channels;
        this.model = model;
        this.unit = Math.max(1, channels.get(0).channel().bdev().limits().writeUnitBlocks());
        this.blocks = channels.get(0).channel().bdev().numBlocks();
        this.hot = blocks / unit;
    }

    RowLoad expectFailures(boolean expected) {
        failures = expected;
        return this;
    }

    /** Keeps to the first write units, so that regions become idle in between. */
    RowLoad within(long units) {
        hot = Math.min(units, blocks / unit);
        return this;
    }

    void start(int count) {
        for (int i = 0; i < count; i++) {
            startOne();
        }
    }

    void run(int count, int depth) {
        for (int i = 0; i < count; i++) {
            if (out.size() >= depth) {
                core.until("one of " + out.keySet(), () -> out.keySet().stream().anyMatch(TestIo::isDone));
                reap();
            }
            startOne();
        }
        drain();
    }

    void drain() {
        core.until("all of " + out.keySet(), () -> out.keySet().stream().allMatch(TestIo::isDone));
        reap();
    }

    void readAll() {
        drain();
        for (long at = 0; at < blocks; at += 16) {
            read(at, Math.min(16, blocks - at));
        }
        drain();
    }

    private void startOne() {
        int what = random.nextInt(10);
        if (what == 0) {
            BlockModel.FlushPoint point = model.flushing();
            begin(IoRequest.flush(), io -> {
                if (succeeded(io)) {
                    model.flushed(point);
                }
            });
            return;
        }
        long units = 1 + random.nextLong(unit > 1 ? 2 : 12);
        long first = random.nextLong(hot) * unit;
        long length = Math.min(units * unit, blocks / unit * unit - first);
        if (what < 3) {
            read(first, length);
        } else if (lock(first, length)) {
            byte[] data = null;
            IoRequest request = IoRequest.writeZeroes(first, length);
            if (what > 3) {
                data = new byte[(int) length * 512];
                random.nextBytes(data);
                request = IoRequest.write(first, length, data);
            }
            byte[] content = data;
            model.writing(first, length, content);
            begin(request, io -> {
                unlock(first, length);
                if (succeeded(io)) {
                    model.written(first, length, content);
                } else {
                    model.failed(first, length, content);
                }
            });
        }
    }

    private void read(long first, long length) {
        if (lock(first, length)) {
            begin(IoRequest.read(first, length), io -> {
                unlock(first, length);
                if (succeeded(io)) {
                    String wrong = model.check(first, length, io.data());
                    if (wrong != null) {
                        throw new AssertionError(io + ": " + wrong);
                    }
                }
            });
        }
    }

    private void begin(IoRequest request, Consumer<TestIo> effect) {
        out.put(channels.get(random.nextInt(channels.size())).start(request), effect);
    }

    private boolean succeeded(TestIo io) {
        IoStatus status = io.status();
        if (status != null && status.isSuccess()) {
            return true;
        }
        if (!failures) {
            throw new AssertionError(io + " failed");
        }
        return false;
    }

    private void reap() {
        List<TestIo> over = new ArrayList<>();
        for (Iterator<TestIo> each = out.keySet().iterator(); each.hasNext(); ) {
            TestIo io = each.next();
            if (io.isDone()) {
                over.add(io);
            }
        }
        over.forEach(io -> out.remove(io).accept(io));
    }

    private boolean lock(long first, long length) {
        int next = busy.nextSetBit((int) first);
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
