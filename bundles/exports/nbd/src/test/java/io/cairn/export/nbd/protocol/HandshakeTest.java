package io.cairn.export.nbd.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** What the server says to options, good and bad. */
class HandshakeTest {
    private static final int FIXED = Nbd.FLAG_FIXED_NEWSTYLE | Nbd.FLAG_NO_ZEROES;
    private static final ExportInfo DISK =
            new ExportInfo("disk", "a disk", 1 << 20, Nbd.HAS_FLAGS | Nbd.SEND_FLUSH, 512, 512, false);
    private static final ExportInfo COARSE =
            new ExportInfo("coarse", "large blocks", 1 << 20, Nbd.HAS_FLAGS, 4096, 4096, false);

    private final Exports exports = new Exports();
    private final ByteArrayOutputStream said = new ByteArrayOutputStream();
    private final Handshake handshake = new Handshake(exports, HandshakeTest.this::take);

    /** A few exports; entering can be refused. */
    private static final class Exports implements ExportGate {
        private final List<ExportInfo> all = new ArrayList<>(List.of(DISK));
        private String refusal;
        private boolean shuttingDown;
        private int entered;

        @Override
        public List<ExportInfo> list() {
            return all;
        }

        @Override
        public Optional<ExportInfo> find(String name) {
            return all.stream()
                    .filter(e -> e.name().equals(name) || (name.isEmpty() && all.size() == 1))
                    .findFirst();
        }

        @Override
        public Optional<String> enter(ExportInfo export) {
            if (refusal == null) {
                entered++;
            }
            return Optional.ofNullable(refusal);
        }

        @Override
        public boolean shuttingDown() {
            return shuttingDown;
        }
    }

    /** One reply to an option. */
    private record Reply(int option, int type, String hex) {
        private static Reply of(int option, int type, byte[] data) {
            StringBuilder hex = new StringBuilder();
            for (byte b : data) {
                hex.append(String.format("%02x", b));
            }
            return new Reply(option, type, hex.toString());
        }
    }

    private void take(ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        said.writeBytes(copy);
    }

    private void client(byte[]... messages) {
        for (byte[] message : messages) {
            ByteBuffer in = ByteBuffer.wrap(message);
            while (handshake.advance(in)) {
                // goes on
            }
        }
    }

    private List<Reply> replies() {
        ByteBuffer in = ByteBuffer.wrap(said.toByteArray());
        said.reset();
        List<Reply> replies = new ArrayList<>();
        while (in.hasRemaining()) {
            assertThat(in.getLong()).isEqualTo(Nbd.OPTION_REPLY_MAGIC);
            int option = in.getInt();
            int type = in.getInt();
            byte[] data = new byte[in.getInt()];
            in.get(data);
            replies.add(Reply.of(option, type, data));
        }
        return replies;
    }

    private List<Integer> types() {
        return replies().stream().map(Reply::type).toList();
    }

    private static byte[] flags(int flags) {
        return ByteBuffer.allocate(4).putInt(flags).array();
    }

    private static byte[] option(int option, byte[] data) {
        return ByteBuffer.allocate(16 + data.length)
                .putLong(Nbd.OPTION_MAGIC)
                .putInt(option)
                .putInt(data.length)
                .put(data)
                .array();
    }

    private static byte[] option(int option) {
        return option(option, new byte[0]);
    }

    private static byte[] info(String name, int... wanted) {
        byte[] raw = name.getBytes(StandardCharsets.UTF_8);
        ByteBuffer data = ByteBuffer.allocate(6 + raw.length + 2 * wanted.length)
                .putInt(raw.length)
                .put(raw)
                .putShort((short) wanted.length);
        IntStream.of(wanted).forEach(w -> data.putShort((short) w));
        return data.array();
    }

