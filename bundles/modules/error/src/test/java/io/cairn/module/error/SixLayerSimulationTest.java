package io.cairn.module.error;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevState;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.spi.BdevModule;
import io.cairn.bdev.spi.ForwardingChannel;
import io.cairn.bdev.testkit.BlockModel;
import io.cairn.bdev.testkit.ModuleMonitor;
import io.cairn.bdev.testkit.ModuleTraits;
import io.cairn.bdev.testkit.SeededSimulation;
import io.cairn.bdev.testkit.Seeds;
import io.cairn.bdev.testkit.SimDisk;
import io.cairn.bdev.testkit.SimMedium;
import io.cairn.bdev.testkit.SimSettings;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.bdev.testkit.TestDescriptor;
import io.cairn.bdev.testkit.Workload;
import io.cairn.module.delay.DelayModule;
import io.cairn.module.passthru.PassthruModule;
import io.cairn.module.split.SplitModule;
import io.cairn.operations.ConfigEntry;
import io.cairn.reactor.Reactor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Six layers (a disk, split, passthru, delay, error, passthru) under random I/O, from which modules are taken away and brought back:
 * one in the middle, the base's, the top's, the whole core, in each order, while I/O is at every stage. What must hold: every I/O
 * ends once and every removal within its deadline; what was acknowledged is read back; the stack comes back by itself; in the
 * end nothing is left.
 *
 * <p>One seed per order in every build; {@code -Dcairn.seeds=100} for a campaign.
 */
class SixLayerSimulationTest {
    private static final int REACTORS = 3;
    /** What the core gives holders to close, and then modules to take down: see {@code CoreOptions}. */
    private static final Duration DEADLINE = Duration.ofSeconds(20);

    /** What is left of that if I/O that is kept below can be aborted. */
    private static final Duration ABORTED = Duration.ofSeconds(2);

    private static final String TOP = "top0";

    /** What is stopped. */
    enum Part {
        MIDDLE,
        BASE,
        TOP,
        CORE
    }

    static Stream<List<Part>> orders() {
        return permutations(List.of(Part.values()));
    }

    private static Stream<List<Part>> permutations(List<Part> parts) {
        if (parts.isEmpty()) {
            return Stream.of(List.of());
        }
        return parts.stream().flatMap(first -> {
            List<Part> rest = new ArrayList<>(parts);
            rest.remove(first);
            return permutations(rest)
                    .map(tail -> Stream.concat(Stream.of(first), tail.stream()).toList());
        });
    }

    @ParameterizedTest
    @MethodSource("orders")
    void everythingEndsAndComesBack(List<Part> order) {
        Seeds.run("six layers, " + order, 1, seed -> new Simulation(seed, order));
    }

    private static final class Simulation implements SeededSimulation {
        private static final Map<String, Supplier<BdevModule>> MODULES = new LinkedHashMap<>();

        static {
            MODULES.put("split", SplitModule::new);
            MODULES.put("passthru", PassthruModule::new);
            MODULES.put("delay", DelayModule::new);
            MODULES.put("error", ErrorModule::new);
            MODULES.put("top", TopModule::new);
        }

        /** What each module has in the stack. */
        private static final Map<String, String> BDEVS =
                Map.of("split", "diskp0", "passthru", "pass0", "delay", "delay0", "error", "EE_delay0", "top", TOP);

        private final Random random;
        private final List<Part> order;
        private long seed;
        private final SimMedium medium = new SimMedium(512);
        private final SimSettings settings;
        private final BlockModel model = new BlockModel(512);
        private final List<String> history = new ArrayList<>();
        private final Map<String, ModuleMonitor> here = new HashMap<>();
        private final Map<Reactor, List<String>> pollersBefore = new HashMap<>();
        private TestCore core;
        private SimDisk disk;
        private boolean baseIsHere;
        private boolean baseHasLeft;
        private TestDescriptor open;
        private Workload load;

        Simulation(long seed, List<Part> order) {
            // no two orders do the same with one seed
            this.seed = order.stream().mapToLong(Part::ordinal).reduce(seed, (all, next) -> all * 4 + next);
            this.random = new Random(this.seed);
            this.order = order;
            this.settings = SimSettings.of("disk", 512, 8192)
                    .withUuid(new UUID(7, seed))
                    .withLatency(Duration.ZERO, Duration.ofNanos(1 + random.nextInt(400_000)))
                    .withChances(random.nextDouble() * 0.5, random.nextDouble() * 0.2, random.nextDouble());
            begin();
        }

