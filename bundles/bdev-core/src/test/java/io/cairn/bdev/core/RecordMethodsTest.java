package io.cairn.bdev.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import org.junit.jupiter.api.Test;

class RecordMethodsTest {
    private static final long LIMIT_MILLIS = 30_000;

    @Test
    void theClassesOfTheRecordThatWasLinkedLastAreCollected() throws Exception {
        ReferenceQueue<ClassLoader> collected = new ReferenceQueue<>();
        WeakReference<ClassLoader> loader = new WeakReference<>(linked(), collected);

        RecordMethods.linkOwn();

        System.gc();
        assertThat((Reference<?>) collected.remove(LIMIT_MILLIS)).isSameAs(loader);
    }

    /** Links the methods of a record as a module's bundle does that leaves then: nobody else knows its loader. */
    private static ClassLoader linked() throws ReflectiveOperationException {
        ClassLoader loader = new OwnClasses();
        Runnable use = (Runnable) loader.loadClass(RecordUser.class.getName())
                .getDeclaredConstructor()
                .newInstance();
        assertThat(use.getClass()).isNotSameAs(RecordUser.class);
        use.run();
        return loader;
    }

    /** Loads what is used below by itself, from the classes of the tests. */
    private static final class OwnClasses extends ClassLoader {
        OwnClasses() {
            super(RecordMethodsTest.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.startsWith(RecordUser.class.getName())) {
                return super.loadClass(name, resolve);
            }
            Class<?> here = findLoadedClass(name);
            return here != null ? here : define(name);
        }

        private Class<?> define(String name) throws ClassNotFoundException {
            try (InputStream file = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
                byte[] content = file.readAllBytes();
                return defineClass(name, content, 0, content.length);
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
    }

    /** A module that compares. Nothing in it is private: its nest host is another loader's. */
    public static final class RecordUser implements Runnable {
        @Override
        public void run() {
            Pair pair = new Pair(new Part(1), new Part(2));
            Pair same = new Pair(new Part(1), new Part(2));
            assertThat(pair.equals(same) && pair.hashCode() == same.hashCode())
                    .as(pair.toString())
                    .isTrue();
        }

        record Part(int number) {}

        record Pair(Part left, Part right) {}
    }
}
