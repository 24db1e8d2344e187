package jdk.incubator.vector;

/** Compiled against; at run time there is the JDK's. */
public abstract class Vector<E> {}
