package io.cairn.module.raid.array;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevState;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.spi.BackendChannel;
import io.cairn.bdev.spi.BdevBackend;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.module.raid.level.ArrayChannels;
import io.cairn.module.raid.level.ArrayControl;
import io.cairn.module.raid.level.Layout;
import io.cairn.module.raid.level.RaidChannels;
import io.cairn.module.raid.level.RaidLimits;
import io.cairn.module.raid.level.Shape;
import io.cairn.reactor.Reactor;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** An array that is online: its bdev, its channels, and what keeps its members in agreement. App thread, except where it is said. */
final class Service implements BdevBackend {
    private final RaidArray array;
    private final ArrayContext context;
    private final Upkeep upkeep;
    private final ArrayChannels channels;
    private Shape shape;
    private Layout layout;
    private volatile Bdev bdev;
    private Declared declared;

    private Service(RaidArray array, ArrayContext context, Shape shape) {
        this.array = array;
        this.context = context;
        this.shape = shape;
        Geometry.checkWriteUnits(array.name(), shape, members());
        this.layout = array.slots().layout(shape);
        ArrayControl control = new Control();
        this.upkeep = new Upkeep(array, context, this, shape);
        this.channels =
                new ArrayChannels(context.host().reactors(), upkeep.settings(control), layout, upkeep.unsynced());
    }

    /**
     * Prepares what is to serve an array; nothing is written and nobody sees it yet.
     *
     * @param believed whether what the members' extensions say is true
     * @param wasComplete whether nobody was missing when the array was last in use
     */
    static CompletionStage<Service> prepare(
            RaidArray array, ArrayContext context, Shape shape, boolean believed, boolean wasComplete) {
        Service service = new Service(array, context, shape);
        return service.upkeep.prepare(believed, wasComplete).thenApply(done -> service);
    }

    /** Registers the bdev. What is thrown leaves nothing. */
    CompletionStage<Bdev> register() {
        BdevSpec members = spec();
        BdevSpec spec = Declared.from(context.handedOver(array).get(HandedOver.DECLARED))
                .map(before -> before.again(members))
                .orElse(members);
        CompletionStage<Bdev> examined = context.host().register(spec, this);
        declared = Declared.of(spec);
        bdev = context.host().find(array.name()).orElseThrow();
        return examined;
    }

    private List<Bdev> members() {
        return array.slots().attached().stream()
                .map(slot -> slot.member().bdev())
                .toList();
    }

    private BdevSpec spec() {
        List<Bdev> members = members();
        return new BdevSpec(
                array.name(),
                List.of(),
                Optional.of(array.uuid()),
                "Raid Volume",
                shape.blockSize(),
                shape.numBlocks(),
                RaidLimits.limits(shape, members),
                RaidLimits.hasWriteCache(members),
                RaidLimits.types(members),
                members.stream().map(Bdev::name).toList());
    }

    Bdev bdev() {
        return bdev;
    }

    /** Returns what the bdev was registered with. */
    Declared declared() {
        return declared;
    }

    Shape shape() {
        return shape;
    }

    ArrayChannels channels() {
        return channels;
    }

    Upkeep upkeep() {
        return upkeep;
    }

    Layout layout() {
        return layout;
    }

    // ---- what the array tells ----

    /** It is online. */
    void begin() {
        upkeep.begin();
    }

    /** The data of a member that is about to be used may be elsewhere than that of the one before it. */
    void reshape(Slots slots) {
        shape = new Shape(shape.level(), shape.blockSize(), shape.stripBlocks(), slots.extents());
    }

    /** Has every channel, and the process, use the members as they are in the slots now. */
    CompletionStage<Void> adopt(Slots slots) {
        layout = slots.layout(shape);
        return upkeep.adopt(layout, channels.adopt(layout));
    }

    /** A member is out: before anything is acknowledged that it missed. */
    void left(Slot slot) {
        upkeep.left(slot);
    }

    /** Writes the intents to a member that is about to be in sync. */
    CompletionStage<IoStatus> keepIntents(Slot slot) {
        return upkeep.keepIntents(slot);
    }

    void completeness(boolean complete) {
        upkeep.completeness(complete);
    }

    /** A target has been adopted everywhere: it is given what it misses. */
    void rebuild(Slot slot, boolean delta) {
        upkeep.rebuild(slot, delta);
    }

    /** All members have grown. */
    CompletionStage<Void> resize(Shape larger, Slots slots) {
        long rowsBefore = shape.rows();
        return upkeep.resize(larger)
                .thenCompose(prepared -> {
                    for (Slot slot : slots.all()) {
                        slot.setExtent(larger.members().get(slot.index()));
                    }
                    shape = larger;
                    return array.writeRecord(larger);
                })
                .thenCompose(failed -> adopt(slots))
                .thenAccept(adopted -> {
                    upkeep.grown(rowsBefore);
                    context.host().resize(bdev, larger.numBlocks());
                });
    }

    /** Ends what keeps members in agreement. */
    CompletionStage<Void> close() {
        return upkeep.close();
    }

    // ---- what the core asks ----

    /** On the reactor. */
    @Override
    public BackendChannel openChannel(Reactor reactor) {
        return channels.open(reactor);
    }

    /** On any reactor. */
    @Override
    public Object newIoContext() {
        return RaidChannels.newIoContext(layoutShape());
    }

    private Shape layoutShape() {
        return layout.shape();
    }

    @Override
    public CompletionStage<Void> destruct() {
        return array.destruct();
    }

    @Override
    public Map<String, Object> driverSpecific() {
        return Map.of("raid", ArrayInfo.describe(array));
    }

    /** What the channels report, brought to the app thread. */
    private final class Control implements ArrayControl {
        private void onApp(Runnable report) {
            context.app().execute(report);
        }

        @Override
        public void memberFailed(int slot, IoType type, IoStatus status) {
            onApp(() -> array.failed(slot, type, status));
        }

        @Override
        public void memberError(int slot, IoType type, IoStatus status) {
            onApp(() -> array.counted(slot, type));
        }

        @Override
        public void readError(int slot, long row, long rows, boolean recovered, IoStatus status) {
            onApp(() -> upkeep.readError(slot, row, rows, recovered, status));
        }

        /** On any thread. */
        @Override
        public boolean isLeaving() {
            Bdev registered = bdev;
            return registered != null
                    && registered.state() != BdevState.REGISTERED
                    && registered.state() != BdevState.READY;
        }

        @Override
        public void suspect(long row, long rows) {
            onApp(() -> upkeep.suspect(row, rows));
        }

        @Override
        public void intend(long row, long rows) {
            onApp(() -> upkeep.intend(row, rows));
        }
    }
}
