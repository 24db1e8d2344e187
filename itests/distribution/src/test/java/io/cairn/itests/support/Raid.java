package io.cairn.itests.support;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** What tests do with an array of bdevs, and what they ask of it. */
public final class Raid {
    private static final Duration LIMIT = Duration.ofSeconds(40);

    private final RpcClient rpc;
    private final String name;

    /** An array that is there, or is to be created. */
    public Raid(RpcClient rpc, String name) {
        this.rpc = rpc;
        this.name = name;
    }

    /** The parameters of its creation with a superblock. */
    public static Map<String, Object> creation(String name, String level, int stripKib, List<String> bases) {
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("name", name);
        params.put("raid_level", level);
        params.put("strip_size_kb", stripKib);
        params.put("superblock", true);
        params.put("base_bdevs", bases);
        return params;
    }

    /** Its entry in the list of arrays; empty if it is not there. */
    public Optional<JsonNode> find() {
        for (JsonNode each : rpc.call("bdev_raid_get_bdevs", Map.of("category", "all"))) {
            if (each.path("name").asString().equals(name)) {
                return Optional.of(each);
            }
        }
        return Optional.empty();
    }

    /** Its entry in the list of arrays. */
    public JsonNode info() {
        return find().orElseThrow(() -> new AssertionError("no array " + name));
    }

    /** One of its slots. */
    public JsonNode slot(int index) {
        return info().path("base_bdevs_list").path(index);
    }

    /** Waits until it says that it is so well. */
    public void awaitHealth(String health) {
        try {
            Await.untilTrue(health + " array " + name, LIMIT, () -> find().map(
                            info -> info.path("health").asString())
                    .filter(health::equals)
                    .isPresent());
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + ": " + find(), e);
        }
    }

    /** Waits until a process of this type runs, and has done a share of its work; returns what is told of it. */
    public JsonNode awaitProcess(String type, int percent) {
        return Await.until(type + " of " + name, LIMIT, () -> find().map(info -> info.path("process"))
                .filter(process -> process.path("type").asString().equals(type))
                .filter(process -> process.path("progress").path("percent").asInt() >= percent));
    }

    /** Waits until nothing runs in the background. */
    public void awaitRest() {
        Await.untilTrue("end of the processes of " + name, LIMIT, () -> find().filter(info -> !info.has("process"))
                .isPresent());
    }

    /** Compares all members, to the end; returns how many blocks differed. */
    public long scrub(boolean repair) {
        String before = lastScrub().path("ended").asString();
        rpc.call("bdev_raid_start_scrub", Map.of("name", name, "repair", repair));
        JsonNode scrub = Await.until("end of the scrub of " + name, LIMIT, () -> Optional.of(lastScrub())
                .filter(last ->
                        last.has("ended") && !last.path("ended").asString().equals(before)));
        return scrub.path("mismatches").asLong();
    }

    private JsonNode lastScrub() {
        return info().path("last_scrub");
    }

    /** What has been told of it since a notification, oldest first: type, and detail if there is one. */
    public List<String> told(long since) {
        List<String> told = new ArrayList<>();
        for (JsonNode each : rpc.call("notify_get_notifications", Map.of("id", since))) {
            if (each.path("ctx").asString().equals(name)) {
                String detail = each.path("detail").asString("");
                told.add(each.path("type").asString() + (detail.isEmpty() ? "" : ": " + detail));
            }
        }
        return told;
    }

    /** The id that the next notification will have. */
    public static long nextNotification(RpcClient rpc) {
        long next = 0;
        for (JsonNode each : rpc.call("notify_get_notifications")) {
            next = each.path("id").asLong() + 1;
        }
        return next;
    }
}
