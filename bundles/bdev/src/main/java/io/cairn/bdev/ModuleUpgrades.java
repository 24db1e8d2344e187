package io.cairn.bdev;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Exchanges a module under running I/O: holds its bdevs while somebody ends the module and brings the next one of its name. From any
 * thread; stages complete on the app thread.
 */
@ProviderType
public interface ModuleUpgrades {
    /** How long bdevs are held if nobody says otherwise. */
    Duration LONGEST_HOLD = Duration.ofSeconds(10);

    /**
     * Holds all bdevs of a module: new I/O on them lines up, what is under way ends, their backends are taken down; names, handles,
     * descriptors, channels and claims on them stay. The module may be ended then without them being removed. While an
     * upgrade of the module lasts, this holds again what the new module has taken over, and the upgrade's time goes on.
     *
     * @param module the module's name
     * @param longest how long they are held at most, from now on; they are removed then. I/O under way may take half of it to end
     * @return completes when they are held. Fails with {@link BdevException}: ENODEV no such module, or one that has been
     *     parted from its bdevs already and has not been ended; EBUSY it is being held or leaves; ETIMEDOUT I/O under way does not end (on which bdev), and everything goes on as before; EIO the module failed to
     *     hand over, and its bdevs are removed
     */
    CompletionStage<Hold> hold(String module, Duration longest);

    /** Bdevs that are held. */
    @ProviderType
    interface Hold {
        /** Returns the module's name. */
        String module();

        /**
         * Completes when the new module's stored configuration has been replayed and what it registered has been taken over or
         * refused, when it has failed to start, or when nothing is held any more.
         */
        CompletionStage<Report> settled();

        /**
         * Completes when the new module is here and nothing is held any more (taken over, or removed), or when the time is up and what was
         * held is removed.
         */
        CompletionStage<Report> over();

        /**
         * Removes what is still held, as a hot-remove.
         *
         * @param why for the log and the report, for bdevs of which nothing better is known
         * @return completes when it is gone
         */
        CompletionStage<Report> giveUp(String why);
    }

    /**
     * What has become of the bdevs.
     *
     * @param module the module's name
     * @param adopted the bdevs that the new module serves
     * @param held the bdevs that are still held, and why if that is known ("" otherwise)
     * @param removed the bdevs that were removed, and why
     * @param failure why the new module has not started, if it has not
     * @param longestPause how long I/O on one of the adopted bdevs was held at most
     */
    record Report(
            String module,
            List<String> adopted,
            Map<String, String> held,
            Map<String, String> removed,
            Optional<String> failure,
            Duration longestPause) {}
}
