package io.cairn.itests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.itests.modules.SmallerPassthru;
import io.cairn.itests.support.Await;
import io.cairn.itests.support.BrokenJar;
import io.cairn.itests.support.Figures;
import io.cairn.itests.support.Fio;
import io.cairn.itests.support.ModuleJar;
import io.cairn.itests.support.NewerJar;
import io.cairn.itests.support.QemuIo;
import io.cairn.itests.support.Raid;
import io.cairn.itests.support.RpcError;
import io.cairn.itests.support.RunningDistribution;
import io.cairn.itests.support.SharedDistribution;
import io.cairn.itests.support.Stack;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * A module is exchanged for a newer one under load: who is connected sees a pause and nothing else, and everything that was written is there.
 *
 * <p>As many upgrades of each module as the system property {@code cairn.upgrades} says; 3 without.
 */
@ExtendWith(SharedDistribution.class)
class LiveUpgradeIT {
    private static final int UPGRADES = Integer.getInteger("cairn.upgrades", 3);
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String EXPORT = "upgraded";
    private static final int SIZE = 64 << 20;

    @TempDir
    private Path directory;

    private final RunningDistribution cairn;
    private Stack stack;

    LiveUpgradeIT(RunningDistribution cairn) {
        this.cairn = cairn;
    }

    @BeforeEach
    void connect() throws IOException {
        stack = new Stack(cairn.rpc());
    }

    @AfterEach
    void unmake() {
        stack.close();
    }

    @Test
    void ofNull() throws IOException {
        stack.nullDisk("upNull", SIZE);
        upgrades("null", "upNull", false);
    }

    @Test
    void ofMalloc() throws IOException {
        stack.malloc("upMalloc", SIZE);
        upgrades("malloc", "upMalloc", true);
    }

    @Test
    void ofAio() throws IOException {
        disk();
        upgrades("aio", "upAio", true);
    }

    @Test
    void ofPassthru() throws IOException {
        disk();
        stack.passthru("upPass", "upAio");
        upgrades("passthru", "upPass", true);
    }

    @Test
    void ofSplit() throws IOException {
        disk();
        stack.split("upAio", 2, SIZE >> 21);
        upgrades("split", "upAiop0", true);
    }

    @Test
    void ofDelay() throws IOException {
        disk();
        stack.delay("upDelay", "upAio", 2000);
        upgrades("delay", "upDelay", true);
    }

    @Test
    void ofRaid() throws IOException {
        disk();
        stack.malloc("upMalloc", SIZE);
        stack.raid("upRaid", "raid1", 0, List.of("upAio", "upMalloc"));
        upgrades("raid", "upRaid", true);
        assertThat(new Raid(stack.rpc(), "upRaid").scrub(false)).isZero();
    }

    /** What is pending in an error bdev never ends by itself: it stays pending through the upgrade, and goes on when it is resumed. */
    @Test
    void ofErrorWithPendingIo() throws IOException {
        disk();
        String bdev = stack.error("upAio");
        stack.export(bdev, EXPORT, false);
        try (Fio load = Fio.verifying(cairn.nbdUri(EXPORT), "--size=16M", "--iodepth=32")) {
            Await.untilTrue("I/O", LIMIT, () -> writes(bdev) > 100);
            stack.rpc()
                    .call(
                            "bdev_error_inject_error",
                            Map.of("name", bdev, "io_type", "write", "error_type", "pending", "num", 4));
            Await.untilTrue("pending I/O", LIMIT, () -> oldest(bdev) >= 500);

            for (String way : List.of("there", "back")) {
                Path jar = cairn.jar("io.cairn.module.error");
                Path next = way.equals("there") ? NewerJar.of(jar, directory, 1) : jar;
                JsonNode report = stack.rpc()
                        .call(
                                "bdev_upgrade_module",
                                Map.of("name", "error", "url", next.toUri().toString()));
                assertThat(report.path("outcome").asString()).as("%s", report).isEqualTo("upgraded");
            }

            long age = oldest(bdev);
            Await.untilTrue("I/O that is pending as before", LIMIT, () -> oldest(bdev) >= age + 500);
            assertThat(load.isAlive()).isTrue();
            stack.rpc().call("bdev_error_resume_pending", Map.of("name", bdev));
            long before = writes(bdev);
            Await.untilTrue("I/O after that", LIMIT, () -> writes(bdev) > before + 200);
            load.end().clean();
        } finally {
            stack.rpc()
                    .call("bdev_error_inject_error", Map.of("name", bdev, "io_type", "clear", "error_type", "failure"));
        }
    }

