package io.cairn.module.raid.format;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.module.raid.level.RaidLevel;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReservedTest {
    @ParameterizedTest
    @CsvSource({
        // block size, unit, copy A, copy B, intents, their bytes, journal
        "512, 4096, 65536, 69632, 73728, 32768, 106496",
        "4096, 4096, 65536, 69632, 73728, 32768, 106496",
        "8192, 8192, 65536, 73728, 81920, 32768, 114688",
        "65536, 65536, 65536, 131072, 196608, 65536, 262144",
        "1536, 4608, 66048, 70656, 75264, 36864, 112128"
    })
    void thingsAreWhereTheTableHasThem(int blockSize, int unit, long a, long b, long bitmap, int bytes, long journal) {
        Reserved reserved = new Reserved(blockSize, 0, 2048);

        assertThat(reserved.unit()).isEqualTo(unit);
        assertThat(reserved.extensionOffset(0)).isEqualTo(a);
        assertThat(reserved.extensionOffset(1)).isEqualTo(b);
        assertThat(reserved.bitmapOffset()).isEqualTo(bitmap);
        assertThat(reserved.bitmapBytes()).isEqualTo(bytes);
        assertThat(reserved.journalOffset()).isEqualTo(journal);
        assertThat(reserved.journalSlots()).isZero();
    }

    @Test
    void journalSlotsAreAHeaderAndAStrip() {
        Reserved reserved = new Reserved(512, 64, 2048);

        assertThat(reserved.journalSlotBytes()).isEqualTo(4096 + 32768);
        assertThat(reserved.journalSlotOffset(0)).isEqualTo(106496);
        assertThat(reserved.journalSlotOffset(2)).isEqualTo(106496 + 2 * 36864);
        assertThat(reserved.journalSlots())
                .isEqualTo((1048576 - 106496) / 36864)
                .isEqualTo(25);
    }

    @ParameterizedTest
    @CsvSource({
        // level, block size, strip, boundary, data offset in blocks
        "RAID1, 512, 0, 0, 2048",
        "RAID0, 4096, 16, 0, 256",
        "CONCAT, 4096, 16, 0, 256",
        "RAID5F, 512, 64, 0, 2048",
        "RAID1, 65536, 0, 0, 16",
        "RAID1, 512, 0, 3000, 3000",
        "RAID1, 512, 0, 1024, 2048",
        "RAID1, 512, 0, 1000, 3000",
        // four slots of 4 KiB + 1 MiB behind 104 KiB
        "RAID5F, 512, 2048, 0, 8432",
        "RAID5F, 4096, 256, 100, 1100",
        "RAID0, 512, 2048, 0, 2048"
    })
    void dataBeginsWhereThereIsRoomInFront(RaidLevel level, int blockSize, long strip, long boundary, long expected) {
        assertThat(Reserved.newDataOffset(level, blockSize, strip, boundary)).isEqualTo(expected);
    }

    @Property(tries = 500)
    void everythingIsWholeBlocksAndFitsWhereWeChoose(
            @ForAll @IntRange(min = 1, max = 128) int sectors,
            @ForAll @LongRange(min = 1, max = 5000) long strip,
            @ForAll @LongRange(max = 5000) long boundary) {
        int blockSize = sectors * 512;
        long dataOffset = Reserved.newDataOffset(RaidLevel.RAID5F, blockSize, strip, boundary);
        Reserved reserved = new Reserved(blockSize, strip, dataOffset);

        assertThat(reserved.hasRoomForRecord()).isTrue();
        assertThat(reserved.journalSlots()).isGreaterThanOrEqualTo(4);
        assertThat(reserved.journalSlotOffset(reserved.journalSlots())).isLessThanOrEqualTo(dataOffset * blockSize);
        assertThat(dataOffset * blockSize).isGreaterThanOrEqualTo(1 << 20);
        assertThat(dataOffset % Math.max(1, boundary)).isZero();
        assertThat(reserved.extensionOffset(0))
                .isGreaterThanOrEqualTo(SuperblockCodec.MAX_BYTES)
                .isGreaterThanOrEqualTo(65536);
        for (long offset : new long[] {
            reserved.unit(),
            reserved.extensionOffset(0),
            reserved.extensionOffset(1),
            reserved.bitmapOffset(),
            reserved.bitmapBytes(),
            reserved.journalSlotOffset(1)
        }) {
            assertThat(offset % blockSize).isZero();
        }
        assertThat(reserved.unit()).isGreaterThanOrEqualTo(4096);
        assertThat(reserved.journalSlotBytes() - reserved.unit()).isGreaterThanOrEqualTo(strip * blockSize);
    }

    @Test
    void anAreaThatSpdkMadeSmallerMayHaveNoRoom() {
        assertThat(new Reserved(512, 0, 208).hasRoomForRecord()).isTrue();
        assertThat(new Reserved(512, 0, 207).hasRoomForRecord()).isFalse();
        assertThat(new Reserved(512, 64, 0).hasRoomForRecord()).isFalse();
        assertThat(new Reserved(512, 64, 0).journalSlots()).isZero();
        assertThat(new Reserved(512, 64, 208).journalSlots()).isZero();
        assertThat(new Reserved(512, 64, 208 + 72).journalSlots()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({
        // rows, block size, rows in a region
        "1, 512, 2048",
        "536870912, 512, 2048",
        "536870913, 512, 4096",
        "100, 4096, 256",
        "100, 1536, 1024",
        "100, 65536, 16",
        "0, 512, 2048",
        "9223372036854513664, 512, 35184372088832"
    })
    void regionsAreAMebibyteOrTheirNumberIsBounded(long rows, int blockSize, long expected) {
        long regionRows = Reserved.regionRows(rows, blockSize);

        assertThat(regionRows).isEqualTo(expected);
        assertThat((rows - 1) / regionRows + 1).isLessThanOrEqualTo(1 << 18);
    }
}
