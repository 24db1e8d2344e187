package io.cairn.bdev.core;

/**
 * Where a module comes from: its bundle, in words that need no framework.
 *
 * @param bundleId the bundle's number
 * @param symbolicName its name
 * @param version the version of what it holds: after a live upgrade not the one that the framework lists
 */
public record ModuleOrigin(long bundleId, String symbolicName, String version) {
    @Override
    public String toString() {
        return "bundle " + symbolicName + " " + version + " (" + bundleId + ")";
    }
}
