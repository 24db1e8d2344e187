package io.cairn.bdev.spi;

import org.osgi.annotation.versioning.ProviderType;

/** One module's examination of one bdev. */
@FunctionalInterface
@ProviderType
public interface Examination {
    /** The module has finished examining. Exactly once; from any thread. */
    void done();
}
