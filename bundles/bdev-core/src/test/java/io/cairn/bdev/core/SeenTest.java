package io.cairn.bdev.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.IoType;
import io.cairn.bdev.ModuleUpgrades.Hold;
import io.cairn.bdev.Notification;
import io.cairn.bdev.NotificationType;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.core.ModuleBundles.ModuleBundle;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.bdev.spi.Examination;
import io.cairn.operations.ConfigEntry;
import io.cairn.operations.ConfigSource;
import io.cairn.operations.Operation;
import io.cairn.operations.OperationRegistry;
import io.cairn.operations.PendingEntry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** What {@code bdev_get_modules} and {@code bdev_why} tell. */
class SeenTest {
    private final Registry registry = new Registry();
    private final List<ModuleBundle> deployed = new ArrayList<>();
    private final CoreFixture core = new CoreFixture(11, CoreOptions.DEFAULTS, registry, () -> List.copyOf(deployed));
    private final TestModule.Disk disk = new TestModule.Disk(512, 64);

    // ---- modules ----

    @Test
    void listsAModuleWithItsBundleAndItsBdevs() {
        TestModule module = new TestModule("one");
        core.await(core.core.add(module, Optional.of(new ModuleOrigin(7, "org.one", "1.2.0"))));
        module.register(disk, "d0");
        module.register(new TestModule.Disk(512, 8), "d1");
        deployed.add(new ModuleBundle("one", new ModuleOrigin(7, "org.one", "1.2.0"), true, "not to be seen"));
        List<Map<String, Object>> modules = modules();
        assertThat(modules).hasSize(1);
        assertThat(modules.get(0))
                .containsEntry("name", "one")
                .containsEntry("state", "here")
                .containsEntry("reason", "")
                .containsEntry("bundle", Map.of("id", 7L, "symbolic_name", "org.one", "version", "1.2.0"))
                .containsEntry("bdevs", List.of("d0", "d1"))
                .containsEntry("defects", 0L);
    }

    @Test
    void listsARefusedModuleWithBothBundlesUntilItLeaves() {
        TestModule first = new TestModule("one");
        core.await(core.core.add(first, Optional.of(new ModuleOrigin(7, "org.one", "1.2.0"))));
        TestModule second = new TestModule("one");
        assertThatThrownBy(
                        () -> core.await(core.core.add(second, Optional.of(new ModuleOrigin(9, "org.other", "2.0.0")))))
                .isInstanceOf(BdevException.class);
        assertThat(modules()).hasSize(2);
        assertThat(modules().get(0)).containsEntry("state", "here");
        assertThat(modules().get(1)).containsEntry("state", "failed");
        assertThat((String) modules().get(1).get("reason"))
                .contains("a module called one is there already", "org.one 1.2.0 (7)", "org.other 2.0.0 (9)");

        core.await(core.core.remove(second));
        assertThat(modules()).hasSize(1);
        assertThat(modules().get(0)).containsEntry("state", "here");
    }

    @Test
    void listsAModuleThatFailedToStart() {
        TestModule module = new TestModule("one") {
            @Override
            public void init(BdevHost host) {
                throw new IllegalStateException("no such device");
            }
        };
        assertThatThrownBy(() -> core.await(core.core.add(module))).hasMessage("no such device");
        assertThat(modules()).hasSize(1);
        assertThat(modules().get(0)).containsEntry("state", "failed").containsEntry("reason", "no such device");
    }

    @Test
    void listsWhatWasRefusedBeforeItWasABundleUntilItIsForgotten() {
        core.core.refused("a.jar", "it is damaged: no END header");
        core.core.refused("b.jar", "it needs something");
        core.core.refused("a.jar", "it is damaged: cut off");
        assertThat(modules()).hasSize(2);
        assertThat(modules().get(0))
                .containsEntry("name", "a.jar")
                .containsEntry("state", "failed")
                .containsEntry("reason", "it is damaged: cut off")
                .doesNotContainKey("bundle");
        core.core.forget("a.jar");
        core.core.forget("c.jar");
        assertThat(modules()).extracting(m -> m.get("name")).containsExactly("b.jar");
    }

