package io.cairn.module.raid;

import io.cairn.bdev.testkit.ModuleTraits;

/** A mirror of one leg: it has no redundancy, so that all of the contract holds for it. */
class Raid1OneLegContractTest extends RaidContract {
    Raid1OneLegContractTest() {
        super("raid1", 0);
    }

    @Override
    protected ModuleTraits traits() {
        return over(1).mapping(block -> block).sized(blocks -> blocks);
    }
}
