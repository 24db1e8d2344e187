package io.cairn.deployer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairn.bdev.BdevException;
import io.cairn.bdev.ModuleUpgrades;
import io.cairn.reactor.Errno;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceException;
import org.osgi.framework.ServiceFactory;
import org.osgi.framework.ServiceRegistration;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;

/** Upgrades of bundles in a real framework; what the core does is played. */
class ModuleUpgraderTest {
    @TempDir
    private Path folder;

    private final Core core = new Core();
    private Framework framework;
    private Bundle bundle;
    private Bundle other;
    private ModuleUpgrader upgrader;
    private DeployFolder deploy;

    /** Plays the core: says at each question what the test has put there. */
    private static final class Core implements ModuleUpgrades, ModuleUpgrades.Hold, ModuleBdevs {
        final List<String> calls = new ArrayList<>();
        final List<Report> answers = new ArrayList<>();
        final List<String> bdevs = new ArrayList<>(List.of("d0"));
        RuntimeException refusal;
        RuntimeException secondRefusal;

        @Override
        public CompletionStage<Hold> hold(String module, Duration longest) {
            calls.add("hold " + module);
            RuntimeException failure = calls.indexOf("hold " + module) == calls.size() - 1 ? refusal : secondRefusal;
            return failure == null ? CompletableFuture.completedFuture(this) : CompletableFuture.failedFuture(failure);
        }

        @Override
        public List<String> of(String module) {
            return List.copyOf(bdevs);
        }

        @Override
        public void awaitGone(Collection<String> names, Duration longest) {
            calls.add("await gone " + names);
        }

        @Override
        public String module() {
            return "m";
        }

        @Override
        public CompletionStage<Report> settled() {
            return CompletableFuture.completedFuture(answers.size() > 1 ? answers.remove(0) : answers.get(0));
        }

        @Override
        public CompletionStage<Report> over() {
            return settled();
        }

        @Override
        public CompletionStage<Report> giveUp(String why) {
            calls.add("give up: " + why);
            return CompletableFuture.completedFuture(report(List.of(), Map.of(), Map.of("d0", why)));
        }

        static Report report(List<String> adopted, Map<String, String> held, Map<String, String> removed) {
            return new Report("m", adopted, held, removed, Optional.empty(), Duration.ofMillis(42));
        }

        void serves() {
            answers.add(report(List.of("d0"), Map.of(), Map.of()));
        }

        void refuses(String why) {
            answers.add(report(List.of(), Map.of("d0", why), Map.of()));
        }
    }

    @BeforeEach
    void startFramework() throws Exception {
        framework = ServiceLoader.load(FrameworkFactory.class)
                .findFirst()
                .orElseThrow()
                .newFramework(Map.of(
                        Constants.FRAMEWORK_STORAGE,
                        folder.resolve("cache").toString(),
                        Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA,
                        "io.cairn.bdev.spi;version=1.2.0"));
        framework.start();
        BundleContext context = framework.getBundleContext();
        bundle = context.installBundle(
                jar("v1", "org.m", "1.0.0", "m", "[1.2,2)").toUri().toString());
        bundle.start();
        other = context.installBundle(
                jar("o", "org.o", "1.0.0", "o", "[1.2,2)").toUri().toString());
        other.start();
        ModuleBundles bundles = new ModuleBundles(context);
        upgrader = new ModuleUpgrader(bundles, core, core);
        deploy = new DeployFolder(context, bundles, upgrader);
    }

    @AfterEach
    void stopFramework() throws Exception {
        framework.stop();
        framework.waitForStop(10_000);
    }

