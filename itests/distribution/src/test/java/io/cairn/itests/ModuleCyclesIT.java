package io.cairn.itests;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.itests.support.Await;
import io.cairn.itests.support.Figures;
import io.cairn.itests.support.Fio;
import io.cairn.itests.support.Inventory;
import io.cairn.itests.support.QemuIo;
import io.cairn.itests.support.RpcClient;
import io.cairn.itests.support.RunningDistribution;
import io.cairn.itests.support.SharedDistribution;
import io.cairn.itests.support.Stack;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * Each module's feature goes and comes again and again under load. What is built on the module goes and comes back by itself with its data; what is
 * not built on it notices nothing; and nothing of the module is left when it has gone, its classes included.
 *
 * <p>As many cycles as the system property {@code cairn.cycles} says; 2 without.
 */
@ExtendWith(SharedDistribution.class)
class ModuleCyclesIT {
    private static final int HALF = Math.max(1, Integer.getInteger("cairn.cycles", 2) / 2);
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String THROUGH = "cyThrough";
    private static final String BESIDE = "cyBeside";
    private static final long SIZE = 64 << 20;

    /**
     * Kept, up to a limit: by pools, of which is asked that nothing is lent out; by the ring of notifications; and cancelled timers, which
     * have let go of their work, until they are swept together.
     */
    private static final Set<String> BOUNDED = Set.of(
            "io.cairn.reactor.IoBuffer",
            "io.cairn.export.nbd.session.SharedBuffer",
            "io.cairn.bdev.Notification",
            "io.cairn.reactor.Reactor$Timed");

    /** What Karaf's features service does to bundles, a line for each: a symbolic name and a version. */
    private static final Pattern TOUCHED = Pattern.compile(
            "FeaturesServiceImpl .*\\| {3}([a-zA-Z0-9_.-]+)/[0-9][0-9A-Za-z._-]*( .*)?$", Pattern.MULTILINE);

    @TempDir
    private Path directory;

    private final RunningDistribution cairn;

    ModuleCyclesIT(RunningDistribution cairn) {
        this.cairn = cairn;
    }

    @Test
    void ofNull() throws IOException {
        try (Stack stack = new Stack(cairn.rpc())) {
            stack.nullDisk("cyNull", SIZE);
            cycles(stack, "null", "io.cairn.module.nullbdev", "cyNull", false);
        }
    }

    @Test
    void ofMalloc() throws IOException {
        try (Stack stack = new Stack(cairn.rpc())) {
            stack.malloc("cyMalloc", SIZE);
            cycles(stack, "malloc", "io.cairn.module.malloc", "cyMalloc", false);
        }
    }

    @Test
    void ofAio() throws IOException {
        try (Stack stack = new Stack(cairn.rpc())) {
            stack.aio("cyAio", file("through.img"), 512);
            cycles(stack, "aio", "io.cairn.module.aio", "cyAio", true);
        }
    }

    @Test
    void ofPassthru() throws IOException {
        try (Stack stack = new Stack(cairn.rpc())) {
            stack.aio("cyAio", file("through.img"), 512);
            stack.passthru("cyPass", "cyAio");
            cycles(stack, "passthru", "io.cairn.module.passthru", "cyPass", true);
        }
    }

    @Test
    void ofSplit() throws IOException {
        try (Stack stack = new Stack(cairn.rpc())) {
            stack.aio("cyAio", file("through.img"), 512);
            stack.split("cyAio", 2, (int) (SIZE >> 21));
            cycles(stack, "split", "io.cairn.module.split", "cyAiop1", true);
        }
    }

    @Test
    void ofDelay() throws IOException {
        try (Stack stack = new Stack(cairn.rpc())) {
            stack.aio("cyAio", file("through.img"), 512);
            stack.delay("cyDelay", "cyAio", 500);
            cycles(stack, "delay", "io.cairn.module.delay", "cyDelay", true);
        }
    }

    @Test
    void ofError() throws IOException {
        try (Stack stack = new Stack(cairn.rpc())) {
            stack.aio("cyAio", file("through.img"), 512);
            cycles(stack, "error", "io.cairn.module.error", stack.error("cyAio"), true);
        }
    }

    @Test
    void ofRaid() throws IOException {
        try (Stack stack = new Stack(cairn.rpc())) {
            stack.aio("cyAio", file("through.img"), 512);
            stack.aio("cyAio1", file("through1.img"), 512);
            stack.raid("cyRaid", "raid1", 0, List.of("cyAio", "cyAio1"));
            cycles(stack, "raid", "io.cairn.module.raid", "cyRaid", true);
        }
    }

