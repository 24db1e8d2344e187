package io.cairn.deployer;

import java.io.File;
import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Properties;

/**
 * The jars of the deploy folder that have done their work, kept on disk. After a start every file of the folder is told anew: what has been applied
 * is not applied again, whatever has become of the module since.
 */
final class AppliedJars {
    private static final Logger LOG = System.getLogger(AppliedJars.class.getName());

    private final Path file;
    private final Properties stamps = new Properties();

    /**
     * Reads what was kept; of what cannot be read nothing is known.
     *
     * @param file where it is kept
     */
    AppliedJars(Path file) {
        this.file = file;
        try (Reader in = Files.newBufferedReader(file)) {
            stamps.load(in);
        } catch (NoSuchFileException e) {
            LOG.log(Level.DEBUG, "no jar was applied yet: there is no {0}", file);
        } catch (IOException | IllegalArgumentException e) {
            LOG.log(Level.WARNING, "which jars were applied cannot be read from " + file, e);
        }
        // one of the same name that comes later is another one
        stamps.keySet().removeIf(jar -> !new File((String) jar).exists());
    }

    /** Returns what tells this jar from others of the same name: when it was written and how long it is, as File Install does. */
    static String stamp(File jar) {
        return jar.lastModified() + " " + jar.length();
    }

    /** Returns whether a jar has been applied as it is now. */
    synchronized boolean has(File jar, String stamp) {
        return stamp.equals(stamps.getProperty(jar.getAbsolutePath()));
    }

    /**
     * Keeps that a jar has been applied.
     *
     * @param stamp what it was before it was read
     */
    synchronized void add(File jar, String stamp) {
        if (!stamp.equals(stamps.setProperty(jar.getAbsolutePath(), stamp))) {
            save();
        }
    }

    /** Forgets a jar. */
    synchronized void remove(File jar) {
        if (stamps.remove(jar.getAbsolutePath()) != null) {
            save();
        }
    }

    private void save() {
        Path part = file.resolveSibling(file.getFileName() + ".part");
        try {
            try (Writer out = Files.newBufferedWriter(part)) {
                stamps.store(out, null);
            }
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            LOG.log(
                    Level.WARNING,
                    "which jars were applied cannot be kept in " + file + ": they are applied again at the next start",
                    e);
        }
    }
}
