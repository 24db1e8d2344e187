package io.cairn.shell;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** How well arrays and their members are, of what {@code bdev_raid_get_bdevs} answers. */
final class ArrayHealth {
    private ArrayHealth() {}

    /**
     * Returns what there is to say, in a few words, by the name of the bdev: of an array, always how well it is; of a member, if it is not in sync or
     * has had errors.
     */
    static Map<String, String> of(Object arrays) {
        Map<String, String> words = new HashMap<>();
        for (Map<?, ?> array : PlainMaps.of(arrays)) {
            words.put(text(array, "name"), text(array, "health"));
            for (Map<?, ?> member : PlainMaps.of(array.get("base_bdevs_list"))) {
                String said = member(member, text(array, "name"));
                if (!said.isEmpty()) {
                    words.put(text(member, "name"), said);
                }
            }
        }
        return words;
    }

    private static String member(Map<?, ?> member, String array) {
        List<String> words = new ArrayList<>();
        String role = text(member, "role");
        if (!role.equals("in_sync")) {
            words.add(role + " in " + array);
        }
        add(words, member, "read_errors", "read error", "read errors");
        add(words, member, "repaired", "repaired", "repaired");
        add(words, member, "write_errors", "write error", "write errors");
        return String.join(", ", words);
    }

    private static void add(List<String> words, Map<?, ?> member, String key, String one, String many) {
        if (member.get(key) instanceof Number count && count.longValue() > 0) {
            words.add(count + " " + (count.longValue() == 1 ? one : many));
        }
    }

    private static String text(Map<?, ?> map, String key) {
        return Objects.toString(map.get(key), "");
    }
}
