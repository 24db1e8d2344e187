package io.cairn.export.nbd.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.core.BdevCore;
import io.cairn.export.nbd.protocol.ExportInfo;
import io.cairn.export.nbd.protocol.Nbd;
import io.cairn.operations.internal.ConfigStore;
import io.cairn.operations.internal.OperationCenter;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.net.StreamHandler;
import io.cairn.reactor.sim.SimulatedReactors;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Whole sessions on the real core, in a simulation: a client's bytes in, the server's bytes out. */
class SessionTest {
    private static final int BLOCK = 512;
    private static final int BLOCKS = 8192;
    private static final int SIZE = BLOCK * BLOCKS;
    private static final int FLAGS = Nbd.HAS_FLAGS
            | Nbd.SEND_FLUSH
            | Nbd.SEND_FUA
            | Nbd.SEND_TRIM
            | Nbd.SEND_WRITE_ZEROES
            | Nbd.SEND_FAST_ZERO
            | Nbd.SEND_CACHE;

    /** A server with one export, of a disk in memory. */
    private static final class World implements ExportCatalog, ExportTarget {
        private final SimulatedReactors reactors = new SimulatedReactors(1, 1);
        private final RamDisk disk = new RamDisk("ram", BLOCK, BLOCKS);
        private final AtomicInteger connections = new AtomicInteger();
        private final SessionHost host;
        private final BdevDescriptor descriptor;
        private int inside;
        private boolean shuttingDown;

        World(SessionLimits limits) {
            this(limits, IoLimits.NONE);
        }

        World(SessionLimits limits, IoLimits ofDisk) {
            BdevCore core = new BdevCore(reactors, new OperationCenter(reactors, ConfigStore.inMemory()));
            core.add(disk);
            reactors.runUntilIdle();
            disk.register(RamDisk.ALL, ofDisk);
            reactors.runUntilIdle();
            List<BdevDescriptor> opened = new ArrayList<>();
            core.open("ram", OpenMode.WRITE, "test", (event, d) -> {}).thenAccept(opened::add);
            reactors.runUntilIdle();
            descriptor = opened.get(0);
            host = new SessionHost(reactors.app(), this, limits, connections, IoBuffer.allocate(SessionHost.ZEROES));
        }

        Client connect() {
            return connect(Integer.MAX_VALUE);
        }

        Client connect(int fragments) {
            FakeConnection connection = new FakeConnection(reactors.app());
            connection.fragments(fragments);
            StreamHandler handler = host.accept(connection);
            if (handler != null) {
                connection.handler(handler);
            }
            return new Client(this, connection, handler != null);
        }

        void run() {
            reactors.runUntilIdle();
        }

        long lent() {
            return reactors.app().buffers().lentBytes();
        }

        @Override
        public List<ExportTarget> targets() {
            return List.of(this);
        }

        @Override
        public Optional<ExportTarget> find(String name) {
            return name.isEmpty() || name.equals("ram") ? Optional.of(this) : Optional.empty();
        }

        @Override
        public boolean shuttingDown() {
            return shuttingDown;
        }

        @Override
        public ExportInfo info() {
            Bdev bdev = descriptor.bdev();
            long unit = Math.max(1, bdev.limits().writeUnitBlocks()) * bdev.blockSize();
            return new ExportInfo("ram", "", bdev.sizeBytes(), FLAGS, bdev.blockSize(), unit, true);
        }

        @Override
        public BdevChannel enter(Session session) {
            inside++;
            return descriptor.openChannel();
        }

        @Override
        public void leave(Session session) {
            inside--;
        }
    }

    /** A client that says what it is told to. */
    private record Client(World world, FakeConnection connection, boolean accepted) {
        Client shakeHands(boolean structured) {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            all.writeBytes(ByteBuffer.allocate(4).putInt(3).array());
            if (structured) {
                all.writeBytes(option(Nbd.OPT_STRUCTURED_REPLY, new byte[0]));
                byte[] query = Nbd.BASE_ALLOCATION.getBytes(StandardCharsets.US_ASCII);
                all.writeBytes(option(
                        Nbd.OPT_SET_META_CONTEXT,
                        ByteBuffer.allocate(12 + query.length)
                                .putInt(0)
                                .putInt(1)
                                .putInt(query.length)
                                .put(query)
                                .array()));
            }
            all.writeBytes(option(Nbd.OPT_GO, new byte[6]));
            connection.clientSends(all.toByteArray());
            world.run();
            assertThat(world.inside).isPositive();
            connection.take();
            return this;
        }

