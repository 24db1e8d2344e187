package io.cairn.operations;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Declares a parameter of an operation: a component of its parameter record. The parameter's name is the component's in
 * snake case ({@code blockSize}: {@code block_size}).
 *
 * <p>Component types: {@code String}, {@code boolean}, {@code int}, {@code long}, {@code java.util.UUID}, an enum (its constants in
 * lower case), {@code List<String>}; and {@code Optional} of one of these for a parameter that may be absent and has no default.
 * Everything else is required unless {@link #defaultsTo} says what an absent one means.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Param {
    /** Stands for "no default". */
    String NO_DEFAULT = "\0";

    /** What it is, for people; with the unit. */
    String value();

    /** What an absent one means, as text; absent: the parameter is required. */
    String defaultsTo() default NO_DEFAULT;

    /** The least number that decodes. */
    long min() default 0;

    /** The greatest number that decodes. */
    long max() default Long.MAX_VALUE;

    /** What the text names, for completion in the shell. */
    Names names() default Names.NOTHING;

    /** Whether the value is a secret: never logged, saved or shown. */
    boolean secret() default false;

    /** What a text parameter names. */
    enum Names {
        /** Nothing that exists. */
        NOTHING,
        /** A bdev. */
        BDEV,
        /** A file. */
        FILE,
        /** An NBD export. */
        NBD_EXPORT
    }
}
