package io.cairn.module.raid.array;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MemberHealthTest {
    @Test
    void saysWhatHasGoneWrong() {
        MemberHealth health = new MemberHealth();
        assertThat(health.words()).isEmpty();
        health.writeError();
        assertThat(health.words()).isEqualTo("1 write error");
        health.readError(false);
        assertThat(health.words()).isEqualTo("1 read error and 1 write error");
        health.add(2, 1, 2);
        assertThat(health.words()).isEqualTo("3 read errors (2 repaired) and 2 write errors");
        health.reset();
        assertThat(health.words()).isEmpty();
    }
}
