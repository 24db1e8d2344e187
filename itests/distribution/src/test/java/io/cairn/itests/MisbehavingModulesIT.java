package io.cairn.itests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.itests.modules.Blocks;
import io.cairn.itests.modules.CompletesTwice;
import io.cairn.itests.modules.NeverDestructs;
import io.cairn.itests.modules.NeverExamines;
import io.cairn.itests.modules.SimpleModule;
import io.cairn.itests.modules.Throws;
import io.cairn.itests.support.Await;
import io.cairn.itests.support.Fio;
import io.cairn.itests.support.ModuleJar;
import io.cairn.itests.support.NbdWire;
import io.cairn.itests.support.QemuIo;
import io.cairn.itests.support.RpcClient;
import io.cairn.itests.support.RpcError;
import io.cairn.itests.support.Running;
import io.cairn.itests.support.RunningDistribution;
import io.cairn.itests.support.SharedDistribution;
import io.cairn.itests.support.Stack;
import io.cairn.itests.support.Tool;
import io.cairn.itests.support.WirePerReactor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/** A module that breaks the contract is named and contained: every other bdev is served as before, while it is there and after. */
@ExtendWith(SharedDistribution.class)
class MisbehavingModulesIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    /** The core's deadlines for a removal and for a destruct, and time to spare. */
    private static final Duration REMOVAL_LIMIT = Duration.ofSeconds(40);

    private static final String BESIDE = "badBeside";
    private static final String APP_THREAD = "cairn-reactor-0";
    private static final int IOS_DURING_A_BLOCK = 100;

    private final RunningDistribution cairn;
    private Stack stack;
    private Fio beside;
    private int log;
    private Path jar;

    MisbehavingModulesIT(RunningDistribution cairn) {
        this.cairn = cairn;
    }

    @BeforeEach
    void serveBeside() throws IOException {
        stack = new Stack(cairn.rpc());
        stack.malloc(BESIDE, 16 << 20);
        stack.export(BESIDE);
        log = cairn.wholeLog().length();
        beside = Fio.verifying(cairn.nbdUri(BESIDE), "--size=16M", "--iodepth=4", "--rate_iops=500");
        Await.untilTrue("I/O beside", LIMIT, () -> writes() > 10);
    }

    @AfterEach
    void end() throws IOException {
        try {
            if (jar != null) {
                Files.deleteIfExists(jar);
            }
        } finally {
            beside.close();
            stack.close();
        }
    }

    @Test
    void destructThatNeverEnds() throws IOException {
        arrive("neverdestructs", NeverDestructs.class);
        create("neverdestructs", "badDisk");

        // answered when nobody waits for the module any more
        call("bdev_neverdestructs_delete", Map.of("name", "badDisk"));

        assertThat(Stack.uuids(stack.rpc())).doesNotContainKey("badDisk");
        assertLogged("module neverdestructs, bdev badDisk: has not ended destruct within PT10S");
        create("neverdestructs", "badDisk");
        leave("neverdestructs");
        besideWasServed();
    }

    @Test
    void examineThatNeverEnds() throws IOException {
        arrive("neverexamines", NeverExamines.class);

        // a disk that comes meanwhile is examined by the others, and is there when this one is not waited for any more
        stack.malloc("badLate", 1 << 20);

        assertLogged("module neverexamines has not ended its examination of bdev badLate within PT30S");
        QemuIo.run(export("badLate"), "write -P 7 0 1M", "read -P 7 0 1M").ok();
        leave("neverexamines");
        besideWasServed();
    }

    @Test
    void completionThatComesTwice() throws IOException {
        arrive("completestwice", CompletesTwice.class);
        create("completestwice", "badDisk");
        // modules that look at what is on a new disk have met it already
        int created = cairn.wholeLog().length();

        // the second completion says that the I/O failed: nobody may believe it, of this or of a later I/O
        try (Fio load = Fio.start(export("badDisk"), "--rw=randrw", "--bs=4k", "--size=1M", "--iodepth=8")) {
            Await.untilTrue("defect in the log", LIMIT, () -> cairn.wholeLog()
                    .substring(created)
                    .contains("module completestwice, bdev badDisk"));
            load.end().clean();
        }
        leave("completestwice");
        besideWasServed();
    }

    @Test
    void exceptionsFromEveryCallback() throws IOException {
        arrive("throws", Throws.class);
        assertLogged("module throws threw from examineConfig of " + BESIDE);
        create("throws", "badDisk");

        // others come and go, are listed and saved
        stack.malloc("badOther", 1 << 20);
        assertThat(names()).contains("badDisk", "badOther", BESIDE);
        assertThat(stack.rpc()
                        .call("framework_get_config", Map.of("name", "bdev"))
                        .toString())
                .contains("badOther");

        // its own I/O fails, and nothing else does
        String uri = export("badDisk");
        QemuIo.run(uri, "read 0 4k").refused();
        QemuIo.run(uri, "read 0 4k").refused();
        QemuIo.run(uri, "read 0 4k").refused();
        assertLogged("module throws, bdev badDisk: threw from submitRequest");
        call("bdev_throws_delete", Map.of("name", "badDisk"));
        assertThat(names()).doesNotContain("badDisk");

        // of each kind of a bdev's defects the first is logged
        create("throws", "badDisk");
        assertThat(names()).contains("badDisk");
        assertLogged("module throws, bdev badDisk: threw from driverSpecific");
        call("bdev_throws_delete", Map.of("name", "badDisk"));
        assertLogged("module throws, bdev badDisk: threw from destruct");

        create("throws", "badDisk");
        leave("throws");
        assertLogged("module throws threw from fini");
        besideWasServed();
    }

    @Test
    void aBlockedReactor() throws IOException {
        arrive("blocks", Blocks.class);
        create("blocks", "badDisk");
        String uri = export("badDisk");
        beside.end().clean();

        try (Running block = Tool.named("qemu-io").start("", "-f", "raw", "-c", "write 0 4k", uri)) {
            Await.untilTrue("report of the block", LIMIT, () -> cairn.wholeLog()
                    .substring(log)
                    .contains(Blocks.class.getName()));
            block.await(LIMIT).ok();
        }
        assertThat(cairn.wholeLog().substring(log))
                .containsPattern("cairn-reactor-\\d+: a turn has been taking \\d+ ms.*" + Blocks.class.getName());
        // over: everything is served on every reactor
        beside = Fio.verifying(cairn.nbdUri(BESIDE), "--size=4M", "--iodepth=4", "--numjobs=1");
        long before = writes();
        Await.untilTrue("I/O beside after the block", LIMIT, () -> writes() > before + 100);
        leave("blocks");
        besideWasServed();
    }

    /** Whichever reactor a module blocks, the app thread included: while that lasts, the others serve their I/O and the module's class is named. */
    @Test
    void othersServeWhileAReactorIsBlocked() throws IOException {
        arrive("blocks", Blocks.class);
        create("blocks", "badDisk");
        stack.export("badDisk");
        beside.end().clean();

        try (WirePerReactor bad = WirePerReactor.connect(cairn, stack.rpc(), "badDisk");
                WirePerReactor good = WirePerReactor.connect(cairn, stack.rpc(), BESIDE)) {
            assertThat(bad.reactors())
                    .isEqualTo(good.reactors())
                    .contains(APP_THREAD)
                    .hasSizeGreaterThan(1);
            for (String blocked : bad.reactors()) {
                servedWhileBlocked(blocked, bad.on(blocked), good);
            }
        }
        beside = Fio.verifying(cairn.nbdUri(BESIDE), "--size=4M", "--iodepth=4");
        long before = writes();
        Await.untilTrue("I/O beside after the blocks", LIMIT, () -> writes() > before + 100);
        leave("blocks");
        besideWasServed();
    }

    private void servedWhileBlocked(String blocked, NbdWire blocking, WirePerReactor good) throws IOException {
        int since = cairn.wholeLog().length();
        blocking.request(NbdWire.WRITE, 1, 0, 4096);
        blocking.send(ByteBuffer.allocate(4096));
        Pattern report =
                Pattern.compile(blocked + ": a turn has been taking \\d+ ms.*" + Pattern.quote(Blocks.class.getName()));
        Await.untilTrue("report of the block of " + blocked, LIMIT, () -> report.matcher(
                        cairn.wholeLog().substring(since))
                .find());

        // written and read again on each of the other reactors, all of it before the block is over
        for (String other : good.reactors()) {
            if (!other.equals(blocked)) {
                for (int i = 0; i < IOS_DURING_A_BLOCK; i++) {
                    good.on(other).writeAndReadAgain(i * 4096L, (byte) (i + 1));
                }
            }
        }
        assertThat(blocking.hasAnswer()).as("answer of the blocked %s", blocked).isFalse();
        assertThat(blocking.reply(1)).isZero();
        good.on(blocked).writeAndReadAgain(0, (byte) -1);
    }

    // ---- the bad module ----

    private void arrive(String name, Class<? extends SimpleModule> type) throws IOException {
        jar = ModuleJar.named("io.cairn.itests.bad." + name)
                .module(name, type, SimpleModule.class)
                .write(cairn.deployFolder());
        Await.untilTrue("module " + name, LIMIT, () -> methods().contains("bdev_" + name + "_create"));
    }

    private void create(String module, String bdev) {
        assertThat(stack.rpc()
                        .call("bdev_" + module + "_create", Map.of("name", bdev))
                        .asString())
                .isEqualTo(bdev);
    }

    /** Its bdevs go, it goes, and what it did not do is not waited for longer than the deadlines say. */
    private void leave(String module) throws IOException {
        Files.delete(jar);
        Await.untilTrue("departure of module " + module, REMOVAL_LIMIT, () -> cairn.wholeLog()
                .substring(log)
                .contains("module " + module + " has left"));
        assertThat(names()).doesNotContain("badDisk").contains(BESIDE);
        assertThatThrownBy(() -> create(module, "badDisk"))
                .isInstanceOf(RpcError.class)
                .hasMessageContaining("-32601");
    }

    // ---- those beside it ----

    private void besideWasServed() {
        assertThat(beside.isAlive()).isTrue();
        beside.end().clean();
    }

    private String export(String bdev) {
        stack.export(bdev);
        return cairn.nbdUri(bdev);
    }

    private JsonNode call(String method, Map<String, ?> params) {
        return stack.rpc().call(method, params);
    }

    private List<String> names() {
        return List.copyOf(Stack.uuids(stack.rpc()).keySet());
    }

    private List<String> methods() throws IOException {
        try (RpcClient rpc = cairn.rpc()) {
            return rpc.call("rpc_get_methods").values().stream()
                    .map(JsonNode::asString)
                    .toList();
        }
    }

    private long writes() {
        return Stack.iostat(stack.rpc(), BESIDE, "num_write_ops");
    }

    private void assertLogged(String text) throws IOException {
        assertThat(cairn.wholeLog().substring(log)).contains(text);
    }
}