    private void cycles(Stack stack, String module, String packageName, String bdev, boolean keeps) throws IOException {
        stack.export(bdev, THROUGH, false);
        if (module.equals("null") || module.equals("malloc")) {
            stack.aio("cyOther", file("beside.img"), 512);
        } else {
            stack.malloc("cyOther", SIZE);
        }
        stack.export("cyOther", BESIDE, false);
        String uuid = Stack.uuids(stack.rpc()).get(bdev);
        assertThat(Inventory.classes(cairn, packageName)).isNotEmpty();

        try {
            // the first one is not compared: it makes what stays, pools and the content of a disk in memory
            QemuIo.run(cairn.nbdUri(BESIDE), "write -P 1 0 16M").ok();
            cycle(stack.rpc(), module, bdev, 0, keeps, null);
            Map<String, Integer> before = heapAtRest(stack.rpc());
            cyclesUnderLoad(stack.rpc(), module, bdev, uuid, keeps);
            Map<String, Integer> between = heapAtRest(stack.rpc());
            cyclesUnderLoad(stack.rpc(), module, bdev, uuid, keeps);
            assertNothingMore(before, between, heapAtRest(stack.rpc()));

            uninstall(module);
            awaitEndOfClasses(packageName);
        } finally {
            install(module);
            Await.untilTrue(THROUGH + " again", LIMIT, () -> Stack.isLive(stack.rpc(), THROUGH));
        }
    }

    private void awaitEndOfClasses(String packageName) {
        try {
            Await.untilTrue("end of the classes of " + packageName, LIMIT, () -> Inventory.classes(cairn, packageName)
                    .isEmpty());
        } catch (AssertionError e) {
            // what keeps them cannot be found out later
            Path dump = Path.of("target", packageName + ".hprof").toAbsolutePath();
            cairn.jcmd("GC.heap_dump", "-overwrite", dump.toString());
            throw new AssertionError("still loaded: " + Inventory.classes(cairn, packageName) + "; heap in " + dump, e);
        }
    }

    private void cyclesUnderLoad(RpcClient rpc, String module, String bdev, String uuid, boolean keeps)
            throws IOException {
        long writes = writes(rpc, "cyOther");
        try (Fio beside = Fio.verifying(cairn.nbdUri(BESIDE), "--iodepth=4", "--size=16M", "--rate_iops=2000")) {
            Await.untilTrue("I/O beside " + module, LIMIT, () -> writes(rpc, "cyOther") > writes + 100);
            Map<String, Integer> here = settled(rpc, null);
            Map<String, Integer> away = null;
            for (int i = 1; i <= HALF; i++) {
                away = cycle(rpc, module, bdev, i, keeps, away);
                assertThat(Stack.uuids(rpc)).containsEntry(bdev, uuid);
                settled(rpc, here);
                assertThat(beside.isAlive()).as("load beside in cycle %s", i).isTrue();
            }
            Fio.Seen seen = beside.end().clean();
            Figures.log(
                    "%s: gone and back %d times; beside it %d I/Os, none failed, the longest took %.1f ms",
                    module, HALF, seen.ios(), seen.longest().toNanos() / 1e6);
        }
    }

    /** What lives when no I/O is under way: what is under way differs from moment to moment. */
    private Map<String, Integer> heapAtRest(RpcClient rpc) {
        Await.untilTrue("return of all memory for I/O", LIMIT, () -> lent(rpc) == 0);
        return Inventory.heap(cairn);
    }

    private Map<String, Integer> cycle(
            RpcClient rpc, String module, String bdev, int number, boolean keeps, Map<String, Integer> expectedAway)
            throws IOException {
        String pattern = Integer.toString(1 + number % 255);
        if (keeps) {
            QemuIo.run(cairn.nbdUri(THROUGH), "write -P " + pattern + " 0 4M", "flush")
                    .ok();
        }
        Map<String, String> bundles = others(module);
        int log = cairn.wholeLog().length();
        long writes = writes(rpc, bdev);
        try (Fio load = load(module)) {
            Await.untilTrue("I/O through " + module, LIMIT, () -> writes(rpc, bdev) > writes + 500);
            uninstall(module);
            Fio.Seen seen = load.awaitEnd(LIMIT).matching();
            assertThat(seen.finished().status()).as("%s", seen).isNotZero();
        }
        assertThat(Stack.isLive(rpc, THROUGH)).isFalse();
        assertThat(others(module)).isEqualTo(bundles);
        Map<String, Integer> away = settled(rpc, expectedAway);

        install(module);
        Await.untilTrue(THROUGH + " again", LIMIT, () -> Stack.isLive(rpc, THROUGH));
        assertThat(others(module)).isEqualTo(bundles);
        assertThat(touched(log)).containsOnly("io.cairn.module." + module);
        if (keeps) {
            QemuIo.run(cairn.nbdUri(THROUGH), "read -P " + pattern + " 0 4M").ok();
        }
        return away;
    }

