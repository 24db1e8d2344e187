package io.cairn.module.raid.array;

import io.cairn.operations.ConfigEntry;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** What one array does otherwise than the options say; what is empty, it does as they say. See {@link Policies}. */
public record PartialPolicies(
        Optional<Long> startDegradedTimeoutSec, Optional<Long> spareDelaySec, Optional<Long> maxReadErrors) {
    /** Everything as the options say. */
    public static final PartialPolicies NONE =
            new PartialPolicies(Optional.empty(), Optional.empty(), Optional.empty());

    boolean isEmpty() {
        return equals(NONE);
    }

    /** Returns what holds where these are added to what holds in general. */
    public Policies over(Policies general) {
        return new Policies(
                startDegradedTimeoutSec.orElse(general.startDegradedTimeoutSec()),
                spareDelaySec.orElse(general.spareDelaySec()),
                maxReadErrors.orElse(general.maxReadErrors()));
    }

    ConfigEntry configuration(String array) {
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("name", array);
        startDegradedTimeoutSec.ifPresent(value -> params.put("start_degraded_timeout_sec", value));
        spareDelaySec.ifPresent(value -> params.put("spare_delay_sec", value));
        maxReadErrors.ifPresent(value -> params.put("max_read_errors", value));
        return new ConfigEntry("bdev_raid_set_policy", params);
    }
}
