package io.cairn.bdev.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.Bdevs;
import io.cairn.bdev.Notification;
import io.cairn.bdev.NotificationType;
import io.cairn.bdev.spi.Examination;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class NotificationsTest {
    private final CoreFixture core = new CoreFixture(5);
    private final TestModule.Disk disk = new TestModule.Disk(512, 64);

    @Test
    void tellsInOrderWhatHappens() {
        List<Notification> told = new ArrayList<>();
        Bdevs.Watch watch = core.await(core.core.watchNotifications(told::add));
        TestModule module = new TestModule("one");
        List<Examination> examinations = new ArrayList<>();
        module.onDisk = (examined, examination) -> examinations.add(examination);
        core.add(module);
        var bdev = module.register(disk, "d0");
        assertThat(told).as("not before it is ready").hasSize(1);
        examinations.get(0).done();
        core.reactors.runUntilIdle();
        core.await(core.reactors.onApp(() -> {
            module.host.resize(bdev, 128);
            return module.host.unregister(bdev);
        }));
        core.await(core.core.remove(module));
        assertThat(told)
                .extracting(Notification::type)
                .containsExactly(
                        NotificationType.MODULE_ARRIVE,
                        NotificationType.BDEV_REGISTER,
                        NotificationType.BDEV_RESIZE,
                        NotificationType.BDEV_UNREGISTER,
                        NotificationType.MODULE_DEPART);
        assertThat(told).extracting(Notification::id).containsExactly(0L, 1L, 2L, 3L, 4L);
        assertThat(told.get(1).uuid()).contains(bdev.uuid());
        assertThat(told.get(1).module()).isEqualTo("one");
        assertThat(told.get(2).sizeBytes()).isEqualTo(128 * 512);
        assertThat(told.get(0).name()).isEqualTo("one");

        watch.close();
        core.reactors.runUntilIdle();
        core.module("two");
        assertThat(told).hasSize(5);
    }

    @Test
    void aModuleTellsOfItsReadyBdevsOnly() {
        TestModule module = new TestModule("one");
        List<Examination> examinations = new ArrayList<>();
        module.onDisk = (examined, examination) -> examinations.add(examination);
        core.add(module);
        var bdev = module.register(disk, "d0");
        List<Notification> told = new ArrayList<>();
        core.await(core.core.watchNotifications(told::add));
        announce(module, bdev, "too early");
        assertThat(told).isEmpty();
        examinations.get(0).done();
        core.reactors.runUntilIdle();
        announce(module, bdev, "m0 is gone");
        assertThat(told.get(1).type()).isEqualTo(NotificationType.BDEV_MEMBER_LOST);
        assertThat(told.get(1).name()).isEqualTo("d0");
        assertThat(told.get(1).detail()).isEqualTo("m0 is gone");
    }

    private void announce(TestModule module, Bdev bdev, String detail) {
        core.await(core.reactors.onApp(() -> {
            module.host.announce(bdev, NotificationType.BDEV_MEMBER_LOST, detail);
            return CompletableFuture.completedFuture(null);
        }));
    }

    @Test
    void aListenerThatThrowsKeepsNobodyFromBeingTold() {
        List<Notification> told = new ArrayList<>();
        core.await(core.core.watchNotifications(n -> {
            throw new IllegalStateException("my own fault");
        }));
        core.await(core.core.watchNotifications(told::add));
        core.module("one");
        assertThat(told).hasSize(1);
    }

    @Test
    void aBdevThatWasNeverReadyIsNeverSaidToBeGone() {
        TestModule module = new TestModule("one");
        module.onDisk = (bdev, examination) -> {};
        core.add(module);
        List<Notification> told = new ArrayList<>();
        core.await(core.core.watchNotifications(told::add));
        var bdev = module.register(disk, "d0");
        core.await(core.reactors.onApp(() -> module.host.unregister(bdev)));
        assertThat(told).isEmpty();
    }

    @Test
    void keepsTheNewestAndShowsByTheIdsWhatIsGone() {
        Notifications notifications = new Notifications();
        for (int i = 0; i < Notifications.CAPACITY + 6; i++) {
            notifications.arrived("m" + i);
        }
        List<Notification> all = notifications.from(0, Long.MAX_VALUE);
        assertThat(all).hasSize(Notifications.CAPACITY);
        assertThat(all.get(0).id()).isEqualTo(6);
        assertThat(notifications.from(1020, 3))
                .extracting(Notification::name)
                .containsExactly("m1020", "m1021", "m1022");
        assertThat(notifications.from(Notifications.CAPACITY + 6, 1)).isEmpty();
        assertThat(notifications.from(0, 0)).isEmpty();
    }
}