        private void begin() {
            core = TestCore.simulated(seed, REACTORS);
            core.settle();
            pollersBefore.clear();
            for (Reactor reactor : core.reactors().all()) {
                pollersBefore.put(reactor, core.on(reactor, reactor::pollerNames));
            }
        }

        @Override
        public String history() {
            return history.toString();
        }

        @Override
        public void close() {
            core.close();
        }

        @Override
        public void run() {
            bringBack();
            create();
            use();
            for (Part part : order) {
                round(part);
            }
            load.drain();
            open.close();
            core.await(core.core().close());
            assertClean();
        }

        private void create() {
            List<ConfigEntry> calls = new ArrayList<>(List.of(
                    new ConfigEntry("bdev_split_create", Map.of("base_bdev", "disk", "split_count", 2L)),
                    new ConfigEntry("bdev_passthru_create", Map.of("name", "pass0", "base_bdev_name", "diskp0")),
                    new ConfigEntry(
                            "bdev_delay_create",
                            Map.of(
                                    "name", "delay0",
                                    "base_bdev_name", "pass0",
                                    "avg_read_latency", 100L,
                                    "p99_read_latency", 5000L,
                                    "avg_write_latency", 200L,
                                    "p99_write_latency", 9000L)),
                    new ConfigEntry("bdev_error_create", Map.of("base_name", "delay0")),
                    new ConfigEntry("bdev_top_create", Map.of("name", TOP, "base_bdev_name", "EE_delay0"))));
            Collections.shuffle(calls, random);
            calls.forEach(call -> core.call(call.method(), call.params()));
        }

        /** Brings back what is not there, in any order. */
        private void bringBack() {
            List<String> missing = new ArrayList<>(MODULES.keySet());
            missing.removeAll(here.keySet());
            if (!baseIsHere) {
                missing.add("disk");
            }
            Collections.shuffle(missing, random);
            for (String name : missing) {
                if (name.equals("disk")) {
                    addBase();
                } else {
                    ModuleMonitor module =
                            new ModuleMonitor(core, MODULES.get(name).get());
                    core.add(module);
                    here.put(name, module);
                }
                core.step(random.nextInt(30));
            }
            core.settle();
        }

        private void addBase() {
            if (baseHasLeft) {
                core.add(core.disks());
            }
            baseHasLeft = false;
            disk = core.disk(settings, medium);
            baseIsHere = true;
        }

        /** The whole stack is there: opens it and reads all that was ever written. */
        private void use() {
            core.settle();
            assertThat(chain()).containsExactly(TOP, "EE_delay0", "delay0", "pass0", "diskp0", "disk");
            open = core.open(TOP, OpenMode.WRITE);
            load = new Workload(
                    core,
                    random,
                    open.channels(),
                    model,
                    ModuleTraits.virtual(ForwardingChannel.TYPES),
                    open.bdev().supportedTypes());
            inject("clear", "failure", 1);
            load.expectFailures(io -> false);
            load.longest(400).readAll();
            load.longest(24);
        }

        private List<String> chain() {
            List<String> names = new ArrayList<>();
            String next = TOP;
            while (next != null) {
                Bdev bdev = core.bdev(next);
                assertThat(bdev.state()).as("state of %s", next).isEqualTo(BdevState.READY);
                names.add(next);
                next = bdev.baseNames().isEmpty() ? null : bdev.baseNames().get(0);
            }
            return names;
        }

        private void round(Part part) {
            load.run(random.nextInt(30), 12);
            load.expectFailures(io -> true);
            setFaults();
            boolean held = random.nextInt(3) == 0;
            if (held) {
                disk.holdAll();
            }
            load.start(random.nextInt(40));
            core.step(random.nextInt(250));
            List<ConfigEntry> saved = saved();
            Set<String> stopped = stop(part);
            load.drain();
            core.until("the user to leave", open::isClosed);
            core.settle();
            assertWhatIsGoneHoldsNothing();
            core.assertNothingOut();
            core.assertNoViolations();
            if (stopped.isEmpty()) {
                startAgain(saved);
            } else {
                here.keySet().removeAll(stopped);
                baseHasLeft = stopped.contains("disk");
                baseIsHere &= !baseHasLeft;
                bringBack();
            }
            use();
        }

