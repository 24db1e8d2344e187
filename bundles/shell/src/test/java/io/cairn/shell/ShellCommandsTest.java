package io.cairn.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.apache.karaf.shell.support.CommandException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ShellCommandsTest {
    private final Server server = new Server();

    @AfterEach
    void closeServer() {
        server.close();
    }

    @Test
    void anOperationIsACommandThatPrintsItsResult() throws Exception {
        assertThat(server.run("bdev:null-create Null0 512 2048")).isEqualTo("Null0\n");
        assertThat(server.run("bdev:null-create --name=Null1 --block-size=4k --num-blocks 8"))
                .isEqualTo("Null1\n");
        assertThat(server.run("bdev:null-delete Null0")).isEmpty();
        assertThat(server.run("bdev:get-bdevs Null1")).contains("\"name\": \"Null1\"", "\"block_size\": 4096");
        assertThat(server.run("framework:get-subsystems")).contains("bdev");
        assertThat(server.run("rpc:get-methods")).contains("bdev_null_create\n");
    }

    @Test
    void aRefusalIsTheMessageAlone() throws Exception {
        server.run("bdev:null-create Null0 512 2048");

        assertThatThrownBy(() -> server.run("bdev:null-create Null0 512 2048"))
                .isInstanceOfSatisfying(CommandException.class, e -> assertThat(e.getNiceHelp())
                        .startsWith("bdev:null-create: ")
                        .contains("Null0"));
        assertThatThrownBy(() -> server.run("bdev:null-create Null0"))
                .isInstanceOfSatisfying(CommandException.class, e -> assertThat(e.getNiceHelp())
                        .startsWith("bdev:null-create: missing: block-size"));
    }

    @Test
    void tellsWhoIsHereAndWhyABdevIsNot() throws Exception {
        server.run("bdev:passthru-create Pass0 Malloc0");
        assertThat(server.run("bdev:why Pass0"))
                .startsWith("Pass0: absent\n")
                .contains("passthru 'Pass0' on base 'Malloc0' waits for its base Malloc0, which is not here");

        server.run("bdev:malloc-create 1024 512 --name Malloc0");
        assertThat(server.run("bdev:why Malloc0"))
                .startsWith("Malloc0: ready\n")
                .contains("module passthru holds the claim exclusive_write on it for Pass0");
        assertThat(server.run("bdev:modules")).containsPattern("malloc +here +Malloc0 +0\n");
    }

    @Test
    void helpDoesNothingElse() throws Exception {
        assertThat(server.run("bdev:null-create Null0 --help")).contains("Usage", "NAME BLOCK-SIZE NUM-BLOCKS");
        assertThat(server.run("bdev:list")).doesNotContain("Null0");
    }

    @Test
    void commandsComeAndGoWithTheirOperations() {
        assertThat(server.registry.getCommand("bdev", "malloc-create")).isNotNull();

        server.core.remove(server.malloc).toCompletableFuture().join();
        server.settle();
        assertThat(server.registry.getCommand("bdev", "malloc-create")).isNull();
        assertThat(server.registry.getCommand("bdev", "null-create")).isNotNull();

        server.core.add(server.malloc).toCompletableFuture().join();
        server.settle();
        assertThat(server.registry.getCommand("bdev", "malloc-create")).isNotNull();
        assertThat(server.registry.getCommands())
                .extracting(command -> command.getScope() + ":" + command.getName())
                .doesNotHaveDuplicates();
    }

    @Test
    void commandsOfOthersStayTheSameWhenAModuleLeaves() {
        Object before = server.registry.getCommand("bdev", "null-create");

        server.core.remove(server.malloc).toCompletableFuture().join();
        server.settle();

        assertThat(server.registry.getCommand("bdev", "null-create")).isSameAs(before);
    }

    @Test
    void noCommandIsLeftBehind() {
        server.closeCommands();

        assertThat(server.registry.getCommands()).isEmpty();
    }

    @Test
    void showsTheStack() throws Exception {
        server.run("bdev:malloc-create --name Malloc0 512 131072");
        server.run("bdev:passthru-create Pass0 Malloc0");
        server.run("bdev:split-create Pass0 2");

        assertThat(server.run("bdev:tree"))
                .isEqualTo(
                        """
                        Pass0p0  32 MiB  split
                        └─ Pass0  64 MiB  passthru  claimed by split (exclusive_write)
                           └─ Malloc0  64 MiB  malloc  claimed by passthru (exclusive_write)
                        Pass0p1  32 MiB  split
                        └─ Pass0  (see above)
                        """);
        assertThat(server.run("bdev:tree --from-bottom"))
                .isEqualTo(
                        """
                        Malloc0  64 MiB  malloc  claimed by passthru (exclusive_write)
                        └─ Pass0  64 MiB  passthru  claimed by split (exclusive_write)
                           ├─ Pass0p0  32 MiB  split
                           └─ Pass0p1  32 MiB  split
                        """);
        assertThat(server.run("bdev:list")).contains("NAME", "Malloc0  64 MiB", "passthru (exclusive_write)", "ready");
        assertThat(server.run("bdev:claims Malloc0").lines())
                .anySatisfy(line -> assertThat(line).matches("Malloc0 +exclusive_write +passthru +Pass0"))
                .noneSatisfy(line -> assertThat(line).startsWith("Pass0p0"));
        assertThatThrownBy(() -> server.run("bdev:claims nope")).hasMessage("there is no bdev 'nope'");
    }

    @Test
    void measuresABdev() throws Exception {
        server.run("bdev:null-create Null0 512 204800");

        assertThat(server.run("bdev:perf Null0 --time 50ms --depth 4 --type randrw"))
                .contains("randrw  4 KiB, depth 4 on reactor 1", "IOPS", "MiB/s", "latency  avg", "p99.9", "max");
        assertThatThrownBy(() -> server.run("bdev:perf nope --time 50ms")).hasMessageContaining("nope");
    }

    @Test
    void verifiesABdevAndGuardsItsData() throws Exception {
        server.run("bdev:malloc-create --name Malloc0 512 2048");

        assertThatThrownBy(() -> server.run("bdev:perf Malloc0 --time 50ms --type write"))
                .hasMessageContaining("give --overwrite");
        assertThat(server.run("bdev:perf Malloc0 --time 50ms --type randwrite --verify --overwrite"))
                .contains("verified: ");
        assertThatThrownBy(() ->
                        server.run("bdev:perf Malloc0 --time 50ms --type write --overwrite --verify --reactors 3"))
                .hasMessageContaining("reactors is '3', and 3 is not from 1 to 2");
    }

    @Test
    void anInterruptEndsAMeasurementCleanly() throws Exception {
        server.run("bdev:null-create Null0 512 204800");
        Thread.currentThread().interrupt();

        assertThat(server.run("bdev:perf Null0 --time 1h")).contains("stopped before its time");
        assertThat(Thread.interrupted()).isFalse();
        server.settle();
        assertThat(server.run("bdev:claims Null0")).contains("free");
    }
}