    private Path jar(String file, String name, String version, String module, String spi) throws IOException {
        Manifest manifest = new Manifest();
        Attributes main = manifest.getMainAttributes();
        main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        main.putValue(Constants.BUNDLE_MANIFESTVERSION, "2");
        main.putValue(Constants.BUNDLE_SYMBOLICNAME, name + ";singleton:=true");
        main.putValue(Constants.BUNDLE_VERSION, version);
        main.putValue(
                Constants.PROVIDE_CAPABILITY,
                "osgi.service;objectClass:List<String>=\"a,b\",io.cairn.bdev.module;io.cairn.bdev.module="
                        + module.replace("+", ",io.cairn.bdev.module;io.cairn.bdev.module="));
        main.putValue(
                Constants.IMPORT_PACKAGE,
                "java.util,io.cairn.bdev.spi;version=\"" + spi + "\",not.there;resolution:=optional");
        Path path = folder.resolve(file + ".jar");
        try (OutputStream out = Files.newOutputStream(path);
                JarOutputStream jar = new JarOutputStream(out, manifest)) {
            jar.putNextEntry(new ZipEntry("org/content.txt"));
            jar.write(file.getBytes(java.nio.charset.StandardCharsets.UTF_8));
            jar.closeEntry();
        }
        return path;
    }

    private String content() throws IOException {
        try (var in = bundle.getEntry("org/content.txt").openStream()) {
            return new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        }
    }

    @Test
    void upgradesAndTellsHow() throws Exception {
        core.serves();
        Path v2 = jar("v2", "org.m", "2.0.0", "m", "[1.2,2)");
        Map<String, Object> outcome =
                upgrader.upgrade("m", Optional.of(v2.toUri().toString()));
        assertThat(outcome)
                .containsEntry("module", "m")
                .containsEntry("outcome", "upgraded")
                .containsEntry("from_version", "1.0.0")
                .containsEntry("to_version", "2.0.0")
                .containsEntry("bdevs", List.of("d0"))
                .containsEntry("longest_pause_ms", 42L);
        assertThat(bundle.getState()).isEqualTo(Bundle.ACTIVE);
        assertThat(content()).isEqualTo("v2");
        assertThat(core.calls).containsExactly("hold m");
        assertThat(bundle.adapt(org.osgi.framework.wiring.BundleRevisions.class).getRevisions())
                .as("nothing of the old content is left")
                .hasSize(1);
        // a path will do, and so will nothing at all
        upgrader.upgrade("m", Optional.of(v2.toString()));
        upgrader.upgrade("m", Optional.empty());
        assertThat(content()).isEqualTo("v1");
    }

    @Test
    void rollsBackWhatDoesNotServe() throws Exception {
        core.refuses("its blocks have 512 bytes, not 4096");
        core.serves();
        Path v2 = jar("v2", "org.m", "2.0.0", "m", "[1.2,2)");
        Map<String, Object> outcome =
                upgrader.upgrade("m", Optional.of(v2.toUri().toString()));
        assertThat(outcome).containsEntry("outcome", "rolled_back");
        assertThat(outcome.get("reason")).isEqualTo("d0: its blocks have 512 bytes, not 4096");
        assertThat(content()).isEqualTo("v1");
        assertThat(bundle.getState()).isEqualTo(Bundle.ACTIVE);
        assertThat(bundle.getVersion()).hasToString("1.0.0");
    }

    @Test
    void removesWhatNobodyServes() throws Exception {
        core.refuses("no");
        core.refuses("neither");
        Path v2 = jar("v2", "org.m", "2.0.0", "m", "[1.2,2)");
        Map<String, Object> outcome =
                upgrader.upgrade("m", Optional.of(v2.toUri().toString()));
        assertThat(outcome)
                .containsEntry("outcome", "removed")
                .containsEntry("reason", "d0: no; and back: d0: neither");
        assertThat(core.calls).contains("give up: d0: no");
    }

