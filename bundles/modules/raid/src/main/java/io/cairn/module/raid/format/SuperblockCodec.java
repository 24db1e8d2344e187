package io.cairn.module.raid.format;

import io.cairn.module.raid.format.SuperblockRead.Found;
import io.cairn.module.raid.format.SuperblockRead.NeedsBytes;
import io.cairn.module.raid.format.SuperblockRead.NoSuperblock;
import io.cairn.module.raid.format.SuperblockRead.Reason;
import io.cairn.module.raid.format.SuperblockRead.Refused;
import io.cairn.module.raid.level.RaidLevel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * SPDK's RAID superblock 1.0 as bytes: {@code reference/spdk-ondisk.md} A.2 to A.4. Little-endian; the checksum is the raw CRC-32C that
 * begins with 0. Any thread.
 */
public final class SuperblockCodec {
    /** Bytes of the header: the least to read before {@link #decode}. */
    public static final int HEADER_BYTES = 256;
    /** The most bytes that a superblock can have. */
    public static final int MAX_BYTES = 16576;
    /** The most bytes that an array's name can have; one more is its NUL. */
    public static final int MAX_NAME_BYTES = 63;
    /** The most slots that an array can have. */
    public static final int MAX_SLOTS = 255;

    private static final byte[] SIGNATURE = "SPDKRAID".getBytes(StandardCharsets.US_ASCII);
    private static final int MAJOR = 1;
    private static final int MINOR = 0;

    private static final int MAJOR_AT = 8;
    private static final int MINOR_AT = 10;
    private static final int LENGTH_AT = 12;
    private static final int CRC_AT = 16;
    private static final int UUID_AT = 24;
    private static final int NAME_AT = 40;
    private static final int NUM_BLOCKS_AT = 104;
    private static final int BLOCK_SIZE_AT = 112;
    private static final int LEVEL_AT = 116;
    private static final int STRIP_AT = 120;
    private static final int SEQUENCE_AT = 128;
    private static final int SLOTS_AT = 136;
    private static final int MEMBERS_AT = 255;

    private static final int MEMBER_BYTES = 64;
    private static final int MEMBER_UUID_AT = 0;
    private static final int MEMBER_OFFSET_AT = 16;
    private static final int MEMBER_BLOCKS_AT = 24;
    private static final int MEMBER_STATE_AT = 32;
    private static final int MEMBER_SLOT_AT = 40;

    private static final UUID NIL = new UUID(0, 0);

    private SuperblockCodec() {}

    /**
     * Encodes a superblock.
     *
     * @return as many bytes as its field {@code length} says; on disk, zeroes follow to the end of the block
     * @throws IllegalArgumentException a value does not fit the format
     */
    public static byte[] encode(Superblock superblock) {
        check(superblock);
        List<SuperblockMember> members = superblock.members();
        byte[] image = new byte[HEADER_BYTES + members.size() * MEMBER_BYTES];
        ByteBuffer out = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
        superblock.uninterpreted().copyTo(out, 0);
        out.put(0, SIGNATURE);
        out.putShort(MAJOR_AT, (short) MAJOR);
        out.putInt(LENGTH_AT, image.length);
        Uuids.put(out, UUID_AT, superblock.uuid());
        out.put(NAME_AT, superblock.name().getBytes(StandardCharsets.UTF_8));
        out.putLong(NUM_BLOCKS_AT, superblock.numBlocks());
        out.putInt(BLOCK_SIZE_AT, superblock.blockSize());
        out.putInt(LEVEL_AT, superblock.level().diskCode());
        out.putInt(STRIP_AT, (int) superblock.stripBlocks());
        out.putLong(SEQUENCE_AT, superblock.sequence());
        out.put(SLOTS_AT, (byte) superblock.slots());
        out.put(MEMBERS_AT, (byte) members.size());
        for (int i = 0; i < members.size(); i++) {
            put(out, HEADER_BYTES + i * MEMBER_BYTES, members.get(i));
        }
        out.putInt(CRC_AT, Checksum.rawWithHole(image, image.length, CRC_AT));
        return image;
    }

