package io.cairn.module.raid.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.zip.CRC32C;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** The draft of a superblock: as bytes, and what it says of a superblock with blocks of two writes. */
class SuperblockDraftTest {
    private static final int BLOCK = 512;
    private static final byte[] OLD = bytes(1, 3 * BLOCK);
    private static final byte[] NEW = bytes(2, 2 * BLOCK + 100);

    @Test
    void isEncodedFieldByField() {
        byte[] record = SuperblockDraft.of(NEW, OLD, BLOCK).encode();

        ByteBuffer in = ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(Arrays.copyOf(record, 8)).asString().isEqualTo("CAIRNDRF");
        assertThat(in.getInt(8)).isEqualTo(record.length).isEqualTo(256 + NEW.length);
        assertThat(in.getInt(12)).isEqualTo(Checksum.withHole(record, record.length, 12));
        assertThat(in.getInt(16)).isEqualTo(BLOCK);
        assertThat(Arrays.copyOfRange(record, 20, 64)).containsOnly(0);
        for (int block = 0; block < 3; block++) {
            CRC32C crc = new CRC32C();
            crc.update(OLD, block * BLOCK, BLOCK);
            assertThat(in.getInt(64 + 4 * block)).isEqualTo((int) crc.getValue());
        }
        assertThat(Arrays.copyOfRange(record, 76, 256)).containsOnly(0);
        assertThat(Arrays.copyOfRange(record, 256, record.length)).isEqualTo(NEW);
    }

    @Test
    void knowsEveryMixtureOfTheTwoWritesAndNothingElse() {
        SuperblockDraft draft =
                read(SuperblockDraft.of(NEW, OLD, BLOCK).encode()).orElseThrow();
        assertThat(draft.superblock()).isEqualTo(NEW);

        byte[] whole = Arrays.copyOf(NEW, 3 * BLOCK);
        for (int mixture = 0; mixture < 8; mixture++) {
            byte[] found = OLD.clone();
            for (int block = 0; block < 3; block++) {
                if ((mixture >> block & 1) == 1) {
                    System.arraycopy(whole, block * BLOCK, found, block * BLOCK, BLOCK);
                }
            }
            assertThat(draft.isTornIn(found)).as("mixture %s", mixture).isEqualTo(mixture != 0);
            for (int block = 0; block < 3; block++) {
                byte[] damaged = found.clone();
                damaged[block * BLOCK + 77] ^= 4;
                assertThat(draft.isTornIn(damaged))
                        .as("mixture %s, damaged in block %s", mixture, block)
                        .isFalse();
            }
        }
    }

    @Property(tries = 300)
    void oneThatIsDamagedIsNone(@ForAll @IntRange(max = 3 * BLOCK) int at, @ForAll @IntRange(max = 7) int bit) {
        byte[] record = SuperblockDraft.of(NEW, OLD, BLOCK).encode();
        record[at % record.length] ^= (byte) (1 << bit);

        assertThat(read(record)).isEmpty();
    }

    @Test
    void oneOfOtherBlocksIsNone() {
        byte[] record = SuperblockDraft.of(NEW, OLD, BLOCK).encode();

        assertThat(SuperblockDraft.decode(Arrays.copyOf(record, SuperblockDraft.MAX_BYTES), 4096))
                .isEmpty();
        assertThat(read(new byte[0])).isEmpty();
    }

    @Test
    void isNeededWhereASuperblockIsInSeveralBlocks() {
        assertThat(SuperblockDraft.isNeeded(new byte[512], 512)).isFalse();
        assertThat(SuperblockDraft.isNeeded(new byte[576], 512)).isTrue();
        assertThat(SuperblockDraft.isNeeded(new byte[576], 4096)).isFalse();
    }

    /** The area between the superblock and the extension has room for it, whatever the block size is, or the superblock is in one block. */
    @Property(tries = 2000)
    void hasItsPlace(@ForAll @IntRange(min = 512, max = 70_000) int blockSize) {
        long at = Reserved.draftOffset(blockSize);

        assertThat(at % blockSize).isZero();
        assertThat(Reserved.draftBytes(blockSize) % blockSize).isZero();
        assertThat(Reserved.draftBytes(blockSize)).isGreaterThanOrEqualTo(SuperblockDraft.MAX_BYTES);
        if (blockSize < SuperblockCodec.MAX_BYTES) {
            assertThat(at)
                    .isGreaterThanOrEqualTo(SuperblockDraft.blockBytes(new byte[SuperblockCodec.MAX_BYTES], blockSize));
            assertThat(at + Reserved.draftBytes(blockSize))
                    .isLessThanOrEqualTo(new Reserved(blockSize, 0, 0).extensionOffset(0));
        }
    }

    private static Optional<SuperblockDraft> read(byte[] record) {
        return SuperblockDraft.decode(Arrays.copyOf(record, SuperblockDraft.MAX_BYTES), BLOCK);
    }

    private static byte[] bytes(int seed, int length) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }
}
