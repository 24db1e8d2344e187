package io.cairn.bdev.core;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.BdevEventListener;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.BdevState;
import io.cairn.bdev.NotificationType;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.spi.BdevBackend;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.operations.ConfigEntry;
import io.cairn.operations.ConfigSource;
import io.cairn.operations.Operation;
import io.cairn.operations.OperationRegistry;
import io.cairn.operations.PendingEntry;
import io.cairn.reactor.Errno;
import io.cairn.reactor.Reactors;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

/** One module in the core: its life, and the core as it sees it. App thread unless said. */
final class ModuleHost implements BdevHost, ConfigSource {
    private static final Logger LOG = System.getLogger(ModuleHost.class.getName());
    private static final int LONGEST_NAME = 255;

    private final CoreContext context;
    private final BdevModule module;
    private final String name;
    private final List<CoreBdev> bdevs = new ArrayList<>();
    private final Map<CoreBdev, CompletableFuture<Bdev>> adoptions = new HashMap<>();
    private final List<Runnable> examinations = new ArrayList<>();
    private final AtomicLong defects = new AtomicLong();
    private final Object life = new Object();
    private OperationRegistry.Registration operations;
    private Set<String> methods = Set.of();
    private boolean replayed;
    private boolean leaving;
    private boolean handedOver;
    private CompletionStage<Void> ended;
    private CompletableFuture<Void> parting = CompletableFuture.completedFuture(null);
    private final Optional<ModuleOrigin> origin;

    ModuleHost(CoreContext context, BdevModule module, Optional<ModuleOrigin> origin) {
        this.context = context;
        this.module = module;
        this.origin = origin;
        this.name = module.name();
    }

    // ---- the module's life ----

    String name() {
        return name;
    }

    /** Returns where it comes from; empty if it was not deployed. */
    Optional<ModuleOrigin> origin() {
        return origin;
    }

    /** Returns whether its stored configuration has been replayed. */
    boolean isReplayed() {
        return replayed;
    }

    /** Returns whether a stored entry is a call of this module's. */
    boolean owns(PendingEntry entry) {
        return methods.contains(entry.entry().method());
    }

    BdevModule module() {
        return module;
    }

    /** Returns what tells this stay of the module from others. */
    Object life() {
        return life;
    }

    boolean isPresent() {
        return !leaving;
    }

    /** Returns whether an upgrade has parted it from its bdevs and nobody has ended it since. */
    boolean isStranded() {
        return handedOver && ended == null;
    }

    List<CoreBdev> bdevs() {
        return List.copyOf(bdevs);
    }

    /** Initialises the module and offers its operations; completes when its stored configuration has been replayed. */
    CompletionStage<Void> start(OperationRegistry registry) {
        module.init(this);
        try {
            List<Operation<?, ?>> offered = module.operations();
            operations = registry.offer(offered, this);
            methods = offered.stream().map(Operation::name).collect(Collectors.toUnmodifiableSet());
        } catch (RuntimeException | LinkageError e) {
            contain("fini", module::fini);
            throw e;
        }
        return operations.replayed().thenRun(() -> replayed = true);
    }

    /** Takes the operations back, removes the module's bdevs, those built on others first, and ends the module. Once, however often. */
    CompletionStage<Void> stop() {
        if (ended == null) {
            ended = end();
        }
        return ended;
    }

    private CompletionStage<Void> end() {
        leaving = true;
        closeOperations();
        List.copyOf(examinations).forEach(Runnable::run);
        List<CompletableFuture<Void>> removals = new ArrayList<>();
        List<CoreBdev> all = bdevs();
        for (int i = all.size() - 1; i >= 0; i--) {
            removals.add(all.get(i).removal().start().toCompletableFuture());
        }
        return CompletableFuture.allOf(removals.toArray(CompletableFuture[]::new))
                .thenCompose(v -> parting)
                .thenCompose(v -> fini());
    }

    /** The module is exchanged: it is asked nothing and makes nothing any more; what it has saved is kept for the next. */
    void handingOver() {
        leaving = true;
        handedOver = true;
        parting = new CompletableFuture<>();
        closeOperations();
        List.copyOf(examinations).forEach(Runnable::run);
    }

    /** Nothing of this module is behind any bdev any more: it may end. */
    void handedAllOver() {
        parting.complete(null);
    }

    /** Takes the operations back; what they have saved stays. */
    void closeOperations() {
        if (operations != null) {
            operations.close();
        }
    }

    private CompletionStage<Void> fini() {
        try {
            return module.fini().exceptionally(e -> {
                LOG.log(Level.ERROR, "module " + name + " failed to end", e);
                return null;
            });
        } catch (RuntimeException | LinkageError e) {
            LOG.log(Level.ERROR, "module " + name + " threw from fini", e);
            return CompletableFuture.completedFuture(null);
        }
    }

