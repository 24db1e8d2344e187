package io.cairn.module.raid.sync;

import io.cairn.module.raid.level.Shape;
import io.cairn.module.raid.member.ReservedArea;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Makes a stripe of a degraded raid5f array whole again whose missing strip is known: parity becomes the XOR of that strip and the data strips on disk. Nobody else changes
 * the stripe meanwhile. App thread.
 */
final class StripeRepair {
    private final Shape shape;

    StripeRepair(Shape shape) {
        this.shape = shape;
    }

    /** Returns the bytes of a strip. */
    int stripBytes() {
        return Math.toIntExact(shape.stripBlocks() * shape.blockSize());
    }

    /**
     * Does it; not necessarily durably.
     *
     * @param members all that are IN_SYNC, by slot
     * @param strip what the missing strip should hold; is used up
     */
    CompletionStage<Void> restore(long stripe, Map<Integer, ReservedArea> members, byte[] strip) {
        int parity = shape.paritySlot(stripe);
        CompletionStage<Void> stage = CompletableFuture.completedFuture(null);
        for (Map.Entry<Integer, ReservedArea> other : members.entrySet()) {
            if (other.getKey() != parity) {
                stage = stage.thenCompose(v -> other.getValue().read(place(other.getKey(), stripe), stripBytes()))
                        .thenAccept(data -> {
                            for (int i = 0; i < strip.length; i++) {
                                strip[i] ^= data[i];
                            }
                        });
            }
        }
        return stage.thenCompose(v -> members.get(parity).write(place(parity, stripe), strip));
    }

    private long place(int slot, long stripe) {
        return (shape.members().get(slot).dataOffset() + stripe * shape.stripBlocks()) * shape.blockSize();
    }
}
