package io.cairn.module.raid;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.ModuleUpgrades.Hold;
import io.cairn.bdev.testkit.SimDisk;
import io.cairn.bdev.testkit.SimFault;
import io.cairn.bdev.testkit.SimMedium;
import io.cairn.bdev.testkit.SimSettings;
import io.cairn.bdev.testkit.TestCore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Tests of module raid on a simulated core with disks {@code B0} to {@code B3}, whose content survives their removal and the module's. */
abstract class RaidOnDisks {
    static final int BLOCK = 512;
    static final long BLOCKS = 8192;

    final TestCore core;
    final List<SimDisk> disks = new ArrayList<>();
    final List<SimMedium> media = new ArrayList<>();
    RaidModule module = new RaidModule();

    RaidOnDisks(long seed, int reactors) {
        core = TestCore.simulated(seed, reactors);
    }

    @BeforeEach
    void addDisks() {
        core.add(module);
        for (int i = 0; i < 4; i++) {
            media.add(new SimMedium(BLOCK));
            disks.add(disk(i));
        }
    }

    @AfterEach
    void end() {
        core.settle();
        core.assertNoViolations();
        core.close();
    }

    /** Returns what a disk is like; its UUID says which one it is. */
    SimSettings settings(int i) {
        return SimSettings.of("B" + i, BLOCK, BLOCKS).withUuid(new UUID(1, i));
    }

    /** Registers a disk, with what is on its medium. */
    final SimDisk disk(int i) {
        return core.disk(settings(i), media.get(i));
    }

    /** Registers a disk again that was taken away. */
    final void comeBack(int i) {
        disks.set(i, disk(i));
    }

    /** Takes a disk away under I/O. */
    final void pull(int i) {
        core.await(disks.get(i).yank());
        core.settle();
    }

    /** Ends the module, and starts another one. */
    final void restart() {
        core.remove(module);
        module = new RaidModule();
        core.add(module);
    }

    /**
     * The power of all disks fails: what is on their media now stays, what is held back never gets there. Then the module is here again, and no disk
     * ({@link #comeBack}).
     */
    final void losePower() {
        List<SimMedium> left = media.stream().map(RaidOnDisks::copy).toList();
        disks.forEach(disk -> core.await(disk.cutPower()));
        core.remove(module);
        disks.stream()
                .filter(disk -> core.find(disk.bdev().name()).isPresent())
                .forEach(disk -> core.await(disk.remove()));
        media.clear();
        media.addAll(left);
        module = new RaidModule();
        core.add(module);
    }

    private static SimMedium copy(SimMedium medium) {
        SimMedium copy = new SimMedium(BLOCK);
        for (long block = 0; block < BLOCKS; block++) {
            if (!medium.isHole(block)) {
                copy.write(block, medium.read(block));
            }
        }
        copy.flush();
        return copy;
    }

    /** Exchanges the module under the array {@code R}, which is in use on. */
    final void upgrade() {
        // nobody examines the disks any more
        core.settle();
        Hold hold = core.await(core.core().hold(RaidModule.NAME, Duration.ofSeconds(60)));
        core.remove(module);
        module = new RaidModule();
        core.await(core.core().add(module));
        core.until(
                "the end of the upgrade",
                () -> hold.over().toCompletableFuture().isDone());
        assertThat(core.await(hold.over()).adopted()).containsExactly("R");
    }

    /** Creates an array called {@code R}. */
    final void create(String level, long strip, boolean superblock, List<String> bases) {
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("name", "R");
        params.put("raid_level", level);
        params.put("strip_size_kb", strip);
        params.put("superblock", superblock);
        params.put("base_bdevs", bases);
        core.call("bdev_raid_create", params);
    }

    /** Creates an array called {@code R} of the first disks. */
    final void create(String level, long strip, boolean superblock, int members) {
        create(
                level,
                strip,
                superblock,
                disks.stream().limit(members).map(disk -> disk.bdev().name()).toList());
    }

    /** Creates a mirror with superblock called {@code Y}, of {@code B2} and {@code B0}. */
    final void createOther(boolean force) {
        core.call(
                "bdev_raid_create",
                Map.of(
                        "name",
                        "Y",
                        "raid_level",
                        "raid1",
                        "base_bdevs",
                        List.of("B2", "B0"),
                        "superblock",
                        true,
                        "force",
                        force));
    }

    /** Starts the module anew, when a superblock has lost a bit meanwhile. */
    final void restartWithDamagedSuperblock(int disk) {
        core.remove(module);
        byte[] block = media.get(disk).read(0);
        block[20] ^= 1;
        media.get(disk).write(0, block);
        module = new RaidModule();
        core.add(module);
        core.settle();
    }

    /** Returns what all arrays say of themselves. */
    final List<Map<String, Object>> listed() {
        return objects(core.call("bdev_raid_get_bdevs", Map.of("category", "all")));
    }

    /** Returns what an array says of itself. */
    final Map<String, Object> info(String name) {
        return listed().stream()
                .filter(each -> each.get("name").equals(name))
                .findFirst()
                .orElseThrow();
    }

    /** Returns what {@code R} says of its members. */
    final List<Map<String, Object>> bases() {
        return objects(info("R").get("base_bdevs_list"));
    }

    static List<Map<String, Object>> objects(Object answer) {
        List<Map<String, Object>> objects = new ArrayList<>();
        for (Object each : (List<?>) answer) {
            Map<String, Object> object = new LinkedHashMap<>();
            ((Map<?, ?>) each).forEach((key, value) -> object.put((String) key, value));
            objects.add(object);
        }
        return objects;
    }

    /** Lets time pass, with all that is done meanwhile. */
    final void awhile(int times) {
        for (int i = 0; i < times; i++) {
            core.step(100);
            core.settle();
        }
    }

    /** Lets time pass until {@code R} is as well as it should be. */
    final void untilHealth(String health) {
        for (int i = 0; i < 400 && !info("R").get("health").equals(health); i++) {
            core.step(100);
            core.settle();
        }
        assertThat(info("R")).containsEntry("health", health);
    }

    /** Lets time pass until {@code R} tells of a scrub that has ended. */
    final void untilScrubbed() {
        for (int i = 0; i < 400 && !info("R").containsKey("last_scrub"); i++) {
            core.step(100);
            core.settle();
        }
        assertThat(info("R")).containsKey("last_scrub");
    }

    /** Lets time pass. */
    final void pass(long seconds) {
        CompletableFuture<Void> later = new CompletableFuture<>();
        core.onApp(() -> core.reactor(0).after(TimeUnit.SECONDS.toNanos(seconds), () -> later.complete(null)));
        core.await(later);
        core.settle();
    }

    /** Returns a disk's answer to whatever of a type touches some blocks, from now on. */
    static SimFault always(IoType type, long block, long blocks) {
        return new SimFault(Set.of(type), block, blocks, Integer.MAX_VALUE, IoStatus.FAILED);
    }

    static byte[] pattern(int seed, int blocks) {
        byte[] data = new byte[blocks * BLOCK];
        new Random(seed).nextBytes(data);
        return data;
    }
}
