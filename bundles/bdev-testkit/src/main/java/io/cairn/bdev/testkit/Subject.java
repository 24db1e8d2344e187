package io.cairn.bdev.testkit;

import java.util.List;

/**
 * A bdev that {@link BdevContractTest} wants to have.
 *
 * @param name what the kit would call it
 * @param blockSize bytes
 * @param numBlocks the size; virtual modules take theirs from the bases, which have this size each
 * @param bases the names of its bases; empty for a physical module
 */
public record Subject(String name, int blockSize, long numBlocks, List<String> bases) {
    /** Copies what could change. */
    public Subject {
        bases = List.copyOf(bases);
    }

    /** Returns the only base. */
    public String base() {
        return bases.get(0);
    }
}
