package io.cairn.module.raid.format;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.module.raid.format.Golden.Image;
import io.cairn.module.raid.format.SuperblockRead.Found;
import io.cairn.module.raid.level.RaidLevel;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** The superblocks that SPDK wrote, against what it said of its arrays. */
class GoldenSuperblockTest {
    private final Golden golden = Golden.images();

    @ParameterizedTest
    @ValueSource(strings = {"raid0", "raid1", "raid5f", "concat", "deg-raid1", "deg-raid5f"})
    void saysWhatSpdkSaid(String name) {
        JsonNode bdev = golden.manifest(name).required("bdevs").get(0);
        JsonNode raid = bdev.required("driver_specific").required("raid");
        for (Image image : golden.bases(name)) {
            Superblock superblock = found(image);

            assertThat(superblock.name()).isEqualTo(bdev.required("name").asString());
            assertThat(superblock.uuid())
                    .hasToString(bdev.required("uuid").asString())
                    .hasToString(raid.required("uuid").asString());
            assertThat(superblock.blockSize())
                    .isEqualTo(bdev.required("block_size").asInt());
            assertThat(superblock.numBlocks())
                    .isEqualTo(bdev.required("num_blocks").asLong());
            assertThat(superblock.level())
                    .hasToString(raid.required("raid_level").asString());
            assertThat(superblock.stripBlocks() * superblock.blockSize())
                    .isEqualTo(raid.required("strip_size_kb").asLong() * 1024);
            assertThat(superblock.slots())
                    .isEqualTo(raid.required("num_base_bdevs").asInt());
            assertThat(superblock.count(MemberState.CONFIGURED))
                    .isEqualTo(raid.required("num_base_bdevs_operational").asInt());
            assertThat(superblock.uninterpreted()).isEqualTo(Uninterpreted.NONE);
            JsonNode members = raid.required("base_bdevs_list");
            assertThat(superblock.members()).hasSize(members.size());
            for (int slot = 0; slot < members.size(); slot++) {
                check(superblock.inSlot(slot).orElseThrow(), members.get(slot));
            }
            assertThat(superblock.ofBdev(image.uuid()))
                    .hasValueSatisfying(member -> assertThat(member.state()).isEqualTo(MemberState.CONFIGURED));
        }
    }

    private static void check(SuperblockMember member, JsonNode said) {
        boolean configured = said.required("is_configured").asBoolean();
        assertThat(member.state()).isEqualTo(configured ? MemberState.CONFIGURED : MemberState.MISSING);
        assertThat(member.dataOffset()).isEqualTo(said.required("data_offset").asLong());
        assertThat(member.dataBlocks()).isEqualTo(said.required("data_size").asLong());
        assertThat(member.uninterpreted()).isEqualTo(Uninterpreted.NONE);
        if (configured) {
            assertThat(member.uuid()).hasToString(said.required("uuid").asString());
        }
    }

    /** The manifest describes the lvol on this array and not the array itself: what is known of it is its bases. */
    @Test
    void theStacksArrayIsAMirrorOfItsTwoBases() {
        List<Image> bases = golden.bases("stack");
        for (Image image : bases) {
            Superblock superblock = found(image);

            assertThat(superblock.name())
                    .isEqualTo(golden.manifest("stack")
                            .required("lvstores")
                            .get(0)
                            .required("base_bdev")
                            .asString());
            assertThat(superblock.level()).isEqualTo(RaidLevel.RAID1);
            assertThat(superblock.members().stream().map(SuperblockMember::uuid))
                    .containsExactly(bases.get(0).uuid(), bases.get(1).uuid());
            assertThat(superblock.members()).allSatisfy(member -> assertThat(member.dataOffset() + member.dataBlocks())
                    .isEqualTo(image.content().length / image.blockSize()));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"raid0", "raid1", "raid5f", "concat", "deg-raid1", "deg-raid5f", "stack"})
    void isWrittenAgainByteForByte(String name) {
        for (Image image : golden.all(name)) {
            byte[] head = image.head(64 << 10);
            byte[] written = SuperblockCodec.encode(found(image));

            assertThat(written).isEqualTo(Arrays.copyOf(head, written.length));
            assertThat(Arrays.copyOfRange(head, written.length, image.blockSize()))
                    .as("the rest of the block")
                    .isEqualTo(new byte[image.blockSize() - written.length]);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"deg-raid1", "deg-raid5f"})
    void theMemberThatWasRemovedHasAnOlderSuperblock(String name) {
        Superblock stale = found(golden.stale(name));
        UUID staleUuid = golden.stale(name).uuid();
        for (Image image : golden.bases(name)) {
            Superblock current = found(image);

            assertThat(stale.sequence()).isLessThan(current.sequence());
            assertThat(stale.uuid()).isEqualTo(current.uuid());
            assertThat(current.ofBdev(staleUuid))
                    .hasValueSatisfying(member -> assertThat(member.state()).isEqualTo(MemberState.MISSING));
        }
        assertThat(stale.ofBdev(staleUuid))
                .hasValueSatisfying(member -> assertThat(member.state()).isEqualTo(MemberState.CONFIGURED));
    }

    /** Nothing of ours is where SPDK's arrays have something, and their reserved area has room for ours. */
    @ParameterizedTest
    @ValueSource(strings = {"raid0", "raid1", "raid5f", "concat", "deg-raid1", "deg-raid5f", "stack"})
    void hasRoomForOurRecord(String name) {
        for (Image image : golden.all(name)) {
            Superblock superblock = found(image);
            SuperblockMember member = superblock.ofBdev(image.uuid()).orElseThrow();
            Reserved reserved = new Reserved(image.blockSize(), superblock.stripBlocks(), member.dataOffset());

            assertThat(reserved.hasRoomForRecord()).isTrue();
            assertThat(Reserved.newDataOffset(superblock.level(), image.blockSize(), superblock.stripBlocks(), 0))
                    .as("what SPDK chose is what we choose")
                    .isEqualTo(member.dataOffset());
            if (superblock.level() == RaidLevel.RAID5F) {
                assertThat(reserved.journalSlots()).isGreaterThanOrEqualTo(4);
            }
            byte[] head = image.head((int) member.dataOffset() * image.blockSize());
            assertThat(Arrays.copyOfRange(head, (int) reserved.extensionOffset(0), head.length))
                    .as("what is behind SPDK's superblock")
                    .isEqualTo(new byte[head.length - (int) reserved.extensionOffset(0)]);
        }
    }

    private static Superblock found(Image image) {
        SuperblockRead read = SuperblockCodec.decode(image.head(16 << 10), image.blockSize());
        assertThat(read).as(image.toString()).isInstanceOf(Found.class);
        assertThat(((Found) read).warnings()).isEmpty();
        return ((Found) read).superblock();
    }
}
