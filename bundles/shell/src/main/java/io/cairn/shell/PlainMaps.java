package io.cairn.shell;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The objects of a list that an operation has answered. */
final class PlainMaps {
    private PlainMaps() {}

    static List<Map<?, ?>> of(Object list) {
        List<Map<?, ?>> maps = new ArrayList<>();
        if (list instanceof List<?> elements) {
            for (Object element : elements) {
                if (element instanceof Map<?, ?> map) {
                    maps.add(map);
                }
            }
        }
        return maps;
    }
}
