package io.cairn.bdev.spi;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.osgi.annotation.bundle.Capability;

/** Writes {@code Provide-Capability: io.cairn.bdev.module;io.cairn.bdev.module=NAME} into the bundle's manifest, so that a feature can require the module. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.CLASS)
@Capability(namespace = "io.cairn.bdev.module", name = "${#value}")
public @interface ProvidesBdevModule {
    /** The module's name, as {@link BdevModule#name()} says it. */
    String value();
}
