package io.cairn.shell;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairn.bdev.Claim;
import io.cairn.bdev.ClaimType;
import io.cairn.shell.StackView.BdevView;
import io.cairn.shell.StackView.ExportView;
import java.util.List;
import org.junit.jupiter.api.Test;

class BdevTreeTest {
    private static BdevView bdev(String name, String module, String... bases) {
        return new BdevView(name, 1 << 20, 512, module, module, "ready", "", List.of(bases), List.of(), List.of());
    }

    private static BdevView claimed(String name, String module, String state, String by) {
        return new BdevView(
                name,
                1 << 20,
                512,
                module,
                module,
                state,
                "",
                List.of(),
                List.of(new Claim(ClaimType.EXCLUSIVE_WRITE, by, "x", 0)),
                List.of());
    }

    private static String draw(boolean fromTop, List<BdevView> bdevs, ExportView... exports) {
        return String.join("\n", BdevTree.lines(new StackView(bdevs, List.of(exports)), Style.PLAIN, fromTop));
    }

    @Test
    void drawsExportsAtTheTop() {
        List<BdevView> bdevs = List.of(
                claimed("disk", "aio", "ready", "passthru"), bdev("pass", "passthru", "disk"), bdev("ram", "malloc"));
        assertThat(draw(
                        true,
                        bdevs,
                        new ExportView("left", "pass", "live"),
                        new ExportView("later", "lost", "waiting")))
                .isEqualTo(
                        """
                        left  (NBD export)
                        └─ pass  1 MiB  passthru
                           └─ disk  1 MiB  aio  claimed by passthru (exclusive_write)
                        later  (NBD export, waiting)
                        └─ lost  (not there)
                        ram  1 MiB  malloc""");
        assertThat(draw(false, bdevs, new ExportView("left", "pass", "live")))
                .isEqualTo(
                        """
                        disk  1 MiB  aio  claimed by passthru (exclusive_write)
                        └─ pass  1 MiB  passthru
                           └─ left  (NBD export)
                        ram  1 MiB  malloc""");
    }

    @Test
    void drawsWhatIsSharedOnce() {
        List<BdevView> mirror = List.of(
                bdev("a", "null"), bdev("b", "null"), bdev("raid", "raid", "a", "b"), bdev("top", "passthru", "raid"));
        assertThat(draw(true, mirror))
                .isEqualTo(
                        """
                        top  1 MiB  passthru
                        └─ raid  1 MiB  raid
                           ├─ a  1 MiB  null
                           └─ b  1 MiB  null""");
        assertThat(draw(false, mirror))
                .isEqualTo(
                        """
                        a  1 MiB  null
                        └─ raid  1 MiB  raid
                           └─ top  1 MiB  passthru
                        b  1 MiB  null
                        └─ raid  (see above)""");
    }

    @Test
    void drawsEveryBdevEvenOfARing() {
        assertThat(draw(true, List.of(bdev("a", "x", "b"), bdev("b", "x", "a"))))
                .isEqualTo(
                        """
                        a  1 MiB  x
                        └─ b  1 MiB  x
                           └─ a  (see above)""");
    }

    @Test
    void saysThatABdevIsLeaving() {
        assertThat(draw(true, List.of(claimed("disk", "aio", "unregistering", "split"))))
                .endsWith("unregistering");
    }
}