        private void assertWhatIsGoneHoldsNothing() {
            assertThat(core.find(TOP)).isEmpty();
            here.forEach((name, module) -> {
                if (core.find(BDEVS.get(name)).isEmpty()) {
                    assertThat(module.holdings()).as("left of %s", name).isEmpty();
                }
            });
        }

        /** Another process with the same disk, given the configuration that was saved. */
        private void startAgain(List<ConfigEntry> saved) {
            assertClean();
            core.close();
            seed++;
            here.clear();
            baseIsHere = false;
            begin();
            bringBack();
            saved.forEach(call -> core.call(call.method(), call.params()));
            assertThat(saved()).isEqualTo(saved);
        }

        /** Returns what all modules say of their configuration, top first: each waits for its base. */
        private List<ConfigEntry> saved() {
            List<ConfigEntry> all = new ArrayList<>();
            for (String name : List.of("top", "error", "delay", "passthru", "split")) {
                all.addAll(core.onApp(here.get(name)::configuration));
            }
            return all;
        }

        private void assertClean() {
            core.assertNothingOut();
            assertThat(core.state()).as("bdevs that are left").isEmpty();
            here.forEach((name, module) ->
                    assertThat(module.holdings()).as("left of %s", name).isEmpty());
            for (Reactor reactor : core.reactors().all()) {
                assertThat(core.on(reactor, reactor::pollerNames))
                        .as("pollers that are left on %s", reactor.name())
                        .isEqualTo(pollersBefore.get(reactor));
            }
            core.assertNoViolations();
        }

        private void setFaults() {
            switch (random.nextInt(6)) {
                case 0 -> inject("all", "pending", 1 + random.nextInt(10));
                case 1 -> inject(random.nextBoolean() ? "read" : "write", "pending", 1 + random.nextInt(10));
                case 2 -> inject("all", "nomem", 1 + random.nextInt(40));
                case 3 -> inject("all", "failure", 1 + random.nextInt(10));
                case 4 -> {
                    String kind = List.of("avg_read", "p99_read", "avg_write", "p99_write")
                            .get(random.nextInt(4));
                    core.call(
                            "bdev_delay_update_latency",
                            Map.of("delay_bdev_name", "delay0", "latency_type", kind, "latency_us", (long)
                                    random.nextInt(20_000)));
                }
                default -> {}
            }
        }

        private void inject(String ioType, String errorType, long count) {
            core.call(
                    "bdev_error_inject_error",
                    Map.of("name", "EE_delay0", "io_type", ioType, "error_type", errorType, "num", count));
        }

        /**
         * Stops a part, and sometimes another module while it leaves; all of them must end in time.
         *
         * @return the modules; empty: the whole core
         */
        private Set<String> stop(Part part) {
            Set<String> stopped = toStop(part);
            history.add(stopped.isEmpty() ? "core" : stopped.toString());
            long start = core.reactor(0).clockNanos();
            List<CompletableFuture<Void>> ends = new ArrayList<>();
            if (stopped.isEmpty()) {
                ends.add(core.core().close().toCompletableFuture());
            }
            for (String name : stopped) {
                BdevModule module = name.equals("disk") ? core.disks() : here.get(name);
                ends.add(core.core().remove(module).toCompletableFuture());
                core.step(random.nextInt(60));
            }
            core.step(random.nextInt(100));
            load.start(random.nextInt(6));
            core.step(random.nextInt(100));
            disk.release();
            core.await(CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new)));
            assertThat(Duration.ofNanos(core.reactor(0).clockNanos() - start))
                    .as("time that it took to stop %s", stopped)
                    .isLessThan(stopped.equals(Set.of("top")) ? ABORTED : DEADLINE);
            return stopped;
        }

        private Set<String> toStop(Part part) {
            Set<String> modules = new LinkedHashSet<>();
            switch (part) {
                case BASE -> modules.add("disk");
                case TOP -> modules.add("top");
                case MIDDLE -> modules.add(anyInTheMiddle());
                case CORE -> {
                    return modules;
                }
            }
            if (random.nextInt(4) == 0) {
                modules.add(random.nextInt(4) == 0 ? "disk" : anyInTheMiddle());
            }
            return modules;
        }

        private String anyInTheMiddle() {
            return List.of("split", "passthru", "delay", "error").get(random.nextInt(4));
        }
    }
}
