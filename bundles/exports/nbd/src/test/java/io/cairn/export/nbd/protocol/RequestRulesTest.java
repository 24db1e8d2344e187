package io.cairn.export.nbd.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** Which requests are let through. */
class RequestRulesTest {
    private static final int ALL =
            Nbd.HAS_FLAGS | Nbd.SEND_FLUSH | Nbd.SEND_FUA | Nbd.SEND_TRIM | Nbd.SEND_WRITE_ZEROES | Nbd.SEND_FAST_ZERO;
    private static final long SIZE = 64 << 20;

    private static RequestFault check(
            ExportInfo export, boolean structured, int command, int flags, long offset, int length) {
        RequestHeader header = new RequestHeader();
        assertThat(header.decode(
                        ByteBuffer.allocate(28)
                                .putInt(Nbd.REQUEST_MAGIC)
                                .putShort((short) flags)
                                .putShort((short) command)
                                .putLong(7)
                                .putLong(offset)
                                .putInt(length),
                        0))
                .isTrue();
        return new RequestRules(new Selection(export, structured, structured)).check(header);
    }

    private static ExportInfo export(int flags, boolean fast) {
        return new ExportInfo("x", "", SIZE, flags, 512, 512, fast);
    }

    private static RequestFault check(int command, int flags, long offset, int length) {
        return check(export(ALL, true), true, command, flags, offset, length);
    }

    @Test
    void lengthsAndOffsets() {
        assertThat(check(Nbd.CMD_READ, 0, 0, 4096)).isNull();
        assertThat(check(Nbd.CMD_READ, 0, SIZE - 512, 512)).isNull();
        assertThat(check(Nbd.CMD_READ, 0, SIZE, 0)).isNull();
        assertThat(check(Nbd.CMD_READ, 0, SIZE, 512)).isEqualTo(RequestFault.BEYOND_END);
        assertThat(check(Nbd.CMD_WRITE, 0, SIZE - 512, 1024)).isEqualTo(RequestFault.BEYOND_END);
        assertThat(check(Nbd.CMD_TRIM, 0, SIZE - 512, -512)).isEqualTo(RequestFault.BEYOND_END);
        assertThat(check(Nbd.CMD_CACHE, 0, -512, 512)).isEqualTo(RequestFault.BEYOND_END);
        assertThat(check(Nbd.CMD_READ, 0, Long.MAX_VALUE - 511, 1024)).isEqualTo(RequestFault.BEYOND_END);
        assertThat(check(Nbd.CMD_READ, 0, 1, 512)).isEqualTo(RequestFault.UNALIGNED);
        assertThat(check(Nbd.CMD_WRITE, 0, 512, 100)).isEqualTo(RequestFault.UNALIGNED);
        assertThat(check(Nbd.CMD_READ, 0, 0, 32 << 20)).isNull();
        assertThat(check(Nbd.CMD_READ, 0, 0, (32 << 20) + 512)).isEqualTo(RequestFault.TOO_LONG);
        assertThat(check(Nbd.CMD_WRITE, 0, 0, -1)).isEqualTo(RequestFault.TOO_LONG);
        assertThat(check(Nbd.CMD_TRIM, 0, 0, (int) SIZE)).isNull();
        assertThat(check(Nbd.CMD_WRITE_ZEROES, 0, 0, (int) SIZE)).isNull();
    }

    @Test
    void writesAreOfWholeUnitsAndReadsOfBlocks() {
        ExportInfo stripes = new ExportInfo("x", "", 1000 * 12_288, ALL, 512, 12_288, false);
        for (int command : new int[] {Nbd.CMD_WRITE, Nbd.CMD_WRITE_ZEROES}) {
            assertThat(check(stripes, true, command, 0, 5 * 12_288, 2 * 12_288)).isNull();
            assertThat(check(stripes, true, command, 0, 5 * 12_288, 4096)).isEqualTo(RequestFault.PARTIAL_UNIT);
            assertThat(check(stripes, true, command, 0, 4096, 12_288)).isEqualTo(RequestFault.PARTIAL_UNIT);
            assertThat(check(stripes, true, command, 0, 512, 100)).isEqualTo(RequestFault.UNALIGNED);
        }
        for (int command : new int[] {Nbd.CMD_READ, Nbd.CMD_CACHE, Nbd.CMD_BLOCK_STATUS, Nbd.CMD_TRIM}) {
            assertThat(check(stripes, true, command, 0, 4096, 512)).isNull();
        }
    }

    @Test
    void aWriteUnitThatTheProtocolCanSayIsTheMinimumBlockSize() {
        assertThat(sizes(ALL, 512)).containsExactly(512, 4096);
        assertThat(sizes(ALL, 8192)).containsExactly(8192, 8192);
        assertThat(sizes(ALL, 65_536)).containsExactly(65_536, 65_536);
        assertThat(sizes(ALL | Nbd.READ_ONLY, 65_536)).containsExactly(512, 4096);
        assertThat(sizes(ALL, 1 << 20)).as("too large for a minimum").containsExactly(512, 1 << 20);
        assertThat(sizes(ALL, 12_288)).as("no power of two").containsExactly(512, 4096);
        assertThat(sizes(ALL, SIZE)).as("larger than a request").containsExactly(512, 4096);
    }

