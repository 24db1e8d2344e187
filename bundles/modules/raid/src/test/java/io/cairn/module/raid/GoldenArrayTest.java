package io.cairn.module.raid;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.Bdevs;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.SimDisk;
import io.cairn.bdev.testkit.SimMedium;
import io.cairn.bdev.testkit.SimSettings;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.bdev.testkit.TestDescriptor;
import io.cairn.module.raid.format.Golden;
import io.cairn.module.raid.format.Golden.Image;
import io.cairn.module.raid.format.MemberState;
import io.cairn.module.raid.format.Superblock;
import io.cairn.module.raid.format.SuperblockCodec;
import io.cairn.module.raid.format.SuperblockMember;
import io.cairn.module.raid.format.SuperblockRead.Found;
import io.cairn.module.raid.level.RaidLevel;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Arrays that SPDK wrote are assembled from their members' disks and hold what SPDK read; those that we write are as the format has them. */
class GoldenArrayTest {
    private final List<TestCore> cores = new ArrayList<>();
    /** By the bdev's name. */
    private final Map<String, SimMedium> media = new HashMap<>();
    /** By the bdev's name. */
    private final Map<String, Long> sizes = new HashMap<>();

    private TestCore core = core();

    @AfterEach
    void end() {
        cores.forEach(TestCore::assertNoViolations);
        cores.forEach(TestCore::close);
    }

    @ParameterizedTest
    @CsvSource({
        "raid0, false", "raid1, false", "raid5f, false", "concat, false", "deg-raid1, false", "deg-raid5f, false",
        "raid0, true", "raid1, true", "raid5f, true", "concat, true", "deg-raid1, true", "deg-raid5f, true"
    })
    void holdsWhatSpdkReadFromIt(String name, boolean moduleComesFirst) {
        Golden golden = Golden.images();
        List<Image> images = golden.bases(name);
        Map<String, Superblock> before = new HashMap<>();
        images.forEach(image -> before.put(image.name(), load(image)));
        if (moduleComesFirst) {
            core.add(new RaidModule());
        }
        images.forEach(this::plug);
        if (!moduleComesFirst) {
            core.add(new RaidModule());
        }
        core.settle();

        JsonNode said = golden.manifest(name).required("bdevs").get(0);
        assertIsAsSaid(said);
        assertThat(sha256(said.required("name").asString()))
                .isEqualTo(said.required("sha256").asString());
        for (Image image : images) {
            Superblock old = before.get(image.name());
            assertThat(superblockOn(image.name(), image.blockSize()))
                    .as("%s after the assembly", image.name())
                    .isEqualTo(old.withSequence(old.sequence() + 1));
        }
    }

    @ParameterizedTest
    @CsvSource({"raid1, 0", "raid1, 1", "raid5f, 0", "raid5f, 1", "raid5f, 2", "raid5f, 3"})
    void holdsTheSameWithoutAMember(String name, int absent) {
        Golden golden = Golden.images();
        List<Image> images = golden.bases(name);
        JsonNode said = golden.manifest(name).required("bdevs").get(0);
        String array = said.required("name").asString();
        Set<String> ready = ConcurrentHashMap.newKeySet();
        core.await(core.bdevs().watch(new Bdevs.BdevWatcher() {
            @Override
            public void ready(Bdev bdev) {
                ready.add(bdev.name());
            }

            @Override
            public void gone(Bdev bdev) {}
        }));
        core.add(new RaidModule());
        core.call("bdev_raid_set_options", Map.of("start_degraded_timeout_sec", 2L));
        for (int i = 0; i < images.size(); i++) {
            if (i != absent) {
                load(images.get(i));
                plug(images.get(i));
            }
        }
        core.until("a degraded start", () -> ready.contains(array));

        Bdev bdev = core.bdev(array);
        Map<?, ?> raid = (Map<?, ?>) core.onApp(bdev::driverSpecific).get("raid");
        Map<?, ?> empty = (Map<?, ?>) ((List<?>) raid.get("base_bdevs_list")).get(absent);
        assertThat(empty.get("name")).isNull();
        assertThat(empty.get("uuid")).isEqualTo("00000000-0000-0000-0000-000000000000");
        assertThat(empty.get("expected_uuid"))
                .isEqualTo(images.get(absent).uuid().toString());
        assertThat(sha256(array)).isEqualTo(said.required("sha256").asString());
    }

