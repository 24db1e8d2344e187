package io.cairn.paxexam.jupiter;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Runs the test methods of a JUnit 5 class inside a Pax Exam container.
 * The class needs one public static method annotated with org.ops4j.pax.exam.Configuration in {@link #configuration()}.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@ExtendWith(PaxExamExtension.class)
public @interface PaxExamTest {
    /** Class with a public static Option[] method annotated with {@code @Configuration}. */
    Class<?> configuration();

    /** false: share one container with all test classes that name the same configuration class. */
    boolean ownContainer() default false;
}
