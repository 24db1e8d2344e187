package io.cairn.bdev.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.BdevEvent;
import io.cairn.bdev.BdevIo;
import io.cairn.bdev.BdevState;
import io.cairn.bdev.Bdevs.BdevWatcher;
import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.spi.BackendChannel;
import io.cairn.bdev.spi.BdevBackend;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.bdev.spi.Examination;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Reactor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Registration, examine and removal. */
class LifeTest {
    private final CoreFixture core = new CoreFixture(3);
    private final TestModule.Disk disk = new TestModule.Disk(512, 64);

    @Test
    void namesAliasesAndUuidsShareOneNameSpace() {
        TestModule module = core.module("one");
        Bdev bdev = module.register(disk, "d0");
        BdevSpec taken = BdevSpec.physical(bdev.uuid().toString(), "x", 512, 8, Set.of());
        assertThatThrownBy(() -> module.host.register(taken, disk)).hasMessageContainingAll("d0", "taken");
        BdevSpec alias = BdevSpec.physical("d1", "x", 512, 8, Set.of()).withAliases(List.of("a", "d0"));
        assertThatThrownBy(() -> module.host.register(alias, disk)).hasMessageContaining("d0");
        assertThat(module.host.find("a")).isEmpty();
        assertThat(module.host.find("d1")).isEmpty();
        assertThat(module.host.find(bdev.uuid().toString().toUpperCase(Locale.ROOT)))
                .contains(bdev);
    }

    @Test
    void asksEveryModuleForConfigurationFirstAndThenForTheDiskByPriority() {
        List<String> order = new ArrayList<>();
        TestModule late = new TestModule("late");
        late.onConfig = b -> order.add("config late");
        late.onDisk = (b, e) -> {
            order.add("disk late");
            e.done();
        };
        late.priority = 200;
        TestModule early = new TestModule("early");
        early.onConfig = b -> order.add("config early");
        early.onDisk = (b, e) -> {
            order.add("disk early");
            e.done();
        };
        early.priority = 10;
        core.add(late);
        core.add(early);
        Bdev bdev = early.register(disk, "d0");
        assertThat(bdev.state()).isEqualTo(BdevState.REGISTERED);
        core.reactors.runUntilIdle();
        assertThat(order).containsExactly("config late", "config early", "disk early", "disk late");
        assertThat(bdev.state()).isEqualTo(BdevState.READY);
    }

    @Test
    void aClaimInTheConfigurationPhaseLeavesTheDiskToTheClaimingModule() {
        TestModule claimer = new TestModule("claimer");
        claimer.onConfig =
                b -> claimer.host.claimExclusive(claimer.host.open(b.name(), OpenMode.READ, "c", (e, d) -> {}), "c");
        claimer.onDisk = (b, e) -> e.done();
        TestModule other = new TestModule("other");
        other.onDisk = (b, e) -> e.done();
        core.add(other);
        core.add(claimer);
        other.register(disk, "d0");
        core.reactors.runUntilIdle();
        assertThat(other.log).containsExactly("config d0");
        assertThat(claimer.log).containsExactly("config d0", "disk d0");
    }

    @Test
    void aModuleThatArrivesExaminesWhatIsThere() {
        TestModule first = core.module("first");
        first.register(disk, "d0");
        first.register(new TestModule.Disk(512, 8), "d1");
        TestModule second = new TestModule("second");
        second.onDisk = (b, e) -> e.done();
        core.add(second);
        core.reactors.runUntilIdle();
        assertThat(second.log).containsExactlyInAnyOrder("config d0", "disk d0", "config d1", "disk d1");
    }

    @Test
    void aCreationDoesNotRaceAProbe() {
        List<Examination> open = new ArrayList<>();
        TestModule prober = new TestModule("prober");
        prober.onDisk = (b, e) -> open.add(e);
        TestModule user = core.module("user");
        core.add(prober);
        Bdev bdev = user.register(disk, "d0");
        core.reactors.runUntilIdle();
        BdevDescriptor base = user.host.open("d0", OpenMode.READ, "u", (e, d) -> {});
        assertThatThrownBy(() -> user.host.claimExclusive(base, "u"))
                .hasMessageContainingAll("prober", "examining", "d0");
        CompletableFuture<Void> settled = user.host.settled("d0").toCompletableFuture();
        assertThat(settled).isNotDone();
        assertThatThrownBy(() -> core.await(core.core.waitForExamine(Duration.ofSeconds(1))))
                .hasMessageContainingAll("prober", "d0");
        open.get(0).done();
        core.await(settled);
        user.host.claimExclusive(base, "u");
        assertThat(bdev.claims()).hasSize(1);
        core.await(core.core.waitForExamine(Duration.ofSeconds(1)));
    }