    @Test
    void listsBundlesWhoseModuleIsNotHere() {
        deployed.add(new ModuleBundle("one", new ModuleOrigin(7, "org.one", "1.2.0"), false, "it is stopped"));
        deployed.add(new ModuleBundle("two", new ModuleOrigin(8, "org.two", "1.2.0"), false, "it needs more"));
        assertThat(modules()).extracting(m -> m.get("state")).containsExactly("stopped", "failed");
        assertThat(modules().get(1)).containsEntry("reason", "it needs more");
    }

    @Test
    void tellsReplayingLeavingAndExaminingModules() {
        TestModule module = new TestModule("one");
        registry.replayed = new CompletableFuture<>();
        CompletionStage<Void> added = core.core.add(module);
        core.reactors.runUntilIdle();
        assertThat(modules().get(0)).containsEntry("state", "replaying");
        registry.startup = true;
        assertThat(modules().get(0)).containsEntry("state", "starting");
        registry.replayed.complete(null);
        core.await(added);

        module.onDisk = (bdev, examination) -> {};
        module.register(disk, "d0");
        core.reactors.runUntilIdle();
        core.reactors.advance(Duration.ofSeconds(3));
        List<?> examining = (List<?>) modules().get(0).get("examining");
        assertThat(examining).hasSize(1);
        Map<String, Object> one = map(examining.get(0));
        assertThat(one).containsEntry("bdev", "d0");
        assertThat((Long) one.get("ms")).isBetween(3000L, 3900L);

        disk.destructed = new CompletableFuture<>();
        core.core.remove(module);
        assertThat(modules().get(0)).containsEntry("state", "leaving");
    }

    // ---- why ----

    @Test
    void saysThatNobodyKnowsAName() {
        assertThat(why("d0")).containsEntry("state", "absent");
        assertThat(words("d0")).containsExactly("unknown");
        assertThat(text("d0")).contains("nothing here defines, keeps or waits for a bdev called d0");
    }

    @Test
    void followsMissingBasesDown() {
        TestModule module = core.module("one");
        core.await(core.reactors.onApp(() -> {
            module.host.reserve(List.of("top"), "one 'top' on base 'mid'").waiting("mid", "");
            module.host.reserve(List.of("mid"), "one 'mid' on base 'low'").waiting("low", "");
            return CompletableFuture.completedFuture(null);
        }));
        registry.pending.add(new PendingEntry(
                "bdev", new ConfigEntry("bdev_aio_create", Map.of("name", "low")), true, "no such file /x"));
        assertThat(words("top")).containsExactly("missing_base", "missing_base", "creation_failed");
        assertThat(reasons("top").get(0)).containsEntry("base", "mid").containsEntry("module", "one");
        assertThat(reasons("top").get(2)).containsEntry("bdev", "low").containsEntry("error", "no such file /x");
    }

    @Test
    void saysWhatKeptADefinitionFromBeingBuilt() {
        TestModule module = core.module("one");
        module.register(disk, "low");
        BdevHost.Reservation[] kept = new BdevHost.Reservation[1];
        core.await(core.reactors.onApp(() -> {
            kept[0] = module.host.reserve(List.of("top"), "one 'top' on base 'low'");
            kept[0].waiting("low", "somebody else has it");
            return CompletableFuture.completedFuture(null);
        }));
        assertThat(words("top")).containsExactly("not_built");
        assertThat(text("top")).contains("one 'top' on base 'low' was not built: somebody else has it");
        core.await(core.reactors.onApp(() -> {
            kept[0].release();
            return CompletableFuture.completedFuture(null);
        }));
        assertThat(words("top")).containsExactly("unknown");
    }

    @Test
    void namesTheModuleThatIsNotHere() {
        TestModule module = core.module("one");
        core.await(core.reactors.onApp(() -> {
            module.host.reserve(List.of("top"), "one 'top' on base 'low'").waiting("low", "");
            return CompletableFuture.completedFuture(null);
        }));
        core.await(core.core.remove(module));
        assertThat(words("top")).containsExactly("module_missing");
        assertThat(text("top")).contains("module one is not here: it is not installed");

        deployed.add(new ModuleBundle("one", new ModuleOrigin(7, "org.one", "1.2.0"), false, "it is stopped"));
        assertThat(text("top")).contains("module one is not here: bundle org.one 1.2.0 (7): it is stopped");
    }