    /**
     * Decodes what is at a bdev's beginning. Never throws for what the bytes are.
     *
     * @param bytes from the bdev's first on, at least {@value #HEADER_BYTES}
     * @param blockSize the bdev's block size
     */
    public static SuperblockRead decode(byte[] bytes, int blockSize) {
        if (bytes.length < HEADER_BYTES) {
            throw new IllegalArgumentException(bytes.length + " bytes are less than a superblock's header");
        }
        if (!Arrays.equals(bytes, 0, SIGNATURE.length, SIGNATURE, 0, SIGNATURE.length)) {
            return new NoSuperblock();
        }
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        long length = Integer.toUnsignedLong(in.getInt(LENGTH_AT));
        if (length < HEADER_BYTES || length > MAX_BYTES) {
            return new Refused(
                    Reason.LENGTH,
                    "it says it has " + length + " bytes; it can have " + HEADER_BYTES + " to " + MAX_BYTES);
        }
        if (length > bytes.length) {
            return new NeedsBytes((int) length);
        }
        int crc = in.getInt(CRC_AT);
        int expected = Checksum.rawWithHole(bytes, (int) length, CRC_AT);
        if (crc != expected) {
            return new Refused(Reason.CRC, String.format("its checksum is 0x%08x and should be 0x%08x", crc, expected));
        }
        int major = Short.toUnsignedInt(in.getShort(MAJOR_AT));
        if (major != MAJOR) {
            return new Refused(
                    Reason.VERSION,
                    "its version is " + major + "." + Short.toUnsignedInt(in.getShort(MINOR_AT)) + "; version " + MAJOR
                            + " is known");
        }
        int described = Byte.toUnsignedInt(in.get(MEMBERS_AT));
        if (length != HEADER_BYTES + described * (long) MEMBER_BYTES) {
            return new Refused(Reason.LENGTH, "it has " + length + " bytes and describes " + described + " members");
        }
        return decodeChecked(in, blockSize, described);
    }

    /** The rest, once the bytes are known to be what was written. */
    private static SuperblockRead decodeChecked(ByteBuffer in, int blockSize, int described) {
        int slots = Byte.toUnsignedInt(in.get(SLOTS_AT));
        BitSet seen = new BitSet();
        for (int i = 0; i < described; i++) {
            int slot = Byte.toUnsignedInt(in.get(HEADER_BYTES + i * MEMBER_BYTES + MEMBER_SLOT_AT));
            if (slot >= slots) {
                return new Refused(Reason.SLOT, "it has a member in slot " + slot + " of " + slots);
            }
            if (seen.get(slot)) {
                return new Refused(Reason.SLOT, "it has two members in slot " + slot);
            }
            seen.set(slot);
        }
        long ownBlockSize = Integer.toUnsignedLong(in.getInt(BLOCK_SIZE_AT));
        if (ownBlockSize != blockSize) {
            return new Refused(
                    Reason.BLOCK_SIZE,
                    "its block size is " + ownBlockSize + " bytes, that of the bdev " + blockSize + " bytes");
        }
        UUID uuid = Uuids.get(in, UUID_AT);
        if (uuid.equals(NIL)) {
            return new Refused(Reason.UUID, "the array's UUID is nil");
        }
        Optional<String> name = name(in);
        if (name.isEmpty()) {
            return content("the array's name is not 1 to " + MAX_NAME_BYTES + " bytes of UTF-8 and a NUL");
        }
        int levelCode = in.getInt(LEVEL_AT);
        Optional<RaidLevel> level = RaidLevel.ofDiskCode(levelCode);
        if (level.isEmpty()) {
            return content("its level " + Integer.toUnsignedLong(levelCode) + " is not known");
        }
        List<SuperblockMember> members = new ArrayList<>();
        for (int i = 0; i < described; i++) {
            int at = HEADER_BYTES + i * MEMBER_BYTES;
            int stateCode = in.getInt(at + MEMBER_STATE_AT);
            Optional<MemberState> state = MemberState.ofDiskCode(stateCode);
            if (state.isEmpty()) {
                return content("the state " + Integer.toUnsignedLong(stateCode) + " of its member in slot "
                        + Byte.toUnsignedInt(in.get(at + MEMBER_SLOT_AT)) + " is not known");
            }
            members.add(member(in, at, state.get()));
        }
        Superblock superblock = new Superblock(
                uuid,
                name.get(),
                level.get(),
                blockSize,
                in.getLong(NUM_BLOCKS_AT),
                Integer.toUnsignedLong(in.getInt(STRIP_AT)),
                in.getLong(SEQUENCE_AT),
                slots,
                members,
                Uninterpreted.of(uninterpretedHeader(in)));
        Optional<String> nonsense = nonsense(superblock);
        if (nonsense.isPresent()) {
            return content(nonsense.get());
        }
        int minor = Short.toUnsignedInt(in.getShort(MINOR_AT));
        return new Found(
                superblock,
                minor > MINOR
                        ? List.of("its version is " + MAJOR + "." + minor + ": what is newer than " + MAJOR + "."
                                + MINOR + " is left as it is")
                        : List.of());
    }

    private static Refused content(String message) {
        return new Refused(Reason.CONTENT, message);
    }