    @Test
    void anExamineThatNeverEndsHangsNobody() {
        TestModule silent = new TestModule("silent");
        silent.onDisk = (b, e) -> {};
        silent.priority = 1;
        TestModule other = new TestModule("other");
        other.onDisk = (b, e) -> e.done();
        core.add(silent);
        core.add(other);
        Bdev bdev = other.register(disk, "d0");
        core.reactors.advance(Duration.ofSeconds(29));
        assertThat(bdev.state()).isEqualTo(BdevState.REGISTERED);
        core.reactors.advance(Duration.ofSeconds(2));
        assertThat(bdev.state()).isEqualTo(BdevState.READY);
        assertThat(other.log).contains("disk d0");
    }

    @Test
    void aModuleThatLeavesWhileItExaminesMayEndTheExaminationAfterwards() {
        List<Examination> open = new ArrayList<>();
        TestModule leaving = new TestModule("leaving");
        leaving.onDisk = (b, e) -> open.add(e);
        TestModule other = core.module("other");
        core.add(leaving);
        Bdev bdev = other.register(disk, "d0");
        core.reactors.runUntilIdle();
        core.await(core.core.remove(leaving));
        core.reactors.runUntilIdle();
        assertThat(bdev.state()).isEqualTo(BdevState.READY);
        ModuleHost host = (ModuleHost) leaving.host;

        core.reactors.app().execute(open.get(0)::done);
        core.reactors.runUntilIdle();
        assertThat(host.defects()).isZero();

        core.reactors.app().execute(open.get(0)::done);
        core.reactors.runUntilIdle();
        assertThat(host.defects()).as("a second end").isEqualTo(1);
    }

    @Test
    void withManualExamineOnlyTheListIsExamined() {
        CoreFixture manual = new CoreFixture(4, CoreOptions.DEFAULTS.withAutoExamine(false));
        TestModule module = manual.module("m");
        module.register(disk, "d0");
        manual.reactors.runUntilIdle();
        assertThat(module.log).containsExactly("restore d0");
        assertThat(module.host.find("d0").orElseThrow().state()).isEqualTo(BdevState.READY);
    }

    @Test
    void aRemovalTellsHoldersAndWaitsForThem() {
        TestModule module = core.module("m");
        Bdev bdev = module.register(disk, "d0");
        core.reactors.runUntilIdle();
        BdevDescriptor descriptor = core.open("d0", OpenMode.WRITE);
        BdevChannel channel = descriptor.openChannel();
        disk.hold = true;
        CoreFixture.Outcomes outcomes = new CoreFixture.Outcomes();
        IoBuffer memory = IoBuffer.allocate(512);
        channel.read(memory, 0, 0, 1, outcomes, null);
        CompletableFuture<Void> gone = module.host.delete("d0").toCompletableFuture();
        core.reactors.runUntilIdle();
        assertThat(core.events).containsExactly(BdevEvent.REMOVE);
        assertThat(gone).isNotDone();
        assertThatThrownBy(() -> module.host.delete("d0")).hasMessageContaining("being removed");
        assertThatThrownBy(() -> core.open("d0", OpenMode.READ)).hasMessageContaining("being removed");
        channel.read(memory, 0, 0, 1, outcomes, null);
        core.reactors.runUntilIdle();
        assertThat(outcomes.all).containsExactly(IoStatus.NO_DEVICE);
        disk.held.poll().complete(IoStatus.SUCCESS);
        core.reactors.runUntilIdle();
        assertThat(outcomes.all).containsExactly(IoStatus.NO_DEVICE, IoStatus.SUCCESS);
        channel.close();
        descriptor.close();
        core.await(gone);
        assertThat(bdev.state()).isEqualTo(BdevState.GONE);
        assertThat(disk.destructs).isEqualTo(1);
        assertThat(module.host.find("d0")).isEmpty();
        module.register(new TestModule.Disk(512, 8), "d0");
    }

