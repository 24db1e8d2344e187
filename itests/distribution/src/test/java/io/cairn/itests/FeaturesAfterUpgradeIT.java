package io.cairn.itests;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.itests.support.Await;
import io.cairn.itests.support.Figures;
import io.cairn.itests.support.Fio;
import io.cairn.itests.support.NewerJar;
import io.cairn.itests.support.QemuIo;
import io.cairn.itests.support.RpcClient;
import io.cairn.itests.support.RunningDistribution;
import io.cairn.itests.support.Stack;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * What was upgraded live stays upgraded, whatever Karaf's features service does for others, and through a restart: it neither puts the module's
 * bundle back to the version that its feature names, nor stops it. Only its own feature's end ends it.
 */
class FeaturesAfterUpgradeIT {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String MALLOC = "io.cairn.module.malloc";
    private static final String DISK = "feDisk";
    private static final long SIZE = 64 << 20;

    /** What moves other bundles, and may not move ours. */
    private static final List<String> MANY = List.of(
            "feature:uninstall cairn-null",
            "feature:install cairn-null",
            "feature:uninstall cairn-events",
            "feature:install cairn-events",
            "feature:install cairn-example-readonly",
            "feature:uninstall cairn-example-readonly",
            "feature:repo-refresh",
            "feature:refresh",
            "bundle:refresh");

    private static final List<String> FEW =
            List.of("feature:uninstall cairn-null", "feature:install cairn-null", "feature:refresh");

    /** What the features service does to the bundle of malloc, in its log; uninstalling its feature is one of these. */
    private static final Pattern TOUCHED =
            Pattern.compile("FeaturesServiceImpl .*\\| {3}.*" + Pattern.quote(MALLOC) + ".*", Pattern.MULTILINE);

    @TempDir
    private Path directory;

    private RunningDistribution cairn;
    private String featureVersion;

    @BeforeEach
    void unpack() throws IOException {
        cairn = RunningDistribution.unpack(directory.resolve("d"));
    }

    private void startWithDisk() throws IOException {
        cairn.start();
        featureVersion = version().orElseThrow();
        try (RpcClient rpc = cairn.rpc()) {
            rpc.call("bdev_malloc_create", Map.of("name", DISK, "num_blocks", SIZE / 512, "block_size", 512));
            rpc.call("nbd_export_create", Map.of("bdev_name", DISK, "export_name", DISK));
        }
    }

    @AfterEach
    void end() {
        cairn.close();
    }

    @Test
    void anUpgradeOnOrderStays() throws IOException {
        startWithDisk();
        Path newer = newer(1);
        String upgraded = NewerJar.version(1);

        underLoad(() -> {
            try (RpcClient rpc = cairn.rpc()) {
                JsonNode report = rpc.call(
                        "bdev_upgrade_module",
                        Map.of("name", "malloc", "url", newer.toUri().toString()));
                assertThat(report.path("outcome").asString()).as("%s", report).isEqualTo("upgraded");
                assertThat(report.path("from_version").asString()).isEqualTo(featureVersion);
                assertThat(report.path("to_version").asString()).isEqualTo(upgraded);
            }
        });
        staysUnderLoad(upgraded, MANY);
        assertThat(cairn.shell().run("bdev:modules")).contains(upgraded);
        assertThat(cairn.shell().run("bundle:list --no-format")).contains("upgraded to " + upgraded);

        cairn.stop();
        cairn.start();
        assertThat(version()).contains(upgraded);
        staysUnderLoad(upgraded, FEW);

        cairn.shell().run("feature:uninstall cairn-malloc");
        assertThat(version()).isEmpty();
        assertThat(exportState()).isEqualTo("waiting");
        cairn.shell().run("feature:install cairn-malloc");
        assertThat(version()).contains(featureVersion);
        staysUnderLoad(featureVersion, FEW);
    }

    /** Also with Karaf's own settings, under which it looks at what bundles hold, and refreshes them as it sees fit. */
    @Test
    void aJarInTheDeployFolderStays() throws IOException {
        Path settings = cairn.home().resolve("etc/org.apache.karaf.features.cfg");
        Files.write(
                settings,
                Files.readAllLines(settings).stream()
                        .filter(line -> !line.matches("(autoRefresh|updateSnapshots)\\s*=.*"))
                        .toList());
        startWithDisk();
        Path newer = newer(1);
        String upgraded = NewerJar.version(1);
        Path deployed = cairn.deployFolder().resolve("malloc.jar");

        underLoad(() -> {
            // under its name at once and whole: the folder is looked at all the time
            Path copy = Files.copy(
                    newer, cairn.deployFolder().resolveSibling("malloc.part"), StandardCopyOption.REPLACE_EXISTING);
            Files.move(copy, deployed, StandardCopyOption.ATOMIC_MOVE);
            Await.untilTrue("upgrade by " + deployed, LIMIT, () -> version().equals(Optional.of(upgraded)));
        });
        staysUnderLoad(upgraded, MANY);

        restartWith(deployed);
        assertThat(version()).contains(upgraded);
        staysUnderLoad(upgraded, FEW);

        // who goes back has gone back, with the jar where it is
        underLoad(() -> {
            try (RpcClient rpc = cairn.rpc()) {
                rpc.call("bdev_upgrade_module", Map.of("name", "malloc"));
            }
        });
        staysUnderLoad(featureVersion, FEW);
        restartWith(deployed);
        assertThat(version()).contains(featureVersion);
    }

