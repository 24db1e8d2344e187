package io.cairn.export.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.ClaimType;
import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoType;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.core.BdevCore;
import io.cairn.export.nbd.protocol.Nbd;
import io.cairn.export.nbd.session.ExportTarget;
import io.cairn.export.nbd.session.RamDisk;
import io.cairn.operations.OperationException;
import io.cairn.operations.internal.ConfigStore;
import io.cairn.operations.internal.OperationCenter;
import io.cairn.reactor.sim.SimulatedReactors;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** The life of exports, through their operations, on the real core in a simulation. */
class NbdExportsTest {
    private final SimulatedReactors reactors = new SimulatedReactors(2, 1);
    private final ConfigStore store = ConfigStore.inMemory();
    private final OperationCenter center = new OperationCenter(reactors, store);
    private final BdevCore core = new BdevCore(reactors, center);
    private final RamDisk disk = new RamDisk("ram", 512, 1024);
    private final NbdExports exports = new NbdExports(core, reactors);

    NbdExportsTest() {
        core.add(disk);
        core.watch(exports);
        center.offer(new NbdOperations(exports, () -> List.of("here:1")).declare(), exports);
        reactors.runUntilIdle();
    }

    private <T> T await(CompletionStage<T> stage) {
        CompletableFuture<T> future = stage.toCompletableFuture();
        reactors.runUntil(future::isDone, Duration.ofSeconds(10));
        reactors.runUntilIdle();
        return future.join();
    }

    private Object call(String name, Map<String, Object> params) {
        return await(center.call(name, params));
    }

    private void registerWithWriteUnit(long blocks) {
        await(disk.register(RamDisk.ALL, new IoLimits(0, 0, 0, false, blocks, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)));
    }

    private void register(Set<IoType> types) {
        await(disk.register(types));
    }

    private Object state(String export) {
        for (Object one : (List<?>) call("nbd_export_list", null)) {
            if (export.equals(((Map<?, ?>) one).get("name"))) {
                return ((Map<?, ?>) one).get("state");
            }
        }
        return null;
    }

    private OperationException refusal(String name, Map<String, Object> params) {
        List<Throwable> failures = new ArrayList<>();
        CompletableFuture<Object> call = center.call(name, params).toCompletableFuture();
        reactors.runUntil(call::isDone, Duration.ofSeconds(10));
        call.whenComplete((r, failure) -> failures.add(failure));
        Throwable failure = failures.get(0) instanceof CompletionException e ? e.getCause() : failures.get(0);
        assertThat(failure).isInstanceOf(OperationException.class);
        return (OperationException) failure;
    }

    @Test
    void exportsABdevThatIsThere() {
        register(RamDisk.ALL);
        assertThat(call("nbd_export_create", Map.of("bdev_name", "ram"))).isEqualTo("ram");
        assertThat(call("nbd_export_list", null).toString())
                .isEqualTo("[{name=ram, bdev_name=ram, read_only=false, state=live, connections=0, address=here:1}]");
        ExportTarget target = exports.find("").orElseThrow();
        assertThat(target.info().sizeBytes()).isEqualTo(512 * 1024);
        assertThat(target.info().flags())
                .isEqualTo(Nbd.HAS_FLAGS
                        | Nbd.SEND_FLUSH
                        | Nbd.SEND_FUA
                        | Nbd.SEND_TRIM
                        | Nbd.SEND_WRITE_ZEROES
                        | Nbd.SEND_FAST_ZERO
                        | Nbd.SEND_CACHE
                        | Nbd.CAN_MULTI_CONN);
        assertThat(target.info().zeroesFast()).isTrue();
    }

    @Test
    void offersOnlyWhatTheBdevHas() {
        register(EnumSet.of(IoType.READ, IoType.WRITE));
        call("nbd_export_create", Map.of("bdev_name", "ram", "export_name", "x"));
        call("nbd_export_create", Map.of("bdev_name", "ram", "export_name", "y", "read_only", true));
        assertThat(exports.find("x").orElseThrow().info().zeroesFast()).isFalse();
        int flags = exports.find("x").orElseThrow().info().flags();
        assertThat(flags & (Nbd.SEND_TRIM | Nbd.SEND_FLUSH | Nbd.SEND_FUA | Nbd.CAN_MULTI_CONN))
                .isZero();
        assertThat(exports.find("y").orElseThrow().info().flags())
                .isEqualTo(Nbd.HAS_FLAGS | Nbd.SEND_CACHE | Nbd.READ_ONLY | Nbd.CAN_MULTI_CONN);
        assertThat(exports.find("")).isEmpty();
    }

    @Test
    void tellsInWhichUnitsTheBdevIsWritten() {
        registerWithWriteUnit(24);
        call("nbd_export_create", Map.of("bdev_name", "ram"));
        call("nbd_export_create", Map.of("bdev_name", "ram", "export_name", "r", "read_only", true));
        assertThat(exports.find("ram").orElseThrow().info().writeUnit()).isEqualTo(24 * 512);
        assertThat(exports.find("ram").orElseThrow().info().description())
                .isEqualTo("Ram disk ram, written in units of 12288 bytes");
        assertThat(exports.find("r").orElseThrow().info().description()).isEqualTo("Ram disk ram");
    }

    @Test
    void aBdevWithUnitsThatNoClientCanWriteIsExportedReadOnly() {
        registerWithWriteUnit(16_385);
        OperationException refused = refusal("nbd_export_create", Map.of("bdev_name", "ram"));
        assertThat(refused.code()).isEqualTo(-22);
        assertThat(refused).hasMessageContainingAll("ram", "8389120", "8388608", "read-only");
        assertThat(call("nbd_export_create", Map.of("bdev_name", "ram", "read_only", true)))
                .isEqualTo("ram");
        assertThat(state("ram")).isEqualTo("live");
    }

