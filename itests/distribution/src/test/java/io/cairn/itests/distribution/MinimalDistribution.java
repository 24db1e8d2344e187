package io.cairn.itests.distribution;

import static org.ops4j.pax.exam.karaf.options.KarafDistributionOption.editConfigurationFilePut;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.CoreOptions;
import org.ops4j.pax.exam.Option;

/** The same archive with nothing of Cairn but its core: what a module finds in a Karaf of somebody else's. */
public final class MinimalDistribution {
    private static final String BOOT =
            "shell,ssh,jaas,feature,bundle,config,log,system,service,deployer,scr,cairn-core";

    private MinimalDistribution() {}

    /** The options of the tests that install features by themselves. */
    @Configuration
    public static Option[] options() {
        return Stream.concat(
                        Arrays.stream(Distribution.options()),
                        Stream.of(
                                editConfigurationFilePut("etc/org.apache.karaf.features.cfg", "featuresBoot", BOOT),
                                // the unpacked folder's name is longer than a socket's path may be
                                CoreOptions.systemProperty("cairn.rpc.socket").value(socket())))
                .toArray(Option[]::new);
    }

    private static String socket() {
        long pid = ProcessHandle.current().pid();
        return Path.of(System.getProperty("java.io.tmpdir"), "cairn-minimal-" + pid, "rpc.sock")
                .toString();
    }
}
