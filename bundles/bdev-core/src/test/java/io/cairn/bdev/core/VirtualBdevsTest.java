package io.cairn.bdev.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.Bdev;
import io.cairn.bdev.BdevChannel;
import io.cairn.bdev.BdevDescriptor;
import io.cairn.bdev.OpenMode;
import io.cairn.bdev.spi.BackendChannel;
import io.cairn.bdev.spi.BdevSpec;
import io.cairn.bdev.spi.ForwardingChannel;
import io.cairn.bdev.spi.VirtualBdev;
import io.cairn.bdev.spi.VirtualBdevs;
import io.cairn.bdev.spi.VirtualDefinition;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** What a virtual module without one of its classes, such as a bad new version, leaves of a base: nothing. */
class VirtualBdevsTest {
    private final CoreFixture core = new CoreFixture(3);
    private final CoreBdev base = (CoreBdev) core.module("phys").register(new TestModule.Disk(512, 64), "b0");
    private final TestModule module = core.module("virt");
    private final VirtualBdevs<Definition> virtuals = new VirtualBdevs<>("virt", module.host);

    private record Definition(Function<Bdev, List<VirtualBdev>> make) implements VirtualDefinition {
        @Override
        public String key() {
            return "v0";
        }

        @Override
        public String baseName() {
            return "b0";
        }

        @Override
        public List<VirtualBdev> bdevs(Bdev on) {
            return make.apply(on);
        }
    }

    private static List<VirtualBdev> over(Bdev on, Function<BdevChannel, BackendChannel> channels) {
        BdevSpec spec = BdevSpec.over(on, "v0", "test", ForwardingChannel.TYPES);
        return List.of(new VirtualBdev(spec, channels, Map.of()));
    }

    private static NoClassDefFoundError missing() {
        return new NoClassDefFoundError("org/x/Missing");
    }

    private void create(Function<Bdev, List<VirtualBdev>> make) {
        core.await(core.reactors.onApp(() -> virtuals.create(new Definition(make))));
    }

    @Test
    void aDefinitionThatDoesNotLinkGivesTheBaseBack() {
        assertThatThrownBy(() -> create(on -> {
                    throw missing();
                }))
                .hasStackTraceContaining("org/x/Missing");

        assertThat(base.claims()).isEmpty();
        assertThat(base.descriptors()).isEmpty();
        create(on -> over(on, ForwardingChannel::new));
        assertThat(core.await(core.core.find("v0"))).isPresent();
    }

    @Test
    void aChannelThatDoesNotLinkGivesTheBasesChannelBack() {
        create(on -> over(on, channel -> {
            throw missing();
        }));
        BdevDescriptor descriptor = core.open("v0", OpenMode.WRITE);

        assertThatThrownBy(descriptor::openChannel).hasStackTraceContaining("org/x/Missing");

        assertThat(base.sharedChannels().references(core.reactors.app())).isZero();
    }
}