    private static int[] sizes(int flags, long writeUnit) {
        ExportInfo export = new ExportInfo("x", "", SIZE, flags, 512, writeUnit, false);
        return new int[] {export.minimumBlockSize(), export.preferredBlockSize()};
    }

    @Test
    void flags() {
        assertThat(check(Nbd.CMD_READ, Nbd.CMD_FLAG_DF, 0, 1 << 20)).isNull();
        assertThat(check(Nbd.CMD_READ, Nbd.CMD_FLAG_DF, 0, 2 << 20)).isEqualTo(RequestFault.TOO_LONG_FOR_ONE_CHUNK);
        assertThat(check(export(ALL, true), false, Nbd.CMD_READ, Nbd.CMD_FLAG_DF, 0, 512))
                .isEqualTo(RequestFault.BAD_FLAGS);
        for (int command = Nbd.CMD_READ; command <= Nbd.CMD_BLOCK_STATUS; command++) {
            if (command != Nbd.CMD_DISC) {
                int length = command == Nbd.CMD_FLUSH ? 0 : 512;
                assertThat(check(command, Nbd.CMD_FLAG_FUA, 0, length)).isNull();
                assertThat(check(command, 1 << 9, 0, length)).isEqualTo(RequestFault.BAD_FLAGS);
            }
        }
        assertThat(check(export(Nbd.HAS_FLAGS, true), true, Nbd.CMD_WRITE, Nbd.CMD_FLAG_FUA, 0, 512))
                .isEqualTo(RequestFault.BAD_FLAGS);
        assertThat(check(Nbd.CMD_TRIM, Nbd.CMD_FLAG_NO_HOLE, 0, 512)).isEqualTo(RequestFault.BAD_FLAGS);
        assertThat(check(Nbd.CMD_BLOCK_STATUS, Nbd.CMD_FLAG_REQ_ONE, 0, 512)).isNull();
    }

    @Test
    void whatIsNotOffered() {
        ExportInfo bare = export(Nbd.HAS_FLAGS, false);
        assertThat(check(bare, true, Nbd.CMD_FLUSH, 0, 0, 0)).isEqualTo(RequestFault.NOT_OFFERED);
        assertThat(check(bare, true, Nbd.CMD_TRIM, 0, 0, 512)).isEqualTo(RequestFault.NOT_OFFERED);
        assertThat(check(bare, true, Nbd.CMD_WRITE_ZEROES, 0, 0, 512)).isEqualTo(RequestFault.NOT_OFFERED);
        assertThat(check(bare, false, Nbd.CMD_BLOCK_STATUS, 0, 0, 512)).isEqualTo(RequestFault.NO_CONTEXT);
        assertThat(check(bare, true, Nbd.CMD_BLOCK_STATUS, 0, 0, 0)).isEqualTo(RequestFault.EMPTY);
        assertThat(check(bare, true, 99, 0, 0, 0)).isEqualTo(RequestFault.UNKNOWN_COMMAND);
        assertThat(check(Nbd.CMD_FLUSH, 0, 512, 0)).isEqualTo(RequestFault.RESERVED);
    }

    @Test
    void readOnly() {
        ExportInfo readOnly = export(Nbd.HAS_FLAGS | Nbd.READ_ONLY, false);
        assertThat(check(readOnly, true, Nbd.CMD_WRITE, 0, 0, 512)).isEqualTo(RequestFault.READ_ONLY);
        assertThat(check(readOnly, true, Nbd.CMD_TRIM, 0, 0, 512)).isEqualTo(RequestFault.READ_ONLY);
        assertThat(check(readOnly, true, Nbd.CMD_WRITE_ZEROES, 0, 0, 512)).isEqualTo(RequestFault.READ_ONLY);
        assertThat(RequestFault.READ_ONLY.error()).isEqualTo(Nbd.EPERM);
    }

    @Test
    void fastZeroes() {
        assertThat(check(Nbd.CMD_WRITE_ZEROES, Nbd.CMD_FLAG_FAST_ZERO, 0, 512)).isNull();
        assertThat(check(Nbd.CMD_WRITE_ZEROES, Nbd.CMD_FLAG_FAST_ZERO | Nbd.CMD_FLAG_NO_HOLE, 0, 512))
                .isEqualTo(RequestFault.NOT_FAST);
        assertThat(check(export(ALL, false), true, Nbd.CMD_WRITE_ZEROES, Nbd.CMD_FLAG_FAST_ZERO, 0, 512))
                .isEqualTo(RequestFault.NOT_FAST);
        assertThat(check(
                        export(ALL & ~Nbd.SEND_FAST_ZERO, false),
                        true,
                        Nbd.CMD_WRITE_ZEROES,
                        Nbd.CMD_FLAG_FAST_ZERO,
                        0,
                        512))
                .isEqualTo(RequestFault.BAD_FLAGS);
    }

    @Property
    void nothingPassesThatReachesOutside(
            @ForAll @IntRange(max = 8) int command, @ForAll int flags, @ForAll long offset, @ForAll int length) {
        if (check(command, flags & 0x1f, offset & ~511L, length & ~511) == null && command != Nbd.CMD_FLUSH) {
            assertThat(offset & ~511L).isBetween(0L, SIZE);
            assertThat((offset & ~511L) + Integer.toUnsignedLong(length & ~511)).isBetween(0L, SIZE);
        }
    }
}
