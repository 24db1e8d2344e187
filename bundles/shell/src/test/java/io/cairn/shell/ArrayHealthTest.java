package io.cairn.shell;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ArrayHealthTest {
    private static Map<String, Object> member(String name, String role, long reads, long repaired, long writes) {
        return Map.of("name", name, "role", role, "read_errors", reads, "repaired", repaired, "write_errors", writes);
    }

    @Test
    void saysHowAnArrayIsAndWhatIsWrongWithItsMembers() {
        Map<String, Object> array = Map.of(
                "name",
                "Raid0",
                "health",
                "rebuilding",
                "base_bdevs_list",
                List.of(
                        member("well", "in_sync", 0, 0, 0),
                        member("sick", "in_sync", 3, 2, 1),
                        member("new", "rebuilding", 0, 0, 0)));

        assertThat(ArrayHealth.of(List.of(array)))
                .containsOnly(
                        Map.entry("Raid0", "rebuilding"),
                        Map.entry("sick", "3 read errors, 2 repaired, 1 write error"),
                        Map.entry("new", "rebuilding in Raid0"));
    }

    @Test
    void saysNothingOfWhatIsNoArray() {
        assertThat(ArrayHealth.of(List.of())).isEmpty();
        assertThat(ArrayHealth.of(null)).isEmpty();
    }
}
