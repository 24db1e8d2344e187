package io.cairn.deployer;

import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.InputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.felix.fileinstall.ArtifactInstaller;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Version;

/**
 * Jars of modules in the deploy folder: the first one of a module is installed, a newer one is a live upgrade, a removed one is
 * uninstalled. A jar acts when it comes or changes, and not again at each start. Called by File Install on its thread.
 */
final class DeployFolder implements ArtifactInstaller {
    private static final Logger LOG = System.getLogger(DeployFolder.class.getName());

    private final BundleContext context;
    private final ModuleBundles bundles;
    private final ModuleUpgrader upgrader;
    private final AppliedJars applied;
    /** The modules of the jars in the folder that were accepted. */
    private final Map<File, String> deployed = new ConcurrentHashMap<>();

    DeployFolder(BundleContext context, ModuleBundles bundles, ModuleUpgrader upgrader) {
        this.context = context;
        this.bundles = bundles;
        this.upgrader = upgrader;
        this.applied = new AppliedJars(context.getDataFile("applied-jars").toPath());
    }

    /**
     * Takes modules, and what is to be refused: jars that cannot be read, and those of a bundle that is there already and did not come
     * from this folder. File Install would exchange that one, be it the core or the logging, and take it away with the file.
     */
    @Override
    public boolean canHandle(File file) {
        if (!file.isFile() || !file.getName().endsWith(".jar")) {
            return false;
        }
        try {
            Optional<ModuleJar> jar = ModuleJar.peek(file.toPath());
            return jar.isPresent()
                    && (!jar.get().modules().isEmpty()
                            || present(file, jar.get()).isPresent());
        } catch (RefusedException e) {
            return true;
        }
    }

    /** Returns the bundle of a jar's name that did not come from the jar's folder. */
    private Optional<Bundle> present(File file, ModuleJar jar) {
        return Arrays.stream(context.getBundles())
                .filter(bundle -> jar.symbolicName().equals(bundle.getSymbolicName()))
                .filter(bundle -> !bundle.getLocation().startsWith(location(file.getParentFile())))
                .findFirst();
    }

    private void refusePresent(File file, ModuleJar jar) {
        present(file, jar).ifPresent(bundle -> {
            throw new RefusedException(file.getName() + " is not deployed: bundle " + bundle.getSymbolicName() + " "
                    + bundle.getVersion() + " is there already, and did not come from " + file.getParent()
                    + "; bundle:update exchanges it");
        });
    }

    @Override
    public void install(File file) throws Exception {
        // before it is read: one that comes meanwhile is told again
        String stamp = AppliedJars.stamp(file);
        ModuleJar jar;
        try {
            jar = ModuleJar.read(file.toPath());
            bundles.refuseUnmetImports(jar);
        } catch (RefusedException e) {
            throw new RefusedException(file.getName() + " is not deployed: " + e.getMessage(), e);
        }
        if (jar.modules().isEmpty()) {
            refusePresent(file, jar);
        }
        if (jar.modules().size() != 1) {
            throw new RefusedException(file.getName() + " is not deployed: it provides modules " + jar.modules()
                    + ", and only a bundle of exactly one module can be upgraded");
        }
        String module = jar.modules().get(0);
        Optional<Bundle> there = bundles.of(module);
        if (there.isEmpty()) {
            refusePresent(file, jar);
            installFirst(file.toPath());
            accepted(file, stamp, module);
            return;
        }
        Bundle bundle = there.get();
        if (!bundle.getSymbolicName().equals(jar.symbolicName())) {
            throw new RefusedException(file.getName() + " is not deployed: module " + module + " is bundle "
                    + bundle.getSymbolicName() + "'s already");
        }
        if (applied.has(file, stamp)) {
            // as after a restart: what has been done to the module since is what is wanted
            LOG.log(Level.INFO, "{0} was deployed before: module {1} stays as it is", file.getName(), module);
            accepted(file, stamp, module);
            return;
        }
        Version present = KeptIdentity.versionOf(bundle);
        int newer = jar.version().compareTo(present);
        if (newer < 0) {
            throw new RefusedException(file.getName() + " is not deployed: module " + module + " has version "
                    + present + " already, which is newer than " + jar.version()
                    + "; bdev:upgrade goes back as well");
        }
        if (newer == 0 && file.lastModified() <= bundle.getLastModified()) {
            start(bundle);
            accepted(file, stamp, module);
        } else if (upgrade(module, bundle, file)) {
            accepted(file, stamp, module);
        }
    }

    private void accepted(File file, String stamp, String module) throws BundleException {
        applied.add(file, stamp);
        String before = deployed.put(file, module);
        if (before != null && !before.equals(module)) {
            // a jar of another module by the same file name
            takenAway(file, before);
        }
    }

    private void installFirst(Path file) throws Exception {
        if (context.getBundle(location(file.toFile())) != null) {
            throw new RefusedException(
                    file.getFileName() + " is not deployed: a bundle of another module is there from the same file");
        }
        try (InputStream in = Files.newInputStream(file)) {
            Bundle bundle = context.installBundle(location(file.toFile()), in);
            try {
                bundle.start();
            } catch (BundleException e) {
                bundle.uninstall();
                throw e;
            }
        }
    }

    private static void start(Bundle bundle) throws BundleException {
        if (bundle.getState() != Bundle.ACTIVE) {
            bundle.start();
        }
    }

    /** Returns whether the bundle has the jar's content now. */
    private boolean upgrade(String module, Bundle bundle, File file) throws Exception {
        if (bundle.getState() != Bundle.ACTIVE) {
            bundle.update(new ByteArrayInputStream(KeptIdentity.keptBy(bundle, Files.readAllBytes(file.toPath()))));
            bundle.start();
            return true;
        }
        Map<String, Object> outcome =
                upgrader.upgrade(module, Optional.of(file.toURI().toString()));
        boolean runs = Outcome.runsNew(outcome);
        LOG.log(
                runs ? Level.INFO : Level.ERROR,
                "{0} {1}: {2}",
                file.getName(),
                runs ? "is deployed" : "is not deployed",
                outcome);
        return runs;
    }

    @Override
    public void update(File file) throws Exception {
        install(file);
    }

    @Override
    public void uninstall(File file) throws Exception {
        applied.remove(file);
        String module = deployed.remove(file);
        if (module != null) {
            takenAway(file, module);
        }
    }

    private void takenAway(File file, String module) throws BundleException {
        if (deployed.containsValue(module)) {
            LOG.log(Level.INFO, "{0} was taken away: another jar of module {1} is there", file.getName(), module);
            return;
        }
        Optional<Bundle> bundle =
                bundles.of(module).filter(b -> b.getLocation().startsWith(location(file.getParentFile())));
        if (bundle.isPresent()) {
            bundle.get().uninstall();
        } else {
            LOG.log(
                    Level.INFO,
                    "{0} was taken away: module {1} was there before it, and stays as it is",
                    file.getName(),
                    module);
        }
    }

    private static String location(File file) {
        return file.toURI().toString();
    }
}