    /** Says what makes no sense, of values that the format could hold. */
    private static Optional<String> nonsense(Superblock superblock) {
        if (superblock.slots() < superblock.level().minMembers()) {
            return Optional.of("a " + superblock.level() + " of " + superblock.slots() + " slots");
        }
        if (superblock.numBlocks() < 1) {
            return Optional.of("the array's size is " + Long.toUnsignedString(superblock.numBlocks()) + " blocks");
        }
        if (superblock.sequence() < 0) {
            return Optional.of("its sequence number is " + Long.toUnsignedString(superblock.sequence()));
        }
        if (superblock.level().hasStrips() != superblock.stripBlocks() > 0) {
            return Optional.of("a " + superblock.level() + " with strips of " + superblock.stripBlocks() + " blocks");
        }
        for (SuperblockMember member : superblock.members()) {
            boolean empty = member.state() == MemberState.CONFIGURED && member.dataBlocks() < 1;
            if (empty
                    || member.dataOffset() < 0
                    || member.dataBlocks() < 0
                    || member.dataOffset() > Long.MAX_VALUE - member.dataBlocks()) {
                return Optional.of("the data of its member in slot " + member.slot() + " are "
                        + Long.toUnsignedString(member.dataBlocks()) + " blocks at block "
                        + Long.toUnsignedString(member.dataOffset()));
            }
        }
        return Optional.empty();
    }

    private static void check(Superblock superblock) {
        byte[] name = superblock.name().getBytes(StandardCharsets.UTF_8);
        if (name.length < 1 || name.length > MAX_NAME_BYTES || superblock.name().indexOf('\0') >= 0) {
            throw new IllegalArgumentException("the name '" + superblock.name() + "' is not 1 to " + MAX_NAME_BYTES
                    + " bytes of UTF-8 without NUL");
        }
        if (superblock.uuid().equals(NIL)) {
            throw new IllegalArgumentException("array '" + superblock.name() + "': the UUID is nil");
        }
        if (superblock.slots() > MAX_SLOTS || superblock.stripBlocks() > 0xffff_ffffL) {
            throw new IllegalArgumentException("array '" + superblock.name() + "': " + superblock.slots()
                    + " slots, strips of " + superblock.stripBlocks() + " blocks");
        }
        BitSet seen = new BitSet();
        for (SuperblockMember member : superblock.members()) {
            if (member.slot() < 0 || member.slot() >= superblock.slots() || seen.get(member.slot())) {
                throw new IllegalArgumentException("array '" + superblock.name() + "': a member in slot "
                        + member.slot() + " of " + superblock.slots() + ", or two");
            }
            seen.set(member.slot());
        }
        nonsense(superblock).ifPresent(what -> {
            throw new IllegalArgumentException("array '" + superblock.name() + "': " + what);
        });
    }

    private static void put(ByteBuffer out, int at, SuperblockMember member) {
        member.uninterpreted().copyTo(out, at);
        Uuids.put(out, at + MEMBER_UUID_AT, member.uuid());
        out.putLong(at + MEMBER_OFFSET_AT, member.dataOffset());
        out.putLong(at + MEMBER_BLOCKS_AT, member.dataBlocks());
        out.putInt(at + MEMBER_STATE_AT, member.state().diskCode());
        out.put(at + MEMBER_SLOT_AT, (byte) member.slot());
    }

    private static SuperblockMember member(ByteBuffer in, int at, MemberState state) {
        byte[] rest = bytes(in, at, MEMBER_BYTES);
        Arrays.fill(rest, MEMBER_UUID_AT, MEMBER_STATE_AT + Integer.BYTES, (byte) 0);
        rest[MEMBER_SLOT_AT] = 0;
        return new SuperblockMember(
                Byte.toUnsignedInt(in.get(at + MEMBER_SLOT_AT)),
                Uuids.get(in, at + MEMBER_UUID_AT),
                state,
                in.getLong(at + MEMBER_OFFSET_AT),
                in.getLong(at + MEMBER_BLOCKS_AT),
                Uninterpreted.of(rest));
    }

    /** The header without what has a meaning: left are the minor version, the flags, the state that nobody sets, and what is reserved. */
    private static byte[] uninterpretedHeader(ByteBuffer in) {
        byte[] rest = bytes(in, 0, HEADER_BYTES);
        Arrays.fill(rest, 0, MINOR_AT, (byte) 0);
        Arrays.fill(rest, LENGTH_AT, CRC_AT + Integer.BYTES, (byte) 0);
        Arrays.fill(rest, UUID_AT, STRIP_AT + Integer.BYTES, (byte) 0);
        Arrays.fill(rest, SEQUENCE_AT, SLOTS_AT + 1, (byte) 0);
        rest[MEMBERS_AT] = 0;
        return rest;
    }

    /** Returns the name; empty if there is none that could be written again as it is. */
    private static Optional<String> name(ByteBuffer in) {
        int end = NAME_AT;
        while (end < NUM_BLOCKS_AT && in.get(end) != 0) {
            end++;
        }
        if (end == NAME_AT || end == NUM_BLOCKS_AT) {
            return Optional.empty();
        }
        try {
            CharBuffer text = StandardCharsets.UTF_8.newDecoder().decode(in.slice(NAME_AT, end - NAME_AT));
            return Optional.of(text.toString());
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }

    private static byte[] bytes(ByteBuffer in, int at, int length) {
        byte[] copy = new byte[length];
        in.get(at, copy);
        return copy;
    }
}
