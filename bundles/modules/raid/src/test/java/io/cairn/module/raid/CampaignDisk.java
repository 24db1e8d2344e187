package io.cairn.module.raid;

import io.cairn.bdev.testkit.SimDisk;
import io.cairn.bdev.testkit.SimMedium;
import io.cairn.bdev.testkit.SimSettings;
import io.cairn.bdev.testkit.TestCore;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A disk that is or was in the array of a {@link RaidCampaign}, or may be. It outlives the processes that use it. */
final class CampaignDisk {
    private final SimMedium medium;
    private SimSettings settings;
    /** Null while it is pulled out. */
    private SimDisk disk;

    CampaignDisk(SimSettings settings) {
        this.settings = settings;
        this.medium = new SimMedium(settings.blockSize());
    }

    String name() {
        return settings.name();
    }

    SimMedium medium() {
        return medium;
    }

    SimDisk disk() {
        return disk;
    }

    boolean isHere() {
        return disk != null;
    }

    void plugInto(TestCore core) {
        disk = core.disk(settings, medium);
    }

    /** Takes the disk out in an orderly way, or pulls it out under its I/O. */
    CompletionStage<Void> unplug(boolean orderly) {
        SimDisk out = disk;
        disk = null;
        return orderly ? out.remove() : out.yank();
    }

    /** The process that used it is gone. */
    void forgotten() {
        disk = null;
    }

    /** Becomes larger, now or, if it is pulled out, when it is back. */
    CompletionStage<Void> grow(long blocks) {
        settings = settings.withBlocks(settings.numBlocks() + blocks);
        return isHere() ? disk.resize(settings.numBlocks()) : CompletableFuture.completedFuture(null);
    }
}
