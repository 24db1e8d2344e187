package io.cairn.shell;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ResultTextTest {
    private static Map<String, Object> map(Object... keysAndValues) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            map.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return map;
    }

    private static List<String> text(Object result) {
        return ResultText.of(result, Style.PLAIN);
    }

    @Test
    void successIsSilentAndANameIsPlain() {
        assertThat(text(true)).isEmpty();
        assertThat(text(null)).isEmpty();
        assertThat(text(false)).containsExactly("false");
        assertThat(text("Null0")).containsExactly("Null0");
        assertThat(text(3L)).containsExactly("3");
        assertThat(text(List.of("a", "b"))).containsExactly("a", "b");
        assertThat(text(List.of())).isEmpty();
    }

    @Test
    void flatObjectsAreATable() {
        assertThat(text(List.of(map("name", "a", "size", 5L), map("name", "longer", "size", 1234L, "more", true))))
                .containsExactly("name    size  more", "a          5", "longer  1234  true");
    }

    @Test
    void theRestIsJson() {
        assertThat(text(map("a", List.of(1L)))).containsExactly("{", "  \"a\": [", "    1", "  ]", "}");
        assertThat(text(List.of(map("a", map()))).get(0)).isEqualTo("[");
    }
}