    @Test
    void aVersionThatCannotServeIsRolledBackUnderLoad() throws IOException {
        disk();
        stack.passthru("upPass", "upAio");
        stack.export("upPass", EXPORT, false);
        Path jar = cairn.jar("io.cairn.module.passthru");
        List<String> before = bundles();
        try (Fio load = Fio.verifying(cairn.nbdUri(EXPORT), "--size=16M", "--iodepth=32")) {
            // one that starts and cannot make its bdev again, and one whose component cannot be made at all
            Map<String, String> reasons = Map.of(
                    "Passthru",
                    "the new module has not registered it: bdev_passthru_create {name=upPass, base_bdev_name=upAio}"
                            + " of the stored configuration failed: ",
                    "PassthruModule",
                    "PassthruModule");
            for (String missing : reasons.keySet()) {
                long written = writes("upPass");
                Await.untilTrue("I/O", LIMIT, () -> writes("upPass") > written + 200);
                Path broken = BrokenJar.without(jar, directory, missing);
                JsonNode report = stack.rpc()
                        .call(
                                "bdev_upgrade_module",
                                Map.of("name", "passthru", "url", broken.toUri().toString()));
                assertThat(report.path("outcome").asString()).as("%s", report).isEqualTo("rolled_back");
                assertThat(report.path("runs").asString()).isEqualTo("old");
                assertThat(report.path("bdevs").toString()).isEqualTo("[\"upPass\"]");
                assertThat(report.path("reason").asString()).contains(reasons.get(missing));
                assertThat(bundles()).isEqualTo(before);
                Figures.log("without class %s: rolled back: %s", missing, report);
            }
            long written = writes("upPass");
            Await.untilTrue("I/O after that", LIMIT, () -> writes("upPass") > written + 200);
            Fio.Seen seen = load.end().clean();
            Figures.log(
                    "rolled back twice; %d I/Os, none failed, none mismatched, the longest took %.1f ms",
                    seen.ios(), seen.longest().toNanos() / 1e6);
        }
    }

    @Test
    void aVersionWithoutItsChannelsIsRolledBackUnderLoad() throws IOException {
        disk();
        stack.delay("upDelay", "upAio", 500);
        stack.export("upDelay", EXPORT, false);
        Path broken = BrokenJar.without(cairn.jar("io.cairn.module.delay"), directory, "DelayChannel");
        try (Fio load = Fio.verifying(cairn.nbdUri(EXPORT), "--size=16M", "--iodepth=32")) {
            Await.untilTrue("I/O", LIMIT, () -> writes("upDelay") > 200);
            JsonNode report = stack.rpc()
                    .call(
                            "bdev_upgrade_module",
                            Map.of("name", "delay", "url", broken.toUri().toString()));
            Figures.log("without its channels: %s", report);
            assertThat(report.path("outcome").asString()).as("%s", report).isEqualTo("rolled_back");
            assertThat(report.path("bdevs").toString()).isEqualTo("[\"upDelay\"]");
            assertThat(report.path("reason").asString()).contains("upDelay", "DelayChannel");
            long written = writes("upDelay");
            Await.untilTrue("I/O after that", LIMIT, () -> writes("upDelay") > written + 200);
            load.end().clean();
        }
    }

    @Test
    void aVersionWhoseBdevHasAnotherSizeIsRolledBackUnderLoad() throws IOException {
        disk();
        stack.passthru("upPass", "upAio");
        stack.export("upPass", EXPORT, false);
        Map<String, String> uuids = Stack.uuids(stack.rpc());
        List<String> before = bundles();
        Path smaller = ModuleJar.named("io.cairn.module.passthru")
                .version("0.1.0.smaller")
                .module("passthru", SmallerPassthru.class)
                .write(directory);
        try (Fio load = Fio.verifying(cairn.nbdUri(EXPORT), "--size=16M", "--iodepth=32")) {
            Await.untilTrue("I/O", LIMIT, () -> writes("upPass") > 200);
            JsonNode report = stack.rpc()
                    .call(
                            "bdev_upgrade_module",
                            Map.of("name", "passthru", "url", smaller.toUri().toString()));
            Figures.log("with another size: %s", report);
            assertThat(report.path("outcome").asString()).as("%s", report).isEqualTo("rolled_back");
            assertThat(report.path("runs").asString()).isEqualTo("old");
            assertThat(report.path("bdevs").toString()).isEqualTo("[\"upPass\"]");
            assertThat(report.path("reason").asString())
                    .contains("upPass", "it has " + SIZE / 512 + " blocks, not " + (SIZE / 512 - 1));
            assertThat(bundles()).isEqualTo(before);
            assertThat(Stack.uuids(stack.rpc())).isEqualTo(uuids);
            long written = writes("upPass");
            Await.untilTrue("I/O after that", LIMIT, () -> writes("upPass") > written + 200);
            Fio.Seen seen = load.end().clean();
            Figures.log(
                    "rolled back; %d I/Os, none failed, none mismatched, the longest took %.1f ms",
                    seen.ios(), seen.longest().toNanos() / 1e6);
        }
    }

