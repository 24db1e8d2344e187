package io.cairn.itests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.itests.support.Await;
import io.cairn.itests.support.QemuIo;
import io.cairn.itests.support.RpcClient;
import io.cairn.itests.support.RpcError;
import io.cairn.itests.support.RunningDistribution;
import io.cairn.itests.support.SharedDistribution;
import io.cairn.itests.support.Stack;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/** The module of the author's guide, as its author would use it: brought into a server that runs, and taken away again. */
@ExtendWith(SharedDistribution.class)
class ExampleModuleIT {
    private static final String BUNDLE = "io.cairn.example.readonly";
    private static final String FEATURE = "cairn-example-readonly";
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final long SIZE = 16 << 20;

    @Test
    void droppedIntoTheDeployFolder(RunningDistribution cairn) throws IOException {
        Path jar = cairn.deployFolder().resolve("readonly.jar");
        liveAndLeave(
                cairn,
                () -> {
                    // under its name at once and whole: the folder is looked at all the time
                    Path copy = Files.copy(
                            cairn.jar(BUNDLE),
                            cairn.deployFolder().resolveSibling("readonly.part"),
                            StandardCopyOption.REPLACE_EXISTING);
                    Files.move(copy, jar, StandardCopyOption.ATOMIC_MOVE);
                },
                () -> Files.delete(jar));
    }

    @Test
    void installedAsAFeature(RunningDistribution cairn) throws IOException {
        liveAndLeave(cairn, () -> cairn.shell().run("feature:install " + FEATURE), () -> cairn.shell()
                .run("feature:uninstall " + FEATURE));
    }

    @Test
    void madeByShell(RunningDistribution cairn) throws IOException {
        Set<String> before = bundles(cairn);
        cairn.shell().run("feature:install " + FEATURE);
        try (Stack stack = new Stack(cairn.rpc())) {
            awaitOperation(stack.rpc(), true);
            stack.malloc("exDisk", SIZE);
            cairn.shell().run("bdev:readonly-create exView exDisk");
            assertThat(Stack.uuids(stack.rpc())).containsKey("exView");
            assertThat(cairn.shell().run("bdev:list")).contains("exView");
            cairn.shell().run("bdev:readonly-delete exView");
            assertThat(Stack.uuids(stack.rpc())).doesNotContainKey("exView");
        } finally {
            cairn.shell().run("feature:uninstall " + FEATURE);
        }
        assertThat(bundles(cairn)).isEqualTo(before);
    }

    private void liveAndLeave(RunningDistribution cairn, Step arrive, Step leave) throws IOException {
        Set<String> before = bundles(cairn);
        assertThat(before).noneMatch(bundle -> bundle.contains(BUNDLE));
        // this connection and what this stack holds in memory would not survive a restart of their bundles
        try (Stack stack = new Stack(cairn.rpc())) {
            RpcClient rpc = stack.rpc();
            stack.malloc("exDisk", SIZE);
            stack.export("exDisk");
            QemuIo.run(cairn.nbdUri("exDisk"), "write -P 0x5a 0 1M").ok();
            stack.delete("nbd_export_delete", "exDisk");
            awaitOperation(rpc, false);

            arrive.run();
            awaitOperation(rpc, true);
            assertThat(others(bundles(cairn))).isEqualTo(before);
            assertThat(rpc.call("bdev_readonly_create", Map.of("name", "exView", "base_bdev_name", "exDisk"))
                            .asString())
                    .isEqualTo("exView");
            readsAndRefusesWrites(cairn, stack);

            leave.run();
            Await.untilTrue("removal of exView", LIMIT, () -> !Stack.uuids(rpc).containsKey("exView"));
            awaitOperation(rpc, false);
            assertThat(rpc.call("bdev_get_bdevs", Map.of("name", "exDisk"))
                            .get(0)
                            .path("claimed")
                            .asBoolean())
                    .isFalse();
            Await.untilTrue("bundles as before", LIMIT, () -> bundles(cairn).equals(before));

            // what it had configured comes back with it
            arrive.run();
            Await.untilTrue("exView again", LIMIT, () -> Stack.uuids(rpc).containsKey("exView"));
            rpc.call("bdev_readonly_delete", Map.of("name", "exView"));
            leave.run();
            awaitOperation(rpc, false);
            Await.untilTrue("bundles as before", LIMIT, () -> bundles(cairn).equals(before));
        }
    }

    private static void readsAndRefusesWrites(RunningDistribution cairn, Stack stack) {
        RpcClient rpc = stack.rpc();
        JsonNode view = rpc.call("bdev_get_bdevs", Map.of("name", "exView")).get(0);
        assertThat(view.path("supported_io_types").path("read").asBoolean()).isTrue();
        assertThat(view.path("supported_io_types").path("write").asBoolean()).isFalse();
        JsonNode disk = rpc.call("bdev_get_bdevs", Map.of("name", "exDisk")).get(0);
        assertThat(disk.path("claim_type").asString()).isEqualTo("read_many_write_none");

        stack.export("exView", "exView", true);
        QemuIo.run(cairn.nbdUri("exView"), "-r", "read -P 0x5a 0 1M").ok();
        assertThat(QemuIo.run(cairn.nbdUri("exView"), "write -P 1 0 4k")
                        .refused()
                        .err())
                .contains("Permission denied");
        stack.delete("nbd_export_delete", "exView");
        // asked for writing: what the bdev cannot do, the export does not offer
        stack.export("exView");
        assertThat(QemuIo.run(cairn.nbdUri("exView"), "write -P 1 0 4k")
                        .refused()
                        .err())
                .contains("Permission denied");
        stack.delete("nbd_export_delete", "exView");

        // nobody else may write below the view either, and the refusal says who stands in the way
        assertThatThrownBy(() -> rpc.call("bdev_passthru_create", Map.of("name", "exPass", "base_bdev_name", "exDisk")))
                .isInstanceOf(RpcError.class)
                .hasMessageContaining("module readonly holds the claim read_many_write_none")
                .hasMessageContaining("exView");
        assertThat(Stack.uuids(rpc)).doesNotContainKey("exPass");
    }

    private static void awaitOperation(RpcClient rpc, boolean there) {
        Await.untilTrue("bdev_readonly_create to be " + (there ? "there" : "away"), LIMIT, () -> {
            for (JsonNode method : rpc.call("rpc_get_methods")) {
                if (method.asString().equals("bdev_readonly_create")) {
                    return there;
                }
            }
            return !there;
        });
    }

    /** Number, state and name of every bundle. */
    private static Set<String> bundles(RunningDistribution cairn) {
        return cairn.shell()
                .run("bundle:list -t 0 -s --no-format")
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && Character.isDigit(line.charAt(0)))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> others(Set<String> bundles) {
        return bundles.stream()
                .filter(bundle -> !bundle.contains(BUNDLE))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @FunctionalInterface
    private interface Step {
        void run() throws IOException;
    }
}
