package io.cairn.module.aio;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.bdev.spi.BackendChannel;
import io.cairn.reactor.IoBuffer;
import io.cairn.reactor.Reactor;
import io.cairn.reactor.ReactorOptions;
import io.cairn.reactor.ThreadReactors;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** The module on real reactors, under a host that is only as much of a core as is needed. */
final class ModuleUnderTest implements AutoCloseable {
    static final int REACTORS = 2;

    private final ThreadReactors reactors;
    private final TestHost host;
    private final AioModule module;

    ModuleUnderTest(EngineKind engine) {
        this(engine, MemoryResidence.ofProcess());
    }

    ModuleUnderTest(EngineKind engine, MemoryResidence memory) {
        module = new AioModule(memory);
        reactors =
                new ThreadReactors(ReactorOptions.defaults().withCount(REACTORS).withBackend(engine.backend()));
        host = new TestHost(reactors);
        onApp(() -> {
            module.init(host);
            return CompletableFuture.completedFuture(null);
        });
    }

    AioModule module() {
        return module;
    }

    TestHost host() {
        return host;
    }

    Reactor reactor(int index) {
        return reactors.all().get(index);
    }

    /** Runs an action on the app thread and waits for its outcome; throws the bare cause. */
    <T> T onApp(Supplier<? extends CompletionStage<T>> action) {
        return await(reactors.onApp(action).toCompletableFuture());
    }

    static <T> T await(CompletableFuture<T> stage) {
        try {
            return stage.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw e;
        }
    }

    /** Settings of an aio bdev with everything else at its default. */
    static FileSettings settings(String name, Object filename, int blockSize) {
        return new FileSettings(
                Flavour.AIO, name, filename.toString(), blockSize, false, false, false, Optional.empty());
    }

    /** The same with hole punching. */
    static FileSettings punching(String name, Object filename, int blockSize) {
        return new FileSettings(
                Flavour.AIO, name, filename.toString(), blockSize, false, true, false, Optional.empty());
    }

    Bdev create(FileSettings settings) {
        onApp(() -> module.create(settings));
        return find(settings.name()).orElseThrow();
    }

    Optional<Bdev> find(String name) {
        return onApp(() -> CompletableFuture.completedFuture(host.find(name)));
    }

    void delete(String name) {
        onApp(() -> module.delete(Flavour.AIO, name));
    }

    /** A channel that a test drives by hand. */
    record Channel(Reactor reactor, BackendChannel channel, int blockSize) implements AutoCloseable {
        TestIo io(IoType type, long offset, long blocks) {
            return TestIo.of(reactor, blockSize, type, offset, blocks);
        }

        CompletableFuture<IoStatus> submit(TestIo io) {
            reactor.execute(() -> channel.submitRequest(io));
            return io.done();
        }

        IoStatus run(TestIo io) {
            IoStatus status = submit(io).join();
            assertThat(io.completions()).isEqualTo(1);
            return status;
        }

        IoStatus write(long offset, long blocks, IoBuffer data) {
            return run(io(IoType.WRITE, offset, blocks).with(data, 0));
        }

        IoStatus read(long offset, long blocks, IoBuffer data) {
            return run(io(IoType.READ, offset, blocks).with(data, 0));
        }

        IoStatus run(IoType type, long offset, long blocks) {
            return run(io(type, offset, blocks));
        }

        /** Runs something with the channel on its reactor and waits. */
        void on(Consumer<BackendChannel> work) {
            CompletableFuture<Void> over = CompletableFuture.runAsync(() -> work.accept(channel), reactor);
            await(over);
        }

        @Override
        public void close() {
            on(BackendChannel::close);
        }
    }

    Channel open(Bdev bdev, int reactorIndex) {
        Reactor reactor = reactor(reactorIndex);
        BackendChannel channel = CompletableFuture.supplyAsync(
                        () -> host.backend(bdev.name()).openChannel(reactor), reactor)
                .join();
        return new Channel(reactor, channel, bdev.blockSize());
    }

    @Override
    public void close() {
        onApp(host::removeAll);
        onApp(module::fini);
        reactors.close();
    }
}
