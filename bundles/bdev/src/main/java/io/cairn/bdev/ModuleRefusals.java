package io.cairn.bdev;

import org.osgi.annotation.versioning.ProviderType;

/**
 * What was to become a module and was not taken before there was a bundle of it: kept, so that who lists modules sees it. From any
 * thread; never blocks.
 */
@ProviderType
public interface ModuleRefusals {
    /**
     * Notes that something was not taken; replaces what was noted of it before.
     *
     * @param source what it was, as people know it: a file's name
     * @param reason why not
     */
    void refused(String source, String reason);

    /** Forgets what was noted: it is taken now, or not there any more. Nothing if nothing was noted. */
    void forget(String source);
}
