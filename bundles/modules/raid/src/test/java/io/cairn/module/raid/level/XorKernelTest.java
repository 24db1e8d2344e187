package io.cairn.module.raid.level;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import org.junit.jupiter.api.Test;

/** These tests run with the Vector API's module resolved, as the distribution does. */
class XorKernelTest {
    /** The first JDK whose Vector API has no vectors of byte buffers. */
    private static final int WITHOUT_BYTE_BUFFERS = 19;

    @Test
    void usesTheVectorApiWhereItHasByteBuffers() {
        assertThat(XorKernel.ofThisRunTime())
                .isInstanceOf(
                        Runtime.version().feature() < WITHOUT_BYTE_BUFFERS
                                ? VectorXorKernel.class
                                : HeapXorKernel.class);
    }

    @Test
    void usesLoopsInABundleThatIsNotGivenTheVectorApi() throws ReflectiveOperationException {
        Class<?> kernel = new Bundle().loadClass(XorKernel.class.getName());
        Method choose = kernel.getMethod("ofThisRunTime");

        for (int again = 0; again < 2; again++) {
            assertThat(choose.invoke(null).getClass().getName()).isEqualTo(HeapXorKernel.class.getName());
        }
    }

    /** Loads the kernels itself, and finds no Vector API. */
    private static final class Bundle extends ClassLoader {
        Bundle() {
            super(XorKernelTest.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (name.startsWith("jdk.incubator.vector.")) {
                throw new ClassNotFoundException(name);
            }
            if (!name.startsWith(XorKernel.class.getPackageName() + ".")) {
                return super.loadClass(name, resolve);
            }
            Class<?> loaded = findLoadedClass(name);
            return loaded == null ? define(name) : loaded;
        }

        private Class<?> define(String name) throws ClassNotFoundException {
            try (InputStream code = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
                byte[] bytes = code.readAllBytes();
                return defineClass(name, bytes, 0, bytes.length);
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
    }
}