    @Test
    void aHolderWhoDoesNotCloseIsRevoked() {
        TestModule module = core.module("m");
        module.register(disk, "d0");
        core.reactors.runUntilIdle();
        BdevDescriptor descriptor = core.open("d0", OpenMode.WRITE);
        BdevChannel channel = descriptor.openChannel();
        disk.hold = true;
        CoreFixture.Outcomes outcomes = new CoreFixture.Outcomes();
        IoBuffer memory = IoBuffer.allocate(512);
        channel.read(memory, 0, 0, 1, outcomes, null);
        CompletableFuture<Void> gone = module.host.delete("d0").toCompletableFuture();
        core.reactors.advance(Duration.ofSeconds(11));
        assertThat(gone).isCompleted();
        // the module could abort it
        assertThat(outcomes.all).containsExactly(IoStatus.NO_DEVICE);
        assertThatThrownBy(() -> channel.read(memory, 0, 0, 1, outcomes, null)).hasMessageContaining("removed");
        assertThat(disk.destructs).isEqualTo(1);
        assertThat(disk.channels.values()).allMatch(n -> n == 0);
        channel.close();
        descriptor.close();
        core.reactors.runUntilIdle();
        module.register(new TestModule.Disk(512, 8), "d0");
    }

    @Test
    void resetsThatWaitEndWithTheRemovalAndDoNotReachTheModule() {
        TestModule module = core.module("m");
        module.register(disk, "d0");
        core.reactors.runUntilIdle();
        BdevDescriptor descriptor = core.open("d0", OpenMode.WRITE);
        BdevChannel channel = descriptor.openChannel();
        disk.hold = true;
        CoreFixture.Outcomes outcomes = new CoreFixture.Outcomes();
        for (int i = 0; i < 3; i++) {
            channel.reset(outcomes, null);
        }
        core.reactors.runUntilIdle();
        assertThat(disk.held).hasSize(1);
        CompletableFuture<Void> gone = module.host.delete("d0").toCompletableFuture();
        core.reactors.advance(Duration.ofMillis(500));
        assertThat(outcomes.all).containsExactly(IoStatus.NO_DEVICE, IoStatus.NO_DEVICE);
        core.reactors.advance(Duration.ofSeconds(1));
        assertThat(disk.held).isEmpty();
        assertThat(outcomes.all).containsExactly(IoStatus.NO_DEVICE, IoStatus.NO_DEVICE, IoStatus.NO_DEVICE);
        channel.close();
        descriptor.close();
        core.await(gone);
    }

    @Test
    void aResetThatHasNotReachedTheModuleWhenTheRemovalBeginsDoesNotReachIt() {
        TestModule module = core.module("m");
        module.register(disk, "d0");
        core.reactors.runUntilIdle();
        BdevDescriptor descriptor = core.open("d0", OpenMode.WRITE);
        BdevChannel channel = descriptor.openChannel();
        disk.hold = true;
        CoreFixture.Outcomes outcomes = new CoreFixture.Outcomes();
        channel.read(IoBuffer.allocate(512), 0, 0, 1, outcomes, null);
        core.reactors.runUntilIdle();
        // all of the core's own objects are out, also the one that is kept for a reset
        IoPool internal = ((Channel) channel).pool().get(0).shared.internal;
        List<Io> all = new ArrayList<>();
        for (Io io = internal.takeForReset(); io != null; io = internal.takeForReset()) {
            all.add(io);
        }
        channel.reset(outcomes, null);
        core.reactors.runUntilIdle();
        assertThat(disk.held).hasSize(1);
        CompletableFuture<Void> gone = module.host.delete("d0").toCompletableFuture();
        core.reactors.runUntilIdle();
        all.forEach(internal::give);
        core.reactors.advance(Duration.ofSeconds(2));
        assertThat(disk.held).isEmpty();
        assertThat(outcomes.all).hasSize(2).containsOnly(IoStatus.NO_DEVICE);
        channel.close();
        descriptor.close();
        core.await(gone);
    }

