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
import io.cairn.module.raid.level.ChannelSettings;
import io.cairn.module.raid.level.Layout;
import io.cairn.module.raid.level.RaidChannels;
import io.cairn.module.raid.level.RaidLimits;
import io.cairn.module.raid.level.Shape;
import io.cairn.reactor.Errno;
import io.cairn.reactor.Reactor;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** An array that is online: its bdev, its channels, and what keeps its members in agreement. App thread, except where it is said. */
final class Service implements BdevBackend, Serving {
    /** The array, as what serves it sees it. App thread. */
    interface Owner extends MemberReports, Events {
        /** An I/O of a member of a level without redundancy has failed. */
        void counted(int slot, IoType type, IoStatus status);

        /** The bdev's backend is taken down: by the array itself, or because the module leaves. */
        CompletionStage<Void> destruct();

        /** Returns SPDK's {@code raid} object. */
        Map<String, Object> describe();
    }

    private static final Logger LOG = System.getLogger(Service.class.getName());

    private final Definition definition;
    private final ArrayContext context;
    private final Slots slots;
    private final Owner owner;
    private final Map<?, ?> before;
    private final Optional<Upkeep> upkeep;
    private final ArrayChannels channels;
    private Shape shape;
    private Layout layout;
    private volatile Bdev bdev;
    private Declared declared;
    /** Whether some members' record may say what has not come true: that somebody has left or come who has not, or that the array has grown. */
    private boolean outdated;
    /** Whether it may say that the array has grown. */
    private boolean growthGivenUp;

    private Service(
            ArrayContext context,
            Definition definition,
            Slots slots,
            RecordKeeper keeper,
            Owner owner,
            Map<?, ?> before,
            Shape shape) {
        this.definition = definition;
        this.context = context;
        this.slots = slots;
        this.owner = owner;
        this.before = before;
        this.shape = shape;
        Geometry.checkWriteUnits(definition.name(), shape, members());
        this.layout = slots.layout(shape);
        ArrayControl control = new Control();
        this.upkeep = shape.level().isRedundant()
                ? Optional.of(new Upkeep(context, definition, slots, keeper, this, owner, owner, shape))
                : Optional.empty();
        this.channels = new ArrayChannels(
                context.host().reactors(),
                upkeep.map(kept -> kept.settings(control)).orElseGet(() -> ChannelSettings.of(control)),
                layout,
                upkeep.map(Upkeep::unsynced).orElse(null));
    }

    /**
     * Prepares what is to serve an array; nothing is written and nobody sees it yet.
     *
     * @param before what those who had the array before tell and is not on the members: {@link HandedOver}
     * @param believed whether what the members' extensions say is true
     * @param wasComplete whether nobody was missing when the array was last in use
     */
    static CompletionStage<Service> prepare(
            ArrayContext context,
            Definition definition,
            Slots slots,
            RecordKeeper keeper,
            Owner owner,
            Map<?, ?> before,
            Shape shape,
            boolean believed,
            boolean wasComplete) {
        Service service = new Service(context, definition, slots, keeper, owner, before, shape);
        return service.upkeep
                .map(kept -> kept.prepare(before, believed, wasComplete))
                .orElseGet(Stages::done)
                .thenApply(done -> service);
    }

    /** Registers the bdev. What is thrown leaves nothing. */
    CompletionStage<Bdev> register() {
        BdevSpec members = spec();
        BdevSpec spec = Declared.from(before.get(HandedOver.DECLARED))
                .map(declaredBefore -> declaredBefore.again(members))
                .orElse(members);
        CompletionStage<Bdev> examined = context.host().register(spec, this);
        declared = Declared.of(spec);
        bdev = context.host().find(definition.name()).orElseThrow();
        return examined;
    }

    private List<Bdev> members() {
        return slots.attached().stream().map(slot -> slot.member().bdev()).toList();
    }

    private BdevSpec spec() {
        List<Bdev> members = members();
        return new BdevSpec(
                definition.name(),
                List.of(),
                definition.uuid(),
                "Raid Volume",
                shape.blockSize(),
                shape.numBlocks(),
                RaidLimits.limits(shape, members),
                RaidLimits.hasWriteCache(shape.level(), members),
                RaidLimits.types(shape.level(), members),
                members.stream().map(Bdev::name).toList());
    }

    Bdev bdev() {
        return bdev;
    }

    /** Returns what the bdev was registered with. */
    Declared declared() {
        return declared;
    }

    @Override
    public Shape shape() {
        return shape;
    }

    @Override
    public ArrayChannels channels() {
        return channels;
    }

    /** Returns what keeps the members in agreement; empty for a level without redundancy. */
    Optional<Upkeep> upkeep() {
        return upkeep;
    }

    /** Returns what keeps the members of a redundant array in agreement. */
    Upkeep redundancy() {
        return upkeep.orElseThrow();
    }

    /**
     * Returns the background processes.
     *
     * @param asked what a user asked for
     * @throws io.cairn.bdev.BdevException EOPNOTSUPP the level has no redundancy
     */
    Background background(String asked) {
        return upkeep.orElseThrow(() -> definition.refusal(
                        Errno.EOPNOTSUPP, definition.level() + " has no redundancy, and no " + asked))
                .background();
    }