    @Test
    void upgradesAndFeatureOperationsKeepOutOfEachOthersWay() throws IOException {
        startWithDisk();
        List<Path> newer = List.of(newer(1), newer(2), newer(3), newer(4), newer(5), newer(6));

        underLoad(() -> {
            CompletableFuture<Void> operations =
                    CompletableFuture.runAsync(() -> MANY.forEach(cairn.shell()::runOverSsh));
            try (RpcClient rpc = cairn.rpc()) {
                int next = 0;
                int upgraded = 0;
                do {
                    JsonNode report = rpc.call(
                            "bdev_upgrade_module",
                            Map.of(
                                    "name",
                                    "malloc",
                                    "url",
                                    newer.get(next).toUri().toString()));
                    // the framework may refuse to start the new one while it refreshes others: then the old one serves
                    assertThat(report.path("outcome").asString())
                            .as("%s", report)
                            .isIn("upgraded", "rolled_back");
                    upgraded += report.path("outcome").asString().equals("upgraded") ? 1 : 0;
                    next = (next + 1) % newer.size();
                } while (!operations.isDone());
                assertThat(upgraded).isPositive();
            }
            operations.join();
        });
    }

    /** Restarts, and waits until the deploy folder has been looked at. */
    private void restartWith(Path jar) throws IOException {
        cairn.stop();
        int log = cairn.wholeLog().length();
        cairn.start();
        Await.untilTrue("look at " + jar, LIMIT, () -> cairn.wholeLog()
                .substring(log)
                .contains(jar.getFileName() + " was deployed before: module malloc stays as it is"));
    }

    /** Nothing that others do reaches the module: fio sees neither an error nor wrong data, and the disk keeps what was written before. */
    private void staysUnderLoad(String expected, List<String> operations) throws IOException {
        int log = cairn.wholeLog().length();
        underLoad(() -> {
            for (String operation : operations) {
                cairn.shell().runOverSsh(operation);
                assertThat(version()).as(operation).contains(expected);
            }
        });
        assertThat(touched(log)).isEmpty();
    }

    private void underLoad(Step step) throws IOException {
        String uri = cairn.nbdUri(DISK);
        Await.untilTrue("export " + DISK, LIMIT, () -> exportState().equals("live"));
        QemuIo.run(uri, "write -P 0x5a 20M 4M").ok();
        try (Fio load = Fio.verifying(uri, "--size=16M", "--iodepth=32")) {
            awaitWrites();
            step.run();
            awaitWrites();
            Fio.Seen seen = load.end().clean();
            Figures.log(
                    "%d I/Os at queue depth 32, none failed, none mismatched, the longest took %.1f ms",
                    seen.ios(), seen.longest().toNanos() / 1e6);
        }
        QemuIo.run(uri, "read -P 0x5a 20M 4M").ok();
    }

    private void awaitWrites() throws IOException {
        long before = writes();
        Await.untilTrue("I/O", LIMIT, () -> writes() > before + 200);
    }

    private Path newer(int number) throws IOException {
        return NewerJar.of(cairn.jar(MALLOC), directory, number);
    }

    /** The version of malloc, as {@code bdev:modules} shows it; empty if it is not here. */
    private Optional<String> version() throws IOException {
        try (RpcClient rpc = cairn.rpc()) {
            for (JsonNode module : rpc.call("bdev_get_modules")) {
                if (module.path("name").asString().equals("malloc")
                        && module.path("state").asString().equals("here")) {
                    return Optional.of(module.path("bundle").path("version").asString());
                }
            }
            return Optional.empty();
        }
    }

    private String exportState() throws IOException {
        try (RpcClient rpc = cairn.rpc()) {
            for (JsonNode export : rpc.call("nbd_export_list")) {
                if (export.path("name").asString().equals(DISK)) {
                    return export.path("state").asString();
                }
            }
            return "absent";
        }
    }

    private long writes() throws IOException {
        try (RpcClient rpc = cairn.rpc()) {
            return Stack.iostat(rpc, DISK, "num_write_ops");
        }
    }

    private List<String> touched(int from) throws IOException {
        try (Stream<String> lines = cairn.wholeLog().substring(from).lines()) {
            return lines.filter(TOUCHED.asPredicate()).toList();
        }
    }

    @FunctionalInterface
    private interface Step {
        void run() throws IOException;
    }
}