    /** Whatever the order of their arrival: what is read is what SPDK read without the stale one. */
    @ParameterizedTest
    @CsvSource({"deg-raid1, false", "deg-raid1, true", "deg-raid5f, false", "deg-raid5f, true"})
    void aMemberThatMissedWritesIsNotBelieved(String name, boolean staleComesFirst) {
        Golden golden = Golden.images();
        List<Image> images = new ArrayList<>(golden.bases(name));
        images.add(staleComesFirst ? 0 : images.size(), golden.stale(name));
        images.forEach(this::load);
        JsonNode said = golden.manifest(name).required("bdevs").get(0);
        core.add(new RaidModule());
        images.forEach(this::plug);
        core.settle();

        assertThat(sha256(said.required("name").asString()))
                .isEqualTo(said.required("sha256").asString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"stack"})
    void theStacksMirrorIsAssembled(String name) {
        Golden golden = Golden.images();
        List<Image> images = golden.bases(name);
        images.forEach(this::load);
        core.add(new RaidModule());
        images.forEach(this::plug);
        core.settle();

        Bdev bdev = core.bdev("R_stack");
        assertThat(bdev.numBlocks()).isEqualTo(63488);
        byte[] leg = media.get("stack-0").read(2048, 63488);
        assertThat(leg).isEqualTo(media.get("stack-1").read(2048, 63488));
        assertThat(sha256("R_stack")).isEqualTo(hex(digest().digest(leg)));
    }

    /** Every field by hand, and another core finds the array again. */
    @ParameterizedTest
    @CsvSource({
        // level, strip in KiB, block size, members, blocks of a member that are used of 20005 (1 MiB is reserved),
        // array's blocks
        "RAID0, 64, 512, 3, 17920, 53760",
        "RAID1, 0, 4096, 2, 19749, 19749",
        "RAID5F, 32, 512, 4, 17920, 53760",
        "CONCAT, 64, 4096, 3, 19744, 59232"
    })
    void whatWeWriteIsAsTheFormatHasIt(
            RaidLevel level, int stripKb, int blockSize, int members, long used, long blocks) {
        UUID uuid = new UUID(0x0102030405060708L, 0x090a0b0c0d0e0f10L);
        core.add(new RaidModule());
        List<String> names = new ArrayList<>();
        for (int i = 0; i < members; i++) {
            String name = "M" + i;
            media.put(name, new SimMedium(blockSize));
            plug(name, blockSize, 20005, new UUID(7, i));
            names.add(name);
        }
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("name", "Ours");
        params.put("uuid", uuid.toString());
        params.put("raid_level", level.toString());
        if (stripKb > 0) {
            params.put("strip_size_kb", (long) stripKb);
        }
        params.put("superblock", true);
        params.put("base_bdevs", names);
        core.call("bdev_raid_create", params);
        core.settle();

        long offset = (1L << 20) / blockSize;
        long strip = stripKb * 1024L / blockSize;
        assertThat(core.bdev("Ours").numBlocks()).isEqualTo(blocks);
        for (String name : names) {
            Superblock superblock = superblockOn(name, blockSize);
            List<SuperblockMember> expected = new ArrayList<>();
            for (int i = 0; i < members; i++) {
                expected.add(new SuperblockMember(i, new UUID(7, i), MemberState.CONFIGURED, offset, used));
            }
            assertThat(superblock)
                    .isEqualTo(new Superblock(
                            uuid, "Ours", level, blockSize, blocks, strip, superblock.sequence(), expected));
            assertThat(superblock.sequence()).isPositive();
        }
        byte[] content = new byte[(int) Math.min(blocks, 3 * Math.max(strip, 8)) * blockSize];
        new Random(3).nextBytes(content);
        try (TestDescriptor open = core.open("Ours", OpenMode.WRITE)) {
            open.channel(1).write(0, content);
            open.channel(1).flush();
        }
        final long sequence = superblockOn("M0", blockSize).sequence();

        core = core();
        core.add(new RaidModule());
        for (int i = 0; i < members; i++) {
            plug("M" + i, blockSize, 20005, new UUID(7, i));
        }
        core.settle();

        assertThat(core.bdev("Ours").uuid()).isEqualTo(uuid);
        assertThat(core.bdev("Ours").numBlocks()).isEqualTo(blocks);
        assertThat(superblockOn("M0", blockSize).sequence()).isGreaterThan(sequence);
        try (TestDescriptor open = core.open("Ours", OpenMode.READ)) {
            assertThat(open.channel(1).read(0, content.length / blockSize)).isEqualTo(content);
        }
    }

