package io.cairn.module.raid.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.module.raid.format.Extension.ProcessState;
import io.cairn.module.raid.format.Extension.Scrub;
import io.cairn.module.raid.format.Extension.Target;
import io.cairn.module.raid.format.ExtensionRead.Found;
import io.cairn.module.raid.format.ExtensionRead.NoExtension;
import io.cairn.module.raid.format.ExtensionRead.Refused;
import io.cairn.module.raid.level.LostRows;
import io.cairn.module.raid.level.RegionSet;
import io.cairn.module.raid.level.RowRanges;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.zip.CRC32C;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Extension, intents and journal entries as bytes. */
class RecordCodecsTest {
    private static final UUID ARRAY = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");
    private static final UUID BDEV = UUID.fromString("a0a1a2a3-a4a5-a6a7-a8a9-aaabacadaeaf");
    private static final byte[] NOTHING = new byte[4096];

    private static final Extension FULL = new Extension(
            ARRAY,
            0x0102030405060708L,
            0x1112131415161718L,
            0x0102030405060707L,
            0x0102030405060709L,
            2048,
            0x00031415,
            Optional.of(
                    new ProcessState(ProcessKind.REBUILD, Optional.of(new Target(3, BDEV)), 0x2122232425262728L, 5)),
            Optional.of(new Scrub(Instant.ofEpochMilli(0x0000019a_12345678L), 9, true)),
            true,
            true,
            LostRows.NONE);

