package io.cairn.bdev.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.OpenMode;
import io.cairn.reactor.Errno;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SimDiskTest {
    private static byte[] blocks(int count, int fill) {
        byte[] bytes = new byte[count * 512];
        Arrays.fill(bytes, (byte) fill);
        return bytes;
    }

    @Test
    void aCutKeepsWhatWasFlushedAndTearsTheRestBlockByBlock() {
        Set<Boolean> survived = new HashSet<>();
        for (long seed = 1; seed <= 5; seed++) {
            try (TestCore core = TestCore.simulated(seed, 2)) {
                SimDisk disk = core.disk("d", 512, 64);
                TestChannel channel = core.open("d", OpenMode.WRITE).channel();
                channel.write(0, blocks(32, 1));
                channel.flush();
                channel.write(0, blocks(16, 2));
                assertThat(channel.read(0, 16))
                        .as("before the cut the newest is read")
                        .isEqualTo(blocks(16, 2));

                core.await(disk.cutPower());
                assertThat(channel.run(IoRequest.read(0, 1)).status().isSuccess())
                        .isFalse();
                disk.powerOn();

                assertThat(channel.read(16, 16))
                        .as("flushed and not written again")
                        .isEqualTo(blocks(16, 1));
                for (int block = 0; block < 16; block++) {
                    byte[] found = channel.read(block, 1);
                    assertThat(found).isIn(blocks(1, 1), blocks(1, 2));
                    survived.add(Arrays.equals(found, blocks(1, 2)));
                }
            }
        }
        assertThat(survived).as("some blocks survive and some do not").containsExactlyInAnyOrder(true, false);
    }

    @Test
    void aWriteThatIsOutAtTheCutMayBeThereInPart() {
        Set<Boolean> arrived = new HashSet<>();
        for (long seed = 1; seed <= 5; seed++) {
            try (TestCore core = TestCore.simulated(seed, 1)) {
                SimDisk disk = core.disk("d", 512, 64);
                TestChannel channel = core.open("d", OpenMode.WRITE).channel();
                disk.holdAll();
                TestIo write = channel.start(IoRequest.write(0, 16, blocks(16, 3)));
                core.until("the write", () -> disk.held() == 1);
                core.await(disk.cutPower());
                core.until("its failure", write::isDone);
                assertThat(write.status().isSuccess()).isFalse();
                disk.powerOn();
                for (int block = 0; block < 16; block++) {
                    arrived.add(Arrays.equals(channel.read(block, 1), blocks(1, 3)));
                }
            }
        }
        assertThat(arrived).containsExactlyInAnyOrder(true, false);
    }

    @Test
    void aMediumOutlivesItsCore() {
        SimMedium medium = new SimMedium(512);
        try (TestCore core = TestCore.simulated(1, 1)) {
            core.disk(SimSettings.of("d", 512, 8), medium);
            TestChannel channel = core.open("d", OpenMode.WRITE).channel();
            channel.write(3, blocks(1, 7));
            channel.flush();
        }
        try (TestCore core = TestCore.simulated(2, 1)) {
            core.disk(SimSettings.of("again", 512, 8), medium);
            assertThat(core.open("again", OpenMode.READ).channel().read(3, 1)).isEqualTo(blocks(1, 7));
        }
    }

    @Test
    void completionsOvertakeEachOther() {
        try (TestCore core = TestCore.simulated(3, 1)) {
            core.disk("d", 512, 64);
            TestChannel channel = core.open("d", OpenMode.READ).channel();
            List<TestIo> order = new ArrayList<>();
            List<TestIo> started = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                TestIo io = channel.start(IoRequest.read(i, 1));
                started.add(io);
                io.done().thenAccept(order::add);
            }
            core.until("all", () -> order.size() == 20);
            assertThat(order).isNotEqualTo(started).containsExactlyInAnyOrderElementsOf(started);
        }
    }

    @Test
    void faultsHitTheirTypeAndRangeSoManyTimes() {
        try (TestCore core = TestCore.simulated(4, 1)) {
            SimDisk disk = core.disk("d", 512, 64);
            TestChannel channel = core.open("d", OpenMode.WRITE).channel();
            disk.inject(new SimFault(Set.of(IoType.WRITE), 10, 5, 2, IoStatus.NO_SPACE));
            channel.write(0, blocks(10, 1));
            channel.write(15, blocks(1, 1));
            channel.read(10, 5);
            assertThat(channel.run(IoRequest.write(9, 2, blocks(2, 1))).status())
                    .isSameAs(IoStatus.NO_SPACE);
            assertThatThrownBy(() -> channel.write(14, blocks(1, 1))).isInstanceOf(IoFailure.class);
            channel.write(14, blocks(1, 1));
            core.assertNoViolations();
        }
    }

    @Test
    void aDiskThatIsPulledOutFailsWhatItHas() {
        try (TestCore core = TestCore.simulated(5, 1)) {
            SimDisk disk = core.disk("d", 512, 64);
            TestDescriptor open = core.open("d", OpenMode.READ);
            disk.holdAll();
            TestIo read = open.channel().start(IoRequest.read(0, 1));
            core.until("the read", () -> disk.held() == 1);
            core.await(disk.yank());
            assertThat(read.status().errno()).isEqualTo(Errno.ENODEV);
            assertThat(open.isClosed()).isTrue();
            assertThat(disk.destructs()).isEqualTo(1);
            core.assertNothingOut();
            core.assertNoViolations();
        }
    }

    @Test
    void whatGoesBeyondItsLimitsIsAViolation() {
        try (TestCore core = TestCore.simulated(6, 1)) {
            SimDisk disk = core.disk("d", 512, 64);
            TestChannel channel = core.open("d", OpenMode.READ).channel();
            TestIo lost = channel.start(IoRequest.read(0, 1));
            disk.holdAll();
            core.step(1);
            core.violation("planted");
            assertThatThrownBy(core::assertNoViolations)
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("planted")
                    .hasMessageContaining("-Dcairn.seed=6");
            disk.release();
            core.until("the read", lost::isDone);
        }
    }

    @Test
    void waitingInsideAConditionIsRefused() {
        try (TestCore core = TestCore.simulated(7, 1)) {
            assertThatThrownBy(
                            () -> core.until("a bdev", () -> core.find("none").isPresent()))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("it may only look");
        }
    }
}
