package io.cairn.bdev.core;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.Bdevs.BdevWatcher;
import io.cairn.bdev.Claim;
import io.cairn.operations.ConfigEntry;
import io.cairn.operations.ConfigSource;
import io.cairn.operations.Operation;
import io.cairn.operations.OperationException;
import io.cairn.operations.Param;
import io.cairn.reactor.Errno;
import io.cairn.reactor.Poller;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The bdev layer's own operations. Handlers run on the app thread. */
final class CoreOperations implements ConfigSource {
    private static final long NANOS_PER_MILLI = 1_000_000;

    /** Parameters of {@code bdev_get_bdevs}. */
    record GetBdevs(
            @Param(value = "name, alias or UUID; absent: all", names = Param.Names.BDEV) Optional<String> name,
            @Param(
                            value = "how long to wait for the bdev to appear, in ms; only with a name",
                            defaultsTo = "0",
                            max = Long.MAX_VALUE / NANOS_PER_MILLI)
                    long timeout) {}

    /** Parameters of {@code bdev_examine}. */
    record Examine(@Param(value = "name of a bdev, here or to come", names = Param.Names.BDEV) String name) {}

    /** Parameters of {@code bdev_set_options}. */
    record SetOptions(
            @Param(value = "I/O objects in all", max = 0xffff_ffffL) Optional<Long> bdevIoPoolSize,
            @Param(value = "I/O objects of one descriptor on one reactor", max = 0xffff_ffffL)
                    Optional<Long> bdevIoCacheSize,
            @Param("whether every bdev is examined when it comes") Optional<Boolean> bdevAutoExamine,
            @Param(value = "accepted for SPDK's clients; the pools here are sized by reactor", max = 0xffff_ffffL)
                    Optional<Long> iobufSmallCacheSize,
            @Param(value = "accepted for SPDK's clients; the pools here are sized by reactor", max = 0xffff_ffffL)
                    Optional<Long> iobufLargeCacheSize) {}

    /** Parameters of {@code bdev_get_iostat}. */
    record GetIostat(
            @Param(value = "bdevs; absent: all", names = Param.Names.BDEV) Optional<List<String>> names,
            @Param(value = "list each reactor's counts; needs exactly one name", defaultsTo = "false")
                    boolean perChannel,
            @Param(value = "what to forget after reading", defaultsTo = "none") StatisticsReset resetMode) {}

    /** Parameters of {@code bdev_reset_iostat}. */
    record ResetIostat(
            @Param(value = "the bdev; absent: all", names = Param.Names.BDEV) Optional<String> name,
            @Param(value = "what to forget", defaultsTo = "all") StatisticsReset mode) {}

    private final BdevCore core;
    private final CoreContext context;
    private boolean optionsSet;

    CoreOperations(BdevCore core, CoreContext context) {
        this.core = core;
        this.context = context;
    }