    @Test
    void aModuleThatOverflowsTheStackInEveryCallIsContained() {
        TestModule module = core.module("m");
        Bdev bdev = module.register(disk, "d0");
        core.reactors.runUntilIdle();
        BdevDescriptor descriptor = core.open("d0", OpenMode.WRITE);
        BdevChannel channel = descriptor.openChannel();
        disk.hold = true;
        disk.overflows = true;
        CoreFixture.Outcomes outcomes = new CoreFixture.Outcomes();
        channel.read(IoBuffer.allocate(512), 0, 0, 1, outcomes, null);
        core.reactors.runUntilIdle();
        CompletableFuture<Void> gone = module.host.delete("d0").toCompletableFuture();
        core.reactors.runUntilIdle();
        long ended = ((CoreBdev) bdev).defects();
        assertThat(ended).as("ending what it keeps").isPositive();
        core.reactors.advance(Duration.ofMillis(1500));
        long aborted = ((CoreBdev) bdev).defects();
        assertThat(aborted).as("abort").isGreaterThan(ended);
        disk.serve(disk.held.poll());
        core.reactors.runUntilIdle();
        channel.close();
        descriptor.close();
        core.await(gone);
        assertThat(outcomes.all).hasSize(1);
        assertThat(disk.destructs).isEqualTo(1);
        assertThat(((CoreBdev) bdev).defects()).as("close and destruct").isEqualTo(aborted + 2);
    }

    @Test
    void aRevocationAbortsPiecesToo() {
        TestModule module = core.module("m");
        module.register(disk, "d0");
        core.reactors.runUntilIdle();
        BdevDescriptor descriptor = core.open("d0", OpenMode.WRITE);
        BdevChannel channel = descriptor.openChannel();
        disk.hold = true;
        disk.refuseAbort = true;
        CoreFixture.Outcomes outcomes = new CoreFixture.Outcomes();
        channel.writeZeroes(0, 8, outcomes, null);
        CompletableFuture<Void> gone = module.host.delete("d0").toCompletableFuture();
        core.reactors.advance(Duration.ofSeconds(5));
        assertThat(disk.held).hasSize(1);
        disk.refuseAbort = false;
        core.reactors.advance(Duration.ofSeconds(6));
        assertThat(outcomes.all).containsExactly(IoStatus.NO_DEVICE);
        assertThat(gone).isCompleted();
        channel.close();
        descriptor.close();
        core.reactors.runUntilIdle();
    }

    @Test
    void ioThatTheModuleKeepsIsNotTakenFromItButTheRemovalEnds() {
        TestModule module = core.module("m");
        module.register(disk, "d0", Set.of(IoType.READ, IoType.WRITE), IoLimits.NONE);
        core.reactors.runUntilIdle();
        BdevDescriptor descriptor = core.open("d0", OpenMode.WRITE);
        BdevChannel channel = descriptor.openChannel();
        disk.hold = true;
        CoreFixture.Outcomes outcomes = new CoreFixture.Outcomes();
        channel.read(0, 1, outcomes, null);
        core.reactors.runUntilIdle();
        BdevIo kept = disk.held.poll();
        CompletableFuture<Void> gone = module.host.delete("d0").toCompletableFuture();
        core.reactors.advance(Duration.ofSeconds(11));
        assertThat(gone).isNotDone();
        channel.close();
        descriptor.close();
        core.reactors.advance(Duration.ofSeconds(11));
        assertThat(gone).isCompleted();
        assertThat(module.host.find("d0")).isEmpty();
        assertThat(outcomes.all).isEmpty();
        assertThat(disk.destructs).isZero();
        kept.complete(IoStatus.SUCCESS);
        core.reactors.runUntilIdle();
        assertThat(outcomes.all).containsExactly(IoStatus.SUCCESS);
        assertThat(disk.destructs).isEqualTo(1);
        assertThat(disk.channels.values()).allMatch(n -> n == 0);
    }

    @Test
    void aDestructThatNeverEndsHangsNobody() {
        TestModule module = core.module("m");
        disk.destructed = new CompletableFuture<>();
        module.register(disk, "d0");
        core.reactors.runUntilIdle();
        CompletableFuture<Void> gone = module.host.delete("d0").toCompletableFuture();
        core.reactors.runUntilIdle();
        assertThat(gone).isNotDone();
        core.reactors.advance(Duration.ofSeconds(11));
        assertThat(gone).isCompleted();
    }

    @Test
    void aModuleLeavesWithItsBdevs() {
        TestModule module = core.module("m");
        module.register(disk, "d0");
        module.register(new TestModule.Disk(512, 8), "d1");
        core.reactors.runUntilIdle();
        core.await(core.core.remove(module));
        assertThat(module.log).endsWith("fini");
        assertThat(core.await(core.core.list())).isEmpty();
        TestModule again = core.module("m");
        again.register(disk, "d0");
    }

