package io.cairn.itests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.itests.support.Await;
import io.cairn.itests.support.Raid;
import io.cairn.itests.support.RaidSuperblock;
import io.cairn.itests.support.RpcError;
import io.cairn.itests.support.RunningDistribution;
import io.cairn.itests.support.SharedDistribution;
import io.cairn.itests.support.Stack;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Arrays that cannot be are refused with SPDK's codes and a message that names base and cause, and no disk is written to. */
@ExtendWith(SharedDistribution.class)
class RaidBadInputIT {
    private static final int EPERM = -1;
    private static final int EBUSY = -16;
    private static final int EEXIST = -17;
    private static final int ENODEV = -19;
    private static final int EINVAL = -22;
    private static final int PARSE_ERROR = -32700;
    private static final int SIZE = 4 << 20;
    private static final String OTHER = "biOther";

    /** What is asked, and what it is answered with. */
    private record Refusal(int code, Map<String, Object> asked, List<String> named) {
        Refusal(int code, Map<String, Object> asked, String... named) {
            this(code, asked, List.of(named));
        }
    }

    @TempDir
    private Path directory;

    private final RunningDistribution cairn;
    private Stack stack;

    RaidBadInputIT(RunningDistribution cairn) {
        this.cairn = cairn;
    }

    @BeforeEach
    void connect() throws IOException {
        stack = new Stack(cairn.rpc());
        disk("bi0", SIZE, 512);
        disk("bi1", SIZE, 512);
        disk("bi2", SIZE, 512);
        disk("biWide", SIZE, 4096);
        // as much as the array's own record takes
        disk("biTiny", 1 << 20, 512);
        disk("biClaimed", SIZE, 512);
        stack.passthru("biClaimer", "biClaimed");
    }

    @AfterEach
    void unmake() {
        // of an array that nobody deletes nothing is left when its disks have gone
        stack.close();
    }

    @Test
    void whatMakesNoArrayIsRefusedAndNothingIsWritten() throws IOException {
        half();
        changed("biDamaged", superblock().damaged());
        changed("biVersion", superblock().version(2));
        changed("biSlot", superblock().firstSlot(2));
        assertNotTaken("biVersion", "its version is 2.0");
        assertNotTaken("biSlot", "it has a member in slot 2 of 2");
        assertNotTaken("biDamaged", "its checksum is");
        Map<String, byte[]> before = contents();
        for (Refusal refusal : List.of(
                new Refusal(EPERM, asked("raid1", 0, "bi0", "bi0"), "bi0", "twice"),
                new Refusal(EPERM, asked("raid1", 0, "bi0", uuid("bi0")), "bi0", "twice"),
                new Refusal(EINVAL, asked("raid1", 0, "bi0", ""), "The base bdev name cannot be empty"),
                new Refusal(EINVAL, asked("raid1", 0, "bi0", "biWide"), "biWide", "4096", "bi0", "512"),
                new Refusal(EINVAL, asked("raid1", 0, "bi0", "biTiny"), "biTiny", "too small", "2048"),
                new Refusal(EINVAL, asked("raid0", 64, "bi0", "biTiny"), "biTiny", "too small", "2048"),
                new Refusal(EPERM, asked("raid1", 0, "bi0", "biClaimed"), "biClaimed", "passthru"),
                new Refusal(EEXIST, asked("raid1", 0, "bi0", "biHalf"), "biHalf", OTHER, "force"),
                new Refusal(EEXIST, asked("raid1", 0, "bi0", "biDamaged"), "biDamaged", "checksum", "force"),
                new Refusal(EEXIST, asked("raid1", 0, "bi0", "biVersion"), "biVersion", "version is 2.0", "force"),
                new Refusal(EEXIST, asked("raid1", 0, "bi0", "biSlot"), "biSlot", "slot 2 of 2", "force"),
                new Refusal(EINVAL, asked("raid1", 0), "raid1 needs at least"),
                new Refusal(EINVAL, asked("raid5f", 4, "bi0", "bi1"), "raid5f needs at least 3"),
                new Refusal(EINVAL, asked("raid1", 4, "bi0", "bi1"), "strip_size_kb 4"),
                new Refusal(EINVAL, asked("raid0", 3, "bi0", "bi1"), "strip_size_kb 3", "power of two"),
                new Refusal(EINVAL, asked("raid5f", 0, "bi0", "bi1", "bi2"), "strip_size_kb 0", "power of two"),
                new Refusal(EINVAL, named("b".repeat(64), "bi0", "bi1"), "64 bytes", "63"),
                new Refusal(EEXIST, named(OTHER, "bi0", "bi1"), OTHER, "exists"),
                new Refusal(PARSE_ERROR, asked("raid6", 4, "bi0", "bi1"), "raid6"))) {
            assertRefused("bdev_raid_create", refusal);
        }
        assertThat(stack.rpc().call("bdev_raid_get_bdevs", Map.of("category", "all")))
                .hasSize(1);
        // claimed and given back
        assertNotTaken("biVersion", "its version is 2.0");
        assertNotTaken("biSlot", "it has a member in slot 2 of 2");
        assertNotTaken("biDamaged", "its checksum is");
        assertThat(cairn.wholeLog())
                .contains("bdev 'biVersion' has a RAID superblock that is not used: its version is 2.0")
                .contains("bdev 'biSlot' has a RAID superblock that is not used: it has a member in slot 2 of 2")
                .contains("bdev 'biDamaged' has a RAID superblock that is not used: its checksum is");
        assertUntouched(before);
    }

