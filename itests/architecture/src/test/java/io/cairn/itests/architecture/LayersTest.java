package io.cairn.itests.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import io.cairn.itests.architecture.Layers.Layer;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The arrows of the house point down, in the byte code of every bundle. */
class LayersTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.cairn");

    private static final ArchCondition<JavaClass> KNOW_ONLY_WHAT_IS_BELOW =
            new ArchCondition<>("know only the bundles below their own") {
                @Override
                public void check(JavaClass item, ConditionEvents events) {
                    Optional<Layer> own = Layers.owner(item.getPackageName());
                    if (own.isEmpty()) {
                        events.add(SimpleConditionEvent.violated(item, item.getName() + " is in no layer"));
                        return;
                    }
                    for (Dependency dependency : item.getDirectDependenciesFromSelf()) {
                        Optional<Layer> other = Layers.owner(dependency
                                .getTargetClass()
                                .getBaseComponentType()
                                .getPackageName());
                        if (other.isPresent() && !allowed(own.get(), other.get())) {
                            events.add(SimpleConditionEvent.violated(item, dependency.getDescription()));
                        }
                    }
                }
            };

    private static boolean allowed(Layer own, Layer other) {
        return own.equals(other) || own.mayKnow().contains(other.bundle());
    }

    @Test
    void arrowsPointDown() {
        classes().should(KNOW_ONLY_WHAT_IS_BELOW).check(CLASSES);
    }

    @Test
    void everyBundleIsSeen() {
        Set<String> seen = CLASSES.stream()
                .flatMap(type -> Layers.owner(type.getPackageName()).stream())
                .map(Layer::bundle)
                .collect(Collectors.toSet());
        assertThat(seen)
                .containsExactlyInAnyOrderElementsOf(
                        Layers.all().stream().map(Layer::bundle).toList());
    }

    @Test
    void nothingIsPrinted() {
        noClasses().should(ACCESS_STANDARD_STREAMS).check(CLASSES);
    }

    @Test
    void mistakesAreSeen() {
        Layer module = Layers.of("io.cairn.module.aio");
        assertThat(allowed(module, Layers.of("io.cairn.bdev.core"))).isFalse();
        assertThat(allowed(module, Layers.of("io.cairn.module.malloc"))).isFalse();
        assertThat(allowed(module, Layers.of("io.cairn.bdev"))).isTrue();
        assertThat(Layers.owner("io.cairn.bdev.core.io").map(Layer::bundle)).contains("io.cairn.bdev.core");
        assertThat(Layers.owner("io.cairn.bdev.spi").map(Layer::bundle)).contains("io.cairn.bdev");
    }
}
