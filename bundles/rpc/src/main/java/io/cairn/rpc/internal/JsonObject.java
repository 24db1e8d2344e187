package io.cairn.rpc.internal;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A JSON object as it was sent: its members in order, and whether a name was said twice, which a plain map would hide. */
final class JsonObject {
    private final Map<String, Object> members = new LinkedHashMap<>();
    private String duplicate;
    private String innerDuplicate;

    void add(String name, Object value) {
        if (members.containsKey(name) && duplicate == null) {
            duplicate = name;
        }
        members.put(name, value);
    }

    void noteInner(String path) {
        if (innerDuplicate == null) {
            innerDuplicate = path;
        }
    }

    Map<String, Object> members() {
        return Collections.unmodifiableMap(members);
    }

    /** Returns a name that this object says twice. */
    Optional<String> duplicate() {
        return Optional.ofNullable(duplicate);
    }

    /** Returns a name that this object or one inside it says twice. */
    Optional<String> anyDuplicate() {
        return duplicate().or(() -> Optional.ofNullable(innerDuplicate));
    }

    /** Returns this as plain maps and lists all the way down. */
    Map<String, Object> plain() {
        Map<String, Object> plain = new LinkedHashMap<>();
        members.forEach((name, value) -> plain.put(name, plain(value)));
        return plain;
    }

    private static Object plain(Object value) {
        if (value instanceof JsonObject object) {
            return object.plain();
        }
        if (value instanceof Iterable<?> list) {
            List<Object> plain = new ArrayList<>();
            list.forEach(element -> plain.add(plain(element)));
            return plain;
        }
        return value;
    }
}