    @Test
    void whatIsNoMemberOfAnArrayIsRefusedAndNothingIsWritten() throws IOException {
        half();
        changed("biDamaged", superblock().damaged());
        changed("biVersion", superblock().version(2));
        changed("biSlot", superblock().firstSlot(2));
        disk("biLeg0", SIZE, 512);
        disk("biLeg1", SIZE, 512);
        Raid raid = stack.raid("biArray", "raid1", 0, List.of("biLeg0", "biLeg1"));
        stack.rpc().call("bdev_raid_remove_base_bdev", Map.of("name", "biLeg1"));
        raid.awaitHealth("degraded");
        Map<String, byte[]> before = contents();
        for (Refusal refusal : List.of(
                new Refusal(EINVAL, added("biWide"), "biWide", "4096", "512"),
                new Refusal(EINVAL, added("biTiny"), "biTiny", "too small"),
                new Refusal(EPERM, added("biClaimed"), "biClaimed", "passthru"),
                new Refusal(EEXIST, added("biHalf"), "biHalf", OTHER),
                new Refusal(EEXIST, added("biDamaged"), "biDamaged", "checksum"),
                new Refusal(EEXIST, added("biVersion"), "biVersion", "version is 2.0"),
                new Refusal(EEXIST, added("biSlot"), "biSlot", "slot 2 of 2"),
                new Refusal(EPERM, added("biLeg0"), "biLeg0", "twice"),
                new Refusal(ENODEV, added("biNone"), "biNone"))) {
            assertRefused("bdev_raid_add_base_bdev", refusal);
        }
        raid.awaitHealth("degraded");
        assertUntouched(before);
    }

    /** The other half was in use without this one: neither is put over the other. */
    @Test
    void aMemberThatIsNewerThanTheArrayInUseIsLeftAlone() throws IOException {
        disk("biLeg0", SIZE, 512);
        disk("biLeg1", SIZE, 512);
        Raid raid = stack.raid("biArray", "raid1", 0, List.of("biLeg0", "biLeg1"));
        String uuid = uuid("biLeg1");
        stack.delete("bdev_aio_delete", "biLeg1");
        raid.awaitHealth("degraded");
        byte[] newer = RaidSuperblock.of(file("biLeg1")).newer(10).disk();
        stack.aio("biLeg1", Files.write(file("biLeg1"), newer), 512, uuid);

        assertNotTaken("biLeg1", "superblock has sequence number");
        assertRefused("bdev_raid_add_base_bdev", new Refusal(EBUSY, added("biLeg1"), "biLeg1", "newer", "biArray"));
        assertNotTaken("biLeg1", "superblock has sequence number");

        assertThat(cairn.wholeLog())
                .contains("bdev 'biLeg1': raid bdev 'biArray': its" + " superblock has sequence number");
        assertThat(raid.info().path("health").asString()).isEqualTo("degraded");
        assertThat(Files.readAllBytes(file("biLeg1"))).isEqualTo(newer);
    }

