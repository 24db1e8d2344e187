package io.cairn.deployer;

import io.cairn.bdev.ModuleUpgrades.Report;
import java.util.LinkedHashMap;
import java.util.Map;
import org.osgi.framework.Version;

/** How an upgrade ended. */
enum Outcome {
    /** The new content serves. */
    UPGRADED,
    /** The new content could not, and the old one serves again; no bdev was removed. */
    ROLLED_BACK,
    /** Bdevs were removed: neither could serve them, or the module could not be parted from them. */
    REMOVED;

    private static final String RUNS = "runs";
    private static final String NEW = "new";

    /** Returns whether the bundle has the new content, by what was told. */
    static boolean runsNew(Map<String, Object> told) {
        return NEW.equals(told.get(RUNS));
    }

    /**
     * Tells it as plain values.
     *
     * @param runsNew whether the bundle has the new content now
     */
    Map<String, Object> tell(Version from, Version to, boolean runsNew, Report report, String reason) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("module", report.module());
        all.put("from_version", from.toString());
        all.put("to_version", to.toString());
        all.put("outcome", name().toLowerCase(java.util.Locale.ROOT));
        all.put(RUNS, runsNew ? NEW : "old");
        if (!reason.isEmpty()) {
            all.put("reason", reason);
        }
        all.put("bdevs", report.adopted());
        if (!report.removed().isEmpty()) {
            all.put("removed", report.removed());
        }
        all.put("longest_pause_ms", report.longestPause().toMillis());
        return all;
    }
}