    @Test
    void namesTheStoredEntryWhoseModuleIsNotHere() {
        registry.pending.add(new PendingEntry(
                "bdev", new ConfigEntry("bdev_one_create", Map.of("name", "d0")), false, "nobody offers it"));
        assertThat(words("d0")).containsExactly("module_missing");
        assertThat(reasons("d0").get(0)).containsEntry("method", "bdev_one_create");
        assertThat(words("parts")).containsExactly("module_missing", "unknown");
        deployed.add(new ModuleBundle("one", new ModuleOrigin(7, "org.one", "1.2.0"), false, "it needs more"));
        assertThat(reasons("d0").get(0)).containsEntry("module", "one");
        assertThat(text("d0")).contains("it needs more");
    }

    @Test
    void followsStoredEntriesDownAlsoOfBdevsThatAreNamedAfterTheirBase() {
        for (ConfigEntry entry : List.of(
                new ConfigEntry("bdev_error_create", Map.of("base_name", "delay0")),
                new ConfigEntry("bdev_split_create", Map.of("base_bdev", "low", "split_count", 2L)),
                new ConfigEntry("bdev_delay_create", Map.of("name", "delay0", "base_bdev_name", "low")))) {
            registry.pending.add(new PendingEntry("bdev", entry, false, "nobody offers it"));
        }
        assertThat(reasons("EE_delay0"))
                .extracting(r -> r.get("bdev") + " " + r.get("method"))
                .containsExactly("EE_delay0 bdev_error_create", "delay0 bdev_delay_create");
        assertThat(reasons("delay0")).extracting(r -> r.get("method")).containsExactly("bdev_delay_create");
        assertThat(reasons("lowp1")).extracting(r -> r.get("method")).containsExactly("bdev_split_create");
    }

    @Test
    void namesHoldersAndClaims() {
        TestModule module = core.module("one");
        module.register(disk, "d0");
        assertThat(words("d0")).containsExactly("free");
        var descriptor = core.open("d0", OpenMode.WRITE);
        assertThat(words("d0")).containsExactly("open");
        assertThat(reasons("d0").get(0)).containsEntry("holder", "test").containsEntry("writes", true);
        core.await(core.reactors.onApp(() -> {
            module.host.claimExclusive(descriptor, "top");
            return CompletableFuture.completedFuture(null);
        }));
        assertThat(words("d0")).containsExactly("claimed", "open");
        assertThat(text("d0")).contains("module one holds the claim exclusive_write on it for top");
    }

    @Test
    void saysWhyAModuleHasNotTakenABdevUntilItDoesOrHasGone() {
        TestModule owner = core.module("owner");
        TestModule one = core.module("one");
        TestModule two = core.module("two");
        var bdev = owner.register(disk, "d0");
        passOver(one, bdev, "its label is damaged");
        passOver(two, bdev, "it is too new");
        assertThat(words("d0")).containsExactly("free", "not_taken", "not_taken");
        assertThat(reasons("d0").get(1))
                .containsEntry("module", "one")
                .containsEntry("error", "its label is damaged")
                .containsEntry("text", "module one has looked at bdev d0 and not taken it: its label is damaged");
        passOver(one, bdev, "its label is of somebody else");
        passOver(two, bdev, "");
        assertThat(words("d0")).containsExactly("free", "not_taken");
        assertThat(reasons("d0").get(1)).containsEntry("error", "its label is of somebody else");

        var descriptor = core.open("d0", OpenMode.READ);
        core.await(core.reactors.onApp(() -> {
            one.host.claimExclusive(descriptor, "top");
            return CompletableFuture.completedFuture(null);
        }));
        assertThat(words("d0")).containsExactly("claimed", "open");
        core.await(core.reactors.onApp(() -> {
            one.host.releaseExclusive(bdev);
            return CompletableFuture.completedFuture(null);
        }));
        assertThat(words("d0")).as("what it was claimed for was refused").containsExactly("open", "not_taken");
        passOver(one, bdev, "");
        assertThat(words("d0")).containsExactly("open");

        passOver(two, bdev, "it is too new");
        assertThat(words("d0")).containsExactly("open", "not_taken");
        core.await(core.core.remove(two));
        assertThat(words("d0")).containsExactly("open");
        core.module("two");
        assertThat(words("d0")).as("another stay of the module").containsExactly("open");
    }