    private void assertRefused(String method, Refusal refusal) {
        assertThatThrownBy(() -> stack.rpc().call(method, refusal.asked()))
                .as("%s", refusal.asked())
                .isInstanceOfSatisfying(
                        RpcError.class,
                        e -> assertThat(e.code()).as(e.getMessage()).isEqualTo(refusal.code()))
                .hasMessageContainingAll(refusal.named().toArray(CharSequence[]::new));
    }

    /** Who asks for the disk is told. */
    private void assertNotTaken(String disk, String why) {
        assertThat(stack.rpc().call("bdev_why", Map.of("name", disk)).path("reasons"))
                .filteredOn(reason -> reason.path("reason").asString().equals("not_taken"))
                .singleElement()
                .satisfies(reason -> assertThat(reason.path("error").asString()).contains(why));
        assertThat(cairn.shell().runOverSsh("bdev:why " + disk))
                .contains("module raid has looked at bdev " + disk + " and not taken it:", why);
    }

    private void assertUntouched(Map<String, byte[]> before) throws IOException {
        contents().forEach((disk, content) -> assertThat(content).as(disk).isEqualTo(before.get(disk)));
    }

    @Test
    void forceWipesAnotherArraysSuperblock() throws IOException {
        half();
        Map<String, Object> asked = asked("raid1", 0, "bi0", "biHalf");
        asked.put("force", true);

        stack.rpc().call("bdev_raid_create", asked);

        Raid taken = new Raid(stack.rpc(), "biArray");
        assertThat(taken.info().path("health").asString()).isEqualTo("optimal");
        assertThat(new Raid(stack.rpc(), OTHER).find()).isEmpty();
        stack.rpc().call("bdev_raid_delete", Map.of("name", "biArray", "clear_sb", true));
    }

    /** A disk of an array that has never been seen with the other one. */
    private void half() throws IOException {
        disk("biHalf", SIZE, 512);
        disk("biHalf1", SIZE, 512);
        stack.rpc().call("bdev_raid_create", Raid.creation(OTHER, "raid1", 0, List.of("biHalf", "biHalf1")));
        cairn.shell().runOverSsh("bundle:stop io.cairn.module.raid");
        stack.delete("bdev_aio_delete", "biHalf1");
        cairn.shell().runOverSsh("bundle:start io.cairn.module.raid");
        Await.untilTrue("half of " + OTHER, Duration.ofSeconds(30), () -> new Raid(stack.rpc(), OTHER)
                .info()
                .path("state")
                .asString()
                .equals("configuring"));
    }

    /** The superblock of the other array. */
    private RaidSuperblock superblock() throws IOException {
        return RaidSuperblock.of(file("biHalf"));
    }

    /** A disk with something like it. */
    private void changed(String disk, RaidSuperblock superblock) throws IOException {
        stack.aio(disk, Files.write(file(disk), superblock.disk()), 512);
    }

    private static Map<String, Object> added(String base) {
        return Map.of("raid_bdev", "biArray", "base_bdev", base);
    }

    private Map<String, Object> asked(String level, int stripKib, String... bases) {
        return new LinkedHashMap<>(Raid.creation("biArray", level, stripKib, List.of(bases)));
    }

    private Map<String, Object> named(String name, String... bases) {
        return Raid.creation(name, "raid1", 0, List.of(bases));
    }

    private String uuid(String bdev) {
        return Stack.uuids(stack.rpc()).get(bdev);
    }

    private Path file(String disk) {
        return directory.resolve(disk + ".img");
    }

    private void disk(String name, int size, int blockSize) throws IOException {
        byte[] content = new byte[size];
        new Random(name.hashCode()).nextBytes(content);
        stack.aio(name, Files.write(file(name), content), blockSize);
    }

    private Map<String, byte[]> contents() throws IOException {
        Map<String, byte[]> contents = new HashMap<>();
        for (String disk : List.of(
                "bi0", "bi1", "bi2", "biWide", "biTiny", "biClaimed", "biHalf", "biDamaged", "biVersion", "biSlot")) {
            contents.put(disk, Files.readAllBytes(file(disk)));
        }
        return contents;
    }
}