        void send(byte[]... messages) {
            for (byte[] message : messages) {
                connection.clientSends(message);
            }
        }

        List<Reply> replies(int... readLengths) {
            world.run();
            return Reply.parse(connection.take(), readLengths);
        }

        Reply ask(byte[] request) {
            send(request);
            List<Reply> replies = replies();
            assertThat(replies).hasSize(1);
            return replies.get(0);
        }
    }

    /** A reply, simple or a chunk; simple ones with data get the data's length from the test. */
    private static final class Reply {
        private final boolean structured;
        private final int flags;
        private final int type;
        private final long cookie;
        private final int error;
        private final byte[] data;

        Reply(boolean structured, int flags, int type, long cookie, int error, byte[] data) {
            this.structured = structured;
            this.flags = flags;
            this.type = type;
            this.cookie = cookie;
            this.error = error;
            this.data = data;
        }

        static List<Reply> parse(byte[] bytes, int... readLengths) {
            ByteBuffer in = ByteBuffer.wrap(bytes);
            List<Reply> all = new ArrayList<>();
            int reads = 0;
            while (in.hasRemaining()) {
                int magic = in.getInt();
                assertThat(magic).isIn(Nbd.SIMPLE_REPLY_MAGIC, Nbd.STRUCTURED_REPLY_MAGIC);
                if (magic == Nbd.SIMPLE_REPLY_MAGIC) {
                    int error = in.getInt();
                    long cookie = in.getLong();
                    byte[] data = new byte[cookie < 0 && error == 0 ? readLengths[reads++] : 0];
                    in.get(data);
                    all.add(new Reply(false, 1, 0, cookie, error, data));
                } else {
                    int flags = in.getShort();
                    int type = in.getShort() & 0xffff;
                    long cookie = in.getLong();
                    byte[] data = new byte[in.getInt()];
                    in.get(data);
                    int error = type == Nbd.REPLY_ERROR ? ByteBuffer.wrap(data).getInt() : 0;
                    all.add(new Reply(true, flags, type, cookie, error, data));
                }
            }
            return all;
        }
    }

    private static final Duration LONG = Duration.ofMinutes(1);

    private final World world = new World(SessionLimits.DEFAULTS);
    private boolean ended;

    @AfterEach
    void nothingIsLeftBehind() {
        if (!ended) {
            world.host.end(() -> {});
        }
        world.disk.letGo();
        world.run();
        world.reactors.advance(Duration.ofSeconds(10));
        assertThat(world.inside).isZero();
        assertThat(world.connections.get()).isZero();
        assertThat(world.lent()).isZero();
    }

    private static byte[] option(int option, byte[] data) {
        return ByteBuffer.allocate(16 + data.length)
                .putLong(Nbd.OPTION_MAGIC)
                .putInt(option)
                .putInt(data.length)
                .put(data)
                .array();
    }

    private static byte[] request(int command, int flags, long cookie, long offset, int length, byte... payload) {
        return ByteBuffer.allocate(28 + payload.length)
                .putInt(Nbd.REQUEST_MAGIC)
                .putShort((short) flags)
                .putShort((short) command)
                .putLong(cookie)
                .putLong(offset)
                .putInt(length)
                .put(payload)
                .array();
    }

    private static byte[] write(long cookie, long offset, byte[] data) {
        return request(Nbd.CMD_WRITE, 0, cookie, offset, data.length, data);
    }

