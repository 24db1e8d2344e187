package io.cairn.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.shell.perf.PerfCounts;
import io.cairn.shell.perf.PerfOptions;
import io.cairn.shell.perf.Workload;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PerfProgressTest {
    @Test
    void drawsABar() {
        assertThat(PerfProgress.line(5000, 10_000, 41_500_000, PerfCounts.NONE))
                .isEqualTo("[###############...............]   5.0 s of 10.0 s  41.50 M IOPS");
        assertThat(PerfProgress.line(12_000, 10_000, 5, PerfCounts.NONE)).contains("[##############################]");
        assertThat(PerfProgress.line(12_000, 10_000, 5, new PerfCounts(1, 1, 77)))
                .isEqualTo("reading again what was written: 77 checked");
    }

    @Test
    void takesItsDefaultsFromWhatHelpSays() {
        PerfOptions options = PerfCommand.options(Map.of("bdev", "x"), 4);

        assertThat(options)
                .isEqualTo(new PerfOptions(
                        Workload.RANDREAD, 4096, 32, Duration.ofSeconds(10), 70, false, false, false, List.of(3)));
    }

    @Test
    void choosesReactors() {
        assertThat(PerfCommand.options(Map.of("reactors", "2"), 4).reactors()).containsExactly(3, 2);
        assertThat(PerfCommand.options(Map.of("reactors", "0,2"), 4).reactors()).containsExactly(0, 2);
        assertThat(PerfCommand.options(Map.of("reactors", "1,"), 4).reactors()).containsExactly(1);
        for (String wrong : List.of("0", "5", "4,", "x", "1,1", ",")) {
            assertThatThrownBy(() -> PerfCommand.options(Map.of("reactors", wrong), 4))
                    .isInstanceOf(UsageException.class);
        }
    }
}
