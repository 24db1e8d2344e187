package io.cairn.itests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.itests.support.Await;
import io.cairn.itests.support.RpcClient;
import io.cairn.itests.support.RpcError;
import io.cairn.itests.support.RunningDistribution;
import io.cairn.itests.support.SharedDistribution;
import io.cairn.itests.support.Stack;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The stacks that storage engineers learn on, made in every order, by RPC and by shell, and what claims say about them. */
@ExtendWith(SharedDistribution.class)
class SeedStacksIT {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final String UUID = "5eed0000-0000-4000-8000-000000000001";

    /** The three calls that make disk → pass → two parts, and those that unmake them, in the same order. */
    private static final List<Call> CREATE = List.of(
            new Call(
                    "bdev_malloc_create",
                    Map.of("name", "seDisk", "num_blocks", 65536, "block_size", 512, "uuid", UUID)),
            new Call("bdev_passthru_create", Map.of("name", "sePass", "base_bdev_name", "seDisk")),
            new Call("bdev_split_create", Map.of("base_bdev", "sePass", "split_count", 2)));

    private static final List<Call> DELETE = List.of(
            new Call("bdev_malloc_delete", Map.of("name", "seDisk")),
            new Call("bdev_passthru_delete", Map.of("name", "sePass")),
            new Call("bdev_split_delete", Map.of("base_bdev", "sePass")));

    @Test
    void theOrderOfCreationDoesNotMatter(RunningDistribution cairn) throws IOException {
        Map<String, String> expected = null;
        for (int[] order : orders()) {
            try (RpcClient rpc = cairn.rpc()) {
                try {
                    for (int step : order) {
                        CREATE.get(step).by(rpc);
                    }
                    rpc.call("bdev_wait_for_examine");
                    Map<String, String> made = own(rpc);
                    assertThat(made).containsOnlyKeys("seDisk", "sePass", "sePassp0", "sePassp1");
                    assertThat(made).containsEntry("seDisk", UUID);
                    // derived UUIDs depend on what is below, not on when it came
                    expected = expected == null ? made : expected;
                    assertThat(made).isEqualTo(expected);
                } finally {
                    deleteAll(rpc);
                }
            }
        }
    }

    @Test
    void claimsAreOnBasesAndSayWhoseTheyAre(RunningDistribution cairn) throws IOException {
        try (RpcClient rpc = cairn.rpc()) {
            try {
                for (Call call : CREATE) {
                    call.by(rpc);
                }
                assertThat(claimType(rpc, "seDisk")).isEqualTo("exclusive_write");
                assertThat(claimType(rpc, "sePass")).isEqualTo("exclusive_write");
                assertThat(claimType(rpc, "sePassp0")).isEqualTo("");
                assertThat(claimant(rpc, "seDisk")).isEqualTo("passthru for sePass");
                assertThat(claimant(rpc, "sePass")).isEqualTo("split for split of sePass");
                assertThat(cairn.shell().run("bdev:claims"))
                        .containsPattern("seDisk\\b.*\\bpassthru\\b")
                        .containsPattern("sePass\\b.*\\bsplit\\b");
                String tree = cairn.shell().run("bdev:tree");
                assertThat(tree.lines().filter(line -> line.contains("sePassp")))
                        .hasSize(2);
                assertThat(tree.indexOf("seDisk")).isNotNegative();

                // one base, one owner: the second is told who the first is, and leaves nothing behind
                assertThatThrownBy(() -> rpc.call(
                                "bdev_passthru_create", Map.of("name", "seSecond", "base_bdev_name", "seDisk")))
                        .isInstanceOf(RpcError.class)
                        .hasMessageContaining("-1 ")
                        .hasMessageContaining("module passthru holds the claim exclusive_write")
                        .hasMessageContaining("sePass");
                assertThatThrownBy(() -> rpc.call("bdev_split_create", Map.of("base_bdev", "seDisk", "split_count", 2)))
                        .isInstanceOf(RpcError.class)
                        .hasMessageContaining("-32602 ")
                        .hasMessageContaining("module passthru holds the claim exclusive_write");
                assertThat(own(rpc)).containsOnlyKeys("seDisk", "sePass", "sePassp0", "sePassp1");

                // children can be bases themselves
                rpc.call("bdev_passthru_create", Map.of("name", "seTop", "base_bdev_name", "sePassp1"));
                assertThat(claimType(rpc, "sePassp1")).isEqualTo("exclusive_write");
                rpc.call("bdev_passthru_delete", Map.of("name", "seTop"));
                assertThat(claimType(rpc, "sePassp1")).isEqualTo("");
            } finally {
                deleteAll(rpc);
            }
        }
    }

