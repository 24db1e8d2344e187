package io.cairn.module.raid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.BdevIo;
import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.IoRequest;
import io.cairn.bdev.testkit.SimDisk;
import io.cairn.bdev.testkit.SimFault;
import io.cairn.bdev.testkit.SimMedium;
import io.cairn.bdev.testkit.SimSettings;
import io.cairn.bdev.testkit.TestDescriptor;
import io.cairn.module.raid.format.ExtensionCodec;
import io.cairn.module.raid.format.ExtensionRead;
import io.cairn.module.raid.format.SuperblockCodec;
import io.cairn.module.raid.format.SuperblockRead;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A member is replaced while it works: B1 by B3. */
class ReplaceTest extends RaidOnDisks {
    private static final int UNITS = 96;
    /** Blocks at which these begin on every disk. */
    private static final long EXTENSION = (64 << 10) / BLOCK;

    private static final long BITMAP = EXTENSION + 16;

    private TestDescriptor open;
    private int unit;

    ReplaceTest() {
        super(23, 2);
    }

    private void create(String level, boolean superblock) {
        boolean mirror = level.equals("raid1");
        create(level, mirror ? 0 : 4, superblock, mirror ? List.of("B0", "B1") : List.of("B0", "B1", "B2"));
        begin(level);
    }

    private void begin(String level) {
        open = core.open("R", OpenMode.WRITE);
        unit = level.equals("raid1") ? 32 : 16;
        for (int i = 0; i < UNITS; i++) {
            write(i, i);
        }
    }

    private void write(int at, int seed) {
        open.channel(at % 2).write((long) at * unit, pattern(seed, unit));
    }

    private void assertContent(String where, int changedFrom, int changedTo, int by) {
        for (int i = 0; i < UNITS; i++) {
            int seed = i >= changedFrom && i < changedTo ? i + by : i;
            assertThat(open.channel(i % 2).read((long) i * unit, unit))
                    .as("unit %s, %s", i, where)
                    .isEqualTo(pattern(seed, unit));
        }
    }

    private void slowly() {
        core.call("bdev_raid_set_options", Map.of("process_window_size_kb", 64L, "process_max_bandwidth_mb_sec", 1L));
    }

    private void fast() {
        core.call("bdev_raid_set_options", Map.of("process_window_size_kb", 1024L, "process_max_bandwidth_mb_sec", 0L));
    }

    private void replace() {
        assertThat(core.call(
                        "bdev_raid_replace_base_bdev",
                        Map.of("raid_name", "R", "base_name", "B1", "new_base_name", "B3")))
                .isEqualTo(true);
    }

    /** Has B3 filled to some part, with changes on both sides of the cursor, and pauses there. */
    private void replaceHalf() {
        slowly();
        replace();
        core.step(600);
        core.call("bdev_raid_pause_process", Map.of("name", "R"));
        assertThat(info("R").get("process")).asString().contains("replace").contains("B3");
        for (int i = 0; i < UNITS; i += 2) {
            write(i, i + 1000);
        }
        open.channel(0).flush();
    }

    private void assertContentAfterHalf(String where) {
        for (int i = 0; i < UNITS; i++) {
            int seed = i % 2 == 0 ? i + 1000 : i;
            assertThat(open.channel(i % 2).read((long) i * unit, unit))
                    .as("unit %s, %s", i, where)
                    .isEqualTo(pattern(seed, unit));
        }
    }

    private void untilReplaced() {
        for (int i = 0; i < 400 && !"B3".equals(bases().get(1).get("name")); i++) {
            core.step(100);
            core.settle();
        }
        core.settle();
        assertThat(bases().get(1)).containsEntry("name", "B3").containsEntry("role", "in_sync");
    }

    private void goOn() {
        fast();
        core.call("bdev_raid_resume_process", Map.of("name", "R"));
    }

    private SuperblockRead superblock(int disk) {
        return SuperblockCodec.decode(media.get(disk).read(0, 8), BLOCK);
    }

    @ParameterizedTest
    @CsvSource({"raid1, true", "raid1, false", "raid5f, true", "raid5f, false"})
    void takesThePlaceOfAMemberThatWorks(String level, boolean superblock) {
        create(level, superblock);
        slowly();
        replace();
        core.step(300);
        assertThat(bases().get(1))
                .containsEntry("name", "B1")
                .containsEntry("role", "in_sync")
                .containsEntry("replaced_by", "B3");
        assertThat(disks.get(3).bdev().claims()).hasSize(1);
        for (int i = 10; i < 60; i++) {
            write(i, i + 500);
        }
        fast();
        untilReplaced();

        assertThat(info("R")).containsEntry("health", "optimal").doesNotContainKey("process");
        assertThat(disks.get(1).bdev().claims()).as("claims of the old one").isEmpty();
        assertThat(superblock(1)).as("on the old one").isInstanceOf(SuperblockRead.NoSuperblock.class);
        pull(0);
        assertContent("without B0", 10, 60, 500);
    }

