package jdk.incubator.vector;

/** Compiled against; at run time there is the JDK's. */
public abstract class VectorOperators {
    public static final Associative XOR = null;

    private VectorOperators() {}

    public interface Binary {}

    public interface Associative extends Binary {}
}
