package io.cairn.module.raid.format;

import io.cairn.module.raid.format.Extension.ProcessState;
import io.cairn.module.raid.format.Extension.Scrub;
import io.cairn.module.raid.format.Extension.Target;
import io.cairn.module.raid.format.ExtensionRead.Found;
import io.cairn.module.raid.format.ExtensionRead.NoExtension;
import io.cairn.module.raid.format.ExtensionRead.Refused;
import io.cairn.module.raid.level.LostRows;
import io.cairn.module.raid.level.RowRanges;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/**
 * The extension as bytes. Little-endian; the checksum is the ordinary CRC-32C over the record's length with the field zeroed. Any thread.
 *
 * <table>
 * <caption>Versions 1.1 and 2.1</caption>
 * <tr><th>offset</th><th>size</th><th>field</th></tr>
 * <tr><td>0</td><td>8</td><td>{@code CAIRNEXT}</td></tr>
 * <tr><td>8</td><td>2</td><td>major version: 1, or 2 if rows are lost, so that nobody serves them who does not know of that; another one is not understood</td></tr>
 * <tr><td>10</td><td>2</td><td>minor version: 1; a higher one is read as this, 0 as one in which the number at 144 is the one at 56</td></tr>
 * <tr><td>12</td><td>4</td><td>length of the record: 256, and 24 for each range of lost rows</td></tr>
 * <tr><td>16</td><td>4</td><td>CRC</td></tr>
 * <tr><td>20</td><td>4</td><td>0</td></tr>
 * <tr><td>24</td><td>16</td><td>UUID of the array</td></tr>
 * <tr><td>40</td><td>8</td><td>generation</td></tr>
 * <tr><td colspan="3">so far for all versions to come</td></tr>
 * <tr><td>48</td><td>8</td><td>sequence number of the superblock</td></tr>
 * <tr><td>56</td><td>8</td><td>sequence number since which the intents say all that has changed</td></tr>
 * <tr><td>64</td><td>8</td><td>rows in a region</td></tr>
 * <tr><td>72</td><td>4</td><td>regions</td></tr>
 * <tr><td>76</td><td>4</td><td>process: 0 none, else {@link ProcessKind#diskCode}</td></tr>
 * <tr><td>80</td><td>4</td><td>flags: 1 processes are paused, 2 the one under way has a target, 4 there was a scrub, 8 which repaired, 16 not settled</td></tr>
 * <tr><td>84</td><td>4</td><td>slot of the target</td></tr>
 * <tr><td>88</td><td>16</td><td>UUID of the target</td></tr>
 * <tr><td>104</td><td>8</td><td>cursor in rows</td></tr>
 * <tr><td>112</td><td>8</td><td>rows that the process found to differ</td></tr>
 * <tr><td>120</td><td>8</td><td>end of the last scrub, in milliseconds since 1970 UTC</td></tr>
 * <tr><td>128</td><td>8</td><td>rows that it found to differ</td></tr>
 * <tr><td>136</td><td>4</td><td>version 2: how many ranges of rows are lost</td></tr>
 * <tr><td>140</td><td>4</td><td>0</td></tr>
 * <tr><td>144</td><td>8</td><td>sequence number at which the array was last complete</td></tr>
 * <tr><td>152</td><td>104</td><td>0</td></tr>
 * <tr><td>256</td><td>24 each</td><td>version 2: slot (4 bytes), 0 (4), first row (8), rows (8); by slot, then by row</td></tr>
 * </table>
 */
public final class ExtensionCodec {
    /** Bytes of a record without lost rows; the rest of its unit is zero. */
    public static final int BYTES = 256;

    /** The most ranges of lost rows, so that the record fits the smallest unit. */
    public static final int MOST_LOST = 160;

    private static final int LOST_BYTES = 24;

    private static final byte[] SIGNATURE = "CAIRNEXT".getBytes(StandardCharsets.US_ASCII);
    private static final int MAJOR = 1;
    private static final int MAJOR_WITH_LOST_ROWS = 2;
    private static final int MINOR = 1;

    private static final int MAJOR_AT = 8;
    private static final int MINOR_AT = 10;
    private static final int LENGTH_AT = 12;
    private static final int CRC_AT = 16;
    private static final int ARRAY_AT = 24;
    private static final int GENERATION_AT = 40;
    private static final int SEQUENCE_AT = 48;
    private static final int INTENTS_SINCE_AT = 56;
    private static final int REGION_ROWS_AT = 64;
    private static final int REGIONS_AT = 72;
    private static final int PROCESS_AT = 76;
    private static final int FLAGS_AT = 80;
    private static final int TARGET_SLOT_AT = 84;
    private static final int TARGET_UUID_AT = 88;
    private static final int CURSOR_AT = 104;
    private static final int MISMATCHES_AT = 112;
    private static final int SCRUB_ENDED_AT = 120;
    private static final int SCRUB_MISMATCHES_AT = 128;