    @Test
    void theOnlyLegOfAMirrorIsReplaced() {
        create("raid1", 0, true, List.of("B1"));
        begin("raid1");
        replace();
        for (int i = 0; i < 400 && !"B3".equals(bases().get(0).get("name")); i++) {
            core.settle();
        }
        core.await(disks.get(1).remove());
        core.settle();
        assertContent("on B3", 0, 0, 0);
    }

    /** Its reads go to the old member, and what is missing elsewhere needs not be worked out. */
    @Test
    void aMemberOfADegradedArrayIsReplaced() {
        create("raid5f", true);
        pull(2);
        replaceHalf();
        goOn();
        untilReplaced();

        assertThat(info("R")).containsEntry("health", "degraded");
        assertContentAfterHalf("on B0 and B3");
        comeBack(2);
        untilHealth("optimal");
        pull(0);
        assertContentAfterHalf("on B2 and B3");
    }

    @ParameterizedTest
    @CsvSource({"raid1, true", "raid1, false", "raid5f, true", "raid5f, false"})
    void goesOnAsARebuildWhenTheOldOneIsLost(String level, boolean superblock) {
        create(level, superblock);
        replaceHalf();
        pull(1);
        assertThat(bases().get(1)).containsEntry("name", "B3").containsEntry("role", "rebuilding");
        assertContentAfterHalf("while it is rebuilt");
        goOn();
        untilHealth("optimal");

        pull(0);
        assertContentAfterHalf("without B0");
    }

    @ParameterizedTest
    @CsvSource({
        "raid1, true, yank",
        "raid1, false, fail",
        "raid5f, true, fail",
        "raid5f, false, yank",
        "raid1, true, request"
    })
    void theArrayStaysAsItWasWhenTheNewOneIsLost(String level, boolean superblock, String how) {
        create(level, superblock);
        Object before = bases();
        replaceHalf();
        if (how.equals("yank")) {
            pull(3);
        } else if (how.equals("fail")) {
            disks.get(3).inject(SimFault.next(1, IoType.WRITE, IoStatus.FAILED));
            write(1, 1);
        } else {
            core.call("bdev_raid_remove_base_bdev", Map.of("name", "B3"));
        }
        core.settle();

        assertThat(bases()).isEqualTo(before);
        assertThat(info("R")).containsEntry("health", "optimal").doesNotContainKey("process");
        if (!how.equals("yank")) {
            assertThat(disks.get(3).bdev().claims()).isEmpty();
            assertThat(superblock(3)).isInstanceOf(SuperblockRead.NoSuperblock.class);
            disks.get(3).clearFaults();
            replace();
            goOn();
            untilReplaced();
        }
        pull(0);
        assertContentAfterHalf("without B0");
    }

    @ParameterizedTest
    @CsvSource({"raid1, true", "raid1, false", "raid5f, true", "raid5f, false"})
    void goesOnBehindAnUpgrade(String level, boolean superblock) {
        create(level, superblock);
        replaceHalf();
        upgrade();
        core.settle();
        assertThat(bases().get(1)).containsEntry("name", "B1").containsEntry("replaced_by", "B3");
        assertThat(info("R").get("process")).asString().contains("replace").contains("paused=true");
        write(1, 1);
        goOn();
        untilReplaced();

        pull(0);
        assertContentAfterHalf("without B0");
    }

    /** Whoever comes first. */
    @ParameterizedTest
    @CsvSource({"raid1, 0 1 3", "raid1, 3 1 0", "raid1, 1 3 0", "raid5f, 0 1 2 3", "raid5f, 3 0 1 2"})
    void goesOnAfterAPowerCut(String level, String order) {
        create(level, true);
        replaceHalf();
        cutPower(order);
        untilReplaced();

        assertContentAfterHalf("after the restart");
        pull(0);
        assertContentAfterHalf("without B0");
    }

