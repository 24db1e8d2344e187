package io.cairn.module.raid.array;

import io.cairn.bdev.Bdev;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** How a spare takes the place of a member that an array lacks. In the array's {@link Serial}. */
final class Substitution {
    private static final Logger LOG = System.getLogger(Substitution.class.getName());

    private final ArrayContext context;
    private final SpareDemand demand;
    private final Additions additions;

    Substitution(ArrayContext context, SpareDemand demand, Additions additions) {
        this.context = context;
        this.demand = demand;
        this.additions = additions;
    }

    /**
     * Puts a spare into the slot that is due to one. A spare that does not come in stays one, and the next is tried.
     *
     * @return who is in the slot, to be joined; empty if no slot is due, or no spare fits. Never fails
     */
    CompletionStage<Optional<Bdev>> fill(RaidArray array) {
        return fill(array, new HashSet<>());
    }

    private CompletionStage<Optional<Bdev>> fill(RaidArray array, Set<Bdev> tried) {
        Optional<Slot> slot = context.isEnding() ? Optional.empty() : demand.due();
        Optional<Spares.Taken> spare = slot.flatMap(empty -> context.spares().take(array, tried));
        if (spare.isEmpty()) {
            return CompletableFuture.completedFuture(Optional.empty());
        }
        Bdev bdev = spare.get().bdev();
        tried.add(bdev);
        return Stages.done()
                .thenCompose(taken -> additions.fill(slot.get(), bdev))
                .handle((filled, failure) -> {
                    if (failure == null) {
                        return CompletableFuture.completedFuture(Optional.of(bdev));
                    }
                    LOG.log(
                            Level.WARNING,
                            "spare ''{0}'' was not taken into raid bdev ''{1}'': {2}",
                            bdev.name(),
                            array.name(),
                            Stages.cause(failure).getMessage());
                    spare.get().giveBack();
                    return fill(array, tried);
                })
                .thenCompose(outcome -> outcome);
    }
}