    private static final Extension PLAIN =
            new Extension(ARRAY, 7, 2, 7, 2048, 1000, Optional.empty(), Optional.empty());

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            0   | 434149524e455854
            8   | 01000100
            12  | 00010000
            20  | 00000000
            24  | 00112233445566778899aabbccddeeff
            40  | 1817161514131211
            48  | 0807060504030201
            56  | 0907060504030201
            64  | 0008000000000000
            72  | 15140300
            76  | 01000000
            80  | 1f000000
            84  | 03000000
            88  | a0a1a2a3a4a5a6a7a8a9aaabacadaeaf
            104 | 2827262524232221
            112 | 0500000000000000
            120 | 785634129a010000
            128 | 0900000000000000
            136 | 0000000000000000
            144 | 0707060504030201
            """)
    void theExtensionIsWhatItsTableSays(int offset, String hex) {
        byte[] record = ExtensionCodec.encode(FULL);

        assertThat(record).hasSize(256);
        assertThat(hexAt(record, offset, hex.length() / 2)).isEqualTo(hex);
        assertThat(intAt(record, 16)).isEqualTo(crcWithHole(record, 16));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            0  | 434149524e4a524e
            8  | 80000000
            16 | 00112233445566778899aabbccddeeff
            32 | 0807060504030201
            40 | 1817161514131211
            48 | 1017161514131211
            56 | 2827262524232221
            64 | 02000000
            68 | 00000200
            72 | efbeadde
            76 | 00000000
            """)
    void theJournalEntryIsWhatItsTableSays(int offset, String hex) {
        byte[] record = JournalEntryCodec.encode(ENTRY);

        assertThat(record).hasSize(128);
        assertThat(hexAt(record, offset, hex.length() / 2)).isEqualTo(hex);
        assertThat(intAt(record, 12)).isEqualTo(crcWithHole(record, 12));
    }

    private static final JournalEntry ENTRY = new JournalEntry(
            ARRAY,
            0x0102030405060708L,
            0x1112131415161718L,
            0x1112131415161710L,
            0x2122232425262728L,
            2,
            0x20000,
            0xdeadbeef);

    @ParameterizedTest
    @EnumSource(ProcessKind.class)
    void everyProcessComesBack(ProcessKind kind) {
        Extension extension = withProcess(new ProcessState(kind, Optional.empty(), 12, 3));

        assertThat(ExtensionCodec.decode(unit(extension), NOTHING, ARRAY)).isEqualTo(new Found(extension, 0));
        assertThat(ProcessKind.ofDiskCode(kind.diskCode())).contains(kind);
    }

    @Test
    void ofTwoCopiesTheNewerCounts() {
        assertThat(ExtensionCodec.decode(NOTHING, NOTHING, ARRAY)).isEqualTo(new NoExtension());
        assertThat(ExtensionCodec.decode(unit(PLAIN), unit(FULL), ARRAY)).isEqualTo(new Found(FULL, 1));
        assertThat(ExtensionCodec.decode(unit(FULL), unit(PLAIN), ARRAY)).isEqualTo(new Found(FULL, 0));
        assertThat(ExtensionCodec.decode(NOTHING, unit(PLAIN), ARRAY)).isEqualTo(new Found(PLAIN, 1));
        assertThat(new Found(PLAIN, 1).nextCopy()).isZero();
    }

    @Property(tries = 500)
    void ofTwoCopiesADamagedOneDoesNotCount(@ForAll @IntRange(max = 255) int at, @ForAll @IntRange(max = 7) int bit) {
        byte[] damaged = unit(FULL);
        damaged[at] ^= (byte) (1 << bit);

        assertThat(ExtensionCodec.decode(unit(PLAIN), damaged, ARRAY)).isEqualTo(new Found(PLAIN, 0));
        assertThat(ExtensionCodec.decode(damaged, NOTHING, ARRAY)).isEqualTo(new NoExtension());
    }

    @Test
    void whatAnotherArrayLeftIsNone() {
        assertThat(ExtensionCodec.decode(unit(FULL), unit(PLAIN), BDEV)).isEqualTo(new NoExtension());
    }

    @Test
    void aNewerMajorVersionIsRefusedAlsoBesideAKnownOne() {
        byte[] newer = unit(PLAIN);
        newer[8] = 3;
        newer[10] = 3;
        seal(newer, 256, 16);

        ExtensionRead refused = new Refused("the array's own record has version 3.3; versions 1 and 2 are known");
        assertThat(ExtensionCodec.decode(newer, unit(FULL), ARRAY)).isEqualTo(refused);
        assertThat(ExtensionCodec.decode(unit(FULL), newer, ARRAY)).isEqualTo(refused);
    }

    /** Version 1.0 had one number for both. */
    @Test
    void anOlderMinorVersionIsRead() {
        byte[] older = unit(PLAIN);
        older[10] = 0;
        older[144] = 0;
        seal(older, 256, 16);

        assertThat(ExtensionCodec.decode(older, NOTHING, ARRAY)).isEqualTo(new Found(PLAIN, 0));
    }

    private static Extension withLost(LostRows lost) {
        return new Extension(ARRAY, 7, 2, 7, 7, 2048, 1000, Optional.empty(), Optional.empty(), false, false, lost);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            8   | 02000100
            12  | 30010000
            136 | 02000000
            256 | 010000000000000008000000000000000400000000000000
            280 | 030000000000000000000000010000001000000000000000
            """)
    void lostRowsAreWhatTheTableSays(int offset, String hex) {
        Extension extension = withLost(
                LostRows.NONE.plus(3, RowRanges.NONE.plus(1L << 32, 16)).plus(1, RowRanges.NONE.plus(8, 4)));
        byte[] record = ExtensionCodec.encode(extension);

        assertThat(record).hasSize(304);
        assertThat(hexAt(record, offset, hex.length() / 2)).isEqualTo(hex);
        assertThat(ExtensionCodec.decode(unit(extension), NOTHING, ARRAY)).isEqualTo(new Found(extension, 0));
    }

    @Test
    void soManyLostRowsFitTheSmallestUnit() {
        RowRanges most = RowRanges.NONE;
        for (int i = 0; i < ExtensionCodec.MOST_LOST; i++) {
            most = most.plus(i * 8L, 4);
        }
        Extension extension = withLost(LostRows.NONE.plus(254, most));
        assertThat(ExtensionCodec.encode(extension)).hasSizeLessThanOrEqualTo(4096);
        assertThat(ExtensionCodec.decode(unit(extension), NOTHING, ARRAY)).isEqualTo(new Found(extension, 0));

        Extension more = withLost(LostRows.NONE.plus(254, most.plus(1 << 20, 1)));
        assertThatThrownBy(() -> ExtensionCodec.encode(more))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("161 ranges of lost rows; 160 are the most");
    }

    @ParameterizedTest
    @CsvSource({"136, 161", "136, -1", "136, 3", "256, 255", "256, -1", "264, -1", "272, 0", "272, 9223372036854775807"
    })
    void lostRowsWithoutSenseAreRefused(int offset, long value) {
        byte[] record = unit(withLost(LostRows.NONE.plus(3, RowRanges.NONE.plus(8, 4))));
        for (int i = 0; i < (offset < 264 ? 4 : 8); i++) {
            record[offset + i] = (byte) (value >> (8 * i));
        }
        seal(record, 280, 16);
        assertThat(ExtensionCodec.decode(record, NOTHING, ARRAY)).isInstanceOf(Refused.class);
    }

    @Test
    void aNewerMinorVersionMayBeLonger() {
        byte[] newer = unit(PLAIN);
        newer[10] = 2;
        newer[300] = 9;
        newer[12] = 0;
        newer[13] = 2;
        seal(newer, 512, 16);

        assertThat(ExtensionCodec.decode(newer, NOTHING, ARRAY)).isEqualTo(new Found(PLAIN, 0));
    }

    @ParameterizedTest
    @CsvSource({"64, 3", "64, 0", "76, 7", "72, -1", "48, -1", "40, -1", "56, -1", "144, -1", "84, 255"})
    void valuesWithoutSenseAreRefused(int offset, long value) {
        byte[] record = unit(FULL);
        int size = offset == 72 || offset == 76 || offset == 84 ? 4 : 8;
        for (int i = 0; i < size; i++) {
            record[offset + i] = (byte) (value >> (8 * i));
        }
        seal(record, 256, 16);

        assertThat(ExtensionCodec.decode(record, NOTHING, ARRAY)).isInstanceOf(Refused.class);
    }

    @Test
    void anExtensionThatIsOlderThanItsSuperblockIsNotBelieved() {
        assertThat(PLAIN.isCurrentFor(6)).isTrue();
        assertThat(PLAIN.isCurrentFor(7)).isTrue();
        assertThat(PLAIN.isCurrentFor(8)).isFalse();
    }

    @Property(tries = 5000)
    void noBytesBreakTheDecoders(@ForAll long seed) {
        Random random = new Random(seed);
        byte[] extension = unit(random.nextBoolean() ? FULL : PLAIN);
        byte[] entry = Arrays.copyOf(JournalEntryCodec.encode(ENTRY), 512);
        for (int i = random.nextInt(4); i >= 0; i--) {
            extension[random.nextInt(256)] = (byte) random.nextInt();
            entry[random.nextInt(128)] = (byte) random.nextInt();
        }
        if (random.nextBoolean()) {
            seal(extension, 256, 16);
            seal(entry, 128, 12);
        }

        if (ExtensionCodec.decode(extension, NOTHING, ARRAY) instanceof Found found) {
            assertThat(ExtensionCodec.decode(unit(found.extension()), NOTHING, ARRAY))
                    .isEqualTo(found);
        }
        JournalEntryCodec.decode(entry, ARRAY)
                .ifPresent(decoded -> assertThat(JournalEntryCodec.decode(JournalEntryCodec.encode(decoded), ARRAY))
                        .contains(decoded));
    }

    @Property(tries = 300)
    void aDamagedJournalEntryIsNone(@ForAll @IntRange(max = 127) int at, @ForAll @IntRange(max = 7) int bit) {
        byte[] unit = Arrays.copyOf(JournalEntryCodec.encode(ENTRY), 4096);
        assertThat(JournalEntryCodec.decode(unit, ARRAY)).contains(ENTRY);
        assertThat(JournalEntryCodec.decode(unit, BDEV)).isEmpty();

        unit[at] ^= (byte) (1 << bit);

        assertThat(JournalEntryCodec.decode(unit, ARRAY)).isEmpty();
    }

    @Test
    void theStripHasTheOrdinaryChecksum() {
        ByteBuffer strip = ByteBuffer.wrap("..123456789".getBytes(StandardCharsets.US_ASCII));
        strip.position(2);

        assertThat(JournalEntryCodec.dataCrc(strip)).isEqualTo(0xE3069283);
        assertThat(strip.position()).isEqualTo(2);
    }

    @Test
    void bitsOfIntentsAreInOrder() {
        IntentBitmapCodec codec = new IntentBitmapCodec(4096);
        RegionSet regions = new RegionSet(100_000, 1);
        for (int region : new int[] {0, 9, 15, 32767, 32768, 99_999}) {
            regions.add(region);
        }

        assertThat(codec.pages(regions.count())).isEqualTo(4);
        assertThat(codec.pageOf(32767)).isZero();
        assertThat(codec.pageOf(32768)).isEqualTo(1);
        assertThat(codec.pageOffset(3)).isEqualTo(12288);
        byte[] first = codec.encode(regions, 0);
        assertThat(first).hasSize(4096);
        assertThat(first).startsWith(1, 0x82, 0).endsWith(0, 0x80);
        assertThat(codec.encode(regions, 1)).startsWith(1, 0, 0).endsWith(0, 0);
        assertThat(codec.encode(regions, 2)).isEqualTo(new byte[4096]);
        assertThat(codec.encode(regions, 3)[(99_999 - 3 * 32768) / 8]).isEqualTo((byte) (1 << (99_999 % 8)));
    }

    @Property(tries = 200)
    void intentsComeBackAndAreAdded(@ForAll long seed, @ForAll @IntRange(min = 1, max = 70_000) int count) {
        Random random = new Random(seed);
        IntentBitmapCodec codec = new IntentBitmapCodec(4096);
        RegionSet before = new RegionSet(count, 1);
        RegionSet after = new RegionSet(count, 1);
        for (int i = random.nextInt(50); i > 0; i--) {
            before.add(random.nextInt(count));
        }
        after.add(count - 1);

        for (int page = 0; page < codec.pages(count); page++) {
            codec.decode(codec.encode(before, page), page, after);
        }

        for (int region = 0; region < count; region++) {
            assertThat(after.contains(region))
                    .as("region %d", region)
                    .isEqualTo(before.contains(region) || region == count - 1);
        }
    }

    @Test
    void bitsBeyondTheRegionsAreIgnored() {
        byte[] pages = new byte[8192];
        Arrays.fill(pages, (byte) -1);
        RegionSet regions = new RegionSet(32770, 1);

        new IntentBitmapCodec(4096).decode(pages, 0, regions);

        assertThat(regions.size()).isEqualTo(32770);
    }

    private static Extension withProcess(ProcessState process) {
        return new Extension(ARRAY, 7, 2, 7, 2048, 1000, Optional.of(process), Optional.empty());
    }

    private static byte[] unit(Extension extension) {
        return Arrays.copyOf(ExtensionCodec.encode(extension), 4096);
    }

    private static String hexAt(byte[] record, int offset, int length) {
        return HexFormat.of().formatHex(record, offset, offset + length);
    }

    private static int intAt(byte[] record, int offset) {
        return ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN).getInt(offset);
    }

    private static int crcWithHole(byte[] record, int hole) {
        byte[] copy = record.clone();
        Arrays.fill(copy, hole, hole + 4, (byte) 0);
        CRC32C crc = new CRC32C();
        crc.update(copy);
        return (int) crc.getValue();
    }

    private static void seal(byte[] record, int length, int hole) {
        int crc = crcWithHole(Arrays.copyOf(record, length), hole);
        ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN).putInt(hole, crc);
    }
}