    private static byte[] noise(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    @Test
    void writesAndReadsBack() {
        Client client = world.connect().shakeHands(false);
        byte[] data = noise(4096, 1);
        assertThat(client.ask(write(5, 8192, data))).matches(r -> r.error == 0 && r.cookie == 5 && !r.structured);
        assertThat(world.disk.bytes(8192, 4096)).isEqualTo(data);
        client.send(request(Nbd.CMD_READ, 0, -7, 8192, 4096));
        Reply read = client.replies(4096).get(0);
        assertThat(read.cookie).isEqualTo(-7);
        assertThat(read.data).isEqualTo(data);
    }

    @Test
    void structuredReadsCarryTheirOffset() {
        Client client = world.connect().shakeHands(true);
        byte[] data = noise(1024, 2);
        client.ask(write(1, 512, data));
        Reply read = client.ask(request(Nbd.CMD_READ, 0, 9, 512, 1024));
        assertThat(read.type).isEqualTo(Nbd.REPLY_OFFSET_DATA);
        assertThat(read.flags).isEqualTo(Nbd.REPLY_FLAG_DONE);
        assertThat(ByteBuffer.wrap(read.data).getLong()).isEqualTo(512);
        assertThat(Arrays.copyOfRange(read.data, 8, 1032)).isEqualTo(data);
        assertThat(client.ask(request(Nbd.CMD_READ, 0, 9, 512, 0)).type).isEqualTo(Nbd.REPLY_NONE);
    }

    @Test
    void longWritesAndReadsInEveryFragmentation() {
        for (int fragment : new int[] {1000, 70_001, Integer.MAX_VALUE}) {
            for (boolean structured : new boolean[] {false, true}) {
                Client client = world.connect(fragment).shakeHands(structured);
                byte[] data = noise(2_500_096 / BLOCK * BLOCK, fragment);
                client.send(
                        write(1, 0, Arrays.copyOf(data, 40_960)),
                        write(2, 40_960, Arrays.copyOfRange(data, 40_960, data.length)),
                        write(3, SIZE - 512, new byte[512]));
                assertThat(client.replies()).extracting(r -> r.error).containsExactly(0, 0, 0);
                assertThat(world.disk.bytes(0, data.length)).isEqualTo(data);
                client.send(
                        request(Nbd.CMD_READ, 0, -1, 0, data.length), request(Nbd.CMD_READ, 0, -2, SIZE - 512, 512));
                assertThat(readBack(client.replies(data.length, 512), -1, data.length, structured))
                        .isEqualTo(data);
            }
        }
    }

    /** Whole stripes of a raid5f: the pieces in which they are written are whole stripes too. */
    @Test
    void longWritesAreCutAtWriteUnits() {
        int unitBytes = 24 * BLOCK;
        World stripes = worldOfUnits(unitBytes);
        Client client = stripes.connect().shakeHands(true);
        byte[] data = noise(250 * unitBytes, 8);
        assertThat(client.ask(write(1, unitBytes, data)).error).isZero();
        assertThat(stripes.disk.bytes(unitBytes, data.length)).isEqualTo(data);
        assertThat(client.ask(request(Nbd.CMD_WRITE_ZEROES, Nbd.CMD_FLAG_NO_HOLE, 1, 0, data.length)).error)
                .isZero();
        assertThat(stripes.disk.bytes(0, data.length)).containsOnly(0);
        assertThat(client.ask(write(1, BLOCK, data)).error).isEqualTo(Nbd.EINVAL);
        assertThat(stripes.disk.bytes(0, data.length)).containsOnly(0);
    }

    /** Stripes that are longer than a buffer: each is written as one from several. */
    @Test
    void writeUnitsLongerThanABufferAreWrittenInOne() {
        int unitBytes = (5 << 18) + BLOCK;
        World stripes = worldOfUnits(unitBytes);
        for (int fragments : new int[] {Integer.MAX_VALUE, 4093}) {
            Client client = stripes.connect(fragments).shakeHands(true);
            byte[] data = noise(3 * unitBytes, fragments);
            assertThat(client.ask(write(1, 0, data)).error).isZero();
            assertThat(stripes.disk.bytes(0, data.length)).isEqualTo(data);
            assertThat(client.ask(request(Nbd.CMD_WRITE_ZEROES, Nbd.CMD_FLAG_NO_HOLE, 1, 0, 2 * unitBytes)).error)
                    .isZero();
            assertThat(stripes.disk.bytes(0, 2 * unitBytes)).containsOnly(0);
        }
        assertThat(stripes.disk.seen()).filteredOn(IoType.WRITE::equals).hasSize(2 * (3 + 2));
    }

    @Test
    void aClientThatDisappearsInTheMiddleOfAWriteUnitLeavesNothing() {
        int unitBytes = 7 << 18;
        World stripes = worldOfUnits(unitBytes);
        byte[] whole = write(1, 0, noise(2 * unitBytes, 5));
        for (int sent : new int[] {100_000, (1 << 20) + 28, (1 << 20) + 100_000, unitBytes + 28, whole.length - 1}) {
            Client client = stripes.connect().shakeHands(true);
            client.send(Arrays.copyOf(whole, sent));
            stripes.run();
            client.connection.clientEnds();
            stripes.run();
            assertThat(stripes.inside).as("after %s bytes", sent).isZero();
            assertThat(stripes.lent()).as("after %s bytes", sent).isZero();
        }
    }

    /** Each has memory for a unit or none: none waits for what another has taken for half of one. */
    @Test
    void clientsWithLongWriteUnitsDoNotWaitForEachOthersHalves() {
        int unitBytes = 3 << 20;
        World stripes = worldOfUnits(unitBytes, new SessionLimits(8, 8 << 20, LONG, LONG, LONG));
        byte[] data = noise(unitBytes, 6);
        List<Client> clients = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            clients.add(stripes.connect(64 << 10).shakeHands(true));
        }
        clients.forEach(client -> client.send(write(1, 0, data)));
        stripes.run();
        for (Client client : clients) {
            assertThat(client.replies()).extracting(r -> r.error).containsExactly(0);
        }
        assertThat(stripes.disk.bytes(0, unitBytes)).isEqualTo(data);
    }

