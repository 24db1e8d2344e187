package io.cairn.module.raid.array;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.IoStatus;
import io.cairn.bdev.IoType;
import io.cairn.reactor.Errno;
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

    @Test
    void countsOnlyWhatWasTheMembersFault() {
        MemberHealth health = new MemberHealth();
        health.failed(IoType.READ, IoStatus.NO_DEVICE);
        health.failed(IoType.READ, IoStatus.ABORTED);
        health.failed(IoType.WRITE, IoStatus.errno(Errno.ENODEV));
        assertThat(health.words()).isEmpty();
        health.failed(IoType.READ, IoStatus.nvme(2, 0x81));
        health.failed(IoType.WRITE, IoStatus.FAILED);
        assertThat(health.words()).isEqualTo("1 read error and 1 write error");
    }
}