    @Test
    void refusesBeforeAnythingIsHeld() throws Exception {
        core.serves();
        String v1 = folder.resolve("v1.jar").toUri().toString();
        assertRefused(Errno.ENODEV, "nobody", v1, "no bundle provides a module called nobody");
        for (String missing : List.of(
                folder.resolve("missing.jar").toString(),
                folder.resolve("missing.jar").toUri().toString(),
                "jar:" + v1 + "!/none")) {
            assertRefused(Errno.ENOENT, "m", missing, "module m is not upgraded: " + missing + " cannot be read");
        }
        assertRefused(Errno.EISDIR, "m", folder.toString(), folder + " cannot be read: it is a directory");
        assertRefused(Errno.EISDIR, "m", folder.toUri().toString(), "it is a directory");
        for (String none : List.of("nosuch:thing", "relative.jar", "a b", "")) {
            assertRefused(Errno.EINVAL, "m", none, "it is neither a URL nor an absolute path");
        }
        assertRefused("m", jar("x", "org.x", "1.0.0", "m", "[1.2,2)"), "it is bundle org.x, not org.m");
        assertRefused("m", jar("y", "org.m", "2.0.0", "n", "[1.2,2)"), "it provides modules [n], not [m]");
        assertRefused(
                "m",
                jar("z", "org.m", "2.0.0", "m", "[1.3,2)"),
                "it needs io.cairn.bdev.spi [1.3.0,2.0.0) (there is 1.2.0)");
        assertRefused("m", Files.writeString(folder.resolve("text.jar"), "no jar"), "damaged");
        byte[] whole = Files.readAllBytes(jar("cut", "org.m", "2.0.0", "m", "[1.2,2)"));
        assertRefused("m", Files.write(folder.resolve("cut.jar"), Arrays.copyOf(whole, whole.length - 30)), "damaged");
        other.stop();
        assertRefused(Errno.ENODEV, "o", folder.resolve("o.jar").toString(), "not active");
        assertThat(core.calls).isEmpty();
        assertThat(bundle.getState()).isEqualTo(Bundle.ACTIVE);
        core.refusal = new BdevException(Errno.ETIMEDOUT, "I/O on bdev d0 has not ended");
        assertThatThrownBy(() -> upgrader.upgrade("m", Optional.empty()))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("has not ended");
        assertThat(content()).isEqualTo("v1");
        assertThat(bundle.getState()).isEqualTo(Bundle.ACTIVE);
    }

    private void assertRefused(String module, Path file, String why) {
        assertRefused(Errno.EINVAL, module, file.toUri().toString(), why);
    }

    private void assertRefused(Errno errno, String module, String url, String why) {
        assertThatThrownBy(() -> upgrader.upgrade(module, Optional.of(url)))
                .hasMessageContaining(why)
                .isInstanceOfSatisfying(
                        RefusedException.class, e -> assertThat(e.errno()).isEqualTo(errno));
    }

    @Test
    void followsTheDeployFolder() throws Exception {
        core.serves();
        Path first = jar("p1", "org.p", "1.0.0", "p", "[1.2,2)");
        assertThat(deploy.canHandle(first.toFile())).isTrue();
        assertThat(deploy.canHandle(
                        Files.writeString(folder.resolve("t.txt"), "x").toFile()))
                .isFalse();
        deploy.install(first.toFile());
        assertThat(core.calls).as("the first one disturbs nobody").isEmpty();
        Bundle installed =
                framework.getBundleContext().getBundle(first.toFile().toURI().toString());
        assertThat(installed.getState()).isEqualTo(Bundle.ACTIVE);
        deploy.install(first.toFile());
        assertThat(core.calls).as("it is there already").isEmpty();

        Path second = jar("p2", "org.p", "2.0.0", "p", "[1.2,2)");
        deploy.install(second.toFile());
        assertThat(core.calls).containsExactly("hold p");
        assertThat(KeptIdentity.versionOf(installed)).hasToString("2.0.0");

        deploy.install(first.toFile());
        assertThat(KeptIdentity.versionOf(installed)).as("it acted before").hasToString("2.0.0");
        assertThatThrownBy(() -> deploy.install(
                        jar("p0", "org.p", "1.0.0", "p", "[1.2,2)").toFile()))
                .hasMessageContaining("newer than 1.0.0");
        assertThatThrownBy(() -> deploy.install(
                        jar("q", "org.q", "9.0.0", "p", "[1.2,2)").toFile()))
                .hasMessageContaining("bundle org.p's already");
        assertThatThrownBy(() ->
                        deploy.install(jar("r", "org.r", "9.0.0", "r", "[5,6)").toFile()))
                .hasMessageContaining("it needs io.cairn.bdev.spi");
        deploy.uninstall(first.toFile());
        assertThat(installed.getState()).as("the newer one is there").isEqualTo(Bundle.ACTIVE);
        deploy.uninstall(second.toFile());
        assertThat(installed.getState()).isEqualTo(Bundle.UNINSTALLED);
    }