    List<Operation<?, ?>> list() {
        return List.of(
                Operation.named("bdev_get_bdevs", GetBdevs.class)
                        .describedAs("Lists bdevs, or waits for one.")
                        .answering("[bdev]: SPDK's description of each bdev, in the order of registration")
                        .example("{}")
                        .handledBy(this::getBdevs),
                Operation.named("bdev_examine", Examine.class)
                        .describedAs(
                                "Has a bdev examined though automatic examine is off; remembered for when it comes.")
                        .decodeError(Operation.INVALID_PARAMS)
                        .changingConfiguration()
                        .example("{\"name\":\"Malloc0\"}")
                        .handledBy(this::examine),
                Operation.named("bdev_wait_for_examine", Operation.None.class)
                        .describedAs("Answers when no module is examining a bdev or starting.")
                        .decodeError(Operation.INVALID_PARAMS)
                        .handledBy(p ->
                                context.examinations().whenIdle(Duration.ZERO).thenApply(v -> true)),
                Operation.named("bdev_set_options", SetOptions.class)
                        .describedAs("Sets options of the bdev layer before it starts.")
                        .decodeError(Operation.INVALID_PARAMS)
                        .in(Operation.States.STARTUP)
                        .changingConfiguration()
                        .example("{\"bdev_auto_examine\":false}")
                        .handledBy(this::setOptions),
                Operation.named("bdev_get_iostat", GetIostat.class)
                        .describedAs(
                                "Tells what went through bdevs since the last reset: counts, bytes, latencies in ticks (ns), errors.")
                        .answering(
                                "{\"tick_rate\",\"ticks\",\"bdevs\":[{\"name\",…}]}, or with per_channel {\"tick_rate\",\"ticks\",\"name\",\"channels\":[…]}")
                        .handledBy(this::getIostat),
                Operation.named("bdev_reset_iostat", ResetIostat.class)
                        .describedAs("Sets what was counted back to 0.")
                        .handledBy(this::resetIostat),
                Operation.named("bdev_get_claims", GetBdevs.class)
                        .describedAs(
                                "Tells which module holds which claim on a bdev and what for, and who has it open (Cairn's own).")
                        .answering(
                                "[{\"name\",\"claims\":[{\"type\",\"module\",\"claim\"}],\"open\":[{\"holder\",\"writes\"}],\"bases\":[name]}]")
                        .handledBy(this::getClaims));
    }

    // ---- bdev_get_bdevs ----

    private CompletionStage<List<Map<String, Object>>> getBdevs(GetBdevs p) {
        if (p.name().isEmpty()) {
            return done(context.names().all().stream().map(BdevInfo::of).toList());
        }
        String name = p.name().get();
        Optional<CoreBdev> found = context.names().find(name);
        if (found.isPresent() || p.timeout() == 0) {
            return done(List.of(BdevInfo.of(context.names().require(name))));
        }
        return waitFor(name, p.timeout());
    }

    private CompletionStage<List<Map<String, Object>>> waitFor(String name, long millis) {
        CompletableFuture<List<Map<String, Object>>> answer = new CompletableFuture<>();
        var watcher = new BdevWatcher() {
            @Override
            public void ready(Bdev bdev) {
                context.names().find(name).ifPresent(b -> answer.complete(List.of(BdevInfo.of(b))));
            }

            @Override
            public void gone(Bdev bdev) {}
        };
        context.watchers().add(watcher);
        Poller.Registration timer = context.reactors()
                .app()
                .after(
                        millis * NANOS_PER_MILLI,
                        () -> answer.completeExceptionally(new BdevException(
                                Errno.ENODEV, "no bdev is called " + name + " after " + millis + " ms")));
        answer.whenComplete((v, e) -> {
            context.watchers().remove(watcher);
            timer.close();
        });
        return answer;
    }

    // ---- examine and options ----

    private CompletionStage<Boolean> examine(Examine p) {
        if (core.options().autoExamine()) {
            throw new BdevException(
                    Errno.EINVAL, "bdev " + p.name() + " is examined without being asked for: bdev_auto_examine is on");
        }
        if (!context.examinations().allowList().add(p.name())) {
            throw new BdevException(Errno.EEXIST, "bdev " + p.name() + " is on the list of bdevs to examine already");
        }
        return context.names()
                .find(p.name())
                .<CompletionStage<Boolean>>map(
                        b -> context.examinations().examine(b).thenApply(v -> true))
                .orElseGet(() -> done(true));
    }

    private CompletionStage<Boolean> setOptions(SetOptions p) {
        CoreOptions now = core.options();
        long perChannel = p.bdevIoCacheSize().orElse((long) now.ioObjectsPerChannel());
        long total = p.bdevIoPoolSize().orElse((long) now.ioPoolSize());
        if (total < perChannel * (context.reactors().all().size() + 1L)) {
            throw new OperationException(
                    Operation.INVALID_PARAMS, "Pool size " + total + " too small for cache size " + perChannel);
        }
        if (perChannel < 1 || perChannel > 1 << 16) {
            throw new OperationException(
                    Operation.INVALID_PARAMS, "bdev_io_cache_size " + perChannel + " is not from 1 to " + (1 << 16));
        }
        core.setOptions(now.withPools((int) perChannel, (int) Math.min(total, Integer.MAX_VALUE))
                .withAutoExamine(p.bdevAutoExamine().orElse(now.autoExamine())));
        optionsSet = true;
        return done(true);
    }