    private static World worldOfUnits(int bytes) {
        return worldOfUnits(bytes, SessionLimits.DEFAULTS);
    }

    private static World worldOfUnits(int bytes, SessionLimits limits) {
        return new World(limits, new IoLimits(0, 0, 0, false, bytes / BLOCK, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    }

    private static byte[] readBack(List<Reply> replies, long cookie, int length, boolean structured) {
        ByteBuffer all = ByteBuffer.allocate(length);
        for (Reply reply : replies) {
            if (reply.cookie == cookie) {
                if (structured) {
                    ByteBuffer data = ByteBuffer.wrap(reply.data);
                    all.put((int) data.getLong(), reply.data, 8, reply.data.length - 8);
                } else {
                    return reply.data;
                }
            }
        }
        return all.array();
    }

    @Test
    void aLongSimpleReplyIsNotInterrupted() {
        Client client = world.connect().shakeHands(false);
        byte[] data = noise(3 << 20, 3);
        client.ask(write(1, 0, data));
        world.disk.hold();
        client.send(
                request(Nbd.CMD_READ, 0, -1, 0, 3 << 20),
                request(Nbd.CMD_READ, 0, -2, 0, 2 << 20),
                request(Nbd.CMD_FLUSH, 0, 3, 0, 0));
        world.run();
        assertThat(world.disk.held()).isEqualTo(3);
        world.disk.serveHeld();
        world.run();
        assertThat(world.disk.held()).isEqualTo(1);
        world.disk.letGo();
        List<Reply> replies = client.replies(3 << 20, 2 << 20);
        assertThat(replies).extracting(r -> r.cookie).containsExactlyInAnyOrder(-1L, -2L, 3L);
        assertThat(readBack(replies, -1, 3 << 20, false)).isEqualTo(data);
    }

    @Test
    void anErrorInALongReadIsToldOrHungUpOn() {
        Client structured = world.connect().shakeHands(true);
        world.disk.fail(IoType.READ, IoStatus.FAILED);
        assertThat(structured.ask(request(Nbd.CMD_READ, 0, 1, 0, 2 << 20)).error)
                .isEqualTo(Nbd.EIO);
        Client simple = world.connect().shakeHands(false);
        assertThat(simple.ask(request(Nbd.CMD_READ, 0, -1, 0, 2 << 20)).error).isEqualTo(Nbd.EIO);
        world.disk.fail(null, null);
        world.disk.hold();
        simple.send(request(Nbd.CMD_READ, 0, -1, 0, 2 << 20));
        world.run();
        world.disk.serveHeld();
        world.run();
        assertThat(world.disk.held()).isEqualTo(1);
        world.disk.fail(IoType.READ, IoStatus.FAILED);
        world.disk.letGo();
        world.run();
        assertThat(simple.connection.isOver()).isTrue();
    }

    @Test
    void fuaFlushesBeforeTheReply() {
        Client client = world.connect().shakeHands(true);
        client.ask(write(1, 0, new byte[512]));
        assertThat(world.disk.isDirty()).isTrue();
        for (byte[] fua : List.of(
                request(Nbd.CMD_WRITE, Nbd.CMD_FLAG_FUA, 2, 0, 512, new byte[512]),
                request(Nbd.CMD_WRITE, Nbd.CMD_FLAG_FUA, 2, 0, 65_536, new byte[65_536]),
                request(Nbd.CMD_TRIM, Nbd.CMD_FLAG_FUA, 2, 0, 512),
                request(Nbd.CMD_WRITE_ZEROES, Nbd.CMD_FLAG_FUA | Nbd.CMD_FLAG_NO_HOLE, 2, 0, 512))) {
            world.disk.seen().clear();
            assertThat(client.ask(fua).error).isZero();
            assertThat(world.disk.isDirty()).isFalse();
            assertThat(world.disk.seen()).last().isEqualTo(IoType.FLUSH);
        }
        client.ask(write(1, 0, new byte[512]));
        assertThat(client.ask(request(Nbd.CMD_FLUSH, 0, 4, 0, 0)).error).isZero();
        assertThat(world.disk.isDirty()).isFalse();
    }

    @Test
    void zeroesLeaveAHoleOrNone() {
        Client client = world.connect().shakeHands(true);
        client.ask(write(1, 0, noise(4096, 4)));
        assertThat(client.ask(request(Nbd.CMD_WRITE_ZEROES, 0, 1, 0, 512)).error)
                .isZero();
        assertThat(world.disk.isAllocated(0)).isFalse();
        int length = 3 << 20;
        assertThat(client.ask(request(Nbd.CMD_WRITE_ZEROES, Nbd.CMD_FLAG_NO_HOLE, 1, 512, length)).error)
                .isZero();
        assertThat(world.disk.bytes(512, length)).containsOnly(0);
        assertThat(world.disk.isAllocated(1)).isTrue();
        assertThat(world.disk.isAllocated(length / BLOCK)).isTrue();
        assertThat(client.ask(request(Nbd.CMD_TRIM, 0, 1, 512, 512)).error).isZero();
        assertThat(world.disk.isAllocated(1)).isFalse();
    }

    @Test
    void blockStatusTellsDataAndHoles() {
        Client client = world.connect().shakeHands(true);
        client.ask(write(1, 1024, new byte[1024]));
        client.ask(write(1, 4096, new byte[512]));
        Reply status = client.ask(request(Nbd.CMD_BLOCK_STATUS, 0, 6, 0, 8192));
        assertThat(status.type).isEqualTo(Nbd.REPLY_BLOCK_STATUS);
        assertThat(words(status.data)).containsExactly(1, 1024, 3, 1024, 0, 2048, 3, 512, 0, 3584, 3);
        assertThat(words(client.ask(request(Nbd.CMD_BLOCK_STATUS, Nbd.CMD_FLAG_REQ_ONE, 6, 1536, 4096)).data))
                .containsExactly(1, 512, 0);
        assertThat(words(client.ask(request(Nbd.CMD_BLOCK_STATUS, Nbd.CMD_FLAG_REQ_ONE, 6, 0, 512)).data))
                .containsExactly(1, 512, 3);
        world.disk.fail(IoType.SEEK_DATA, IoStatus.FAILED);
        assertThat(words(client.ask(request(Nbd.CMD_BLOCK_STATUS, 0, 6, 0, 8192)).data))
                .containsExactly(1, 8192, 0);
    }

    private static List<Integer> words(byte[] data) {
        ByteBuffer in = ByteBuffer.wrap(data);
        List<Integer> words = new ArrayList<>();
        while (in.hasRemaining()) {
            words.add(in.getInt());
        }
        return words;
    }

    @Test
    void badRequestsAreAnsweredAndTheNextOneIsUnderstood() {
        Client client = world.connect(777).shakeHands(true);
        client.send(
                request(Nbd.CMD_WRITE, 0, 1, 100, 512, new byte[512]),
                request(Nbd.CMD_WRITE, 0, 2, SIZE, 512, new byte[512]),
                request(Nbd.CMD_WRITE, 0, 3, 0, Nbd.MAX_PAYLOAD + 512, new byte[Nbd.MAX_PAYLOAD + 512]),
                request(Nbd.CMD_READ, 0, 4, SIZE - 512, 1024),
                request(99, 0, 5, 0, 0),
                request(Nbd.CMD_READ, Nbd.CMD_FLAG_DF, 6, 0, 2 << 20),
                request(Nbd.CMD_FLUSH, 0, 7, 0, 0));
        assertThat(client.replies())
                .extracting(r -> r.error)
                .containsExactly(Nbd.EINVAL, Nbd.EINVAL, Nbd.EINVAL, Nbd.EINVAL, Nbd.EINVAL, Nbd.EOVERFLOW, 0);
        assertThat(world.disk.isDirty()).isFalse();
    }

    @Test
    void failuresOfTheDiskHaveTheirNumbers() {
        Client client = world.connect().shakeHands(true);
        world.disk.fail(IoType.WRITE, IoStatus.NO_SPACE);
        assertThat(client.ask(write(1, 0, new byte[512])).error).isEqualTo(Nbd.ENOSPC);
        assertThat(client.ask(write(1, 0, new byte[65_536])).error).isEqualTo(Nbd.ENOSPC);
        world.disk.fail(IoType.FLUSH, IoStatus.FAILED);
        assertThat(client.ask(request(Nbd.CMD_WRITE, Nbd.CMD_FLAG_FUA, 1, 0, 512, new byte[512])).error)
                .isEqualTo(Nbd.EIO);
        world.disk.fail(IoType.READ, IoStatus.NO_DEVICE);
        assertThat(client.ask(request(Nbd.CMD_READ, 0, 1, 0, 512)).error).isEqualTo(Nbd.ESHUTDOWN);
    }

    @Test
    void manyRequestsInFlightAndNoMoreThanThat() {
        Client client = world.connect().shakeHands(false);
        world.disk.hold();
        for (int i = 0; i < 2000; i++) {
            client.send(write(i, i * 512L, noise(512, i)));
        }
        world.run();
        assertThat(world.disk.held()).isBetween(1, 256);
        assertThat(client.connection.unconsumed()).isPositive();
        world.disk.letGo();
        assertThat(client.replies()).hasSize(2000).allMatch(r -> r.error == 0);
        assertThat(world.disk.bytes(1999 * 512, 512)).isEqualTo(noise(512, 1999));
    }

    @Test
    void whoDoesNotReadItsRepliesIsNotReadFrom() {
        Client client = world.connect().shakeHands(true);
        client.connection.clientReads(false);
        int requests = 4000;
        for (int i = 0; i < requests; i++) {
            client.send(request(Nbd.CMD_READ, 0, i, 0, 65_536));
        }
        world.run();
        assertThat(client.connection.unsentBytes()).isBetween(1L << 20, 13L << 20);
        assertThat(world.lent()).isLessThan(32 << 20);
        client.connection.clientReads(true);
        assertThat(client.replies()).hasSize(requests);
    }

    @Test
    void whoStallsInTheMiddleIsHungUpOn() {
        Client stalled = world.connect().shakeHands(true);
        Client idle = world.connect().shakeHands(true);
        stalled.send(request(Nbd.CMD_WRITE, 0, 1, 0, 1 << 20, new byte[100]));
        world.run();
        world.reactors.advance(Duration.ofSeconds(90));
        assertThat(stalled.connection.isOver()).isTrue();
        assertThat(idle.connection.isOver()).isFalse();
    }

    /** Makes clients that begin a long write each, and stop. */
    private List<Client> stallInLongWrites(int count) {
        List<Client> stalling = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Client one = world.connect().shakeHands(true);
            one.send(request(Nbd.CMD_WRITE, 0, 1, 0, 1 << 20, new byte[100]));
            stalling.add(one);
        }
        world.run();
        return stalling;
    }

    private static long over(List<Client> clients) {
        return clients.stream().filter(c -> c.connection.isOver()).count();
    }

    @Test
    void clientsThatStallInLongWritesLeaveMemoryForOthers() {
        Client before = world.connect().shakeHands(true);
        List<Client> stalling = stallInLongWrites(60);
        assertThat(before.ask(request(Nbd.CMD_READ, 0, 1, 0, 65_536)).data).hasSize(8 + 65_536);
        Client after = world.connect().shakeHands(true);
        assertThat(after.ask(request(Nbd.CMD_READ, 0, 1, 0, 4096)).error).isZero();
        assertThat(over(stalling)).isZero();
    }

    @Test
    void whoStallsWithMemoryThatOthersNeedMakesRoomSoon() {
        List<Client> stalling = stallInLongWrites(60);
        Client working = world.connect().shakeHands(true);
        byte[] data = noise(3 << 20, 6);
        working.send(write(1, 0, data));
        assertThat(working.replies()).isEmpty();
        world.reactors.advance(Duration.ofSeconds(15));
        assertThat(working.replies()).extracting(r -> r.error).containsExactly(0);
        assertThat(world.disk.bytes(0, data.length)).isEqualTo(data);
        assertThat(over(stalling)).isPositive();
    }

    @Test
    void whoLeavesRepliesUnreadWhileOthersNeedTheMemoryMakesRoomSoon() {
        Client working = world.connect().shakeHands(true);
        List<Client> deaf = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            Client one = world.connect().shakeHands(true);
            one.connection.clientReads(false);
            for (int k = 0; k < 200; k++) {
                one.send(request(Nbd.CMD_READ, 0, k, 0, 65_536));
            }
            deaf.add(one);
            world.run();
        }
        working.send(request(Nbd.CMD_READ, 0, 1, 0, 65_536));
        world.reactors.advance(Duration.ofSeconds(15));
        assertThat(working.replies()).extracting(r -> r.error).containsExactly(0);
        assertThat(over(deaf)).isPositive();
    }