    @Override
    public Layout layout() {
        return layout;
    }

    // ---- what the array tells ----

    /** It is online. */
    void begin() {
        upkeep.ifPresent(Upkeep::begin);
    }

    /** The data of a member that is about to be used may be elsewhere than that of the one before it. */
    void reshape() {
        shape = new Shape(shape.level(), shape.blockSize(), shape.stripBlocks(), slots.extents());
    }

    /** Has every channel, and the process, use the members as they are in the slots now. */
    CompletionStage<Void> adopt() {
        layout = slots.layout(shape);
        CompletionStage<Void> adopted = channels.adopt(layout);
        return upkeep.map(kept -> kept.adopt(layout, adopted)).orElse(adopted);
    }

    /**
     * A record is about to be written that does without a member.
     *
     * @param wasComplete whether nobody is missing without it
     */
    void leaving(boolean wasComplete) {
        upkeep.ifPresent(kept -> kept.leaving(wasComplete));
    }

    /** A member is out, durably: before anything is acknowledged that it missed. */
    void left(Slot slot) {
        upkeep.ifPresent(kept -> kept.left(slot));
    }

    /** The record that did without a member could not be written: all is as it was. */
    void stays() {
        upkeep.ifPresent(Upkeep::stay);
    }

    /**
     * All members have grown: the array does if its record can say so, else it is what it was.
     *
     * @param record writes the record, and tells whether it is on all members that are left
     */
    CompletionStage<Void> grow(Shape larger, Supplier<CompletionStage<Boolean>> record) {
        Shape before = shape;
        growthGivenUp = false;
        return upkeep.map(kept -> kept.intents().prepareGrowth(before, larger))
                .orElseGet(Stages::done)
                .thenCompose(prepared -> {
                    describe(larger);
                    return record.get();
                })
                .thenCompose(written -> written ? grown(before, larger) : giveUpGrowth(before));
    }

    /** The members, and with the next record the array, are as a shape says. */
    private void describe(Shape next) {
        for (Slot slot : slots.all()) {
            slot.setExtent(next.members().get(slot.index()));
        }
        shape = next;
    }

    private CompletionStage<Void> grown(Shape before, Shape larger) {
        return adopt().thenAccept(adopted -> {
            upkeep.ifPresent(kept -> kept.grown(before.rows(), larger.rows()));
            context.host().resize(bdev, larger.numBlocks());
        });
    }

    /** What is on members that took the record of the new size is overruled by the next one that is taken. */
    private CompletionStage<Void> giveUpGrowth(Shape before) {
        LOG.log(
                Level.WARNING,
                "raid bdev ''{0}'' does not grow with its members: too few of them take the record of its new size",
                definition.name());
        describe(before);
        growthGivenUp = true;
        return adopt();
    }

    /** A member whose failure was reported stays: the array cannot do without it, or no record can be written. */
    CompletionStage<Void> failureRefused(int slot) {
        upkeep.ifPresent(kept -> kept.intents().refused(slot));
        return channels.failureRefused(slot);
    }

    /** Returns whether some members' record may say what has not come true. */
    boolean isOutdated() {
        return outdated;
    }

    /** Some members' record may say what has not come true: who has left by that must not lack an intent. */
    void outdated() {
        outdated = true;
        upkeep.ifPresent(kept -> kept.intents().outdated(true));
    }

    /** The record as it is now is on all members that are left. */
    void recorded() {
        if (outdated) {
            outdated = false;
            upkeep.ifPresent(kept -> kept.intents().outdated(false));
        }
        if (growthGivenUp) {
            growthGivenUp = false;
            upkeep.ifPresent(kept -> kept.intents().endGrowth());
        }
    }

    /** Ends what keeps members in agreement. */
    CompletionStage<Void> close() {
        return upkeep.map(Upkeep::close).orElseGet(Stages::done);
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
        return owner.destruct();
    }

    @Override
    public Map<String, Object> driverSpecific() {
        return Map.of("raid", owner.describe());
    }

    /** What the channels report, brought to the app thread. */
    private final class Control implements ArrayControl {
        private void onApp(Runnable report) {
            context.app().execute(report);
        }

        @Override
        public void memberFailed(int slot, IoType type, IoStatus status) {
            onApp(() -> owner.failed(slot, type, status));
        }

        @Override
        public void memberError(int slot, IoType type, IoStatus status) {
            onApp(() -> owner.counted(slot, type, status));
        }

        @Override
        public void readError(int slot, long row, long rows, boolean recovered, IoStatus status) {
            onApp(() -> redundancy().readError(slot, row, rows, recovered, status));
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
            onApp(() -> redundancy().suspect(row, rows));
        }

        @Override
        public void rewritten(long row, long rows) {
            onApp(() -> redundancy().rewritten(row, rows));
        }

        @Override
        public void intend(long row, long rows) {
            onApp(() -> redundancy().intents().intend(row, rows));
        }
    }
}