    @Test
    void whatStandsOnABaseIsGoneBeforeTheBaseIs() {
        TestModule module = core.module("m");
        Bdev base = module.register(disk, "base");
        Bdev[] tops = new Bdev[2];
        BdevDescriptor link = module.host.open("base", OpenMode.READ, "tops", (event, descriptor) -> List.of(tops)
                .forEach(module.host::unregister));
        AtomicInteger backends = new AtomicInteger(tops.length);
        for (int i = 0; i < tops.length; i++) {
            String name = "top" + i;
            module.host.register(BdevSpec.physical(name, "x", 512, 8, Set.of()), new BdevBackend() {
                @Override
                public BackendChannel openChannel(Reactor reactor) {
                    throw new AssertionError("nobody opens it");
                }

                @Override
                public CompletionStage<Void> destruct() {
                    if (backends.decrementAndGet() == 0) {
                        link.close();
                    }
                    return CompletableFuture.completedFuture(null);
                }
            });
            tops[i] = module.host.find(name).orElseThrow();
        }
        List<String> gone = new ArrayList<>();
        core.await(core.core.watch(new BdevWatcher() {
            @Override
            public void ready(Bdev bdev) {}

            @Override
            public void gone(Bdev bdev) {
                gone.add(bdev.name());
            }
        }));

        core.await(module.host.unregister(base));

        assertThat(gone).hasSize(3).endsWith("base");
    }

    @Test
    void twoModulesOfOneNameAreRefused() {
        core.module("m");
        TestModule second = new TestModule("m");
        assertThatThrownBy(() -> core.await(core.core.add(second))).hasMessageContaining("m is there already");
        assertThat(second.host).isNull();
    }

    @Test
    void sizesTravelToDescriptorsAndShrinkingAnOpenBdevIsRefused() {
        TestModule module = core.module("m");
        Bdev bdev = module.register(disk, "d0");
        core.open("d0", OpenMode.READ);
        module.host.resize(bdev, 128);
        core.reactors.runUntilIdle();
        assertThat(core.events).containsExactly(BdevEvent.RESIZE);
        assertThat(bdev.numBlocks()).isEqualTo(128);
        assertThatThrownBy(() -> module.host.resize(bdev, 64)).hasMessageContainingAll("shrink", "test");
    }

    @Test
    void aModuleThatThrowsWhereItIsOnlyAskedHoldsNobodyUp() {
        TestModule bad = new TestModule("bad") {
            @Override
            public boolean examinesDisk() {
                throw new IllegalStateException("examinesDisk");
            }
        };
        TestModule worse = new TestModule("a worse one") {
            @Override
            public int examinePriority() {
                throw new IllegalStateException("examinePriority");
            }
        };
        TestModule good = new TestModule("good");
        List<String> order = new ArrayList<>();
        worse.onDisk = (b, e) -> {
            order.add("worse");
            e.done();
        };
        good.onDisk = (b, e) -> {
            order.add("good");
            e.done();
        };
        List.of(bad, worse, good).forEach(core::add);
        Bdev bdev = good.register(disk, "d0");
        core.reactors.runUntilIdle();
        assertThat(bdev.state()).isEqualTo(BdevState.READY);
        assertThat(order).containsExactly("good", "worse");
    }

    @Test
    void aBackendThatThrowsWhereItIsOnlyAskedIsListedAndServesWhatItCan() {
        TestModule module = core.module("one");
        module.host.register(BdevSpec.physical("d0", "x", 512, 64, Set.of(IoType.READ)), new BdevBackend() {
            @Override
            public BackendChannel openChannel(Reactor reactor) {
                return disk.openChannel(reactor);
            }

            @Override
            public Object newIoContext() {
                throw new IllegalStateException("newIoContext");
            }

            @Override
            public Map<String, Object> driverSpecific() {
                throw new IllegalStateException("driverSpecific");
            }
        });
        core.reactors.runUntilIdle();
        Bdev bdev = module.host.find("d0").orElseThrow();
        assertThat(bdev.driverSpecific()).isEmpty();
        BdevDescriptor descriptor = core.open("d0", OpenMode.READ);
        CoreFixture.Outcomes outcomes = new CoreFixture.Outcomes();
        IoBuffer memory = IoBuffer.allocate(4096);
        core.reactors.app().execute(() -> descriptor.openChannel().read(memory, 0, 0, 1, outcomes, null));
        core.reactors.runUntilIdle();
        assertThat(outcomes.all).containsExactly(IoStatus.SUCCESS);
        assertThat(((CoreBdev) bdev).defects()).isPositive();
    }
}
