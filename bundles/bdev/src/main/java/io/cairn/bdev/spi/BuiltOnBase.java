package io.cairn.bdev.spi;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevChannel;
import io.cairn.reactor.Reactor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The bdevs that a module has built on one base: registered all or none; the link to the base is closed when the last of
 * them is destructed. App thread.
 */
public final class BuiltOnBase {
    private final BdevHost host;
    private final BaseLink link;
    private final Runnable released;
    private final List<Bdev> bdevs = new ArrayList<>();
    private int backends;

    /**
     * Takes over a link.
     *
     * @param link is closed by this object from now on
     * @param released told once, when the link is closed, whoever took the bdevs away
     */
    public BuiltOnBase(BdevHost host, BaseLink link, Runnable released) {
        this.host = host;
        this.link = link;
        this.released = released;
    }

    /**
     * Registers bdevs, all or none. Called once.
     *
     * @param wanted at least one
     * @return the bdevs, when the first wave of examine of each is over. Fails with what refused one of them, when those
     *     before it and the hold on the base are gone again
     */
    public CompletionStage<List<Bdev>> register(List<VirtualBdev> wanted) {
        CompletableFuture<List<Bdev>> outcome = new CompletableFuture<>();
        List<CompletableFuture<Bdev>> ready = new ArrayList<>();
        try {
            for (VirtualBdev each : wanted) {
                backends++;
                ready.add(host.register(each.spec(), new Backend(each)).toCompletableFuture());
                bdevs.add(host.find(each.spec().name()).orElseThrow());
            }
        } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
            // the one that was refused never becomes a bdev and is never destructed
            backendGone();
            unregister().whenComplete((done, failure) -> outcome.completeExceptionally(e));
            return outcome;
        }
        CompletableFuture.allOf(ready.toArray(CompletableFuture[]::new)).whenComplete((done, failure) -> {
            if (failure == null) {
                outcome.complete(bdevs());
            } else {
                outcome.completeExceptionally(failure);
            }
        });
        return outcome;
    }

    /** Returns the bdevs that were registered, in order. */
    public List<Bdev> bdevs() {
        return List.copyOf(bdevs);
    }

    /** Returns the base. */
    public Bdev base() {
        return link.base();
    }

    /**
     * Takes the bdevs away, seen above as a hot-remove.
     *
     * @return when all of them are gone and their names are free
     */
    public CompletionStage<Void> unregister() {
        return CompletableFuture.allOf(bdevs().stream()
                .map(bdev -> host.unregister(bdev).toCompletableFuture())
                .toArray(CompletableFuture[]::new));
    }

    /**
     * Gives the bdevs new sizes.
     *
     * @param wanted the bdevs as they should be now, in the order of their registration
     * @throws io.cairn.bdev.BdevException as {@link BdevHost#resize}
     */
    public void resize(List<VirtualBdev> wanted) {
        for (int i = 0; i < Math.min(wanted.size(), bdevs.size()); i++) {
            long numBlocks = wanted.get(i).spec().numBlocks();
            if (bdevs.get(i).numBlocks() != numBlocks) {
                host.resize(bdevs.get(i), numBlocks);
            }
        }
    }

    private void backendGone() {
        if (--backends == 0) {
            try {
                link.close();
            } finally {
                released.run();
            }
        }
    }

    private final class Backend implements BdevBackend {
        private final VirtualBdev declared;

        Backend(VirtualBdev declared) {
            this.declared = declared;
        }

        @Override
        public BackendChannel openChannel(Reactor reactor) {
            BdevChannel base = link.openChannel();
            try {
                return declared.channels().apply(base);
            } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
                base.close();
                throw e;
            }
        }

        @Override
        public CompletionStage<Void> destruct() {
            backendGone();
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public Map<String, Object> driverSpecific() {
            return declared.driverSpecific().get();
        }
    }
}
