package io.cairn.module.raid.sync;

import io.cairn.module.raid.format.Reserved;
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

    /**
     * A member that has its part of the stripes.
     *
     * @param where what is where on it, its data too: another member in the same slot may have them elsewhere
     */
    record Part(ReservedArea area, Reserved where) {
        private long offset(long stripe) {
            return (where.dataOffset() + stripe * where.stripBlocks()) * where.blockSize();
        }
    }

    /** Makes one. Of the shape only the strips and the order of the members count, which do not change. */
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
    CompletionStage<Void> restore(long stripe, Map<Integer, Part> members, byte[] strip) {
        int parity = shape.paritySlot(stripe);
        CompletionStage<Void> stage = CompletableFuture.completedFuture(null);
        for (Map.Entry<Integer, Part> other : members.entrySet()) {
            if (other.getKey() != parity) {
                Part part = other.getValue();
                stage = stage.thenCompose(v -> part.area.read(part.offset(stripe), stripBytes()))
                        .thenAccept(data -> {
                            for (int i = 0; i < strip.length; i++) {
                                strip[i] ^= data[i];
                            }
                        });
            }
        }
        Part last = members.get(parity);
        return stage.thenCompose(v -> last.area.write(last.offset(stripe), strip));
    }
}
