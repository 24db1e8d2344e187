package io.cairn.bdev.testkit;

import io.cairn.bdev.IoType;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongUnaryOperator;

/**
 * What a module promises beyond what every module must do; {@link BdevContractTest} holds it to that. Start with
 * {@link #physical} or {@link #virtual}.
 *
 * @param types what {@code supportedTypes} of its bdevs must be, exactly, over bases that serve everything
 * @param bases how many bases a bdev of it has; 0: it is physical
 * @param keepsData whether a read finds what was written; else it finds zeroes
 * @param unmapZeroes whether a read after an unmap finds zeroes; else zeroes or the old data, block by block
 * @param passesStatus virtual: whether an I/O ends with its base I/O's very status
 * @param waitsForBase virtual: whether it may be created before its base is there
 * @param baseBlock virtual: which block of the first base holds a block, if they correspond one to one
 * @param sizeOver virtual: its size in blocks over a base of a size in blocks, if a base that grows makes it grow (or stay)
 * @param keepsOtherBases virtual: whether it keeps hold of its other bases while one is missing
 * @param survivesBaseLoss virtual: whether it goes on without one of its bases
 */
public record ModuleTraits(
        Set<IoType> types,
        int bases,
        boolean keepsData,
        boolean unmapZeroes,
        boolean passesStatus,
        boolean waitsForBase,
        Optional<LongUnaryOperator> baseBlock,
        Optional<LongUnaryOperator> sizeOver,
        boolean keepsOtherBases,
        boolean survivesBaseLoss) {
    /** Copies what could change. */
    public ModuleTraits {
        types = Set.copyOf(types);
        Objects.requireNonNull(baseBlock, "baseBlock");
        Objects.requireNonNull(sizeOver, "sizeOver");
    }

    /** Returns a physical module that keeps data, and whose unmap leaves old data or zeroes. */
    public static ModuleTraits physical(Set<IoType> types) {
        return new ModuleTraits(types, 0, true, false, false, false, Optional.empty(), Optional.empty(), false, false);
    }

    /** Returns a virtual module over one base that keeps data and passes on statuses. */
    public static ModuleTraits virtual(Set<IoType> types) {
        return new ModuleTraits(types, 1, true, false, true, false, Optional.empty(), Optional.empty(), false, false);
    }

    /** Returns the same over so many bases. */
    public ModuleTraits overBases(int count) {
        return with(draft -> draft.bases = count);
    }

    /** Returns the same that reads zeroes whatever was written. */
    public ModuleTraits forgettingData() {
        return with(draft -> draft.keepsData = false);
    }

    /** Returns the same whose unmap leaves zeroes. */
    public ModuleTraits unmappingToZeroes() {
        return with(draft -> draft.unmapZeroes = true);
    }

    /** Returns the same that answers statuses of its own. */
    public ModuleTraits withOwnStatuses() {
        return with(draft -> draft.passesStatus = false);
    }

    /** Returns the same that can be created before its base. */
    public ModuleTraits waitingForBase() {
        return with(draft -> draft.waitsForBase = true);
    }

    /** Returns the same whose blocks are the first base's, at another place. */
    public ModuleTraits mapping(LongUnaryOperator blockOfBase) {
        return with(draft -> draft.baseBlock = Optional.of(blockOfBase));
    }

    /** Returns the same whose size follows its base's. */
    public ModuleTraits sized(LongUnaryOperator overBase) {
        return with(draft -> draft.sizeOver = Optional.of(overBase));
    }

    /** Returns the same that keeps hold of its other bases while one is missing. */
    public ModuleTraits keepingOtherBases() {
        return with(draft -> draft.keepsOtherBases = true);
    }

    /** Returns the same that goes on without one of its bases. */
    public ModuleTraits survivingBaseLoss() {
        return with(draft -> {
            draft.keepsOtherBases = true;
            draft.survivesBaseLoss = true;
        });
    }

    private ModuleTraits with(Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return draft.traits();
    }

    /** What another one is to be like; first, like this one. */
    private static final class Draft {
        private Set<IoType> types;
        private int bases;
        private boolean keepsData;
        private boolean unmapZeroes;
        private boolean passesStatus;
        private boolean waitsForBase;
        private Optional<LongUnaryOperator> baseBlock;
        private Optional<LongUnaryOperator> sizeOver;
        private boolean keepsOtherBases;
        private boolean survivesBaseLoss;

        Draft(ModuleTraits from) {
            types = from.types;
            bases = from.bases;
            keepsData = from.keepsData;
            unmapZeroes = from.unmapZeroes;
            passesStatus = from.passesStatus;
            waitsForBase = from.waitsForBase;
            baseBlock = from.baseBlock;
            sizeOver = from.sizeOver;
            keepsOtherBases = from.keepsOtherBases;
            survivesBaseLoss = from.survivesBaseLoss;
        }

        ModuleTraits traits() {
            return new ModuleTraits(
                    types,
                    bases,
                    keepsData,
                    unmapZeroes,
                    passesStatus,
                    waitsForBase,
                    baseBlock,
                    sizeOver,
                    keepsOtherBases,
                    survivesBaseLoss);
        }
    }
}