    @Test
    void whoStallsIsLeftAloneWhileThereIsMemoryForAll() {
        List<Client> stalling = stallInLongWrites(10);
        assertThat(world.connect().shakeHands(true).ask(write(1, 0, new byte[2 << 20])).error)
                .isZero();
        world.reactors.advance(Duration.ofSeconds(50));
        assertThat(over(stalling)).isZero();
    }

    @Test
    void aSlowClientThatGoesOnIsNotStalled() {
        Client slow = world.connect().shakeHands(true);
        byte[] whole = write(1, 0, noise(1 << 20, 7));
        int part = 200_000;
        for (int at = 0; at < whole.length; at += part) {
            slow.send(Arrays.copyOfRange(whole, at, Math.min(whole.length, at + part)));
            world.reactors.advance(Duration.ofSeconds(40));
        }
        assertThat(slow.replies()).extracting(r -> r.error).containsExactly(0);
    }

    @Test
    void theTimeThatTheServerTookIsNotTheClients() {
        Client client = world.connect().shakeHands(true);
        world.disk.hold();
        byte[] last = write(3, 0, noise(2 << 20, 8));
        client.send(
                write(1, 0, new byte[4 << 20]),
                write(2, 0, new byte[3 << 20]),
                Arrays.copyOf(last, last.length - 600_000));
        world.run();
        assertThat(client.connection.isReading()).isFalse();
        world.reactors.advance(Duration.ofSeconds(90));
        world.disk.letGo();
        world.reactors.advance(Duration.ofSeconds(20));
        client.send(Arrays.copyOfRange(last, last.length - 600_000, last.length));
        assertThat(client.replies()).extracting(r -> r.error).containsExactly(0, 0, 0);
    }

