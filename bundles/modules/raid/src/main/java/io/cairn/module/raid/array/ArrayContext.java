package io.cairn.module.raid.array;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevState;
import io.cairn.bdev.spi.BdevHost;
import io.cairn.reactor.Reactor;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** What an array has around it: the core, the other arrays, the spares, the options. App thread. */
interface ArrayContext {
    BdevHost host();

    Options options();

    /** Returns what an array does by itself. */
    Policies policies(Definition array);

    /** Returns whether the module is on its way out: nothing is begun any more. */
    boolean isEnding();

    /** Returns what the module before this one has told of an array; empty if this is no upgrade, or it knew nothing. */
    Map<?, ?> handedOver(Definition array);

    /** An array is online with what it was handed over: that is used up, and said no more. */
    void tookOver(Definition array);

    /**
     * Refuses a bdev that another array holds by its superblock.
     *
     * @param force whether that array is to let go of it, if it is not in use
     * @return whether another array has let go of it
     * @throws io.cairn.bdev.BdevException EEXIST naming the array
     */
    boolean refuseForeign(Definition array, Bdev bdev, boolean force);

    /** A found array has no member left: it is forgotten until one is found again. */
    void drop(RaidArray array);

    /** Bdevs that an array had no place for may have one, now that it is online. */
    void lookAgain(List<UUID> bdevs);

    /** An array has ended: nobody finds it any more. */
    void forget(RaidArray array);

    /** Bdevs are free for others that wait for them. */
    void free(List<Bdev> bdevs);

    /** Returns the spares. */
    Spares spares();

    default Reactor app() {
        return host().reactors().app();
    }

    /** Returns whether a bdev is here to stay. */
    static boolean stays(Bdev bdev) {
        return bdev.state() == BdevState.REGISTERED || bdev.state() == BdevState.READY;
    }
}
