package io.cairn.deployer;

import io.cairn.bdev.ModuleRefusals;
import java.io.File;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import org.apache.felix.fileinstall.ArtifactInstaller;

/**
 * The deploy folder as File Install sees it: says of each jar that is refused why, in one line of the log and among the modules.
 * File Install itself would log what is thrown with its stack. Called by File Install on its thread.
 */
final class ReportingFolder implements ArtifactInstaller {
    private static final Logger LOG = System.getLogger(ReportingFolder.class.getName());

    private final ArtifactInstaller modules;
    private final ModuleRefusals refusals;

    /**
     * Makes one.
     *
     * @param modules what takes and refuses jars
     */
    ReportingFolder(ArtifactInstaller modules, ModuleRefusals refusals) {
        this.modules = modules;
        this.refusals = refusals;
    }

    @Override
    public boolean canHandle(File file) {
        return modules.canHandle(file);
    }

    /** Something that File Install wants done with a file. */
    private interface Step {
        void on(File file) throws Exception;
    }

    private void tell(File file, Step step) {
        try {
            step.on(file);
            refusals.forget(file.getName());
        } catch (RefusedException e) {
            refused(file, e.getMessage());
        } catch (Exception e) {
            refused(file, file.getName() + " is not deployed: " + e);
        }
    }

    private void refused(File file, String why) {
        LOG.log(Level.WARNING, why);
        refusals.refused(file.getName(), why);
    }

    @Override
    public void install(File file) {
        tell(file, modules::install);
    }

    @Override
    public void update(File file) {
        tell(file, modules::update);
    }

    @Override
    public void uninstall(File file) throws Exception {
        refusals.forget(file.getName());
        modules.uninstall(file);
    }
}