    @Test
    void followsABdevToOtherBases() {
        TestModule module = core.module("one");
        module.register(new TestModule.Disk(512, 64), "b0");
        module.register(new TestModule.Disk(512, 64), "b1");
        Bdev top = core.await(core.reactors.onApp(() -> module.host.register(
                BdevSpec.physical("top", "Top", 512, 64, Set.of(IoType.READ)).withBases(List.of("b0")), disk)));
        assertThat(words("b0")).containsExactly("base_of");
        assertThat(reasons("b0").get(0)).containsEntry("text", "bdev top of module one is built on it");
        assertThat(words("b1")).containsExactly("free");

        core.await(core.reactors.onApp(() -> {
            module.host.rebase(top, List.of("b1"));
            return CompletableFuture.completedFuture(null);
        }));

        assertThat(words("b0")).containsExactly("free");
        assertThat(words("b1")).containsExactly("base_of");
        assertThat(top.baseNames()).containsExactly("b1");
    }

    @Test
    void saysWhoWaitsForABdevThatNobodyHas() {
        TestModule module = core.module("one");
        BdevHost.Reservation[] kept = new BdevHost.Reservation[1];
        core.await(core.reactors.onApp(() -> {
            kept[0] = module.host.reserve(List.of("top", "top2"), "one 'top'");
            kept[0].lacks(List.of("b0", "b1"));
            module.host.reserve(List.of("other"), "one 'other' on base 'b1'").waiting("b1", "");
            return CompletableFuture.completedFuture(null);
        }));
        assertThat(words("b0")).containsExactly("unknown", "waited_for");
        assertThat(text("b0")).contains("nothing here defines or keeps a bdev called b0");
        assertThat(reasons("b0").get(1))
                .containsEntry("definition", "one 'top'")
                .containsEntry("module", "one")
                .containsEntry("text", "one 'top' of module one waits for it");
        assertThat(words("b1")).containsExactly("unknown", "waited_for", "waited_for");
        assertThat(words("b2")).containsExactly("unknown");

        core.await(core.reactors.onApp(() -> {
            kept[0].release();
            return CompletableFuture.completedFuture(null);
        }));
        assertThat(words("b0")).containsExactly("unknown");
    }

    /** Only what the module says that keeps the name: what others make of the base is their affair. */
    @Test
    void saysThatABaseWasLookedAtAndNotTaken() {
        TestModule module = core.module("one");
        TestModule other = core.module("two");
        Bdev low = module.register(disk, "low");
        core.await(core.reactors.onApp(() -> {
            module.host.reserve(List.of("top"), "one 'top'").waiting(low.uuid().toString(), "");
            return CompletableFuture.completedFuture(null);
        }));
        passOver(other, low, "nothing of two's is on it");
        assertThat(words("top")).containsExactly("base_not_examined");

        passOver(module, low, "its label is torn");
        assertThat(words("top")).containsExactly("base_not_taken");
        assertThat(text("top"))
                .contains("one 'top' waits: module one has looked at its base low and not taken it: its label is torn");
        assertThat(reasons("top").get(0))
                .containsEntry("module", "one")
                .containsEntry("definition", "one 'top'")
                .containsEntry("base", low.uuid().toString())
                .containsEntry("error", "its label is torn");

        passOver(module, low, "");
        assertThat(words("top")).containsExactly("base_not_examined");
    }

    private void passOver(TestModule module, Bdev bdev, String why) {
        core.await(core.reactors.onApp(() -> {
            module.host.passedOver(bdev, why);
            return CompletableFuture.completedFuture(null);
        }));
    }