    @Test
    void waitsForItsBdevAndSurvivesIt() {
        call("nbd_export_create", Map.of("bdev_name", "ram", "export_name", "later"));
        assertThat(state("later")).isEqualTo("waiting");
        assertThat(exports.targets()).isEmpty();
        register(RamDisk.ALL);
        assertThat(state("later")).isEqualTo("live");
        await(disk.unregister());
        assertThat(state("later")).isEqualTo("waiting");
        assertThat(exports.find("later")).isEmpty();
        register(RamDisk.ALL);
        assertThat(state("later")).isEqualTo("live");
    }

    @Test
    void newSessionsAreToldTheNewSize() {
        register(RamDisk.ALL);
        call("nbd_export_create", Map.of("bdev_name", "ram"));
        disk.resize(2048);
        reactors.runUntilIdle();
        assertThat(exports.find("ram").orElseThrow().info().sizeBytes()).isEqualTo(512 * 2048);
        assertThat(state("ram")).isEqualTo("live");
    }

    @Test
    void namesAreUniqueAndKnown() {
        register(RamDisk.ALL);
        call("nbd_export_create", Map.of("bdev_name", "ram"));
        OperationException twice = refusal("nbd_export_create", Map.of("bdev_name", "ram"));
        assertThat(twice.code()).isEqualTo(-17);
        assertThat(twice).hasMessageContaining("NBD export ram exists already");
        OperationException unknown = refusal("nbd_export_delete", Map.of("export_name", "none"));
        assertThat(unknown.code()).isEqualTo(-19);
        assertThat(unknown).hasMessageContaining("no NBD export none");
        assertThat(refusal("nbd_export_create", Map.of("bdev_name", "ram", "export_name", ""))
                        .code())
                .isEqualTo(-22);
        assertThat(refusal("nbd_export_create", Map.of("bdev_name", "")).code()).isEqualTo(-22);
        assertThat(refusal("nbd_export_create", Map.of("export_name", "x")).code())
                .isEqualTo(-32602);
    }

    @Test
    void whoeverHoldsTheBdevIsNamedAndNothingIsLeftBehind() {
        register(RamDisk.ALL);
        BdevDescriptor other = await(core.open("ram", OpenMode.READ, "other", (event, d) -> {}));
        other.claim(ClaimType.READ_MANY_WRITE_ONE, "raid", "array0", 0);
        OperationException refused = refusal("nbd_export_create", Map.of("bdev_name", "ram"));
        assertThat(refused.code()).isEqualTo(-1);
        assertThat(refused).hasMessageContaining("raid").hasMessageContaining("ram");
        assertThat(state("ram")).isNull();
        assertThat(call("nbd_export_create", Map.of("bdev_name", "ram", "read_only", true)))
                .isEqualTo("ram");
    }

    @Test
    void aStoredExportThatIsRefusedIsKept() {
        register(RamDisk.ALL);
        BdevDescriptor other = await(core.open("ram", OpenMode.READ, "other", (event, d) -> {}));
        other.claim(ClaimType.READ_MANY_WRITE_ONE, "raid", "array0", 0);
        exports.setReplaying(true);
        call("nbd_export_create", Map.of("bdev_name", "ram"));
        exports.setReplaying(false);
        assertThat(state("ram")).isEqualTo("refused");
        assertThat(call("nbd_export_list", null).toString()).contains("reason=");
        other.close();
        RamDisk second = new RamDisk("another", 512, 16);
        await(core.add(second));
        await(second.register(RamDisk.ALL));
        assertThat(state("ram")).isEqualTo("live");
    }

    @Test
    void deletionClosesTheBdev() {
        register(RamDisk.ALL);
        call("nbd_export_create", Map.of("bdev_name", "ram"));
        assertThat(call("nbd_export_delete", Map.of("export_name", "ram"))).isEqualTo(true);
        assertThat(state("ram")).isNull();
        BdevDescriptor other = await(core.open("ram", OpenMode.READ, "other", (event, d) -> {}));
        other.claim(ClaimType.READ_MANY_WRITE_NONE, "m", "c", 0);
        other.close();
        assertThat(call("nbd_export_create", Map.of("bdev_name", "ram"))).isEqualTo("ram");
    }

    @Test
    void theConfigurationMakesTheSameExportsAgain() {
        call("nbd_export_create", Map.of("bdev_name", "ram"));
        call("nbd_export_create", Map.of("bdev_name", "other", "export_name", "o", "read_only", true));
        call("nbd_export_create", Map.of("bdev_name", "gone"));
        call("nbd_export_delete", Map.of("export_name", "gone"));
        assertThat(exports.configuration().toString())
                .isEqualTo("[ConfigEntry[method=nbd_export_create,"
                        + " params={bdev_name=ram, export_name=ram, read_only=false}],"
                        + " ConfigEntry[method=nbd_export_create,"
                        + " params={bdev_name=other, export_name=o, read_only=true}]]");
        List<String> before =
                exports.configuration().stream().map(Object::toString).toList();
        await(exports.endAll());
        assertThat(exports.configuration().stream().map(Object::toString)).isEqualTo(before);
    }

    @Test
    void aServerThatGoesDownTakesNoMore() {
        exports.shutDown();
        assertThatThrownBy(() -> exports.create(new ExportDefinition("x", "ram", false)))
                .hasMessageContaining("going down");
    }
}
