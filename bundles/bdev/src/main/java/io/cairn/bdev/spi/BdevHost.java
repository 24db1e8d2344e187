package io.cairn.bdev.spi;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.BdevEventListener;
import io.cairn.bdev.NotificationType;
import io.cairn.bdev.OpenMode;
import io.cairn.reactor.Reactors;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ProviderType;

/** The core as one module sees it. Everything but {@link #reactors()} is for the app thread. */
@ProviderType
public interface BdevHost {
    /** Returns the process's reactors. */
    Reactors reactors();

    /** Finds a bdev by name, alias or UUID; also one that is on its way out. */
    Optional<Bdev> find(String name);

    /**
     * Waits until no module is examining a bdev: a creation on top of it must not race a probe that is still reading what is on
     * it. Completes at once if there is no such bdev.
     */
    CompletionStage<Void> settled(String name);

    /**
     * Returns whether the module's stored configuration is being replayed: a creation that is called now is one that a user has
     * asked for before. From the end of {@link BdevModule#init} until the last stored entry is answered.
     */
    boolean isReplaying();

    /**
     * Keeps names for bdevs that this module will register when their base is there: nobody else's bdev gets them until then, so
     * that no order of arrival gives a name to another disk.
     *
     * @param holder what they are kept for, for messages
     * @throws io.cairn.bdev.BdevException EINVAL no bdev can have such a name; EEXIST another module's bdev has one, or it is kept
     *     for something else (for what); nothing is kept then
     */
    Reservation reserve(List<String> names, String holder);

    /** Names that are kept. */
    @FunctionalInterface
    interface Reservation {
        /** Gives the names back; bdevs that are registered under them keep them. App thread; twice is harmless. */
        void release();

        /**
         * Says why the bdevs are not there, for those who ask ({@code bdev_why}). App thread. Default: keeps nothing.
         *
         * @param baseName the base that they are built on
         * @param why what kept them from being built when that was tried last; empty if nothing but the base's absence
         */
        default void waiting(String baseName, String why) {}

        /**
         * Says which bdevs those that the names are kept for lack: asked for one of them that is not here, {@code bdev_why} names who
         * would take it. Replaces what was said before. App thread. Default: keeps nothing.
         *
         * @param baseNames names, or UUIDs of bdevs whose names are not known
         */
        default void lacks(List<String> baseNames) {}
    }

    /**
     * Registers a bdev. Its name is taken when this returns, or nothing has happened.
     *
     * @return completes when the first wave of examine of the bdev is over: answer a creation then
     * @throws io.cairn.bdev.BdevException EEXIST a name, alias or UUID is taken (by what), EINVAL the spec makes no sense
     */
    CompletionStage<Bdev> register(BdevSpec spec, BdevBackend backend);

    /**
     * Removes one of this module's bdevs: hot-remove as seen by everybody above.
     *
     * @return completes when it is gone; also if it is on its way out already
     */
    CompletionStage<Void> unregister(Bdev bdev);

    /**
     * Removes this module's bdev of a name on a user's request (the delete operation).
     *
     * @throws io.cairn.bdev.BdevException ENODEV no such bdev, or another module's (and whose); EBUSY on its way out already
     */
    CompletionStage<Void> delete(String name);

    /**
     * Returns whether a bdev is another one, or stands on it, directly or through others, by the claims that are held now: whatever is
     * built on the lower one cannot have the upper one as a base.
     */
    boolean isBuiltOn(Bdev upper, Bdev lower);

    /**
     * Opens a bdev; the descriptor belongs to the app thread.
     *
     * @param holder for messages: usually the name of the bdev that is built on it
     * @throws io.cairn.bdev.BdevException ENODEV no such bdev; EPERM a claim forbids it (whose); EINVAL this module's bdev that the
     *     holder names is that bdev, or below it: it would be its own base (by which way)
     */
    BdevDescriptor open(String name, OpenMode mode, String holder, BdevEventListener listener);

    /**
     * Claims a bdev exclusively for this module (v1), and makes the descriptor writable.
     *
     * @param claimName what for: usually the name of the bdev that is built on it
     * @throws io.cairn.bdev.BdevException EPERM naming holder, kind and claim that stand against it, or who
     *     has the bdev open for writing; EBUSY while another module is examining it; EINVAL as {@link #open}
     */
    void claimExclusive(BdevDescriptor descriptor, String claimName);

    /** Releases this module's exclusive claim of a bdev. */
    void releaseExclusive(Bdev bdev);

    /**
     * Returns what the module before this one has handed over, see {@link BdevModule#handOver}; empty if this is no upgrade. What the
     * module removes from it is its own; the rest is kept for a module that may have to be brought back instead, and when
     * the upgrade is over its {@code IoBuffer}s are freed.
     */
    Map<String, Object> handedOver();

    /**
     * Changes the size of one of this module's bdevs, and tells every descriptor.
     *
     * @throws io.cairn.bdev.BdevException EBUSY to shrink a bdev that is open; EINVAL a size below 1
     */
    void resize(Bdev bdev, long numBlocks);

    /**
     * Says what one of this module's bdevs is built on from now on; registration said it first. For bdevs that live on when a base
     * goes, comes or is exchanged: to those who ask what stands on what ({@code bdev_why}, {@code bdev_get_claims}), and to an upgrade of a base's
     * module, which holds what stands on it first. Default: it stays as registered.
     *
     * @param bdev one of this module's
     * @param baseNames the bdevs that it holds now, in the module's order
     */
    default void rebase(Bdev bdev, List<String> baseNames) {}

    /**
     * Tells those who follow notifications what has happened to one of this module's bdevs. Nothing is told of a bdev that is not
     * ready yet, or not any more. Default: nobody is told.
     *
     * @param type what; not one of those that the core tells by itself
     * @param detail what exactly, for people
     */
    default void announce(Bdev bdev, NotificationType type, String detail) {}

    /**
     * Says why this module has not taken a bdev that it has looked at, for those who ask ({@code bdev_why}): the bdev has something
     * of the module's on it that cannot be used. Replaces what the module said of the bdev before. Kept until the bdev
     * or the module is gone, and not told while the module has a claim on the bdev: a claim that is given back, because what it was made for was refused,
     * changes nothing of what is on the bdev. A module that has taken the bdev takes it back. Default: keeps nothing.
     *
     * @param bdev anybody's
     * @param why the cause, without the bdev's and the module's name; empty: there is none any more
     */
    default void passedOver(Bdev bdev, String why) {}
}