    // ---- going and coming ----

    private void uninstall(String module) {
        cairn.shell().runOverSsh("feature:uninstall cairn-" + module);
    }

    private void install(String module) {
        cairn.shell().runOverSsh("feature:install cairn-" + module);
    }

    /** A load on the module's own kind of disk: null has nothing to compare. */
    private Fio load(String module) {
        String uri = cairn.nbdUri(THROUGH);
        // above what the cycle itself keeps there
        return module.equals("null")
                ? Fio.start(uri, "--rw=randrw", "--bs=4k", "--iodepth=16", "--offset=8M", "--size=16M")
                : Fio.verifying(uri, "--iodepth=16", "--offset=8M", "--size=16M");
    }

    // ---- what is there ----

    /** What is in use when nothing is coming or going any more; fails when that does not become what is expected. */
    private Map<String, Integer> settled(RpcClient rpc, Map<String, Integer> expected) throws IOException {
        if (expected == null) {
            Map<String, Integer> last = new TreeMap<>();
            return Await.until("rest", LIMIT, () -> {
                Map<String, Integer> now = Inventory.of(cairn, rpc);
                boolean same = now.equals(last);
                last.clear();
                last.putAll(now);
                return same ? Optional.of(now) : Optional.empty();
            });
        }
        Map<String, Integer> now = new TreeMap<>();
        try {
            Await.untilTrue("return to what was in use", LIMIT, () -> {
                now.clear();
                now.putAll(Inventory.of(cairn, rpc));
                return now.equals(expected);
            });
        } catch (AssertionError e) {
            Set<String> changed = new TreeSet<>(expected.keySet());
            changed.addAll(now.keySet());
            changed.removeIf(what -> Objects.equals(now.get(what), expected.get(what)));
            throw new AssertionError(
                    changed.stream()
                            .map(what -> what + ": " + expected.get(what) + " before, " + now.get(what) + " now")
                            .collect(Collectors.joining("\n")),
                    e);
        }
        return expected;
    }

    /**
     * Objects whose number grew with the cycles, in their first half and again in their second, are left over, however few they are. What
     * is made once, when it is first needed, grows in one of them only.
     */
    private static void assertNothingMore(
            Map<String, Integer> before, Map<String, Integer> between, Map<String, Integer> after) {
        Map<String, String> more = new TreeMap<>();
        after.forEach((type, count) -> {
            int first = between.getOrDefault(type, 0) - before.getOrDefault(type, 0);
            int second = count - between.getOrDefault(type, 0);
            if (first >= HALF && second >= HALF && !BOUNDED.contains(type)) {
                more.put(
                        type,
                        before.getOrDefault(type, 0) + " before, " + between.getOrDefault(type, 0) + " half way, "
                                + count + " after");
            }
        });
        assertThat(more)
                .as("objects that are left over after %s cycles", 2 * HALF)
                .isEmpty();
    }

    private Map<String, String> others(String module) throws IOException {
        Map<String, String> bundles = Inventory.bundles(cairn);
        bundles.keySet().removeIf(location -> location.contains("io.cairn.module." + module + "/"));
        return bundles;
    }

    /** The bundles that were stopped, refreshed or started since then, as the log names them. */
    private Set<String> touched(int from) throws IOException {
        return TOUCHED.matcher(cairn.wholeLog().substring(from))
                .results()
                .map(match -> match.group(1))
                .collect(Collectors.toSet());
    }

    private static long writes(RpcClient rpc, String bdev) {
        return Stack.iostat(rpc, bdev, "num_write_ops");
    }

    private static long lent(RpcClient rpc) {
        long lent = 0;
        for (JsonNode pool : rpc.call("iobuf_get_stats")) {
            lent += pool.path("lent_bytes").asLong();
        }
        return lent;
    }

    private Path file(String name) throws IOException {
        return Files.write(directory.resolve(name), new byte[(int) SIZE]);
    }
}