    @Test
    void repliesWithoutDataThatWereReadLateDoNotStopTheSession() {
        Client client = world.connect().shakeHands(true);
        client.connection.clientReads(false);
        int requests = 200_000;
        byte[] refused = request(Nbd.CMD_READ, 0, 1, SIZE, 512);
        ByteBuffer all = ByteBuffer.allocate(requests * refused.length);
        for (int i = 0; i < requests; i++) {
            all.put(refused);
        }
        client.send(all.array());
        world.run();
        assertThat(client.connection.unconsumed()).isPositive();
        client.connection.clientReads(true);
        assertThat(client.replies()).hasSize(requests);
    }

    @Test
    void handshakesTakeOnlySoLong() {
        Client silent = world.connect();
        world.run();
        world.reactors.advance(Duration.ofSeconds(40));
        assertThat(silent.connection.isOver()).isTrue();
    }

    @Test
    void clientThatDisappearsInMidWrite() {
        world.disk.hold();
        for (int length : new int[] {4096, 3 << 20}) {
            Client client = world.connect().shakeHands(true);
            byte[] whole = write(1, 0, noise(length, 5));
            client.send(Arrays.copyOf(whole, whole.length - 1));
            world.run();
            client.connection.clientEnds();
            world.run();
        }
        Client killed = world.connect().shakeHands(true);
        killed.send(write(1, 0, new byte[2 << 20]), request(Nbd.CMD_READ, 0, 2, 0, 1 << 20));
        world.run();
        killed.connection.close();
        world.run();
        assertThat(world.inside).isPositive();
        world.disk.letGo();
        world.run();
        assertThat(world.inside).isZero();
    }

