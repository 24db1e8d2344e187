package io.cairn.module.raid.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.module.raid.format.SuperblockRead.Found;
import io.cairn.module.raid.format.SuperblockRead.NeedsBytes;
import io.cairn.module.raid.format.SuperblockRead.NoSuperblock;
import io.cairn.module.raid.format.SuperblockRead.Reason;
import io.cairn.module.raid.format.SuperblockRead.Refused;
import io.cairn.module.raid.level.RaidLevel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SuperblockCodecTest {
    private static final UUID ARRAY = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");
    private static final UUID BDEV0 = UUID.fromString("a0a1a2a3-a4a5-a6a7-a8a9-aaabacadaeaf");
    private static final UUID BDEV1 = UUID.fromString("b0b1b2b3-b4b5-b6b7-b8b9-babbbcbdbebf");
    private static final UUID BDEV2 = UUID.fromString("c0c1c2c3-c4c5-c6c7-c8c9-cacbcccdcecf");

    private static final Superblock SUPERBLOCK = new Superblock(
            ARRAY,
            "array é",
            RaidLevel.RAID5F,
            512,
            0x0102030405060708L,
            0x0a0b0c0dL,
            0x1112131415161718L,
            List.of(
                    new SuperblockMember(2, BDEV2, MemberState.CONFIGURED, 0x2122232425262728L, 0x3132333435363738L),
                    new SuperblockMember(0, BDEV0, MemberState.FAILED, 2048, 0),
                    new SuperblockMember(1, BDEV1, MemberState.MISSING, 4096, 7)));

    /** Every field where {@code reference/spdk-ondisk.md} A.2 and A.3 have it; the last two columns by hand, as bytes. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            0   | 8   | signature            | 5350444b52414944
            8   | 2   | version.major        | 0100
            10  | 2   | version.minor        | 0000
            12  | 4   | length               | c0010000
            20  | 4   | flags                | 00000000
            24  | 16  | uuid                 | 00112233445566778899aabbccddeeff
            40  | 9   | name                 | 617272617920c3a900
            49  | 55  | rest of the name     | 00*
            104 | 8   | raid_size            | 0807060504030201
            112 | 4   | block_size           | 00020000
            116 | 4   | level                | 5f000000
            120 | 4   | strip_size           | 0d0c0b0a
            124 | 4   | state                | 00000000
            128 | 8   | seq_number           | 1817161514131211
            136 | 1   | num_base_bdevs       | 03
            137 | 118 | reserved             | 00*
            255 | 1   | base_bdevs_size      | 03
            256 | 16  | member 0 uuid        | c0c1c2c3c4c5c6c7c8c9cacbcccdcecf
            272 | 8   | member 0 data_offset | 2827262524232221
            280 | 8   | member 0 data_size   | 3837363534333231
            288 | 4   | member 0 state       | 01000000
            292 | 4   | member 0 flags       | 00000000
            296 | 1   | member 0 slot        | 02
            297 | 23  | member 0 reserved    | 00*
            320 | 16  | member 1 uuid        | a0a1a2a3a4a5a6a7a8a9aaabacadaeaf
            336 | 8   | member 1 data_offset | 0008000000000000
            344 | 8   | member 1 data_size   | 0000000000000000
            352 | 4   | member 1 state       | 02000000
            360 | 1   | member 1 slot        | 00
            384 | 16  | member 2 uuid        | b0b1b2b3b4b5b6b7b8b9babbbcbdbebf
            416 | 4   | member 2 state       | 00000000
            424 | 1   | member 2 slot        | 01
            425 | 23  | member 2 reserved    | 00*
            """)
    void everyFieldIsWhereTheFormatHasIt(int offset, int size, String field, String bytes) {
        byte[] expected = bytes.equals("00*") ? new byte[size] : fromHex(bytes);
        byte[] image = SuperblockCodec.encode(SUPERBLOCK);

        assertThat(image).hasSize(256 + 3 * 64);
        assertThat(Arrays.copyOfRange(image, offset, offset + size))
                .as(field)
                .hasSize(expected.length)
                .isEqualTo(expected);
    }

    @Test
    void theChecksumIsTheRawCrcWithItsFieldZeroed() {
        byte[] image = SuperblockCodec.encode(SUPERBLOCK);
        int stored = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN).getInt(16);
        Arrays.fill(image, 16, 20, (byte) 0);

        assertThat(stored).isEqualTo(bitByBit(image));
        // the format's own example
        assertThat(bitByBit("123456789".getBytes(StandardCharsets.US_ASCII))).isEqualTo(0x58E3FA20);
    }

    @ParameterizedTest
    @CsvSource({"RAID0, 0, 8", "RAID1, 1, 0", "RAID5F, 95, 8", "CONCAT, 99, 8"})
    void levelsHaveSpdksNumbers(RaidLevel level, int code, long strip) {
        Superblock superblock = new Superblock(
                ARRAY,
                "a",
                level,
                4096,
                100,
                strip,
                1,
                SUPERBLOCK.withNumBlocks(1).members());

        byte[] image = SuperblockCodec.encode(superblock);

        assertThat(ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN).getInt(116))
                .isEqualTo(code);
        assertThat(SuperblockCodec.decode(image, 4096)).isEqualTo(new Found(superblock, List.of()));
    }

    @Test
    void whatWasEncodedIsDecoded() {
        byte[] image = SuperblockCodec.encode(SUPERBLOCK);

        assertThat(SuperblockCodec.decode(image, 512)).isEqualTo(new Found(SUPERBLOCK, List.of()));
        assertThat(SuperblockCodec.decode(Arrays.copyOf(image, 4096), 512))
                .as("with the rest of its block")
                .isEqualTo(new Found(SUPERBLOCK, List.of()));
    }

    @Test
    void theLargestHas255Members() {
        List<SuperblockMember> members = IntStream.range(0, 255)
                .mapToObj(slot -> new SuperblockMember(slot, new UUID(1, slot), MemberState.CONFIGURED, 2048, 100))
                .toList();
        Superblock largest =
                new Superblock(ARRAY, "x".repeat(63), RaidLevel.RAID1, 512, 100, 0, Long.MAX_VALUE, members);

        byte[] image = SuperblockCodec.encode(largest);

        assertThat(image).hasSize(SuperblockCodec.MAX_BYTES);
        assertThat(SuperblockCodec.decode(Arrays.copyOf(image, 512), 512))
                .isEqualTo(new NeedsBytes(SuperblockCodec.MAX_BYTES));
        assertThat(SuperblockCodec.decode(image, 512)).isEqualTo(new Found(largest, List.of()));
    }

    @Test
    void whatHasAnotherSignatureIsNoSuperblock() {
        assertThat(SuperblockCodec.decode(new byte[512], 512)).isEqualTo(new NoSuperblock());
        byte[] image = SuperblockCodec.encode(SUPERBLOCK);
        image[7]++;
        assertThat(SuperblockCodec.decode(image, 512)).isEqualTo(new NoSuperblock());
    }

    /** Values put at an offset, in the order of the checks: where two are wrong, the first one is told. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            12  | 4 | 16577       | false | LENGTH     | it says it has 16577 bytes; it can have 256 to 16576
            12  | 4 | 4294967295  | false | LENGTH     | it says it has 4294967295 bytes; it can have 256 to 16576
            12  | 4 | 255         | false | LENGTH     | it says it has 255 bytes; it can have 256 to 16576
            12  | 4 | 447         | true  | LENGTH     | it has 447 bytes and describes 3 members
            255 | 1 | 2           | true  | LENGTH     | it has 448 bytes and describes 2 members
            8   | 2 | 2           | false | CRC        | its checksum is 0x
            440 | 1 | 1           | false | CRC        | its checksum is 0x
            8   | 2 | 2           | true  | VERSION    | its version is 2.0; version 1 is known
            8   | 2 | 0           | true  | VERSION    | its version is 0.0; version 1 is known
            296 | 1 | 3           | true  | SLOT       | it has a member in slot 3 of 3
            296 | 1 | 255         | true  | SLOT       | it has a member in slot 255 of 3
            136 | 1 | 2           | true  | SLOT       | it has a member in slot 2 of 2
            296 | 1 | 1           | true  | SLOT       | it has two members in slot 1
            112 | 4 | 4096        | true  | BLOCK_SIZE | its block size is 4096 bytes, that of the bdev 512 bytes
            112 | 4 | 4294967295  | true  | BLOCK_SIZE | its block size is 4294967295 bytes, that of the bdev 512 bytes
            40  | 1 | 0           | true  | CONTENT    | the array's name is not 1 to 63 bytes of UTF-8 and a NUL
            46  | 1 | 255         | true  | CONTENT    | the array's name is not 1 to 63 bytes of UTF-8 and a NUL
            116 | 4 | 6           | true  | CONTENT    | its level 6 is not known
            116 | 4 | 1           | true  | CONTENT    | a raid1 with strips of 168496141 blocks
            120 | 4 | 0           | true  | CONTENT    | a raid5f with strips of 0 blocks
            104 | 8 | 0           | true  | CONTENT    | the array's size is 0 blocks
            104 | 8 | -1          | true  | CONTENT    | the array's size is 18446744073709551615 blocks
            128 | 8 | -1          | true  | CONTENT    | its sequence number is 18446744073709551615
            288 | 4 | 4           | true  | CONTENT    | the state 4 of its member in slot 2 is not known
            280 | 8 | 0           | true  | CONTENT    | the data of its member in slot 2 are 0 blocks at block
            344 | 8 | -1          | true  | CONTENT    | the data of its member in slot 0 are 18446744073709551615 blocks at block 2048
            336 | 8 | -1          | true  | CONTENT    | the data of its member in slot 0 are 0 blocks at block 18446744073709551615
            272 | 8 | 9223372036854775807 | true | CONTENT | the data of its member in slot 2 are
            """)
    void whatMustNotBeUsedIsRefusedWithItsReason(
            int offset, int size, long value, boolean sealed, Reason reason, String message) {
        byte[] image = SuperblockCodec.encode(SUPERBLOCK);
        put(image, offset, size, value);
        if (sealed) {
            seal(image);
        }

        SuperblockRead read = SuperblockCodec.decode(image, 512);

        assertThat(read).isInstanceOfSatisfying(Refused.class, refused -> {
            assertThat(refused.reason()).isEqualTo(reason);
            assertThat(refused.message()).startsWith(message);
        });
    }

    @Test
    void theNilUuidIsRefused() {
        byte[] image = SuperblockCodec.encode(SUPERBLOCK);
        Arrays.fill(image, 24, 40, (byte) 0);
        seal(image);

        assertThat(SuperblockCodec.decode(image, 512)).isEqualTo(new Refused(Reason.UUID, "the array's UUID is nil"));
    }

    @Test
    void theFirstReasonIsTheOneThatIsTold() {
        byte[] image = SuperblockCodec.encode(SUPERBLOCK);
        Arrays.fill(image, 24, 40, (byte) 0);
        seal(image);
        put(image, 8, 2, 2);
        assertThat(reasonOf(image, 4096)).isEqualTo(Reason.CRC);
        seal(image);
        put(image, 296, 1, 9);
        seal(image);
        assertThat(reasonOf(image, 4096)).isEqualTo(Reason.VERSION);
        put(image, 8, 2, 1);
        seal(image);
        assertThat(reasonOf(image, 4096)).isEqualTo(Reason.SLOT);
        put(image, 296, 1, 2);
        seal(image);
        assertThat(reasonOf(image, 4096)).isEqualTo(Reason.BLOCK_SIZE);
        assertThat(reasonOf(image, 512)).isEqualTo(Reason.UUID);
    }

    @Test
    void aHigherMinorVersionIsReadWithAWarningAndWrittenAgainWithAllItHolds() {
        byte[] image = SuperblockCodec.encode(SUPERBLOCK);
        put(image, 10, 2, 7);
        put(image, 20, 4, 0x01020304);
        put(image, 124, 4, 5);
        put(image, 137, 8, -1);
        put(image, 254, 1, 9);
        put(image, 292, 4, 0x0a0b0c0d);
        put(image, 297, 1, 1);
        put(image, 447, 1, 2);
        seal(image);

        SuperblockRead read = SuperblockCodec.decode(image, 512);

        assertThat(read).isInstanceOfSatisfying(Found.class, found -> {
            assertThat(found.warnings()).containsExactly("its version is 1.7: what is newer than 1.0 is left as it is");
            assertThat(SuperblockCodec.encode(found.superblock())).isEqualTo(image);
            byte[] next = SuperblockCodec.encode(
                    found.superblock().withSequence(found.superblock().sequence() + 1));
            put(image, 128, 8, found.superblock().sequence() + 1);
            seal(image);
            assertThat(next).isEqualTo(image);
        });
    }

    @Test
    void whatDoesNotFitIsNotEncoded() {
        assertNotEncoded(new Superblock(ARRAY, "x".repeat(64), RaidLevel.RAID1, 512, 1, 0, 1, List.of()), "63 bytes");
        assertNotEncoded(new Superblock(ARRAY, "é".repeat(32), RaidLevel.RAID1, 512, 1, 0, 1, List.of()), "63 bytes");
        assertNotEncoded(new Superblock(ARRAY, "", RaidLevel.RAID1, 512, 1, 0, 1, List.of()), "63 bytes");
        assertNotEncoded(SUPERBLOCK.withMembers(2, SUPERBLOCK.members()), "slot 2 of 2");
        assertNotEncoded(SUPERBLOCK.withMembers(256, SUPERBLOCK.members()), "256 slots");
        assertNotEncoded(
                new Superblock(new UUID(0, 0), "a", RaidLevel.RAID1, 512, 1, 0, 1, SUPERBLOCK.members()), "nil");
    }

    @Test
    void aMemberTakesThePlaceOfTheOneInItsSlot() {
        SuperblockMember other = new SuperblockMember(0, BDEV1, MemberState.CONFIGURED, 1, 2);

        assertThat(SUPERBLOCK.withMember(other).members())
                .containsExactly(
                        SUPERBLOCK.members().get(0), other, SUPERBLOCK.members().get(2));
        assertThat(SUPERBLOCK.withMembers(3, List.of()).withMember(other).members())
                .containsExactly(other);
    }

    /** Anything after a signature: answers, never throws, and what is found can be written again. */
    @Property(tries = 20_000)
    void noBytesBreakTheDecoder(@ForAll long seed) {
        Random random = new Random(seed);
        byte[] image = random.nextBoolean() ? mutated(random) : noise(random);
        if (random.nextBoolean()) {
            seal(image);
        }

        SuperblockRead read = SuperblockCodec.decode(image, 512);

        if (read instanceof Found found) {
            byte[] again = SuperblockCodec.encode(found.superblock());
            assertThat(SuperblockCodec.decode(again, 512)).isEqualTo(read);
        } else if (read instanceof NeedsBytes needed) {
            assertThat(needed.bytes()).isBetween(image.length + 1, SuperblockCodec.MAX_BYTES);
        }
    }

    private static byte[] mutated(Random random) {
        byte[] image = Arrays.copyOf(SuperblockCodec.encode(SUPERBLOCK), 512);
        int changes = 1 + random.nextInt(4);
        for (int i = 0; i < changes; i++) {
            int at = random.nextInt(448);
            image[at] = random.nextBoolean() ? (byte) random.nextInt() : (byte) (random.nextInt(3) - 1);
        }
        return image;
    }

    private static byte[] noise(Random random) {
        byte[] image = new byte[256 + random.nextInt(512)];
        random.nextBytes(image);
        System.arraycopy("SPDKRAID".getBytes(StandardCharsets.US_ASCII), 0, image, 0, 8);
        if (random.nextBoolean()) {
            put(image, 12, 4, 256 + 64L * random.nextInt(6));
        }
        return image;
    }

    private static void assertNotEncoded(Superblock superblock, String part) {
        assertThatThrownBy(() -> SuperblockCodec.encode(superblock))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(part);
    }

    private static Reason reasonOf(byte[] image, int blockSize) {
        return ((Refused) SuperblockCodec.decode(image, blockSize)).reason();
    }

    private static void put(byte[] image, int offset, int size, long value) {
        for (int i = 0; i < size; i++) {
            image[offset + i] = (byte) (value >> (8 * i));
        }
    }

    /** Makes the checksum right again, without the code that is tested. */
    private static void seal(byte[] image) {
        long length = Integer.toUnsignedLong(
                ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN).getInt(12));
        put(image, 16, 4, 0);
        put(image, 16, 4, bitByBit(Arrays.copyOf(image, (int) Math.min(length, image.length))));
    }

    /** CRC-32C, reflected, from 0 and without inversion, as its definition has it. */
    private static int bitByBit(byte[] bytes) {
        int crc = 0;
        for (byte b : bytes) {
            crc ^= b & 0xff;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc >>> 1) ^ ((crc & 1) == 0 ? 0 : 0x82F63B78);
            }
        }
        return crc;
    }

    private static byte[] fromHex(String hex) {
        return HexFormat.of().parseHex(hex);
    }
}