    private void assertIsAsSaid(JsonNode said) {
        Bdev bdev = core.bdev(said.required("name").asString());
        assertThat(bdev.uuid()).hasToString(said.required("uuid").asString());
        assertThat(bdev.blockSize()).isEqualTo(said.required("block_size").asInt());
        assertThat(bdev.numBlocks()).isEqualTo(said.required("num_blocks").asLong());
        Map<?, ?> raid = (Map<?, ?>) core.onApp(bdev::driverSpecific).get("raid");
        assertContains(raid, said.required("driver_specific").required("raid"), "raid");
    }

    /** Everything that SPDK said is there, with its value; there may be more. */
    private static void assertContains(Object ours, JsonNode said, String where) {
        if (said.isObject()) {
            for (Map.Entry<String, JsonNode> each : said.properties()) {
                assertThat(((Map<?, ?>) ours).containsKey(each.getKey()))
                        .as("%s has %s", where, each.getKey())
                        .isTrue();
                assertContains(((Map<?, ?>) ours).get(each.getKey()), each.getValue(), where + "." + each.getKey());
            }
        } else if (said.isArray()) {
            assertThat((List<?>) ours).as(where).hasSize(said.size());
            for (int i = 0; i < said.size(); i++) {
                assertContains(((List<?>) ours).get(i), said.get(i), where + "[" + i + "]");
            }
        } else if (said.isNull()) {
            assertThat(ours).as(where).isNull();
        } else {
            assertThat(String.valueOf(ours)).as(where).isEqualTo(said.asString());
        }
    }

    private TestCore core() {
        TestCore made = TestCore.simulated(5, 2);
        cores.add(made);
        return made;
    }

    /** Unpacks an image; returns its superblock. */
    private Superblock load(Image image) {
        byte[] content = image.content();
        SimMedium medium = new SimMedium(image.blockSize());
        byte[] hole = new byte[image.blockSize()];
        for (int at = 0; at < content.length; at += hole.length) {
            byte[] block = Arrays.copyOfRange(content, at, at + hole.length);
            if (!Arrays.equals(block, hole)) {
                medium.write(at / hole.length, block);
            }
        }
        medium.flush();
        media.put(image.name(), medium);
        sizes.put(image.name(), (long) content.length / hole.length);
        return superblockOn(image.name(), image.blockSize());
    }

    private SimDisk plug(Image image) {
        return plug(image.name(), image.blockSize(), sizes.get(image.name()), image.uuid());
    }

    private SimDisk plug(String name, int blockSize, long numBlocks, UUID uuid) {
        return core.disk(SimSettings.of(name, blockSize, numBlocks).withUuid(uuid), media.get(name));
    }

    private Superblock superblockOn(String name, int blockSize) {
        byte[] head = media.get(name).read(0, (64 << 10) / blockSize);
        return ((Found) SuperblockCodec.decode(head, blockSize)).superblock();
    }

    private String sha256(String name) {
        MessageDigest digest = digest();
        try (TestDescriptor open = core.open(name, OpenMode.READ)) {
            long size = open.bdev().numBlocks();
            int step = (1 << 20) / open.bdev().blockSize();
            for (long at = 0; at < size; at += step) {
                digest.update(open.channel(1).read(at, Math.min(step, size - at)));
            }
        }
        return hex(digest.digest());
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    private static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