    @Test
    void disconnectWaitsForWhatIsInFlight() {
        Client client = world.connect().shakeHands(true);
        world.disk.hold();
        client.send(write(1, 0, new byte[512]), request(Nbd.CMD_DISC, 0, 2, 0, 0));
        world.run();
        assertThat(client.connection.isOver()).isFalse();
        world.disk.letGo();
        assertThat(client.replies()).extracting(r -> r.cookie).containsExactly(1L);
        assertThat(client.connection.isOver()).isTrue();
    }

    @Test
    void theServersEndWaitsForWhatIsInFlight() {
        Client client = world.connect().shakeHands(true);
        Client negotiating = world.connect();
        world.disk.hold();
        client.send(write(1, 0, new byte[512]));
        world.run();
        List<String> events = new ArrayList<>();
        world.host.end(() -> events.add("ended"));
        ended = true;
        world.run();
        assertThat(negotiating.connection.isOver()).isTrue();
        assertThat(events).isEmpty();
        world.disk.letGo();
        assertThat(client.replies()).extracting(r -> r.error).containsExactly(0);
        assertThat(events).containsExactly("ended");
        assertThat(world.connect().accepted()).isFalse();
    }

    @Test
    void theServersEndGivesUpWhatDoesNotEnd() {
        Client client = world.connect().shakeHands(true);
        world.disk.hold();
        client.send(write(1, 0, new byte[2 << 20]), request(Nbd.CMD_READ, 0, 2, 0, 3 << 20));
        for (int i = 3; i <= 200; i++) {
            client.send(write(i, 0, new byte[512]));
        }
        world.run();
        List<String> events = new ArrayList<>();
        world.host.end(() -> events.add("ended"));
        ended = true;
        world.reactors.advance(Duration.ofMillis(900));
        assertThat(world.disk.held()).as("time to end by themselves").isPositive();
        assertThat(client.replies()).isEmpty();

        world.reactors.advance(Duration.ofMillis(1200));

        assertThat(events).containsExactly("ended");
        assertThat(world.disk.held()).isZero();
        assertThat(client.replies())
                .isNotEmpty()
                .extracting(r -> r.error)
                .as("nobody is told that it was done")
                .doesNotContain(0);
        assertThat(client.connection.isOver()).isTrue();
    }

