package io.cairn.module.raid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.module.raid.format.SuperblockCodec;
import io.cairn.module.raid.format.SuperblockRead;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Disks with a superblock that no array takes: who asks for one of them ({@code bdev_why}) is told the cause. */
class PassedOverTest extends RaidOnDisks {
    PassedOverTest() {
        super(17, 2);
    }

    @BeforeEach
    void createMirror() {
        create("raid1", 0, true, List.of("B0", "B1"));
    }

    @Test
    void aDamagedSuperblock() {
        restartWithDamagedSuperblock(0);
        assertThat(why("B0")).singleElement().asString().startsWith("its RAID superblock is not used: its checksum");
        assertThat(why("B1")).isEmpty();
        assertThat(reasons("R")).singleElement().satisfies(reason -> assertThat(reason)
                .containsEntry("reason", "base_not_taken")
                .containsEntry("error", why("B0").get(0))
                .extractingByKey("text")
                .asString()
                .startsWith("raid bdev 'R' waits: module raid has looked at its base B0 and not taken it: its RAID"));

        assertThatThrownBy(() -> createOther(false)).hasMessageContaining("wipes it with force");
        assertThat(why("B0"))
                .as("after it was given back")
                .singleElement()
                .asString()
                .startsWith("its RAID superblock is not used: its checksum");

        createOther(true);
        assertThat(why("B0")).as("it is taken").isEmpty();
        core.call("bdev_raid_delete", Map.of("name", "Y", "clear_sb", true));
        core.settle();
        assertThat(why("B0")).isEmpty();
    }

    @Test
    void aHalfThatIsNewerThanTheArrayInUse() {
        pull(1);
        SuperblockRead.Found found = (SuperblockRead.Found)
                SuperblockCodec.decode(media.get(1).read(0, SuperblockCodec.MAX_BYTES / BLOCK), BLOCK);
        byte[] newer = SuperblockCodec.encode(
                found.superblock().withSequence(found.superblock().sequence() + 10));
        media.get(1).write(0, Arrays.copyOf(newer, (newer.length + BLOCK - 1) / BLOCK * BLOCK));

        comeBack(1);
        core.settle();

        assertThat(why("B1"))
                .singleElement()
                .asString()
                .startsWith("raid bdev 'R': its superblock has sequence number")
                .contains("in use without the others");
        List<Object> told = why("B1");
        assertThatThrownBy(() -> core.call("bdev_raid_add_base_bdev", Map.of("raid_bdev", "R", "base_bdev", "B1")))
                .hasMessageContaining("newer superblock");
        assertThat(why("B1")).as("after it was given back").isEqualTo(told);
        assertThat(why("B0")).isEmpty();
    }

    @Test
    void aCopyOfAMember() {
        pull(2);
        core.remove(module);
        pull(1);
        for (int block = 0; block < BLOCKS; block++) {
            media.get(2).write(block, media.get(1).read(block));
        }
        module = new RaidModule();
        core.add(module);
        comeBack(2);
        core.settle();
        assertThat(info("R")).containsEntry("state", "configuring");
        assertThat(why("B2"))
                .singleElement()
                .asString()
                .startsWith("raid bdev 'R': ")
                .endsWith(", as far as that is known");

        comeBack(1);
        core.settle();
        assertThat(info("R")).containsEntry("state", "online");
        assertThat(why("B2"))
                .singleElement()
                .asString()
                .startsWith("raid bdev 'R': ")
                .doesNotContain("as far as");
        assertThat(why("B1")).isEmpty();
    }

    @Test
    void anotherArrayOfTheSameName() {
        core.remove(module);
        pull(1);
        pull(0);
        module = new RaidModule();
        core.add(module);
        create("raid1", 0, false, List.of("B2", "B3"));
        comeBack(0);
        core.settle();
        assertThat(why("B0")).singleElement().asString().startsWith("its array is called 'R'");
    }

    /** What module raid has said of a disk. */
    private List<Object> why(String disk) {
        List<Object> errors = new ArrayList<>();
        for (Map<String, Object> reason : reasons(disk)) {
            if ("not_taken".equals(reason.get("reason"))) {
                assertThat(reason.get("module")).isEqualTo("raid");
                errors.add(reason.get("error"));
            }
        }
        return errors;
    }

    private List<Map<String, Object>> reasons(String bdev) {
        return objects(((Map<?, ?>) core.call("bdev_why", Map.of("name", bdev))).get("reasons"));
    }
}
