package jdk.incubator.vector;

/** Compiled against; at run time there is the JDK's. */
public interface VectorSpecies<E> {
    int length();
}
