package io.cairn.module.raid.array;

import io.cairn.module.raid.format.MemberState;
import io.cairn.module.raid.level.MemberRole;
import io.cairn.operations.ConfigEntry;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What is shown of arrays: SPDK's keys first, in its order, then our own. App thread. */
public final class ArrayInfo {
    private ArrayInfo() {}

    /** Returns an element of {@code bdev_raid_get_bdevs}: SPDK repeats the uuid, which a JSON object cannot. */
    public static Map<String, Object> listed(RaidArray array) {
        Map<String, Object> info = new LinkedHashMap<>();
        info.put("name", array.name());
        info.putAll(describe(array));
        return info;
    }

    /** Returns SPDK's {@code raid} object. */
    static Map<String, Object> describe(RaidArray array) {
        Slots slots = array.slots();
        Map<String, Object> info = new LinkedHashMap<>();
        info.put("uuid", array.uuid().toString());
        info.put("strip_size_kb", array.definition().stripKb());
        info.put("state", array.state().toString());
        info.put("raid_level", array.definition().level().toString());
        info.put("superblock", array.definition().superblock());
        info.put("num_base_bdevs", slots.count());
        info.put("num_base_bdevs_discovered", slots.count(slot -> slot.isInSync() && slot.member() != null));
        info.put("num_base_bdevs_operational", slots.expected());
        Optional<Upkeep> upkeep = Optional.ofNullable(array.service()).flatMap(Service::upkeep);
        Optional<Map<String, Object>> process =
                upkeep.flatMap(kept -> kept.background().describe());
        process.ifPresent(running -> info.put("process", running));
        List<Map<String, Object>> bases = new ArrayList<>();
        for (Slot slot : slots.all()) {
            bases.add(base(array, slot));
        }
        info.put("base_bdevs_list", bases);
        info.put("health", health(array));
        upkeep.ifPresent(kept -> info.put("unsynced_rows", kept.intents().unsyncedRows()));
        upkeep.filter(kept -> !kept.lost().isEmpty())
                .ifPresent(kept -> info.put("lost_rows", kept.lost().rows()));
        upkeep.flatMap(kept -> kept.background().describeScrub()).ifPresent(scrub -> info.put("last_scrub", scrub));
        if (array.isPaused()) {
            info.put("paused", true);
        }
        return info;
    }

    private static Map<String, Object> base(RaidArray array, Slot slot) {
        Map<String, Object> info = new LinkedHashMap<>();
        boolean there = slot.member() != null;
        info.put("name", there ? slot.member().bdev().name() : slot.name());
        info.put("uuid", (there ? slot.uuid() : Slot.NOBODY).toString());
        info.put("is_configured", slot.isInSync());
        info.put("data_offset", slot.extent().dataOffset());
        info.put("data_size", slot.extent().dataBlocks());
        info.put("role", role(array, slot));
        if (!there && !slot.uuid().equals(Slot.NOBODY)) {
            // SPDK forgets who belongs in an empty slot; whoever looks for the lost disk wants to know
            info.put("expected_uuid", slot.uuid().toString());
        }
        array.slots().replacementOf(slot).ifPresent(next -> info.put("replaced_by", next.name()));
        info.put("read_errors", slot.health().readErrors());
        info.put("write_errors", slot.health().writeErrors());
        info.put("repaired", slot.health().repaired());
        return info;
    }

    private static String role(RaidArray array, Slot slot) {
        if (slot.member() == null) {
            return slot.state() == MemberState.FAILED ? "failed" : "missing";
        }
        if (array.service() == null) {
            return slot.isInSync() ? "present" : "waiting";
        }
        return slot.role() == MemberRole.IN_SYNC
                ? "in_sync"
                : slot.role() == MemberRole.TARGET ? "rebuilding" : "waiting";
    }

    /**
     * Says how well an array is: {@code optimal}; {@code resyncing} while all members are in and may differ on some rows, where the loss of one may be the
     * loss of what was written last; {@code degraded}; {@code rebuilding}; {@code configuring}, or {@code failed} where it does not serve any more.
     */
    public static String health(RaidArray array) {
        if (array.service() == null) {
            return array.state() == ArrayState.CONFIGURING ? "configuring" : "failed";
        }
        if (array.slots().isComplete() && array.isChanging()) {
            // not every reactor uses its members yet: a loss now would be one too many
            return "rebuilding";
        }
        if (array.slots().isComplete()) {
            return array.service()
                            .upkeep()
                            .filter(kept -> kept.intents().unsyncedRows() > 0)
                            .isEmpty()
                    ? "optimal"
                    : "resyncing";
        }
        return array.slots().withRole(MemberRole.TARGET).isEmpty() ? "degraded" : "rebuilding";
    }

    /** Returns the call that makes an array again. */
    static ConfigEntry creation(RaidArray array) {
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("name", array.name());
        params.put("uuid", array.uuid().toString());
        if (array.definition().stripKb() != 0) {
            params.put("strip_size_kb", array.definition().stripKb());
        }
        params.put("raid_level", array.definition().level().toString().toLowerCase(Locale.ROOT));
        params.put("superblock", array.definition().superblock());
        List<String> bases = new ArrayList<>();
        for (Slot slot : array.slots().all()) {
            // who was failed or removed must not be taken for a member that has everything when the array is made again
            bases.add(
                    slot.name() == null || slot.state() != MemberState.CONFIGURED
                            ? Definition.removed(slot.index())
                            : slot.name());
        }
        params.put("base_bdevs", bases);
        return new ConfigEntry("bdev_raid_create", params);
    }
}