    /** All disks are pulled out with what is on them, and put in again in some order. */
    private void cutPower(String order) {
        open.close();
        List<SimDisk> here = List.copyOf(disks);
        here.forEach(disk -> core.await(disk.cutPower()));
        core.remove(module);
        here.forEach(disk -> core.await(disk.remove()));
        module = new RaidModule();
        core.add(module);
        for (String i : order.split(" ")) {
            comeBack(Integer.parseInt(i));
            core.settle();
        }
        if (core.find("R").isPresent()) {
            core.call("bdev_raid_resume_process", Map.of("name", "R"));
        }
        open = core.open("R", OpenMode.WRITE);
    }

    /** Another disk under the same UUID gets everything. */
    @Test
    void beginsAnewOnADiskThatWasExchanged() {
        create("raid1", true);
        replaceHalf();
        media.set(3, new SimMedium(BLOCK));
        cutPower("0 1 3");
        untilReplaced();
        pull(0);
        assertContentAfterHalf("without B0");
    }

    @Test
    void isGivenUpWhenTheNewOneDoesNotComeBack() {
        create("raid1", true);
        replaceHalf();
        cutPower("0 1");
        untilHealth("optimal");
        pass(70);
        comeBack(3);
        core.settle();
        assertThat(bases().get(1)).containsEntry("name", "B1").doesNotContainKey("replaced_by");
        assertThat(disks.get(3).bdev().claims()).isEmpty();
    }

    /** Another member is lost and rebuilt before the new one is back. */
    @Test
    void isNotForgottenForARebuild() {
        create("raid5f", true);
        replaceHalf();
        cutPower("0 1 2");
        untilHealth("optimal");
        pull(2);
        write(1, 1);
        comeBack(2);
        fast();
        untilHealth("optimal");
        assertThat(bases().get(1)).doesNotContainKey("replaced_by");

        comeBack(3);
        untilReplaced();

        assertContentAfterHalf("when it is replaced");
        pull(0);
        assertContentAfterHalf("without B0");
    }

    /** The member that was to be replaced is rebuilt itself: what was under way is not known any more when the time is over. */
    @Test
    void intentsAreTakenBackAgainWhenItDoesNotGoOn() {
        create("raid1", true);
        replaceHalf();
        cutPower("0 1");
        pull(1);
        write(1, 1);
        comeBack(1);
        fast();
        untilHealth("optimal");

        pass(70);
        write(1, 1);
        pass(70);

        assertThat(media.get(0).read(BITMAP, 8)).as("intents on B0").containsOnly(0);
    }

    @Test
    void goesOnAfterAnotherOneWasRefused() {
        create("raid1", true);
        replaceHalf();
        cutPower("0 1 2");
        disks.get(2).inject(always(IoType.WRITE, 0, 2048));
        assertRefused("B0", "B2", "cannot be written");
        disks.get(2).clearFaults();

        comeBack(3);
        fast();
        untilReplaced();

        pull(0);
        assertContentAfterHalf("without B0");
    }

    @Test
    void theNewOneTakesThePlaceOfAnOldOneThatDidNotComeBack() {
        create("raid1", true);
        replaceHalf();
        core.call("bdev_raid_set_policy", Map.of("name", "R", "start_degraded_timeout_sec", 1L));
        open.close();
        core.remove(module);
        for (int i : new int[] {0, 1, 3}) {
            core.await(disks.get(i).remove());
        }
        module = new RaidModule();
        core.add(module);
        core.call("bdev_raid_set_options", Map.of("start_degraded_timeout_sec", 1L));
        comeBack(3);
        comeBack(0);
        untilHealth("rebuilding");
        core.call("bdev_raid_resume_process", Map.of("name", "R"));
        untilHealth("optimal");
        assertThat(bases().get(1)).containsEntry("name", "B3");
        open = core.open("R", OpenMode.WRITE);
        pull(0);
        assertContentAfterHalf("without B0");
    }

    /** It could not be told that it is no member any more, and there is nobody else who would say so: it stays the member. */
    @Test
    void theOnlyLegStaysWhenItTakesNoSuperblockAnyMore() {
        core.expectErrorsInLog();
        create("raid1", 0, true, List.of("B1"));
        begin("raid1");
        slowly();
        replace();
        core.step(300);
        refuseSuperblocks(1);
        disks.get(1).inject(always(IoType.WRITE_ZEROES, 0, 2048));
        fast();
        untilNobodyIsReplaced();
        assertThat(bases().get(0)).containsEntry("name", "B1").containsEntry("role", "in_sync");
        assertThat(superblock(3)).as("on the new one").isInstanceOf(SuperblockRead.NoSuperblock.class);
        assertThat(disks.get(3).bdev().claims()).isEmpty();
        write(5, 1005);
        open.channel(0).flush();

        cutPower("3 1");
        assertThat(bases().get(0)).containsEntry("name", "B1");
        assertContent("after the power cut", 5, 6, 1000);
    }

