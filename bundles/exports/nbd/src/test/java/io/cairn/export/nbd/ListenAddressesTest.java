package io.cairn.export.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** How addresses are written. */
class ListenAddressesTest {
    @Test
    void portsAndPaths() {
        assertThat(ListenAddresses.parse("127.0.0.1:0, /run/nbd.sock,[::1]:10809").stream()
                        .map(ListenAddresses::format))
                .containsExactly("127.0.0.1:0", "/run/nbd.sock", "[0:0:0:0:0:0:0:1]:10809");
    }

    @Test
    void whatIsNoAddressIsNamed() {
        for (String bad : new String[] {"", "nonsense", "127.0.0.1:x", "127.0.0.1:70000", ":1", "::1:5", "a,,b:1"}) {
            assertThatThrownBy(() -> ListenAddresses.parse(bad))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("NBD address");
        }
    }

    @Test
    void formatsAsItParses() {
        for (String good : new String[] {"127.0.0.1:10809", "[0:0:0:0:0:0:0:1]:1", "/tmp/x"}) {
            assertThat(ListenAddresses.format(ListenAddresses.parse(good).get(0)))
                    .isEqualTo(good);
        }
    }

    @Test
    void onlyLoopbackAndFilesAreLocal() {
        assertThat(ListenAddresses.isLocal(
                        ListenAddresses.parse(ListenAddresses.DEFAULT).get(0)))
                .isTrue();
        assertThat(ListenAddresses.isLocal(ListenAddresses.parse("/tmp/x").get(0)))
                .isTrue();
        assertThat(ListenAddresses.isLocal(ListenAddresses.parse("0.0.0.0:1").get(0)))
                .isFalse();
    }
}