    private Map<String, Object> upgradeTo(String version) throws IOException {
        Path jar = jar("v" + version, "org.m", version, "m", "[1.2,2)");
        return upgrader.upgrade("m", Optional.of(jar.toUri().toString()));
    }

    @Test
    void rollsBackWhereNothingIsThereToBeHeldAgain() throws Exception {
        core.refuses("no");
        core.serves();
        core.secondRefusal = new BdevException(Errno.ENODEV, "there is no module called m");
        assertThat(upgradeTo("2.0.0")).containsEntry("outcome", "rolled_back").containsEntry("runs", "old");
        assertThat(content()).isEqualTo("v1");
    }

    @Test
    void leavesTheNewVersionThatCannotBePartedFromItsBdevs() throws Exception {
        core.refuses("no");
        core.serves();
        core.secondRefusal = new BdevException(Errno.ETIMEDOUT, "I/O on bdev d1 has not ended");
        Map<String, Object> outcome = upgradeTo("2.0.0");
        assertThat(outcome).containsEntry("outcome", "removed").containsEntry("runs", "new");
        assertThat((String) outcome.get("reason")).contains("version 2.0.0 goes on: I/O on bdev d1 has not ended");
        assertThat(outcome).containsKey("removed");
        assertThat(content()).isEqualTo("v2.0.0");
        assertThat(bundle.getState()).isEqualTo(Bundle.ACTIVE);
        assertThat(core.calls).last().asString().startsWith("give up: d0: no");
    }

    @Test
    void startsTheOldVersionAnewWhereTheNewOneDiedHandingOver() throws Exception {
        core.refuses("no");
        core.secondRefusal = new BdevException(Errno.EIO, "module m failed to hand over");
        Map<String, Object> outcome = upgradeTo("2.0.0");
        assertThat(outcome)
                .containsEntry("outcome", "removed")
                .containsEntry("runs", "old")
                .containsEntry("removed", Map.of("d0", "d0: no; and back: module m failed to hand over"));
        assertThat(content()).isEqualTo("v1");
        assertThat(bundle.getState()).isEqualTo(Bundle.ACTIVE);
    }

    @Test
    void startsAModuleAnewThatDiedHandingOver() throws Exception {
        core.refusal = new BdevException(Errno.EIO, "module m failed to hand over");
        List<Integer> events = new ArrayList<>();
        framework.getBundleContext().addBundleListener((org.osgi.framework.SynchronousBundleListener)
                event -> events.add(event.getType()));
        Map<String, Object> outcome = upgradeTo("2.0.0");
        assertThat(outcome)
                .containsEntry("outcome", "removed")
                .containsEntry("runs", "old")
                .containsEntry("reason", "module m failed to hand over")
                .containsEntry("removed", Map.of("d0", "module m failed to hand over"));
        assertThat(core.calls).containsExactly("hold m", "await gone [d0]");
        assertThat(events)
                .contains(org.osgi.framework.BundleEvent.STOPPED, org.osgi.framework.BundleEvent.STARTED)
                .doesNotContain(org.osgi.framework.BundleEvent.UPDATED);
        assertThat(bundle.getState()).isEqualTo(Bundle.ACTIVE);
    }

    @Test
    void saysOfNothingThatChangedThatItWasRefused() throws Exception {
        for (Errno errno : List.of(Errno.ENODEV, Errno.EBUSY, Errno.ETIMEDOUT)) {
            core.refusal = new BdevException(errno, "not now");
            core.calls.clear();
            assertThatThrownBy(() -> upgradeTo("2.0.0"))
                    .isInstanceOfSatisfying(
                            RefusedException.class, e -> assertThat(e.errno()).isEqualTo(errno));
        }
        assertThat(content()).isEqualTo("v1");
    }

