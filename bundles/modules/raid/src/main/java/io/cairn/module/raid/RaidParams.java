package io.cairn.module.raid;

import io.cairn.operations.Param;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;

/** The parameters of the module's operations. */
final class RaidParams {
    static final long MAX_U32 = 0xffff_ffffL;
    /** A time that nobody waits for: 31 years. */
    static final long MAX_SECONDS = 1_000_000_000;

    private RaidParams() {}

    /** Which arrays are wanted: SPDK's {@code bdev_raid_state}. */
    enum Category {
        ONLINE,
        CONFIGURING,
        OFFLINE,
        ALL;

        boolean includes(String state) {
            return this == ALL || name().toLowerCase(Locale.ROOT).equals(state);
        }
    }

    record Create(
            @Param("Name of the array, at most 63 bytes.") String name,
            @Param("raid0, raid1, raid5f or concat; or 0, 1, 5f.") String raidLevel,
            @Param(
                            value =
                                    "Name, alias or UUID of the member in each slot, at most 255; members may come later.",
                            names = Param.Names.BDEV)
                    List<String> baseBdevs,
            @Param(
                            value = "Strip size in KiB: 0 for raid1; else a power of two, not smaller than a block.",
                            defaultsTo = "0",
                            max = MAX_U32)
                    long stripSizeKb,
            @Param("The array's UUID. Without it a random one is made.") Optional<UUID> uuid,
            @Param(value = "Whether the array is described on its members and found there again.", defaultsTo = "false")
                    boolean superblock,
            @Param(
                            value =
                                    "Whether a superblock of another array on a member is wiped instead of the creation refused.",
                            defaultsTo = "false")
                    boolean force) {}

    record Delete(
            @Param(value = "Name of the array.", names = Param.Names.BDEV) String name,
            @Param(value = "Whether the superblocks are wiped; else the array is found again.", defaultsTo = "false")
                    boolean clearSb) {}

    record GetBdevs(@Param("Arrays in which state.") Category category) {}

    record AddBase(
            @Param(value = "Name of the array.", names = Param.Names.BDEV) String raidBdev,
            @Param(value = "Name, alias or UUID of the new member.", names = Param.Names.BDEV) String baseBdev) {}

    record RemoveBase(@Param(value = "Name, alias or UUID of the member.", names = Param.Names.BDEV) String name) {}

    record GrowBase(
            @Param(value = "Name of the raid1 array.", names = Param.Names.BDEV) String raidName,
            @Param(value = "Name, alias or UUID of the new leg.", names = Param.Names.BDEV) String baseName) {}

    record ReplaceBase(
            @Param(value = "Name of the array.", names = Param.Names.BDEV) String raidName,
            @Param(value = "Name, alias or UUID of the member that works.", names = Param.Names.BDEV) String baseName,
            @Param(value = "Name, alias or UUID of the bdev that is to take its place.", names = Param.Names.BDEV)
                    String newBaseName) {}

    /** What is absent stays as it is, as in SPDK. */
    record SetOptions(
            @Param(
                            value =
                                    "How much of each member a background process locks at a time, in KiB; 1024 at first. What is absent stays as it is.",
                            min = 1,
                            max = 1 << 20)
                    Optional<Long> processWindowSizeKb,
            @Param(value = "The most that a process writes, in MiB per second; 0, at first: no limit.", max = MAX_U32)
                    Optional<Long> processMaxBandwidthMbSec,
            @Param(
                            value =
                                    "How long an array that could serve waits for members that are missing, in seconds, before it"
                                            + " starts without them; 0, at first: for ever.",
                            max = MAX_SECONDS)
                    Optional<Long> startDegradedTimeoutSec,
            @Param(
                            value =
                                    "How long a member is away, in seconds, before a spare takes its place; 60 at first.",
                            max = MAX_SECONDS)
                    Optional<Long> spareDelaySec,
            @Param("How many read errors of a member are repaired before it is failed; 20 at first; 0: any number.")
                    Optional<Long> maxReadErrors) {}

    record SetPolicy(
            @Param(value = "Name or UUID of the array.", names = Param.Names.BDEV) String name,
            @Param(value = "As in bdev_raid_set_options, for this array; absent: as it says there.", max = MAX_SECONDS)
                    Optional<Long> startDegradedTimeoutSec,
            @Param(value = "As in bdev_raid_set_options, for this array; absent: as it says there.", max = MAX_SECONDS)
                    Optional<Long> spareDelaySec,
            @Param("As in bdev_raid_set_options, for this array; absent: as it says there.")
                    Optional<Long> maxReadErrors) {}

    record ReserveName(
            @Param(value = "The name.", names = Param.Names.BDEV) String name,
            @Param("The UUID of the array, which need not be here. Without it: for nobody any more.")
                    Optional<UUID> uuid) {}

    record AddSpare(
            @Param(value = "Name, alias or UUID of the spare; it may come later.", names = Param.Names.BDEV)
                    String baseBdev,
            @Param(
                            value = "The array that it is for, which may come later. Without it: for all.",
                            names = Param.Names.BDEV)
                    Optional<String> raidBdev) {}

    record RemoveSpare(
            @Param(value = "Name of the spare, as it was given.", names = Param.Names.BDEV) String baseBdev) {}

    record StartScrub(
            @Param(value = "Name of the array.", names = Param.Names.BDEV) String name,
            @Param(value = "Whether differences are repaired, not only counted.", defaultsTo = "false")
                    boolean repair) {}

    record Named(@Param(value = "Name of the array.", names = Param.Names.BDEV) String name) {}
}