    private static byte[] contexts(String name, String... queries) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(text(name));
        out.writeBytes(flags(queries.length));
        Arrays.stream(queries).forEach(q -> out.writeBytes(text(q)));
        return out.toByteArray();
    }

    private static byte[] text(String text) {
        byte[] raw = text.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(4 + raw.length).putInt(raw.length).put(raw).array();
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        Arrays.stream(parts).forEach(all::writeBytes);
        return all.toByteArray();
    }

    @Test
    void greetsWithFixedNewstyle() {
        handshake.greet();
        assertThat(said.toByteArray())
                .isEqualTo(ByteBuffer.allocate(18)
                        .put("NBDMAGICIHAVEOPT".getBytes(StandardCharsets.US_ASCII))
                        .putShort((short) 3)
                        .array());
    }

    @Test
    void unknownClientFlagsEndIt() {
        client(flags(4 | FIXED));
        assertThat(handshake.ended()).isTrue();
    }

    @Test
    void withoutFixedNewstyleOnlyExportNameIsUnderstood() {
        client(flags(0), option(Nbd.OPT_LIST));
        assertThat(handshake.ended()).isTrue();
        assertThat(said.size()).isZero();
    }

    @Test
    void exportNameIsAnsweredWithZeroesUnlessTheyAreUnwanted() {
        client(flags(0), option(Nbd.OPT_EXPORT_NAME, "disk".getBytes(StandardCharsets.UTF_8)));
        assertThat(said.size()).isEqualTo(8 + 2 + 124);
        assertThat(ByteBuffer.wrap(said.toByteArray()).getLong()).isEqualTo(1 << 20);
        assertThat(handshake.selection()).contains(new Selection(DISK, false, false));
    }

    @Test
    void exportNameThatIsUnknownOrRefusedHangsUp() {
        client(flags(FIXED), option(Nbd.OPT_EXPORT_NAME, "other".getBytes(StandardCharsets.UTF_8)));
        assertThat(handshake.ended()).isTrue();

        Exports refusing = new Exports();
        refusing.refusal = "no";
        Handshake second = new Handshake(refusing, this::take);
        ByteBuffer in = ByteBuffer.wrap(join(flags(FIXED), option(Nbd.OPT_EXPORT_NAME)));
        while (second.advance(in)) {
            // goes on
        }
        assertThat(second.ended()).isTrue();
        assertThat(said.size()).isZero();
    }

    @Test
    void listTellsNamesAndDescriptions() {
        client(flags(FIXED), option(Nbd.OPT_LIST));
        assertThat(replies())
                .containsExactly(
                        Reply.of(
                                Nbd.OPT_LIST,
                                Nbd.REP_SERVER,
                                join(text("disk"), "a disk".getBytes(StandardCharsets.UTF_8))),
                        Reply.of(Nbd.OPT_LIST, Nbd.REP_ACK, new byte[0]));
    }

    @Test
    void goTellsWhatWasAskedForAndSelects() {
        client(
                flags(FIXED),
                option(Nbd.OPT_STRUCTURED_REPLY),
                option(Nbd.OPT_SET_META_CONTEXT, contexts("disk", "base:allocation")),
                option(Nbd.OPT_GO, info("", Nbd.INFO_NAME, Nbd.INFO_BLOCK_SIZE, Nbd.INFO_DESCRIPTION, 77)));
        ByteBuffer size = ByteBuffer.allocate(12)
                .putShort((short) 0)
                .putLong(1 << 20)
                .putShort((short) (Nbd.HAS_FLAGS | Nbd.SEND_FLUSH | Nbd.SEND_DF));
        ByteBuffer blocks = ByteBuffer.allocate(14)
                .putShort((short) 3)
                .putInt(512)
                .putInt(4096)
                .putInt(32 << 20);
        assertThat(replies())
                .containsExactly(
                        Reply.of(Nbd.OPT_STRUCTURED_REPLY, Nbd.REP_ACK, new byte[0]),
                        Reply.of(
                                Nbd.OPT_SET_META_CONTEXT,
                                Nbd.REP_META_CONTEXT,
                                join(flags(1), "base:allocation".getBytes(StandardCharsets.UTF_8))),
                        Reply.of(Nbd.OPT_SET_META_CONTEXT, Nbd.REP_ACK, new byte[0]),
                        Reply.of(Nbd.OPT_GO, Nbd.REP_INFO, size.array()),
                        Reply.of(
                                Nbd.OPT_GO,
                                Nbd.REP_INFO,
                                join(new byte[] {0, 1}, "disk".getBytes(StandardCharsets.UTF_8))),
                        Reply.of(
                                Nbd.OPT_GO,
                                Nbd.REP_INFO,
                                join(new byte[] {0, 2}, "a disk".getBytes(StandardCharsets.UTF_8))),
                        Reply.of(Nbd.OPT_GO, Nbd.REP_INFO, blocks.array()),
                        Reply.of(Nbd.OPT_GO, Nbd.REP_ACK, new byte[0]));
        assertThat(handshake.selection()).contains(new Selection(DISK, true, true));
        assertThat(exports.entered).isEqualTo(1);
    }

    @Test
    void infoDoesNotEnter() {
        client(flags(FIXED), option(Nbd.OPT_INFO, info("disk")));
        assertThat(types()).containsExactly(Nbd.REP_INFO, Nbd.REP_ACK);
        assertThat(exports.entered).isZero();
        assertThat(handshake.selection()).isEmpty();
    }

    @Test
    void refusedEntryIsToldAndTheClientMayTryAgain() {
        exports.refusal = "somebody has it";
        client(flags(FIXED), option(Nbd.OPT_GO, info("disk")));
        assertThat(replies())
                .containsExactly(
                        Reply.of(Nbd.OPT_GO, Nbd.REP_ERR_UNKNOWN, "somebody has it".getBytes(StandardCharsets.UTF_8)));
        exports.refusal = null;
        client(option(Nbd.OPT_GO, info("disk")));
        assertThat(handshake.selection()).isPresent();
    }

    @Test
    void largeBlocksMustBeAskedForInInfoAndAreToldInGo() {
        exports.all.add(COARSE);
        client(flags(FIXED), option(Nbd.OPT_INFO, info("coarse")));
        assertThat(types()).containsExactly(Nbd.REP_INFO, Nbd.REP_ERR_BLOCK_SIZE_REQD);
        client(option(Nbd.OPT_INFO, info("coarse", Nbd.INFO_BLOCK_SIZE)));
        assertThat(types()).containsExactly(Nbd.REP_INFO, Nbd.REP_INFO, Nbd.REP_ACK);
        client(option(Nbd.OPT_GO, info("coarse")));
        assertThat(types()).containsExactly(Nbd.REP_INFO, Nbd.REP_INFO, Nbd.REP_ACK);
    }

    @Test
    void aWriteUnitIsToldAsBlockSize() {
        exports.all.add(new ExportInfo("stripes", "", 1 << 20, Nbd.HAS_FLAGS, 512, 8192, false));
        client(flags(FIXED), option(Nbd.OPT_INFO, info("stripes")));
        assertThat(types()).containsExactly(Nbd.REP_INFO, Nbd.REP_ERR_BLOCK_SIZE_REQD);
        client(option(Nbd.OPT_GO, info("stripes", Nbd.INFO_BLOCK_SIZE)));
        ByteBuffer blocks = ByteBuffer.allocate(14)
                .putShort((short) Nbd.INFO_BLOCK_SIZE)
                .putInt(8192)
                .putInt(8192)
                .putInt(32 << 20);
        assertThat(replies()).contains(Reply.of(Nbd.OPT_GO, Nbd.REP_INFO, blocks.array()));
    }

    @Test
    void noDefaultAmongTwo() {
        exports.all.add(COARSE);
        client(flags(FIXED), option(Nbd.OPT_GO, info("")));
        assertThat(types()).containsExactly(Nbd.REP_ERR_UNKNOWN);
    }

    @Test
    void contextsAreListedByWildcardAndSelectedByName() {
        client(flags(FIXED), option(Nbd.OPT_STRUCTURED_REPLY));
        types();
        client(option(Nbd.OPT_LIST_META_CONTEXT, contexts("disk")));
        assertThat(types()).containsExactly(Nbd.REP_META_CONTEXT, Nbd.REP_ACK);
        client(option(Nbd.OPT_LIST_META_CONTEXT, contexts("disk", "base:")));
        assertThat(types()).containsExactly(Nbd.REP_META_CONTEXT, Nbd.REP_ACK);
        client(option(Nbd.OPT_LIST_META_CONTEXT, contexts("disk", "qemu:dirty-bitmap")));
        assertThat(types()).containsExactly(Nbd.REP_ACK);
        client(option(Nbd.OPT_SET_META_CONTEXT, contexts("disk", "base:")));
        assertThat(types()).containsExactly(Nbd.REP_ACK);
        client(option(Nbd.OPT_SET_META_CONTEXT, contexts("disk", "base:allocation")));
        assertThat(types()).containsExactly(Nbd.REP_META_CONTEXT, Nbd.REP_ACK);
        // the last one counts, even if it fails
        client(option(Nbd.OPT_SET_META_CONTEXT, contexts("absent", "base:allocation")));
        assertThat(types()).containsExactly(Nbd.REP_ERR_UNKNOWN);
        client(option(Nbd.OPT_GO, info("disk")));
        assertThat(handshake.selection()).contains(new Selection(DISK, true, false));
    }

    @Test
    void contextsNeedStructuredReplies() {
        client(flags(FIXED), option(Nbd.OPT_SET_META_CONTEXT, contexts("disk", "base:allocation")));
        assertThat(types()).containsExactly(Nbd.REP_ERR_INVALID);
        client(option(Nbd.OPT_LIST_META_CONTEXT, contexts("disk")));
        assertThat(types()).containsExactly(Nbd.REP_ERR_INVALID);
    }

    @Test
    void malformedOptionsAreInvalidAndHarmless() {
        client(flags(FIXED));
        for (byte[] bad : List.of(
                option(Nbd.OPT_LIST, new byte[1]),
                option(Nbd.OPT_STRUCTURED_REPLY, new byte[1]),
                option(Nbd.OPT_GO),
                option(Nbd.OPT_GO, new byte[5]),
                option(Nbd.OPT_GO, flags(-1)),
                option(Nbd.OPT_GO, join(flags(5000), new byte[5002])),
                option(Nbd.OPT_GO, join(info("disk"), new byte[1])),
                option(Nbd.OPT_INFO, join(text("disk"), new byte[] {0, 9, 0, 0})),
                option(Nbd.OPT_INFO, info("di\0sk")),
                option(Nbd.OPT_INFO, join(flags(1), new byte[] {(byte) 0xff, 0, 0})),
                option(Nbd.OPT_LIST_META_CONTEXT, join(text("disk"), flags(-1))),
                option(Nbd.OPT_SET_META_CONTEXT, join(text("disk"), flags(1), flags(70000))))) {
            client(bad);
            assertThat(types()).as("option " + Arrays.toString(bad)).containsExactly(Nbd.REP_ERR_INVALID);
        }
        client(option(Nbd.OPT_GO, info("disk")));
        assertThat(handshake.selection()).isPresent();
    }

    @Test
    void whatIsNotOfferedIsUnsupported() {
        client(flags(FIXED));
        for (int option : new int[] {0, 4, Nbd.OPT_STARTTLS, Nbd.OPT_EXTENDED_HEADERS, 12, -1}) {
            client(option(option, new byte[3]));
            assertThat(types()).containsExactly(Nbd.REP_ERR_UNSUP);
        }
    }

    @Test
    void longDataAreSkippedWithoutMemory() {
        client(flags(FIXED));
        client(option(Nbd.OPT_GO, new byte[Handshake.MAX_OPTION_DATA + 1]));
        assertThat(types()).containsExactly(Nbd.REP_ERR_TOO_BIG);
        client(option(99, new byte[1 << 20]));
        assertThat(types()).containsExactly(Nbd.REP_ERR_UNSUP);
        client(option(Nbd.OPT_EXPORT_NAME, new byte[Nbd.MAX_STRING + 1]));
        assertThat(handshake.ended()).isTrue();
    }

    @Test
    void abortIsAcknowledgedAlsoWhenGoingDown() {
        exports.shuttingDown = true;
        client(flags(FIXED), option(Nbd.OPT_LIST), option(Nbd.OPT_ABORT));
        assertThat(types()).containsExactly(Nbd.REP_ERR_SHUTDOWN, Nbd.REP_ACK);
        assertThat(handshake.ended()).isTrue();
    }

    @Test
    void wrongMagicEndsIt() {
        client(flags(FIXED), new byte[16]);
        assertThat(handshake.ended()).isTrue();
    }

    @Property(tries = 200)
    void fragmentsDoNotMatter(@ForAll long seed) {
        byte[] all = join(
                flags(FIXED),
                option(Nbd.OPT_STRUCTURED_REPLY),
                option(77, new byte[100]),
                option(Nbd.OPT_LIST),
                option(Nbd.OPT_LIST_META_CONTEXT, contexts("disk", "base:")),
                option(Nbd.OPT_SET_META_CONTEXT, contexts("disk", "base:allocation")),
                option(Nbd.OPT_GO, info("disk", Nbd.INFO_BLOCK_SIZE)),
                new byte[] {1, 2, 3});
        said.reset();
        ByteBuffer atOnce = ByteBuffer.wrap(all);
        Handshake whole = new Handshake(new Exports(), this::take);
        while (whole.advance(atOnce)) {
            // goes on
        }
        byte[] expected = said.toByteArray();
        said.reset();

        Handshake fragmented = new Handshake(new Exports(), this::take);
        Random random = new Random(seed);
        int at = 0;
        int left = 0;
        while (at < all.length) {
            int count = Math.min(all.length - at, random.nextInt(40));
            ByteBuffer in = ByteBuffer.wrap(all, at, count);
            while (fragmented.advance(in)) {
                // goes on
            }
            left += in.remaining();
            at += count;
        }
        assertThat(said.toByteArray()).isEqualTo(expected);
        assertThat(left).isEqualTo(3);
        said.reset();
    }

    @Property(tries = 1000)
    void arbitraryBytesNeverHurt(@ForAll @Size(max = 300) byte[] bytes, @ForAll boolean begun, @ForAll int option) {
        Handshake victim = new Handshake(new Exports(), this::take);
        byte[] all = begun ? join(flags(FIXED), option(option & 0xf, bytes), bytes) : bytes;
        ByteBuffer in = ByteBuffer.wrap(all);
        int steps = 0;
        while (victim.advance(in)) {
            assertThat(++steps).isLessThan(all.length + 2);
        }
        assertThat(in.hasRemaining() && !victim.ended() && victim.selection().isEmpty())
                .isFalse();
        said.reset();
    }
}
