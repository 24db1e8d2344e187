package io.cairn.module.aio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevException;
import io.cairn.bdev.IoType;
import io.cairn.module.aio.Place.Medium;
import io.cairn.operations.ConfigEntry;
import io.cairn.operations.OperationException;
import io.cairn.reactor.Errno;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Creation: what is refused and how, and that nothing is left behind. */
class CreationTest {
    /** A file that root may not write either: its file system says so. */
    private static final Path UNWRITABLE = Path.of("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size");

    private Place place;
    private ModuleUnderTest under;

    @BeforeEach
    void makePlace() {
        place = Place.on(Medium.DISK);
    }

    @AfterEach
    void close() {
        if (under != null) {
            under.close();
        }
        place.close();
    }

    private void start(EngineKind engine) {
        under = new ModuleUnderTest(engine);
    }

    private static List<Path> openDescriptorsOf(Path file) {
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            return all.filter(fd -> {
                        try {
                            return Files.readSymbolicLink(fd).equals(file);
                        } catch (IOException e) {
                            // closed since it was listed
                            return false;
                        }
                    })
                    .toList();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private void assertRefused(FileSettings settings, Errno errno, String... inMessage) {
        assertThatThrownBy(() -> under.onApp(() -> under.module().create(settings)))
                .isInstanceOfSatisfying(
                        BdevException.class, e -> assertThat(e.errno()).isEqualTo(errno))
                .hasMessageContainingAll(inMessage);
        assertThat(under.find(settings.name())).isEmpty();
        assertThat(under.module().configuration()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void filesThatAreNoneAreRefused(EngineKind engine) throws Exception {
        start(engine);
        Path missing = place.path("missing");
        assertRefused(ModuleUnderTest.settings("b", missing, 512), Errno.ENOENT, missing.toString());
        Path regular = place.file("f", 4096);
        assertRefused(ModuleUnderTest.settings("b", regular.resolve("x"), 512), Errno.ENOTDIR, "Not a directory");
        Path directory = Files.createDirectory(place.path("d"));
        assertRefused(ModuleUnderTest.settings("b", directory, 512), Errno.EISDIR, directory.toString());
        assertRefused(ModuleUnderTest.settings("b", "/dev/null", 512), Errno.EINVAL, "/dev/null", "character device");
        Path pipe = place.path("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        assertRefused(ModuleUnderTest.settings("b", pipe, 512), Errno.EINVAL, "named pipe");
        Path socket = place.path("s");
        try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listener.bind(UnixDomainSocketAddress.of(socket));
            assertRefused(ModuleUnderTest.settings("b", socket, 512), Errno.EINVAL, "socket");
        }
        Path loop = place.path("loop");
        Files.createSymbolicLink(loop, loop);
        assertRefused(ModuleUnderTest.settings("b", loop, 512), Errno.ELOOP, loop.toString());
        assertRefused(ModuleUnderTest.settings("b", place.path("n".repeat(300)), 512), Errno.ENAMETOOLONG, "nnn");
        assertRefused(ModuleUnderTest.settings("b", "", 512), Errno.EINVAL, "empty");
        assertRefused(ModuleUnderTest.settings("b", "a\0b", 512), Errno.EINVAL, "Nul");
    }

    @ParameterizedTest
    @EnumSource
    void aFileThatMayNotBeWrittenIsRefused(EngineKind engine) {
        start(engine);
        assertThat(UNWRITABLE).exists();
        assertRefused(ModuleUnderTest.settings("b", UNWRITABLE, 512), Errno.EACCES, UNWRITABLE.toString());
    }

    @ParameterizedTest
    @EnumSource
    void sizesThatDoNotFitAreRefusedAndTheFileIsClosed(EngineKind engine) {
        start(engine);
        Path file = place.file("f", 4096 + 512);
        assertRefused(ModuleUnderTest.settings("b", file, 4096), Errno.EINVAL, "4608", "4096");
        assertRefused(ModuleUnderTest.settings("b", file, 256), Errno.EINVAL, "256");
        assertRefused(ModuleUnderTest.settings("b", file, 768), Errno.EINVAL, "768");
        assertRefused(ModuleUnderTest.settings("b", file, -512), Errno.EINVAL, "-512");
        Path empty = place.file("empty", 0);
        assertRefused(ModuleUnderTest.settings("b", empty, 512), Errno.EINVAL, "empty");
        assertRefused(ModuleUnderTest.settings("b", place.file("g", 100), 0), Errno.EINVAL, "100");
        assertThat(openDescriptorsOf(file)).isEmpty();
        assertThat(openDescriptorsOf(empty)).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void aRefusedRegistrationClosesTheFile(EngineKind engine) {
        start(engine);
        Path file = place.file("f", 4096);
        under.host().refuseRegistrations();
        assertRefused(ModuleUnderTest.settings("b", file, 512), Errno.EEXIST, "refused by the test");
        assertThat(openDescriptorsOf(file)).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void aNameIsTakenFromTheFirstMomentOn(EngineKind engine) {
        start(engine);
        FileSettings settings = ModuleUnderTest.settings("b", place.file("f", 4096), 512);
        under.onApp(() -> {
            CompletionStage<String> first = under.module().create(settings);
            assertThatThrownBy(() -> under.module().create(settings))
                    .isInstanceOfSatisfying(
                            BdevException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EEXIST));
            return first;
        });
        assertThatThrownBy(() -> under.onApp(() -> under.module().create(settings)))
                .isInstanceOfSatisfying(
                        BdevException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EEXIST));
        under.delete("b");
        assertThat(under.create(settings).name()).isEqualTo("b");
    }

    @ParameterizedTest
    @EnumSource
    void aModuleThatLeavesWhileAFileIsOpenedClosesIt(EngineKind engine) {
        start(engine);
        Path file = place.file("f", 4096);
        FileSettings settings = ModuleUnderTest.settings("b", file, 512);
        CompletionStage<?>[] creation = new CompletionStage<?>[1];
        under.onApp(() -> {
            creation[0] = under.module().create(settings);
            return under.module().fini();
        });
        assertThatThrownBy(() -> ModuleUnderTest.await(creation[0].toCompletableFuture()))
                .isInstanceOf(BdevException.class)
                .hasMessageContaining("left");
        assertThat(under.find("b")).isEmpty();
        assertThat(openDescriptorsOf(file)).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void aDeletedBdevHasItsFileClosed(EngineKind engine) {
        start(engine);
        Path file = place.file("f", 4096);
        under.create(ModuleUnderTest.settings("b", file, 512));
        assertThat(openDescriptorsOf(file)).hasSize(1);
        under.delete("b");
        assertThat(openDescriptorsOf(file)).isEmpty();
        assertThat(under.module().configuration()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void theBdevSaysWhatItIs(EngineKind engine) {
        start(engine);
        Path file = place.file("f", 1 << 20);
        Bdev bdev = under.create(ModuleUnderTest.settings("b", file, 4096));
        assertThat(bdev.productName()).isEqualTo("AIO disk");
        assertThat(bdev.numBlocks()).isEqualTo(256);
        assertThat(bdev.hasWriteCache()).isTrue();
        assertThat(bdev.supportedTypes())
                .containsExactlyInAnyOrder(IoType.READ, IoType.WRITE, IoType.FLUSH, IoType.RESET, IoType.ABORT);
        Map<?, ?> aio = (Map<?, ?>) under.onApp(() -> CompletableFuture.completedFuture(bdev.driverSpecific()))
                .get("aio");
        assertThat(aio.keySet().stream().map(Object::toString))
                .containsExactly(
                        "filename", "block_size_override", "readonly", "fallocate", "nowait", "direct", "engine");
        assertThat(aio.get("filename")).isEqualTo(file.toString());
        assertThat(aio.get("block_size_override")).isEqualTo(true);
    }

    @ParameterizedTest
    @EnumSource
    void aReadonlyBdevDoesNotOfferWrites(EngineKind engine) {
        start(engine);
        Path file = place.file("f", 4096);
        Bdev bdev = under.create(
                new FileSettings(Flavour.AIO, "b", file.toString(), 512, true, true, false, Optional.empty()));
        assertThat(bdev.supportedTypes()).doesNotContain(IoType.WRITE, IoType.UNMAP, IoType.WRITE_ZEROES);
    }

    @ParameterizedTest
    @EnumSource
    void theGeneratedUuidIsSaved(EngineKind engine) {
        start(engine);
        Path file = place.file("f", 4096);
        Bdev bdev = under.create(ModuleUnderTest.settings("b", file, 512));
        ConfigEntry entry = under.onApp(
                        () -> CompletableFuture.completedFuture(under.module().configuration()))
                .get(0);
        assertThat(entry.method()).isEqualTo("bdev_aio_create");
        assertThat(entry.params())
                .containsEntry("uuid", bdev.uuid().toString())
                .containsEntry("name", "b")
                .containsEntry("filename", file.toString())
                .containsEntry("block_size", 512);
    }

    @ParameterizedTest
    @EnumSource
    void theOtherNameAnswersAsSpdkDoes(EngineKind engine) {
        start(engine);
        Path file = place.file("f", 8192);
        AioOperations operations = new AioOperations(under.module());
        assertThatThrownBy(() -> under.onApp(() -> operations.createUring(
                        new AioOperations.CreateUring(place.path("missing").toString(), "u", 512, Optional.empty()))))
                .isInstanceOfSatisfying(OperationException.class, e -> {
                    assertThat(e.code()).isEqualTo(-32603);
                    assertThat(e.data()).containsEntry("errno", "ENOENT");
                })
                .hasMessageStartingWith("Unable to create URING bdev.")
                .hasMessageContaining("missing");
        under.onApp(() ->
                operations.createUring(new AioOperations.CreateUring(file.toString(), "u", 512, Optional.empty())));
        Bdev bdev = under.find("u").orElseThrow();
        assertThat(bdev.productName()).isEqualTo("URING bdev");
        assertThat(bdev.driverSpecific()).containsOnlyKeys("uring");
        assertThatThrownBy(() -> under.delete("u"))
                .isInstanceOfSatisfying(
                        BdevException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENODEV));
        assertThatThrownBy(() -> under.onApp(() -> under.module().rescan(Flavour.AIO, "u")))
                .isInstanceOfSatisfying(
                        BdevException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENODEV));
        assertThatThrownBy(() -> under.delete("nothing"))
                .isInstanceOfSatisfying(
                        BdevException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENODEV));
        under.onApp(() -> under.module().delete(Flavour.URING, "u"));
        assertThat(under.find("u")).isEmpty();
    }
}