    @Test
    void whatCannotBeIsRefusedBeforeAnyIoIsHeld() throws IOException {
        stack.malloc("upMalloc", SIZE);
        stack.export("upMalloc", EXPORT, false);
        Path corrupt = Files.writeString(directory.resolve("corrupt.jar"), "not a jar");
        Path other = cairn.jar("io.cairn.module.null");
        try (Fio load = Fio.verifying(cairn.nbdUri(EXPORT), "--size=16M", "--iodepth=32")) {
            Await.untilTrue("I/O", LIMIT, () -> writes("upMalloc") > 100);
            List<String> before = bundles();

            refused(-19, Map.of("name", "nosuch"), "nosuch");
            refused(-22, Map.of("name", "malloc", "url", other.toUri().toString()), "malloc");
            refused(-22, Map.of("name", "malloc", "url", corrupt.toUri().toString()), "corrupt.jar");
            refused(-21, Map.of("name", "malloc", "url", directory.toUri().toString()), "it is a directory");
            refused(
                    -2,
                    Map.of(
                            "name",
                            "malloc",
                            "url",
                            directory.resolve("absent.jar").toUri().toString()),
                    "absent.jar");

            assertThat(bundles()).isEqualTo(before);
            Fio.Seen seen = load.end().clean();
            Figures.log(
                    "refused upgrades: the longest of %d I/Os took %.1f ms",
                    seen.ios(), seen.longest().toNanos() / 1e6);
        }
    }

    private void upgrades(String module, String bdev, boolean keeps) throws IOException {
        stack.export(bdev, EXPORT, false);
        String uri = cairn.nbdUri(EXPORT);
        String uuid = Stack.uuids(stack.rpc()).get(bdev);
        if (keeps) {
            QemuIo.run(uri, "write -P 0x5a 20M 4M").ok();
        }
        try (Fio load = keeps
                ? Fio.verifying(uri, "--size=16M", "--iodepth=32")
                : Fio.start(uri, "--rw=randrw", "--bs=4k", "--size=16M", "--iodepth=32")) {
            long pause = 0;
            for (int i = 1; i <= UPGRADES; i++) {
                long before = writes(bdev);
                Await.untilTrue("I/O before upgrade " + i, LIMIT, () -> writes(bdev) > before + 200);
                Path newer = NewerJar.of(cairn.jar("io.cairn.module." + module), directory, i);

                JsonNode report = stack.rpc()
                        .call(
                                "bdev_upgrade_module",
                                Map.of("name", module, "url", newer.toUri().toString()));

                assertThat(report.path("outcome").asString()).as("%s", report).isEqualTo("upgraded");
                pause = Math.max(pause, report.path("longest_pause_ms").asLong());
                assertThat(load.isAlive()).as("load after upgrade %s", i).isTrue();
                assertThat(version(module)).isEqualTo(NewerJar.version(i));
                assertThat(Stack.uuids(stack.rpc())).containsEntry(bdev, uuid);
            }
            // and back again, as other tests of this distribution found it
            stack.rpc()
                    .call(
                            "bdev_upgrade_module",
                            Map.of(
                                    "name",
                                    module,
                                    "url",
                                    cairn.jar("io.cairn.module." + module)
                                            .toUri()
                                            .toString()));
            long before = writes(bdev);
            Await.untilTrue("I/O after the last upgrade", LIMIT, () -> writes(bdev) > before + 200);
            Fio.Seen seen = load.end().clean();
            Figures.log(
                    "%s: upgraded %d times; %d I/Os at queue depth 32, none failed, none mismatched, the longest took %.1f ms, the longest pause %d ms",
                    module, UPGRADES, seen.ios(), seen.longest().toNanos() / 1e6, pause);
        }
        if (keeps) {
            QemuIo.run(uri, "read -P 0x5a 20M 4M").ok();
        }
    }

    private String version(String module) {
        for (JsonNode each : stack.rpc().call("bdev_get_modules")) {
            if (each.path("name").asString().equals(module)) {
                return each.path("bundle").path("version").asString();
            }
        }
        return "absent";
    }

    private void refused(int code, Map<String, ?> params, String named) {
        assertThatThrownBy(() -> stack.rpc().call("bdev_upgrade_module", params))
                .hasMessageContaining(named)
                .isInstanceOfSatisfying(
                        RpcError.class, e -> assertThat(e.code()).isEqualTo(code));
    }

    /** The age of the oldest I/O that is out on a bdev, in milliseconds. */
    private long oldest(String bdev) {
        for (JsonNode reason :
                stack.rpc().call("bdev_why", Map.of("name", bdev)).path("reasons")) {
            if (reason.path("reason").asString().equals("io_outstanding")
                    && reason.path("bdev").asString().equals(bdev)) {
                return reason.path("oldest_ms").asLong();
            }
        }
        return 0;
    }

    private void disk() throws IOException {
        stack.aio("upAio", Files.write(directory.resolve("disk.img"), new byte[SIZE]), 512);
    }

    private List<String> bundles() {
        return cairn.shell()
                .run("bundle:list -t 0 -s --no-format")
                .lines()
                .map(String::strip)
                .filter(line -> line.contains("io.cairn"))
                .toList();
    }

    private long writes(String bdev) {
        return Stack.iostat(stack.rpc(), bdev, "num_write_ops");
    }
}
