package io.cairn.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SizesTest {
    @ParameterizedTest
    @CsvSource({"0,0", "512,512", "4k,4096", "4K,4096", "4KiB,4096", "3M,3145728", "1g,1073741824", "2T,2199023255552"})
    void readsSizes(String text, long bytes) {
        assertThat(Sizes.parse(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "k", "iB", "4iB", "4kB", "1.5G", "4 k", "-", "0x10"})
    void refusesOtherTexts(String text) {
        assertThatThrownBy(() -> Sizes.parse(text)).isInstanceOf(NumberFormatException.class);
    }

    @ParameterizedTest
    @CsvSource({"0,0 B", "1023,1023 B", "1024,1 KiB", "1536,1.5 KiB", "67108864,64 MiB", "1099511627776,1 TiB"})
    void writesSizes(long bytes, String text) {
        assertThat(Sizes.show(bytes)).isEqualTo(text);
    }

    @Test
    void readsAndWritesTimes() {
        assertThat(Durations.parse("10")).isEqualTo(Duration.ofSeconds(10));
        assertThat(Durations.parse("250ms")).isEqualTo(Duration.ofMillis(250));
        assertThat(Durations.parse("2m")).isEqualTo(Duration.ofMinutes(2));
        assertThatThrownBy(() -> Durations.parse("soon")).isInstanceOf(UsageException.class);
        assertThat(Durations.show(999)).isEqualTo("999 ns");
        assertThat(Durations.show(1500)).isEqualTo("1.5 µs");
        assertThat(Durations.show(2_500_000_000L)).isEqualTo("2.5 s");
    }
}
