package io.cairn.deployer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.BdevEventListener;
import io.cairn.bdev.BdevState;
import io.cairn.bdev.Bdevs;
import io.cairn.bdev.Claim;
import io.cairn.bdev.IoLimits;
import io.cairn.bdev.IoType;
import io.cairn.bdev.Notification;
import io.cairn.bdev.OpenMode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What the deployer asks the core. */
class ModuleBdevsTest {
    private static final Duration LONG = Duration.ofMinutes(1);

    private final Registry registry = new Registry();
    private final ModuleBdevs bdevs = ModuleBdevs.in(registry);

    /** The bdevs that there are; a test says what happens when somebody begins to watch, and when they are listed. */
    private static final class Registry implements Bdevs {
        final List<Bdev> here = new ArrayList<>(List.of(new Named("a", "m"), new Named("b", "m"), new Named("c", "n")));
        final List<BdevWatcher> watchers = new ArrayList<>();
        Runnable onWatch = () -> {};
        Runnable onList = () -> {};
        RuntimeException failure;

        void goes(String name) {
            Bdev bdev =
                    here.stream().filter(b -> b.name().equals(name)).findFirst().orElseThrow();
            here.remove(bdev);
            List.copyOf(watchers).forEach(w -> w.gone(bdev));
        }

        @Override
        public CompletionStage<List<Bdev>> list() {
            if (failure != null) {
                return CompletableFuture.failedFuture(failure);
            }
            List<Bdev> all = List.copyOf(here);
            onList.run();
            return CompletableFuture.completedFuture(all);
        }

        @Override
        public CompletionStage<Watch> watch(BdevWatcher watcher) {
            onWatch.run();
            watchers.add(watcher);
            here.forEach(watcher::ready);
            return CompletableFuture.completedFuture(() -> watchers.remove(watcher));
        }

        @Override
        public CompletionStage<Optional<Bdev>> find(String name) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<BdevDescriptor> open(
                String name, OpenMode mode, String holder, BdevEventListener listener) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<Void> waitForExamine(Duration timeout) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<Watch> watchNotifications(Consumer<Notification> listener) {
            throw new UnsupportedOperationException();
        }
    }

    /** A bdev of which only the names matter. */
    private record Named(String name, String moduleName) implements Bdev {
        @Override
        public List<String> aliases() {
            return List.of();
        }

        @Override
        public UUID uuid() {
            return new UUID(0, name.hashCode());
        }

        @Override
        public String productName() {
            return "";
        }

        @Override
        public int blockSize() {
            return 512;
        }

        @Override
        public long numBlocks() {
            return 1;
        }

        @Override
        public IoLimits limits() {
            return IoLimits.NONE;
        }

        @Override
        public boolean hasWriteCache() {
            return false;
        }

        @Override
        public Set<IoType> supportedTypes() {
            return Set.of();
        }

        @Override
        public List<Claim> claims() {
            return List.of();
        }

        @Override
        public BdevState state() {
            return BdevState.READY;
        }

        @Override
        public List<String> baseNames() {
            return List.of();
        }

        @Override
        public Map<String, Object> driverSpecific() {
            return Map.of();
        }
    }

    @Test
    void namesThoseOfOneModule() {
        assertThat(bdevs.of("m")).containsExactly("a", "b");
        assertThat(bdevs.of("other")).isEmpty();
    }

    @Test
    void waitsForThoseThatAreHere() {
        // they go when the list has been made, so that only the watch can tell
        registry.onList = () -> {
            registry.onList = () -> {};
            registry.goes("a");
            registry.goes("b");
        };
        bdevs.awaitGone(List.of("a", "b"), LONG);
        assertThat(registry.watchers).as("nobody watches any more").isEmpty();
    }

    @Test
    void doesNotWaitForWhatWentBeforeItLooked() {
        registry.onWatch = () -> registry.goes("a");
        bdevs.awaitGone(List.of("a", "gone long ago"), LONG);
        registry.onWatch = () -> {};
        bdevs.awaitGone(List.of(), LONG);
        assertThat(registry.watchers).isEmpty();
    }

    @Test
    void doesNotWaitForEver() {
        assertThatThrownBy(() -> bdevs.awaitGone(List.of("a", "c"), Duration.ofMillis(1)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("a, c");
        assertThat(registry.watchers).isEmpty();
    }

    @Test
    void aCoreThatFailsIsTold() {
        registry.failure = new IllegalStateException("not today");
        assertThatThrownBy(() -> bdevs.of("m")).hasMessageContaining("not today");
        assertThatThrownBy(() -> bdevs.awaitGone(List.of("a"), LONG)).hasMessageContaining("not today");
        assertThat(registry.watchers).isEmpty();
    }
}
