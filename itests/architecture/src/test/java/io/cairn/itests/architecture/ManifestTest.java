package io.cairn.itests.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import java.util.jar.Attributes;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What bnd wrote into the bundles keeps the rules that make a module replaceable while everything else runs. */
class ManifestTest {
    private static final List<BundleManifest> BUNDLES = BundleManifest.ofThisProject();

    @Test
    void bundlesKeepTheRules() {
        assertThat(BUNDLES.stream().flatMap(bundle -> bundle.violations().stream()))
                .isEmpty();
    }

    @Test
    void everyBundleIsSeen() {
        assertThat(BUNDLES.stream().map(BundleManifest::name))
                .containsAll(Layers.all().stream().map(Layers.Layer::bundle).toList());
    }

    @Test
    void whatIsImportedIsExported() {
        Set<String> exported = BUNDLES.stream()
                .flatMap(bundle -> bundle.exports().keySet().stream())
                .collect(Collectors.toSet());
        // The test kit runs on the core's classes and is never installed as a bundle.
        assertThat(BUNDLES.stream()
                        .filter(bundle -> !bundle.name().equals("io.cairn.bdev.testkit"))
                        .flatMap(bundle -> bundle.imports().keySet().stream())
                        .filter(imported -> imported.startsWith("io.cairn.")))
                .isSubsetOf(exported);
    }

    @Test
    void mistakesAreSeen() {
        Attributes headers = new Attributes();
        headers.putValue("Bundle-SymbolicName", "io.cairn.module.aio");
        headers.putValue("Export-Package", "io.cairn.module.aio.internal;uses:=\"a,b\"");
        headers.putValue("DynamicImport-Package", "*");
        headers.putValue(
                "Import-Package",
                "io.cairn.bdev;version=\"[1.0,2)\",io.cairn.bdev.core,io.cairn.module.malloc;resolution:=optional");
        assertThat(BundleManifest.of(headers).violations())
                .containsExactly(
                        "io.cairn.module.aio exports [io.cairn.module.aio.internal], but is no API",
                        "io.cairn.module.aio exports its implementation io.cairn.module.aio.internal",
                        "io.cairn.module.aio exports io.cairn.module.aio.internal without a version",
                        "io.cairn.module.aio imports dynamically",
                        "io.cairn.module.aio imports io.cairn.bdev.core of io.cairn.bdev.core",
                        "io.cairn.module.aio imports io.cairn.module.malloc optionally",
                        "io.cairn.module.aio imports io.cairn.module.malloc of io.cairn.module.malloc");
    }
}
