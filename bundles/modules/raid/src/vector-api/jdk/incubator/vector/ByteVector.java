package jdk.incubator.vector;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Compiled against; at run time there is the JDK's. */
public abstract class ByteVector extends Vector<Byte> {
    public static final VectorSpecies<Byte> SPECIES_PREFERRED = null;

    public static native ByteVector fromByteBuffer(
            VectorSpecies<Byte> species, ByteBuffer from, int offset, ByteOrder order);

    public abstract ByteVector lanewise(VectorOperators.Binary operator, Vector<Byte> other);

    public abstract void intoByteBuffer(ByteBuffer to, int offset, ByteOrder order);
}