    /** The other leg says who is in: the old one needs not. */
    @Test
    void anOldLegThatTakesNoSuperblockAnyMoreIsNotBelieved() {
        create("raid1", true);
        slowly();
        replace();
        core.step(300);
        refuseSuperblocks(1);
        disks.get(1).inject(always(IoType.WRITE_ZEROES, 0, 2048));
        fast();
        untilReplaced();
        write(5, 1005);
        open.channel(0).flush();

        cutPower("1 0 3");
        assertThat(bases().get(1)).containsEntry("name", "B3");
        assertContent("after the power cut", 5, 6, 1000);
        pull(0);
        assertContent("on B3", 5, 6, 1000);
    }

    private void refuseSuperblocks(int disk) {
        disks.get(disk).inject(always(IoType.WRITE, 0, 8));
    }

    private void untilNobodyIsReplaced() {
        for (int i = 0; i < 400 && bases().toString().contains("replaced_by"); i++) {
            core.step(100);
            core.settle();
        }
        core.settle();
        assertThat(bases().toString()).doesNotContain("replaced_by");
    }

    /** The power fails when the new one has the record that it is in, and nobody else has: nothing is left to go on with. */
    @Test
    void isOverWhenTheNewOneSaysThatItIsIn() {
        create("raid1", true);
        UUID array = UUID.fromString(info("R").get("uuid").toString());
        AtomicInteger extensions = new AtomicInteger();
        disks.get(3).hold(io -> isOfExtension(io) && extensions.incrementAndGet() > 1);
        disks.get(0).hold(io -> io.type() == IoType.WRITE && io.offsetBlocks() < BITMAP && extensions.get() > 0);
        replace();
        for (int i = 0; i < 400 && disks.get(3).held() == 0; i++) {
            core.step(100);
        }
        assertThat(disks.get(3).held()).isPositive();
        // to the module it is as if all disks had left in the middle of the exchange
        core.expectErrorsInLog("its record cannot be written");
        core.expectErrorsInLog("must not come back without it");
        cutPower("3 0 1");

        assertThat(bases().get(1)).containsEntry("name", "B3").containsEntry("role", "in_sync");
        assertThat(info("R")).containsEntry("health", "optimal");
        core.settle();
        for (int disk : new int[] {0, 3}) {
            assertThat(ExtensionCodec.decode(
                            media.get(disk).read(EXTENSION, 8), media.get(disk).read(EXTENSION + 8, 8), array))
                    .as("on B%s", disk)
                    .isInstanceOfSatisfying(
                            ExtensionRead.Found.class,
                            read -> assertThat(read.extension().process()).isEmpty());
        }
        assertContent("after the power cut", 0, 0, 0);
    }

    private static boolean isOfExtension(BdevIo io) {
        return io.type() == IoType.WRITE && io.offsetBlocks() >= EXTENSION && io.offsetBlocks() < BITMAP;
    }

    /** Whatever ends it: what had to wait for that is done then. */
    @ParameterizedTest
    @ValueSource(strings = {"request", "loss"})
    void theArrayGrowsWhenAReplacementHasBeenDropped(String how) {
        create("raid1", true);
        slowly();
        replace();
        core.step(300);
        long before = core.find("R").orElseThrow().numBlocks();
        for (int i : new int[] {0, 1, 3}) {
            core.await(disks.get(i).resize(BLOCKS * 2));
        }
        core.settle();
        assertThat(core.find("R").orElseThrow().numBlocks()).isEqualTo(before);
        if (how.equals("request")) {
            core.call("bdev_raid_remove_base_bdev", Map.of("name", "B3"));
        } else {
            pull(1);
        }
        fast();
        untilHealth("optimal");
        assertThat(core.find("R").orElseThrow().numBlocks()).isEqualTo(before + BLOCKS);
        assertContent("when it has grown", 0, 0, 0);
    }

    @Test
    void isOverWithTheArray() {
        create("raid5f", true);
        replaceHalf();
        open.close();
        core.call("bdev_raid_delete", Map.of("name", "R", "clear_sb", true));
        disks.forEach(disk -> assertThat(disk.bdev().claims()).isEmpty());
        assertThat(superblock(3)).isInstanceOf(SuperblockRead.NoSuperblock.class);
        restart();
        core.settle();
        assertThat(listed()).isEmpty();
    }