    @Test
    void saysWhatARemovalWaitsFor() {
        TestModule module = core.module("one");
        var bdev = module.register(disk, "d0");
        core.open("d0", OpenMode.READ);
        disk.destructed = new CompletableFuture<>();
        core.core.remove(module);
        core.reactors.runUntilIdle();
        core.reactors.advance(Duration.ofSeconds(4));
        assertThat(why("d0")).containsEntry("state", "unregistering");
        assertThat(words("d0")).containsExactly("being_removed");
        assertThat(reasons("d0").get(0)).containsEntry("holders", List.of("test"));
        assertThat((Long) reasons("d0").get(0).get("ms")).isBetween(4000L, 4900L);
        assertThat(text("d0")).contains("being removed for 4.", "its users to close it: [test]");

        core.reactors.advance(Duration.ofSeconds(7));
        assertThat(text("d0")).contains("module one to take its backend down");
        assertThat(bdev.name()).isEqualTo("d0");
    }

    @Test
    void tellsWhatAnUpgradeHolds() {
        TestModule module = core.module("one");
        module.register(disk, "d0");
        List<Notification> notified = new ArrayList<>();
        core.await(core.core.watchNotifications(notified::add));
        core.await(core.core.hold("one", Duration.ofSeconds(10)));
        core.await(core.core.remove(module));
        core.reactors.advance(Duration.ofSeconds(1));
        assertThat(modules()).hasSize(1);
        assertThat(modules().get(0))
                .containsEntry("name", "one")
                .containsEntry("state", "held")
                .containsEntry("bdevs", List.of("d0"));
        assertThat(words("d0")).containsExactly("held");
        assertThat(text("d0")).contains("by the upgrade of module one: its I/O waits for the new module");

        core.module("one");
        core.reactors.runUntilIdle();
        assertThat(notified)
                .extracting(Notification::type)
                .as("the module is another one, the bdev is not")
                .containsExactly(NotificationType.MODULE_DEPART, NotificationType.MODULE_ARRIVE);
        assertThat(modules()).hasSize(1);
        assertThat((String) modules().get(0).get("reason")).contains("d0 (the new module has not registered it)");
        assertThat(text("d0")).contains("does not take it over: the new module has not registered it");

        core.reactors.advance(Duration.ofSeconds(12));
        assertThat(words("d0")).containsExactly("unknown");
        assertThat(modules().get(0)).containsEntry("state", "here").containsEntry("reason", "");
    }

    @Test
    void saysWhichStoredEntryFailedWhenANewModuleDoesNotMakeWhatIsHeld() {
        TestModule module = core.module("one");
        module.register(disk, "d0");
        module.register(new TestModule.Disk(512, 64), "d1");
        Hold hold = core.await(core.core.hold("one", Duration.ofSeconds(10)));
        core.await(core.core.remove(module));
        fails("bdev_one_create", Map.of("name", "d0"), "no such device /dev/x");
        fails("bdev_one_create", Map.of("name", "other"), "another bdev's failure");
        fails("bdev_two_create", Map.of("name", "d1"), "another module's failure");

        core.add(new TestModule("one") {
            @Override
            public List<Operation<?, ?>> operations() {
                return Operation.list(Operation.named("bdev_one_create", Operation.None.class)
                        .describedAs("Creates a disk.")
                        .handledBy(p -> CompletableFuture.completedFuture(true)));
            }
        });

        assertThat(core.await(hold.settled()).held())
                .containsEntry(
                        "d0",
                        "the new module has not registered it: bdev_one_create {name=d0} of the stored configuration failed:"
                                + " no such device /dev/x")
                .containsEntry("d1", "the new module has not registered it");
        assertThat(text("d0")).contains("no such device /dev/x");
    }

