package io.cairn.example.readonly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.BdevException;
import io.cairn.bdev.IoType;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.testkit.SimDisk;
import io.cairn.bdev.testkit.TestChannel;
import io.cairn.bdev.testkit.TestCore;
import io.cairn.bdev.testkit.TestDescriptor;
import io.cairn.operations.OperationException;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ReadonlyModuleTest {
    private final TestCore core = TestCore.simulated(1, 2);
    private final ReadonlyModule module = new ReadonlyModule();

    @BeforeEach
    void start() {
        core.add(module);
    }

    @AfterEach
    void end() {
        core.assertNoViolations();
        core.close();
    }

    @Test
    void showsItsBaseAndCannotBeWritten() {
        SimDisk disk = core.disk("B", 512, 8);
        byte[] data = new byte[512];
        data[0] = 42;
        disk.medium().write(3, data);
        create("R", "B");
        try (TestDescriptor open = core.open("R", OpenMode.WRITE)) {
            TestChannel channel = open.channel(1);

            assertThat(channel.read(3, 1)).isEqualTo(data);
            channel.flush();
            assertThatThrownBy(() -> channel.write(3, data)).hasMessageContaining("WRITE");
            assertThatThrownBy(() -> channel.unmap(3, 1)).hasMessageContaining("UNMAP");
            assertThatThrownBy(() -> channel.writeZeroes(3, 1)).hasMessageContaining("WRITE_ZEROES");
            assertThatThrownBy(() -> channel.copy(4, 3, 1)).hasMessageContaining("COPY");
            assertThat(disk.given(IoType.WRITE)).isZero();
            assertThat(disk.given(IoType.READ)).isEqualTo(1);
        }
    }

    @Test
    void nobodyWritesToTheBaseButOthersMayLook() {
        core.disk("B", 512, 8);
        create("R", "B");
        create("S", "B");

        assertThat(core.find("S")).isPresent();
        core.open("B", OpenMode.READ).close();
        assertThatThrownBy(() -> core.open("B", OpenMode.WRITE))
                .isInstanceOf(BdevException.class)
                .hasMessageContaining("readonly");

        core.call("bdev_readonly_delete", Map.of("name", "R"));
        core.call("bdev_readonly_delete", Map.of("name", "S"));
        core.open("B", OpenMode.WRITE).close();
    }

    @Test
    void aBaseThatSomebodyWritesToIsNotTaken() {
        core.disk("B", 512, 8);
        try (TestDescriptor writer = core.open("B", OpenMode.WRITE)) {
            assertThatThrownBy(() -> create("R", "B"))
                    .isInstanceOf(OperationException.class)
                    .hasMessageContaining("B");
            assertThat(writer.isClosed()).isFalse();
        }
        assertThat(core.find("R")).isEmpty();
        assertThat(core.bdev("B").claims()).isEmpty();
        assertThat(module.configuration()).isEmpty();
    }

    @Test
    void goesWithItsBaseAndComesBackTheSame() {
        SimDisk disk = core.disk("B", 512, 8);
        create("R", "B");
        UUID uuid = core.bdev("R").uuid();
        assertThat(module.configuration().get(0).params())
                .containsExactly(
                        Map.entry("name", "R"), Map.entry("base_bdev_name", "B"), Map.entry("uuid", uuid.toString()));

        core.await(disk.remove());
        core.settle();
        assertThat(core.find("R")).isEmpty();

        core.disk("B", 512, 8);
        core.settle();
        assertThat(core.bdev("R").uuid()).isEqualTo(uuid);
    }

    @Test
    void refusesNamesThatAreTakenAndItself() {
        core.disk("B", 512, 8);

        assertThatThrownBy(() -> create("B", "missing")).hasMessageContaining("there is a bdev 'B' already");
        assertThatThrownBy(() -> create("R", "R")).hasMessageContaining("cannot be its own base");
        create("R", "missing");
        assertThatThrownBy(() -> create("R", "B")).hasMessageContaining("'R' exists");
        assertThatThrownBy(() -> core.call("bdev_readonly_delete", Map.of("name", "B")))
                .hasMessageContaining("B belongs to module");
        assertThat(core.bdev("B").claims()).isEmpty();
    }

    private void create(String name, String base) {
        core.call("bdev_readonly_create", Map.of("name", name, "base_bdev_name", base));
    }
}