    @Test
    void refusesABundleOfTwoModules() throws Exception {
        Path two = jar("two", "org.two", "1.0.0", "a+b", "[1.2,2)");
        assertThatThrownBy(() -> deploy.install(two.toFile()))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("provides modules [a, b]")
                .hasMessageContaining("exactly one module");
        assertThat(framework.getBundleContext().getBundle(two.toUri().toString()))
                .isNull();
        Bundle installed =
                framework.getBundleContext().installBundle(two.toUri().toString());
        installed.start();
        assertRefused("a", two, "exactly one module");
        assertThat(core.calls).isEmpty();
    }

    @Test
    void forgetsAJarThatWasNotAccepted() throws Exception {
        Path p1 = jar("p1", "org.p", "1.0.0", "p", "[1.2,2)");
        deploy.install(p1.toFile());
        Path p2 = jar("p2", "org.p", "2.0.0", "p", "[1.2,2)");
        core.refusal = new BdevException(Errno.EBUSY, "not now");
        assertThatThrownBy(() -> deploy.install(p2.toFile())).isInstanceOf(RefusedException.class);
        Bundle installed =
                framework.getBundleContext().getBundle(p1.toFile().toURI().toString());
        deploy.uninstall(p1.toFile());
        assertThat(installed.getState()).as("no other jar of it is deployed").isEqualTo(Bundle.UNINSTALLED);
    }

    @Test
    void aRefusedJarTakenAwayTakesNothingWithIt() throws Exception {
        Path p1 = jar("p1", "org.p", "1.0.0", "p", "[1.2,2)");
        Path p2 = jar("p2", "org.p", "2.0.0", "p", "[1.2,2)");
        deploy.install(p1.toFile());
        core.refuses("no");
        core.serves();
        deploy.install(p2.toFile());
        Bundle installed =
                framework.getBundleContext().getBundle(p1.toFile().toURI().toString());
        assertThat(installed.getVersion()).as("rolled back").hasToString("1.0.0");
        deploy.uninstall(p2.toFile());
        assertThat(installed.getState()).isEqualTo(Bundle.ACTIVE);
        deploy.uninstall(p1.toFile());
        assertThat(installed.getState()).isEqualTo(Bundle.UNINSTALLED);
    }

    /** Every start tells every jar anew. */
    private DeployFolder deployAfterAStart() {
        ModuleBundles bundles = new ModuleBundles(framework.getBundleContext());
        return new DeployFolder(framework.getBundleContext(), bundles, upgrader);
    }

    @Test
    void aJarActsWhenItComesAndNotAtEachStart() throws Exception {
        core.serves();
        Path p1 = jar("p1", "org.p", "1.0.0", "p", "[1.2,2)");
        Path p2 = jar("p2", "org.p", "2.0.0", "p", "[1.2,2)");
        deploy.install(p1.toFile());
        deploy.install(p2.toFile());
        Bundle installed =
                framework.getBundleContext().getBundle(p1.toFile().toURI().toString());
        upgrader.upgrade("p", Optional.of(p1.toString()));
        assertThat(KeptIdentity.versionOf(installed)).hasToString("1.0.0");
        core.calls.clear();

        deploy = deployAfterAStart();
        deploy.install(p2.toFile());
        deploy.install(p1.toFile());
        assertThat(core.calls).as("who went back has gone back").isEmpty();
        assertThat(KeptIdentity.versionOf(installed)).hasToString("1.0.0");

        Files.setLastModifiedTime(p2, java.nio.file.attribute.FileTime.fromMillis(1_000_000_000_000L));
        deploy.update(p2.toFile());
        assertThat(KeptIdentity.versionOf(installed)).as("another file").hasToString("2.0.0");
        upgrader.upgrade("p", Optional.of(p1.toString()));
        deploy.uninstall(p2.toFile());
        deploy.install(p2.toFile());
        assertThat(KeptIdentity.versionOf(installed)).as("taken away and back").hasToString("2.0.0");

        Files.delete(p2);
        deploy = deployAfterAStart();
        jar("p2", "org.p", "3.0.0", "p", "[1.2,2)");
        Files.setLastModifiedTime(p2, java.nio.file.attribute.FileTime.fromMillis(1_000_000_000_000L));
        deploy.install(p2.toFile());
        assertThat(KeptIdentity.versionOf(installed))
                .as("exchanged while nobody looked")
                .hasToString("3.0.0");
    }