    @Test
    void aBaseThatGoesTakesItsChildrenWithItTopDown(RunningDistribution cairn) throws IOException {
        try (RpcClient rpc = cairn.rpc()) {
            try {
                for (Call call : CREATE) {
                    call.by(rpc);
                }
                Map<String, String> made = own(rpc);
                int before = cairn.wholeLog().length();

                DELETE.get(0).by(rpc);

                // answered when it is over: nothing to wait for
                assertThat(own(rpc)).isEmpty();
                Await.untilTrue(
                        "four removals in the log",
                        LIMIT,
                        () -> gone(cairn, before).size() == 4);
                List<String> order = gone(cairn, before);
                assertThat(order.subList(0, 2)).containsExactlyInAnyOrder("sePassp0", "sePassp1");
                assertThat(order.subList(2, 4)).containsExactly("sePass", "seDisk");

                // and brings them back: their definitions wait for it
                CREATE.get(0).by(rpc);
                assertThat(own(rpc)).isEqualTo(made);
            } finally {
                deleteAll(rpc);
            }
        }
    }

    @Test
    void aFileInsteadOfMemory(RunningDistribution cairn, @TempDir Path directory) throws IOException {
        Path file = Files.write(directory.resolve("disk.img"), new byte[32 << 20]);
        try (Stack stack = new Stack(cairn.rpc())) {
            RpcClient rpc = stack.rpc();
            stack.aio("seFile", file, 512);
            stack.passthru("seFilePass", "seFile");
            assertThat(stack.split("seFilePass", 4, 4))
                    .containsExactly("seFilePassp0", "seFilePassp1", "seFilePassp2", "seFilePassp3");
            assertThat(claimant(rpc, "seFile")).isEqualTo("passthru for seFilePass");
            assertThat(bdev(rpc, "seFilePassp3").path("num_blocks").asLong()).isEqualTo(8192);
            assertThat(bdev(rpc, "seFilePassp3")
                            .path("driver_specific")
                            .path("split")
                            .path("offset_blocks")
                            .asLong())
                    .isEqualTo(3 * 8192);
            assertThat(bdev(rpc, "seFile")
                            .path("driver_specific")
                            .path("aio")
                            .path("filename")
                            .asString())
                    .isEqualTo(file.toString());
        }
    }

    @Test
    void theSameByShell(RunningDistribution cairn) throws IOException {
        try (RpcClient rpc = cairn.rpc()) {
            try {
                cairn.shell().run("bdev:split-create sePass 2");
                assertThat(own(rpc)).isEmpty();
                cairn.shell().run("bdev:passthru-create sePass seDisk");
                assertThat(own(rpc)).isEmpty();
                cairn.shell().run("bdev:malloc-create --name seDisk --uuid " + UUID + " 512 65536");
                Map<String, String> byShell = own(rpc);
                assertThat(byShell).containsOnlyKeys("seDisk", "sePass", "sePassp0", "sePassp1");
                deleteAll(rpc);
                for (Call call : CREATE) {
                    call.by(rpc);
                }
                assertThat(own(rpc)).isEqualTo(byShell);
            } finally {
                deleteAll(rpc);
            }
        }
    }