    // ---- statistics ----

    private CompletionStage<Map<String, Object>> getIostat(GetIostat p) {
        List<CoreBdev> bdevs = p.names()
                .map(names -> names.stream().map(context.names()::require).toList())
                .orElseGet(context.names()::all);
        if (p.perChannel() && (p.names().isEmpty() || bdevs.size() != 1)) {
            throw new BdevException(Errno.EINVAL, "per_channel needs exactly one name");
        }
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("tick_rate", 1_000_000_000L);
        answer.put("ticks", context.reactors().app().clockNanos());
        List<CompletableFuture<BdevCounts>> counts = bdevs.stream()
                .map(b -> BdevCounts.read(b, p.resetMode()).toCompletableFuture())
                .toList();
        return CompletableFuture.allOf(counts.toArray(CompletableFuture[]::new)).thenApply(v -> {
            if (p.perChannel()) {
                answer.put("name", bdevs.get(0).name());
                answer.put("channels", counts.get(0).join().perChannel());
            } else {
                answer.put("bdevs", counts.stream().map(c -> c.join().total()).toList());
            }
            return answer;
        });
    }

    private CompletionStage<Boolean> resetIostat(ResetIostat p) {
        List<CoreBdev> bdevs =
                p.name().map(n -> List.of(context.names().require(n))).orElseGet(context.names()::all);
        List<CompletableFuture<BdevCounts>> resets = bdevs.stream()
                .map(b -> BdevCounts.read(b, p.mode()).toCompletableFuture())
                .toList();
        return CompletableFuture.allOf(resets.toArray(CompletableFuture[]::new)).thenApply(v -> true);
    }

    // ---- claims ----

    private CompletionStage<List<Map<String, Object>>> getClaims(GetBdevs p) {
        List<CoreBdev> bdevs =
                p.name().map(n -> List.of(context.names().require(n))).orElseGet(context.names()::all);
        return done(bdevs.stream().map(CoreOperations::claims).toList());
    }

    private static Map<String, Object> claims(CoreBdev bdev) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("name", bdev.name());
        List<Map<String, Object>> claims = new ArrayList<>();
        for (Claim claim : bdev.claims()) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("type", claim.type().rpcName());
            one.put("module", claim.module());
            one.put("claim", claim.name());
            claims.add(one);
        }
        all.put("claims", claims);
        List<Map<String, Object>> open = new ArrayList<>();
        for (Descriptor descriptor : bdev.descriptors()) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("holder", descriptor.holder());
            one.put("writes", descriptor.writable());
            open.add(one);
        }
        all.put("open", open);
        all.put("bases", bdev.baseNames());
        return all;
    }

    private static <T> CompletionStage<T> done(T value) {
        return CompletableFuture.completedFuture(value);
    }

    // ---- configuration ----

    @Override
    public String subsystem() {
        return "bdev";
    }

    @Override
    public String owner() {
        return "core";
    }

    @Override
    public List<ConfigEntry> configuration() {
        List<ConfigEntry> entries = new ArrayList<>();
        CoreOptions options = core.options();
        if (optionsSet) {
            Map<String, Object> params = new LinkedHashMap<>();
            params.put("bdev_io_pool_size", (long) options.ioPoolSize());
            params.put("bdev_io_cache_size", (long) options.ioObjectsPerChannel());
            params.put("bdev_auto_examine", options.autoExamine());
            entries.add(new ConfigEntry("bdev_set_options", params));
        }
        context.examinations()
                .allowList()
                .forEach(n -> entries.add(new ConfigEntry("bdev_examine", Map.of("name", n))));
        return entries;
    }

    /** SPDK's clients end the subsystem's configuration with this call. */
    @Override
    public List<ConfigEntry> closingEntries() {
        return List.of(new ConfigEntry("bdev_wait_for_examine", Map.of()));
    }
}