    private void assertRefused(String base, String other, String... parts) {
        assertThatThrownBy(() -> core.call(
                        "bdev_raid_replace_base_bdev",
                        Map.of("raid_name", "R", "base_name", base, "new_base_name", other)))
                .hasMessageContainingAll(parts);
    }

    @Test
    void whatIsRefusedIsLeftAsItWas() {
        create("raid1", true);
        core.disk(SimSettings.of("Small", BLOCK, BLOCKS - 8), new SimMedium(BLOCK));
        core.disk(SimSettings.of("Other", 4096, BLOCKS), new SimMedium(4096));
        core.call(
                "bdev_raid_create",
                Map.of("name", "X", "raid_level", "raid1", "superblock", true, "base_bdevs", List.of("B2")));
        core.call("bdev_raid_delete", Map.of("name", "X"));
        Map<String, Object> before = info("R");
        long written = disks.get(2).given(IoType.WRITE) + disks.get(2).given(IoType.WRITE_ZEROES);
        assertRefused("B1", "Small", "too small");
        assertRefused("B1", "Other", "blocks of 4096 bytes");
        assertRefused("B1", "B2", "superblock of raid bdev 'X'");
        assertRefused("B1", "B0", "B0");
        assertRefused("B9", "B3", "B9", "is not in it");
        assertRefused("B1", "nobody", "no bdev is called nobody");
        core.settle();
        assertThat(info("R")).isEqualTo(before);
        assertThat(disks.get(2).given(IoType.WRITE) + disks.get(2).given(IoType.WRITE_ZEROES))
                .as("writes to B2, which was refused")
                .isEqualTo(written);
        slowly();
        replace();
        assertRefused("B0", "B2", "replaced already");
        assertThatThrownBy(() -> core.call("bdev_raid_grow_base_bdev", Map.of("raid_name", "R", "base_name", "B2")))
                .hasMessageContaining("being replaced");
    }

    @Test
    void aLevelWithoutRedundancyRefuses() {
        create("raid0", 4, false, List.of("B0", "B1"));
        assertRefused("B1", "B3", "no redundancy");
        assertThat(disks.get(3).bdev().claims()).isEmpty();
    }

    /** The data of the new member begins elsewhere than that of the old one, as its optimal boundary wants it. */
    @Test
    void aStripeThatWasTornIsMadeWholeWhereTheDataOfTheNewMemberIs() {
        core.expectErrorsInLog();
        core.disk(
                SimSettings.of("X", BLOCK, 4 * BLOCKS)
                        .withLimits(new IoLimits(0, 0, 4096, false, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)),
                new SimMedium(BLOCK));
        create("raid5f", 4, true, List.of("B0", "B1", "B2"));
        unit = 16;
        open = core.open("R", OpenMode.WRITE);
        int stripes = 300;
        for (int i = 0; i < stripes; i++) {
            write(i, i);
        }
        core.call("bdev_raid_replace_base_bdev", Map.of("raid_name", "R", "base_name", "B1", "new_base_name", "X"));
        for (int i = 0; i < 400 && !"X".equals(bases().get(1).get("name")); i++) {
            core.step(100);
            core.settle();
        }
        assertThat(bases().get(1)).containsEntry("name", "X").containsEntry("data_offset", 4096L);
        pull(2);
        int strip = unit / 2;
        // B0 does not do its part of the last stripes, once each
        for (int i = stripes - 6; i < stripes; i++) {
            disks.get(0).inject(new SimFault(Set.of(IoType.WRITE), 2048 + (long) i * strip, strip, 1, IoStatus.FAILED));
            IoRequest write = IoRequest.write((long) i * unit, unit, pattern(i + 1000, unit));
            assertThat(open.channel(0).run(write).status()).isEqualTo(IoStatus.FAILED);
            core.settle();
        }
        for (int i = 0; i < stripes; i++) {
            int stripe = i;
            byte[] read = open.channel(0).read((long) i * unit, unit);
            for (int at = 0; at < read.length; at += BLOCK) {
                byte[] block = Arrays.copyOfRange(read, at, at + BLOCK);
                byte[] before = Arrays.copyOfRange(pattern(i, unit), at, at + BLOCK);
                byte[] after = Arrays.copyOfRange(pattern(i + 1000, unit), at, at + BLOCK);
                assertThat(block)
                        .as("stripe %s, byte %s", i, at)
                        .satisfiesAnyOf(is -> assertThat(is).isEqualTo(before), is -> assertThat(
                                        stripe >= stripes - 6 && Arrays.equals(is, after))
                                .isTrue());
            }
        }
    }
}
