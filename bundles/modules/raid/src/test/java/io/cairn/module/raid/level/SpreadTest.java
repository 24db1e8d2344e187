package io.cairn.module.raid.level;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.IoRequest;
import io.cairn.bdev.testkit.SimDisk;
import io.cairn.bdev.testkit.SimFault;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.bdev.testkit.TestDescriptor;
import io.cairn.bdev.testkit.TestIo;
import io.cairn.module.raid.level.FixedArrays.FixedArray;
import io.cairn.module.raid.level.FixedArrays.Plan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Where the levels without redundancy put what, and in how many pieces. */
class SpreadTest {
    private final TestCore core = TestCore.simulated(3, 2);
    private final FixedArrays module = new FixedArrays();
    private final List<SimDisk> disks = new ArrayList<>();
    private FixedArray array;
    private TestDescriptor open;

    private void start(RaidLevel level, long... blocks) {
        core.add(module);
        List<String> names = new ArrayList<>();
        for (int i = 0; i < blocks.length; i++) {
            names.add("d" + i);
            disks.add(core.disk("d" + i, 512, FixedArrays.DATA_OFFSET + blocks[i]));
        }
        array = core.awaitOnApp(() -> module.create("array", Plan.of(level), names));
        open = core.open("array", OpenMode.WRITE);
    }

    @AfterEach
    void end() {
        open.close();
        core.settle();
        core.assertNoViolations();
        core.assertNothingOut();
        core.close();
    }

    private static byte[] noise(long blocks) {
        byte[] data = new byte[512 * (int) blocks];
        new Random(5).nextBytes(data);
        return data;
    }

    private byte[] onDisk(int slot, long row) {
        return disks.get(slot).medium().read(FixedArrays.DATA_OFFSET + row);
    }

    private static byte[] block(byte[] data, long block) {
        return Arrays.copyOfRange(data, (int) block * 512, (int) block * 512 + 512);
    }

    @Test
    void stripsGoRound() {
        // whole strips of the smallest member count
        start(RaidLevel.RAID0, 14, 13, 40);
        assertThat(open.bdev().numBlocks()).isEqualTo(36);
        byte[] data = noise(36);
        open.channel().write(0, data);
        for (long block = 0; block < 36; block++) {
            long strip = block / 4;
            assertThat(onDisk((int) (strip % 3), strip / 3 * 4 + block % 4))
                    .as("block %s", block)
                    .isEqualTo(block(data, block));
        }
        assertThat(open.channel().read(0, 36)).isEqualTo(data);
        assertThat(disks).allSatisfy(disk -> {
            assertThat(disk.given(IoType.WRITE)).isEqualTo(1);
            assertThat(disk.given(IoType.READ)).isEqualTo(1);
        });
    }

    @Test
    void oneMemberGoesBehindTheOther() {
        start(RaidLevel.CONCAT, 14, 9, 4);
        assertThat(open.bdev().numBlocks()).isEqualTo(12 + 8 + 4);
        byte[] data = noise(24);
        open.channel().write(0, data);
        for (long block = 0; block < 24; block++) {
            int slot = block < 12 ? 0 : block < 20 ? 1 : 2;
            long row = block - new long[] {0, 12, 20}[slot];
            assertThat(onDisk(slot, row)).as("block %s", block).isEqualTo(block(data, block));
        }
        assertThat(open.channel().read(11, 10)).isEqualTo(Arrays.copyOfRange(data, 11 * 512, 21 * 512));
        assertThat(disks.get(1).given(IoType.READ)).isEqualTo(1);
    }

    @Test
    void whatIsUnmappedIsOneRangeOnEachMember() {
        start(RaidLevel.RAID0, 40, 40, 40);
        byte[] data = noise(120);
        open.channel().write(0, data);
        open.channel().unmap(3, 98);
        open.channel().writeZeroes(102, 3);
        assertThat(disks)
                .allSatisfy(disk -> assertThat(disk.given(IoType.UNMAP)).isEqualTo(1));
        byte[] expected = data.clone();
        Arrays.fill(expected, 3 * 512, 101 * 512, (byte) 0);
        Arrays.fill(expected, 102 * 512, 105 * 512, (byte) 0);
        assertThat(open.channel().read(0, 120)).isEqualTo(expected);
    }

    @Test
    void anErrorOfAMemberIsToldWithItsDetailAndCounted() {
        start(RaidLevel.RAID0, 40, 40);
        IoStatus status = IoStatus.nvme(2, 0x81);
        disks.get(1).inject(SimFault.next(2, IoType.READ, status));
        TestIo within = open.channel().run(IoRequest.read(5, 1));
        TestIo across = open.channel().run(IoRequest.read(0, 16));
        assertThat(within.status()).isSameAs(status);
        assertThat(across.status()).isSameAs(status);
        assertThat(array.events).containsExactly("error 1 READ", "error 1 READ");
        assertThat(open.channel().run(IoRequest.read(0, 16)).status()).isEqualTo(IoStatus.SUCCESS);
    }
}