    /** The seed's first lab with a module that this release has: without its name on the list a bdev is not examined. */
    @Test
    void manualExamine(@TempDir Path directory) throws IOException {
        try (RunningDistribution cairn = RunningDistribution.unpack(directory.resolve("d"))) {
            cairn.start(Map.of("CAIRN_WAIT_FOR_RPC", "true"));
            try (RpcClient rpc = cairn.rpc()) {
                assertThatThrownBy(() -> CREATE.get(0).by(rpc))
                        .isInstanceOf(RpcError.class)
                        .hasMessageContaining("framework_start_init");
                rpc.call("bdev_set_options", Map.of("bdev_auto_examine", false));
                rpc.call("framework_start_init");

                // what is created on a base that is there does not need examine; what waits for its base does
                rpc.call("bdev_passthru_create", Map.of("name", "sePass", "base_bdev_name", "seDisk"));
                CREATE.get(0).by(rpc);
                rpc.call("bdev_wait_for_examine");
                assertThat(own(rpc)).containsOnlyKeys("seDisk");

                rpc.call("bdev_examine", Map.of("name", "seDisk"));
                rpc.call("bdev_wait_for_examine");
                assertThat(own(rpc)).containsOnlyKeys("seDisk", "sePass");
                assertThatThrownBy(() -> rpc.call("bdev_examine", Map.of("name", "seDisk")))
                        .isInstanceOf(RpcError.class)
                        .hasMessageContaining("-17 ");
            }
            cairn.stop();

            // the option and the list are part of the configuration
            cairn.start();
            try (RpcClient rpc = cairn.rpc()) {
                Await.untilTrue("stack as before", LIMIT, () -> own(rpc).size() == 2);
                assertThat(own(rpc)).containsOnlyKeys("seDisk", "sePass").containsEntry("seDisk", UUID);
                rpc.call("bdev_passthru_create", Map.of("name", "sePass2", "base_bdev_name", "seDisk2"));
                rpc.call("bdev_malloc_create", Map.of("name", "seDisk2", "num_blocks", 64, "block_size", 512));
                rpc.call("bdev_wait_for_examine");
                assertThat(own(rpc)).containsOnlyKeys("seDisk", "sePass", "seDisk2");
            }
            cairn.stop();
        }
    }

    @Test
    void examineIsRefusedWhileItIsAutomatic(RunningDistribution cairn) throws IOException {
        try (RpcClient rpc = cairn.rpc()) {
            assertThatThrownBy(() -> rpc.call("bdev_examine", Map.of("name", "seDisk")))
                    .isInstanceOf(RpcError.class)
                    .hasMessageContaining("-22 ")
                    .hasMessageContaining("bdev_auto_examine is on");
        }
    }

    // ---- what is there ----

    private static Map<String, String> own(RpcClient rpc) {
        Map<String, String> all = Stack.uuids(rpc);
        all.keySet().removeIf(name -> !name.startsWith("se"));
        return all;
    }

    private static JsonNode bdev(RpcClient rpc, String name) {
        return rpc.call("bdev_get_bdevs", Map.of("name", name)).get(0);
    }

    private static String claimType(RpcClient rpc, String name) {
        JsonNode bdev = bdev(rpc, name);
        String type = bdev.path("claim_type").asString("");
        assertThat(bdev.path("claimed").asBoolean()).isEqualTo(!type.isEmpty());
        return type;
    }

    private static String claimant(RpcClient rpc, String name) {
        JsonNode claims =
                rpc.call("bdev_get_claims", Map.of("name", name)).get(0).path("claims");
        assertThat(claims).hasSize(1);
        return claims.get(0).path("module").asString() + " for "
                + claims.get(0).path("claim").asString();
    }

    private static List<String> gone(RunningDistribution cairn, int from) throws IOException {
        return Pattern.compile("bdev (se\\w+) is gone")
                .matcher(cairn.wholeLog().substring(from))
                .results()
                .map(match -> match.group(1))
                .toList();
    }

    private static void deleteAll(RpcClient rpc) {
        for (Call call : DELETE) {
            try {
                call.by(rpc);
            } catch (RpcError e) {
                // not every test has made everything
                assertThat(e.getMessage()).containsPattern("-(19|2|32602) ");
            }
        }
        assertThat(own(rpc)).isEmpty();
    }

    /** All orders of three steps. */
    private static List<int[]> orders() {
        List<int[]> orders = new ArrayList<>();
        for (int first = 0; first < 3; first++) {
            for (int second = 0; second < 3; second++) {
                if (second != first) {
                    orders.add(new int[] {first, second, 3 - first - second});
                }
            }
        }
        return orders;
    }

    private record Call(String method, Map<String, ?> params) {
        void by(RpcClient rpc) {
            rpc.call(method, params);
        }
    }
}