    @Test
    void theServersEndGivesUpWhatAClientThatHasGoneHasLeft() {
        Client killed = world.connect().shakeHands(true);
        world.disk.hold();
        killed.send(write(1, 0, new byte[2 << 20]), request(Nbd.CMD_READ, 0, 2, 0, 1 << 20));
        world.run();
        killed.connection.close();
        world.run();
        List<String> events = new ArrayList<>();
        world.host.end(() -> events.add("ended"));
        ended = true;

        world.reactors.advance(Duration.ofMillis(2100));

        assertThat(events).containsExactly("ended");
        assertThat(world.inside).isZero();
        assertThat(world.disk.held()).isZero();
    }

    @Test
    void tooManyConnectionsPushOutThoseThatOnlyOccupy() {
        SessionLimits few =
                new SessionLimits(3, 32 << 20, Duration.ofSeconds(30), Duration.ofSeconds(60), Duration.ofSeconds(5));
        World small = new World(few);
        Client working = small.connect().shakeHands(false);
        List<Client> silent = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            silent.add(small.connect());
            small.run();
        }
        assertThat(silent.stream().filter(c -> !c.connection.isOver())).hasSize(2);
        assertThat(working.ask(request(Nbd.CMD_FLUSH, 0, 1, 0, 0)).error).isZero();
        assertThat(small.connect().shakeHands(false).ask(request(Nbd.CMD_FLUSH, 0, 1, 0, 0)).error)
                .isZero();
    }

    @Property(tries = 300)
    void arbitraryBytesNeverHurt(
            @ForAll @Size(max = 400) byte[] bytes, @ForAll long seed, @ForAll boolean wellFormedHeaders) {
        World victim = world;
        Client client = victim.connect(1 + (int) (seed & 63)).shakeHands((seed & 64) != 0);
        Random random = new Random(seed);
        for (int i = 0; i < 8; i++) {
            if (wellFormedHeaders) {
                client.send(request(
                        random.nextInt(9),
                        random.nextInt(32),
                        random.nextLong(),
                        (long) random.nextInt(BLOCKS + 2) * BLOCK,
                        random.nextInt(40) * BLOCK));
            }
            client.send(bytes);
        }
        client.connection.clientEnds();
        victim.run();
        victim.reactors.advance(Duration.ofSeconds(10));
        assertThat(client.connection.isOver()).isTrue();
        assertThat(victim.inside).isZero();
        assertThat(victim.lent()).isZero();
    }

    @Property(tries = 100)
    void fragmentsDoNotMatter(@ForAll long seed) {
        Random random = new Random(seed);
        World one = world;
        Client client = one.connect(1 + random.nextInt(60_000)).shakeHands(true);
        byte[] expected = one.disk.bytes(0, SIZE);
        int count = 30;
        for (int i = 0; i < count; i++) {
            int length = (1 + random.nextInt(random.nextBoolean() ? 8 : 500)) * BLOCK;
            int offset = random.nextInt((SIZE - length) / BLOCK) * BLOCK;
            byte[] data = noise(length, seed + i);
            System.arraycopy(data, 0, expected, offset, length);
            client.send(write(i, offset, data));
            if (random.nextInt(4) == 0) {
                one.run();
            }
        }
        assertThat(client.replies()).hasSize(count).allMatch(r -> r.error == 0);
        assertThat(one.disk.bytes(0, SIZE)).isEqualTo(expected);
    }
}