    private static final int LOST_AT = 136;
    private static final int COMPLETE_AT = 144;

    private static final int PAUSED = 1;
    private static final int HAS_TARGET = 2;
    private static final int SCRUBBED = 4;
    private static final int REPAIRED = 8;
    private static final int UNSETTLED = 16;

    private ExtensionCodec() {}

    /**
     * Encodes an extension into {@value #BYTES} bytes, and more if rows are lost.
     *
     * @throws IllegalArgumentException more than {@value #MOST_LOST} ranges of lost rows
     */
    public static byte[] encode(Extension extension) {
        LostRows lost = extension.lost();
        if (lost.ranges() > MOST_LOST) {
            throw new IllegalArgumentException(lost.ranges() + " ranges of lost rows; " + MOST_LOST + " are the most");
        }
        byte[] record = new byte[BYTES + lost.ranges() * LOST_BYTES];
        ByteBuffer out = ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN);
        out.put(0, SIGNATURE);
        out.putShort(MAJOR_AT, (short) (lost.isEmpty() ? MAJOR : MAJOR_WITH_LOST_ROWS));
        out.putShort(MINOR_AT, (short) MINOR);
        out.putInt(LENGTH_AT, record.length);
        putLost(out, lost);
        Uuids.put(out, ARRAY_AT, extension.arrayUuid());
        out.putLong(GENERATION_AT, extension.generation());
        out.putLong(SEQUENCE_AT, extension.superblockSequence());
        out.putLong(INTENTS_SINCE_AT, extension.intentsSince());
        out.putLong(COMPLETE_AT, extension.completeSequence());
        out.putLong(REGION_ROWS_AT, extension.regionRows());
        out.putInt(REGIONS_AT, extension.regions());
        int flags = (extension.unsettled() ? UNSETTLED : 0) | (extension.paused() ? PAUSED : 0);
        if (extension.process().isPresent()) {
            ProcessState process = extension.process().get();
            out.putInt(PROCESS_AT, process.kind().diskCode());
            out.putLong(CURSOR_AT, process.cursor());
            out.putLong(MISMATCHES_AT, process.mismatches());
            if (process.target().isPresent()) {
                flags |= HAS_TARGET;
                out.putInt(TARGET_SLOT_AT, process.target().get().slot());
                Uuids.put(out, TARGET_UUID_AT, process.target().get().bdev());
            }
        }
        if (extension.lastScrub().isPresent()) {
            Scrub scrub = extension.lastScrub().get();
            flags |= SCRUBBED | (scrub.repaired() ? REPAIRED : 0);
            out.putLong(SCRUB_ENDED_AT, scrub.ended().toEpochMilli());
            out.putLong(SCRUB_MISMATCHES_AT, scrub.mismatches());
        }
        out.putInt(FLAGS_AT, flags);
        out.putInt(CRC_AT, Checksum.withHole(record, record.length, CRC_AT));
        return record;
    }

    private static void putLost(ByteBuffer out, LostRows lost) {
        out.putInt(LOST_AT, lost.ranges());
        int at = BYTES;
        for (int slot = 0; slot < lost.slots(); slot++) {
            for (RowRanges.Range range : lost.of(slot).ranges()) {
                out.putInt(at, slot);
                out.putLong(at + 8, range.row());
                out.putLong(at + 16, range.rows());
                at += LOST_BYTES;
            }
        }
    }

    /** Empty: what is there makes no sense. */
    private static Optional<LostRows> lost(ByteBuffer in) {
        if (Short.toUnsignedInt(in.getShort(MAJOR_AT)) != MAJOR_WITH_LOST_ROWS) {
            return Optional.of(LostRows.NONE);
        }
        int count = in.getInt(LOST_AT);
        if (count < 0 || count > MOST_LOST || BYTES + count * LOST_BYTES > in.getInt(LENGTH_AT)) {
            return Optional.empty();
        }
        LostRows lost = LostRows.NONE;
        for (int at = BYTES; at < BYTES + count * LOST_BYTES; at += LOST_BYTES) {
            int slot = in.getInt(at);
            long row = in.getLong(at + 8);
            long rows = in.getLong(at + 16);
            if (slot < 0 || slot >= SuperblockCodec.MAX_SLOTS || row < 0 || rows < 1 || row + rows < 0) {
                return Optional.empty();
            }
            lost = lost.plus(slot, RowRanges.NONE.plus(row, rows));
        }
        return Optional.of(lost);
    }

    /**
     * Decodes the two copies: the valid one with the higher generation counts. A copy of a newer major version that is undamaged is never passed over.
     * Never throws for what the bytes are.
     *
     * @param copy0 the first unit, or its first {@value #BYTES} bytes at least if no rows are lost
     * @param copy1 the second
     * @param arrayUuid the array whose extension is looked for; what another array has left there is none
     */
    public static ExtensionRead decode(byte[] copy0, byte[] copy1, UUID arrayUuid) {
        Found newest = null;
        byte[][] copies = {copy0, copy1};
        for (int copy = 0; copy < copies.length; copy++) {
            if (!isIntact(copies[copy], arrayUuid)) {
                continue;
            }
            ByteBuffer in = ByteBuffer.wrap(copies[copy]).order(ByteOrder.LITTLE_ENDIAN);
            int major = Short.toUnsignedInt(in.getShort(MAJOR_AT));
            if (major != MAJOR && major != MAJOR_WITH_LOST_ROWS) {
                return new Refused("the array's own record has version " + major + "."
                        + Short.toUnsignedInt(in.getShort(MINOR_AT)) + "; versions " + MAJOR + " and "
                        + MAJOR_WITH_LOST_ROWS + " are known");
            }
            Optional<Extension> extension = decodeIntact(in, arrayUuid);
            if (extension.isEmpty()) {
                return new Refused(
                        "the array's own record has values that make no sense, although its checksum is right");
            }
            if (newest == null
                    || extension.get().generation() > newest.extension().generation()) {
                newest = new Found(extension.get(), copy);
            }
        }
        return newest == null ? new NoExtension() : newest;
    }

    private static boolean isIntact(byte[] record, UUID arrayUuid) {
        if (record.length < BYTES) {
            throw new IllegalArgumentException(record.length + " bytes are less than an extension");
        }
        ByteBuffer in = ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < SIGNATURE.length; i++) {
            if (record[i] != SIGNATURE[i]) {
                return false;
            }
        }
        int length = in.getInt(LENGTH_AT);
        return length >= BYTES
                && length <= record.length
                && in.getInt(CRC_AT) == Checksum.withHole(record, length, CRC_AT)
                && Uuids.get(in, ARRAY_AT).equals(arrayUuid);
    }

    private static Optional<Extension> decodeIntact(ByteBuffer in, UUID arrayUuid) {
        Optional<LostRows> lost = lost(in);
        if (lost.isEmpty()) {
            return Optional.empty();
        }
        int flags = in.getInt(FLAGS_AT);
        Optional<ProcessState> process = Optional.empty();
        int kindCode = in.getInt(PROCESS_AT);
        if (kindCode != 0) {
            Optional<ProcessKind> kind = ProcessKind.ofDiskCode(kindCode);
            if (kind.isEmpty()) {
                return Optional.empty();
            }
            Optional<Target> target = (flags & HAS_TARGET) == 0
                    ? Optional.empty()
                    : Optional.of(new Target(in.getInt(TARGET_SLOT_AT), Uuids.get(in, TARGET_UUID_AT)));
            process =
                    Optional.of(new ProcessState(kind.get(), target, in.getLong(CURSOR_AT), in.getLong(MISMATCHES_AT)));
        }
        Optional<Scrub> scrub = (flags & SCRUBBED) == 0
                ? Optional.empty()
                : Optional.of(new Scrub(
                        Instant.ofEpochMilli(in.getLong(SCRUB_ENDED_AT)),
                        in.getLong(SCRUB_MISMATCHES_AT),
                        (flags & REPAIRED) != 0));
        Extension extension = new Extension(
                arrayUuid,
                in.getLong(SEQUENCE_AT),
                in.getLong(GENERATION_AT),
                in.getLong(in.getShort(MINOR_AT) == 0 ? INTENTS_SINCE_AT : COMPLETE_AT),
                in.getLong(INTENTS_SINCE_AT),
                in.getLong(REGION_ROWS_AT),
                in.getInt(REGIONS_AT),
                process,
                scrub,
                (flags & PAUSED) != 0,
                (flags & UNSETTLED) != 0,
                lost.get());
        return makesSense(extension) ? Optional.of(extension) : Optional.empty();
    }

    private static boolean makesSense(Extension extension) {
        return extension.superblockSequence() >= 0
                && extension.completeSequence() >= 0
                && extension.intentsSince() >= 0
                && extension.generation() >= 0
                && Long.bitCount(extension.regionRows()) == 1
                && extension.regionRows() > 0
                && extension.regions() >= 0
                && extension.regions() <= Reserved.MAX_REGIONS
                && extension
                        .process()
                        .filter(process -> process.cursor() < 0
                                || process.mismatches() < 0
                                || process.target()
                                        .filter(target ->
                                                target.slot() < 0 || target.slot() >= SuperblockCodec.MAX_SLOTS)
                                        .isPresent())
                        .isEmpty();
    }
}