    /** Runs one of the module's callbacks; what it throws is reported and contained. Returns whether it ended well. */
    boolean contain(String what, Runnable callback) {
        try {
            callback.run();
            return true;
        } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
            countDefect();
            LOG.log(Level.ERROR, "module " + name + " threw from " + what, e);
            return false;
        }
    }

    /** Whether the module wants the disk phase of examine; one that cannot say so does not. */
    boolean examinesDisk() {
        boolean[] answer = {false};
        contain("examinesDisk", () -> answer[0] = module.examinesDisk());
        return answer[0];
    }

    /** Its place in the disk phase; the last one if it cannot say. */
    int examinePriority() {
        int[] answer = {Integer.MAX_VALUE};
        contain("examinePriority", () -> answer[0] = module.examinePriority());
        return answer[0];
    }

    /** The module broke the contract. From any thread. */
    void countDefect() {
        defects.incrementAndGet();
    }

    long defects() {
        return defects.get();
    }

    void examining(Runnable finish) {
        examinations.add(finish);
    }

    void examined(Runnable finish) {
        examinations.remove(finish);
    }

    void bdevGone(CoreBdev bdev) {
        bdevs.remove(bdev);
    }

    // ---- the configuration ----

    @Override
    public String subsystem() {
        return "bdev";
    }

    @Override
    public String owner() {
        return name;
    }

    @Override
    public List<ConfigEntry> configuration() {
        return module.configuration();
    }

    // ---- what the module asks ----

    @Override
    public Reactors reactors() {
        return context.reactors();
    }

    private void requireApp() {
        context.reactors().app().requireCurrent();
    }

    @Override
    public Optional<Bdev> find(String anyName) {
        requireApp();
        return context.names()
                .find(anyName)
                // until this module has taken it over, a bdev of the one before it is not there
                .filter(b -> !Upgrade.waitsFor(b, name))
                .map(b -> b);
    }

    @Override
    public CompletionStage<Void> settled(String anyName) {
        requireApp();
        return context.names()
                .find(anyName)
                .map(context.examinations()::settled)
                .orElseGet(() -> CompletableFuture.completedFuture(null));
    }

    @Override
    public Reservation reserve(List<String> names, String holder) {
        requireApp();
        names.forEach(ModuleHost::checkName);
        return context.names().reserve(this, List.copyOf(names), holder);
    }

    @Override
    public boolean isReplaying() {
        requireApp();
        return !replayed;
    }

    @Override
    public CompletionStage<Bdev> register(BdevSpec spec, BdevBackend backend) {
        requireApp();
        if (leaving) {
            throw new BdevException(Errno.ENODEV, "module " + name + " is leaving");
        }
        check(spec);
        CoreBdev held = context.names().find(spec.name()).orElse(null);
        if (held != null && held.name().equals(spec.name()) && Upgrade.waitsFor(held, name)) {
            return adopt(held, spec, backend);
        }
        CoreBdev bdev = new CoreBdev(context, this, spec, spec.uuid().orElseGet(UUID::randomUUID), backend);
        context.names().add(bdev);
        bdevs.add(bdev);
        LOG.log(Level.INFO, "bdev {0} of module {1} is registered", bdev.name(), name);
        return context.examinations().examine(bdev).thenApply(v -> {
            if (bdev.state() == BdevState.REGISTERED) {
                bdev.setState(BdevState.READY);
                context.watchers().ready(bdev);
            }
            return bdev;
        });
    }

    /** Serves a bdev that the module before this one has left behind. */
    private CompletionStage<Bdev> adopt(CoreBdev bdev, BdevSpec spec, BdevBackend backend) {
        Upgrade upgrade = context.upgrades().of(name).orElseThrow();
        try {
            bdev.refuseOther(spec);
        } catch (BdevException e) {
            upgrade.failed(bdev.name(), e.getMessage());
            throw e;
        }
        upgrade.adopting();
        bdev.attach(this, backend, spec.baseNames());
        bdevs.add(bdev);
        CompletableFuture<Bdev> served = new CompletableFuture<>();
        adoptions.put(bdev, served);
        bdev.hold().adopt(() -> bdev.follow(spec)).whenComplete((v, failure) -> {
            adoptions.remove(bdev);
            if (failure == null && !bdev.isLeaving()) {
                served.complete(bdev);
                if (replayed) {
                    // what stands on it is built again before the upgrade can be over
                    context.examinations().examine(bdev, this);
                }
                upgrade.adopted(bdev);
            } else {
                notServed(bdev, upgrade, failure, served);
            }
        });
        return served;
    }

    private void notServed(CoreBdev bdev, Upgrade upgrade, Throwable failure, CompletableFuture<Bdev> served) {
        if (bdev.isLeaving()) {
            // its removal takes the new backend down
            served.completeExceptionally(
                    new BdevException(Errno.ENODEV, "bdev " + bdev.name() + " was removed while it was held"));
            upgrade.adoptionFailed(bdev, "it was removed while it was held");
            return;
        }
        bdevs.remove(bdev);
        bdev.hold().destruct(bdev.detach()).whenComplete((v, e) -> {
            String why = "module " + name + " cannot serve it: " + failure.getMessage();
            served.completeExceptionally(Hold.refused(bdev, why));
            upgrade.adoptionFailed(bdev, why);
        });
    }

    private static void checkName(String name) {
        boolean sayable = StandardCharsets.UTF_8.newEncoder().canEncode(name)
                && name.chars().noneMatch(Character::isISOControl)
                && !name.isBlank();
        if (!sayable || name.getBytes(StandardCharsets.UTF_8).length > LONGEST_NAME) {
            throw new BdevException(
                    Errno.EINVAL,
                    "a bdev's name has 1 to " + LONGEST_NAME + " bytes, not only blanks, and no control characters: \""
                            + name.replaceAll("\\p{Cntrl}", "?") + "\"");
        }
    }

    private static void check(BdevSpec spec) {
        checkName(spec.name());
        if (spec.blockSize() < 1 || spec.numBlocks() < 1) {
            throw new BdevException(
                    Errno.EINVAL,
                    "bdev " + spec.name() + " cannot have " + spec.numBlocks() + " blocks of " + spec.blockSize()
                            + " bytes");
        }
        if (spec.numBlocks() > Long.MAX_VALUE / spec.blockSize()) {
            throw new BdevException(
                    Errno.EINVAL,
                    "bdev " + spec.name() + " is too large: " + spec.numBlocks() + " blocks of " + spec.blockSize()
                            + " bytes");
        }
        if (Integer.bitCount(Math.max(1, spec.limits().requiredAlignment())) != 1) {
            throw new BdevException(
                    Errno.EINVAL,
                    "bdev " + spec.name() + ": an alignment of " + spec.limits().requiredAlignment() + " bytes");
        }
    }

    private CoreBdev own(Bdev bdev) {
        if (!(bdev instanceof CoreBdev own) || (own.module() != this && !Upgrade.waitsFor(own, name))) {
            throw new IllegalArgumentException("bdev " + bdev.name() + " is not module " + name + "'s");
        }
        return own;
    }

    @Override
    public CompletionStage<Void> unregister(Bdev bdev) {
        requireApp();
        CoreBdev own = own(bdev);
        CompletableFuture<Bdev> takingOver = adoptions.get(own);
        if (takingOver != null && !own.isLeaving()) {
            // it has not begun to serve it: the bdev goes on waiting for a module that does
            own.hold().cancelAdoption();
            return takingOver.handle((v, e) -> null);
        }
        return own.removal().start();
    }

    @Override
    public CompletionStage<Void> delete(String bdevName) {
        requireApp();
        CoreBdev bdev = context.names().require(bdevName);
        if (bdev.module() != this) {
            throw new BdevException(
                    Errno.ENODEV,
                    "bdev " + bdev.name() + " belongs to module " + bdev.moduleName() + ", not to module " + name);
        }
        if (bdev.isLeaving()) {
            throw new BdevException(Errno.EBUSY, "bdev " + bdev.name() + " is being removed already");
        }
        return bdev.removal().start();
    }

    @Override
    public boolean isBuiltOn(Bdev upper, Bdev lower) {
        requireApp();
        return !Cycles.way((CoreBdev) upper, (CoreBdev) lower).isEmpty();
    }

    @Override
    public BdevDescriptor open(String anyName, OpenMode mode, String holder, BdevEventListener listener) {
        requireApp();
        CoreBdev bdev = context.names().require(anyName);
        Cycles.refuse(bdev, name, holder);
        return bdev.open(context.reactors().app(), mode, holder, listener);
    }

    @Override
    public void claimExclusive(BdevDescriptor descriptor, String claimName) {
        requireApp();
        Descriptor own = (Descriptor) descriptor;
        own.bdev().claimTable().claimExclusive(own, name, claimName);
    }

    @Override
    public void releaseExclusive(Bdev bdev) {
        requireApp();
        ((CoreBdev) bdev).claimTable().releaseExclusive(name);
    }

    @Override
    public Map<String, Object> handedOver() {
        requireApp();
        return context.upgrades().of(name).map(u -> u.handedOver().values()).orElseGet(HashMap::new);
    }

    @Override
    public void resize(Bdev bdev, long numBlocks) {
        requireApp();
        own(bdev).resize(numBlocks);
    }

    @Override
    public void rebase(Bdev bdev, List<String> baseNames) {
        requireApp();
        own(bdev).rebase(baseNames);
    }

    @Override
    public void announce(Bdev bdev, NotificationType type, String detail) {
        requireApp();
        context.notifications().announced(own(bdev), type, detail);
    }

    @Override
    public void passedOver(Bdev bdev, String why) {
        requireApp();
        ((CoreBdev) bdev).passedOver().say(this, why);
    }

    @Override
    public String toString() {
        return "module " + name;
    }
}