    @Test
    void whatWasStoppedIsNotStartedByItsJar() throws Exception {
        Path p1 = jar("p1", "org.p", "1.0.0", "p", "[1.2,2)");
        deploy.install(p1.toFile());
        Bundle installed =
                framework.getBundleContext().getBundle(p1.toFile().toURI().toString());
        installed.stop();
        deploy = deployAfterAStart();
        deploy.install(p1.toFile());
        assertThat(installed.getState()).isEqualTo(Bundle.RESOLVED);
        deploy.uninstall(p1.toFile());
        assertThat(installed.getState()).isEqualTo(Bundle.UNINSTALLED);
        deploy = deployAfterAStart();
        deploy.install(p1.toFile());
        assertThat(framework
                        .getBundleContext()
                        .getBundle(p1.toFile().toURI().toString())
                        .getState())
                .as("and comes back with it")
                .isEqualTo(Bundle.ACTIVE);
    }

    @Test
    void aBundleThatDoesNotRunKeepsItsVersionToo() throws Exception {
        bundle.stop();
        deploy.install(jar("v2", "org.m", "2.0.0", "m", "[1.2,2)").toFile());
        assertThat(core.calls).isEmpty();
        assertThat(bundle.getState()).isEqualTo(Bundle.ACTIVE);
        assertThat(content()).isEqualTo("v2");
        assertThat(bundle.getVersion()).hasToString("1.0.0");
        assertThat(KeptIdentity.versionOf(bundle)).hasToString("2.0.0");
    }

    /** Gives a service to nobody, as a component whose classes do not link. */
    private static final class Broken implements ServiceFactory<Object> {
        @Override
        public Object getService(Bundle asker, ServiceRegistration<Object> registration) {
            throw new NoClassDefFoundError("not/There");
        }

        @Override
        public void ungetService(Bundle asker, ServiceRegistration<Object> registration, Object service) {
            // none was given
        }
    }

    private static Object ask(Bundle asker, ServiceRegistration<?> service) {
        return asker.getBundleContext().getService(service.getReference());
    }

    private CompletableFuture<Throwable> nextServiceError() {
        CompletableFuture<Throwable> told = new CompletableFuture<>();
        framework.getBundleContext().addFrameworkListener(event -> {
            if (event.getThrowable() instanceof ServiceException e) {
                told.complete(e);
            }
        });
        return told;
    }

    @Test
    void takesOnlyTheFailureOfItsOwnModuleForOne() throws Exception {
        Bundle asker = framework.getBundleContext().getBundle(0);
        ServiceRegistration<?> mine = bundle.getBundleContext()
                .registerService(ServiceErrors.MODULE, (io.cairn.bdev.spi.BdevModule) () -> "m", null);
        ServiceRegistration<?> others =
                other.getBundleContext().registerService(ServiceErrors.MODULE, new Broken(), null);
        assertThat(ask(asker, mine)).isNotNull();
        try (ServiceErrors errors = new ServiceErrors(framework.getBundleContext(), bundle)) {
            errors.started();
            // told after it, as listeners are told in order
            CompletableFuture<Throwable> told = nextServiceError();
            assertThat(ask(asker, others)).isNull();
            told.get(10, java.util.concurrent.TimeUnit.SECONDS);
            assertThat(errors.first()).isNotDone();
        }
    }

    @Test
    void seesThatItsOwnModuleCannotBeHad() throws Exception {
        Bundle asker = framework.getBundleContext().getBundle(0);
        ServiceRegistration<?> mine =
                bundle.getBundleContext().registerService(ServiceErrors.MODULE, new Broken(), null);
        try (ServiceErrors errors = new ServiceErrors(framework.getBundleContext(), bundle)) {
            CompletableFuture<Throwable> told = nextServiceError();
            assertThat(ask(asker, mine)).isNull();
            told.get(10, java.util.concurrent.TimeUnit.SECONDS);
            assertThat(errors.first()).as("its start is not over").isNotDone();
            errors.started();
            assertThat(errors.first().get(10, java.util.concurrent.TimeUnit.SECONDS))
                    .hasMessageContaining("not/There");
        }
    }
}