    @Test
    void saysWhatWentWrongOnTheBaseWhenANewModuleDoesNotMakeWhatIsHeld() {
        TestModule module = core.module("one");
        module.register(disk, "d0");
        Hold hold = core.await(core.core.hold("one", Duration.ofSeconds(10)));
        core.await(core.core.remove(module));

        core.add(new TestModule("one") {
            @Override
            public void init(BdevHost host) {
                super.init(host);
                host.reserve(List.of("d0"), "one 'd0' on base 'b0'").waiting("b0", "b0 is claimed");
            }
        });

        assertThat(core.await(hold.settled()).held())
                .containsEntry(
                        "d0",
                        "the new module has not registered it: one 'd0' on base 'b0' was not built: b0 is claimed");
    }

    private void fails(String method, Map<String, Object> params, String reason) {
        registry.pending.add(new PendingEntry("bdev", new ConfigEntry(method, params), true, reason));
    }

    @Test
    void saysWhoExaminesIt() {
        TestModule module = new TestModule("one");
        List<Examination> examinations = new ArrayList<>();
        module.onDisk = (bdev, examination) -> examinations.add(examination);
        core.add(module);
        module.register(disk, "d0");
        core.reactors.runUntilIdle();
        core.reactors.advance(Duration.ofSeconds(2));
        assertThat(words("d0")).containsExactly("being_examined", "not_ready");
        assertThat(text("d0")).contains("module one has been examining bdev d0 for 2.");
        assertThat(words("other")).containsExactly("being_examined");
        examinations.get(0).done();
        core.reactors.runUntilIdle();
        assertThat(words("d0")).containsExactly("free");
        assertThat(words("other")).containsExactly("unknown");
    }

    // ---- asking ----

    private List<Map<String, Object>> modules() {
        return maps(registry.call(core, "bdev_get_modules", new Operation.None()));
    }

    private Map<String, Object> why(String name) {
        return map(registry.call(core, "bdev_why", new SeenOperations.AskWhy(name)));
    }

    private List<Map<String, Object>> reasons(String name) {
        return maps(why(name).get("reasons"));
    }

    private List<Object> words(String name) {
        return reasons(name).stream().map(r -> r.get("reason")).toList();
    }

    private String text(String name) {
        return reasons(name).stream().map(r -> (String) r.get("text")).reduce("", (a, b) -> a + b + "\n");
    }

    private static List<Map<String, Object>> maps(Object list) {
        return ((List<?>) list).stream().map(SeenTest::map).toList();
    }

    private static Map<String, Object> map(Object value) {
        Map<String, Object> map = new LinkedHashMap<>();
        ((Map<?, ?>) value).forEach((k, v) -> map.put((String) k, v));
        return map;
    }

    /** A registry that knows what was offered, and whose replays and stored entries a test makes. */
    private static final class Registry implements OperationRegistry {
        private final List<Operation<?, ?>> offered = new ArrayList<>();
        private final List<PendingEntry> pending = new ArrayList<>();
        private CompletableFuture<Void> replayed = CompletableFuture.completedFuture(null);
        private boolean startup;

        Object call(CoreFixture core, String name, Record params) {
            Operation<?, ?> operation = find(name).orElseThrow();
            return core.await(core.reactors.onApp(() -> handle(operation, params)));
        }

        private static <P extends Record> CompletionStage<Object> handle(Operation<P, ?> operation, Record params) {
            return operation
                    .handler()
                    .handle(operation.parameters().cast(params))
                    .thenApply(result -> result);
        }

        @Override
        public Registration offer(List<Operation<?, ?>> operations, ConfigSource source) {
            offered.addAll(operations);
            CompletableFuture<Void> over = replayed;
            return new Registration() {
                @Override
                public CompletionStage<Void> replayed() {
                    return over;
                }

                @Override
                public void close() {}
            };
        }

        @Override
        public Optional<Operation<?, ?>> find(String name) {
            return offered.stream().filter(o -> o.name().equals(name)).findFirst();
        }

        @Override
        public List<Operation<?, ?>> all() {
            return offered;
        }

        @Override
        public boolean isStartup() {
            return startup;
        }

        @Override
        public List<PendingEntry> pendingConfiguration() {
            return pending;
        }

        @Override
        public Watch watch(Runnable changed) {
            return () -> {};
        }
    }
}
